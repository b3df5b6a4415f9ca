"""Lets upstream MLIR judge the text that quant-opt reads and writes.

Usage: upstream_text.py PATH ... --quant-opt BIN [--verbose]

PATH is MLIR text, of which each part between `// -----` lines is a module; a `.tflite`, whose text is what
upstream's importer prints of it, in its short and in its generic form with locations; or a directory, such as
`tflite/converter/tests` of a checkout of LiteRT, of which every `.mlir` file is read.

A module passes if quant-opt reads it, upstream reads what quant-opt prints of it (`--mlir-print-op-generic`
too), and both have the same generic form in upstream's own print; one that upstream itself refuses, if
quant-opt refuses it too. Failures are grouped by their reason; `--verbose` shows each of them. Exits 1 if a
module failed or none was compared; modules that only upstream refuses count as failures with `--strict`.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import NamedTuple

from litert_converter import converter_api_ext, model_utils_ext
from litert_converter.mlir import ir

SEPARATOR = "// -----"
FORMS = ((), ("--mlir-print-op-generic",))
SHOWN = 400
EXAMPLES = 4


class Verdict(NamedTuple):
    """What became of a module, and why: `equal`, `unequal`, `refused` by both, or `accepted` here alone."""

    name: str
    outcome: str
    why: str = ""


def context() -> ir.Context:
    """A context with the dialects of TFLite; others are carried whole."""
    made = ir.Context()
    converter_api_ext.prepare_mlir_context(made)
    return made


def generic(text: str) -> str:
    """Upstream's generic print of a module; raises where upstream refuses the text."""
    with context():
        return ir.Module.parse(text).operation.get_asm(print_generic_op_form=True)


def modules(path: pathlib.Path) -> Iterator[tuple[str, str]]:
    """Names and texts of the modules of a file."""
    if path.suffix != ".tflite":
        parts = path.read_text().split(SEPARATOR)
        yield from ((f"{path}#{i}" if len(parts) > 1 else str(path), part) for i, part in enumerate(parts))
        return
    made = context()
    with made:
        operation = model_utils_ext.flatbuffer_to_mlir(path.read_bytes(), made).operation
        yield f"{path} (short form)", operation.get_asm()
        yield f"{path} (generic form)", operation.get_asm(print_generic_op_form=True, enable_debug_info=True)


def reprint(quant_opt: pathlib.Path, text: str, options: tuple[str, ...]) -> str:
    """What quant-opt prints of a module; a RuntimeError with its diagnostics where it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "module.mlir"
        file.write_text(text)
        command = [str(quant_opt), str(file), "--allow-unregistered-dialect", *options, "-o", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"quant-opt exited {done.returncode}: {done.stderr.strip()[:SHOWN]}")
    return done.stdout


def difference(ours: str, theirs: str) -> str:
    """The first line in which two texts differ."""
    for number, (a, b) in enumerate(zip(ours.splitlines(), theirs.splitlines(), strict=False), 1):
        if a != b:
            return f"line {number} of the generic form:\n  ours     {a[:SHOWN]}\n  original {b[:SHOWN]}"
    return "one generic form is longer"


def judge(quant_opt: pathlib.Path, text: str, original: str) -> str:
    """What is wrong with quant-opt's print of a module; empty if nothing is."""
    for options in FORMS:
        try:
            printed = reprint(quant_opt, text, options)
        except RuntimeError as error:
            return str(error)
        try:
            ours = generic(printed)
        except ir.MLIRError as error:
            return f"upstream refuses quant-opt's print {' '.join(options)}: {str(error)[:SHOWN]}"
        if ours != original:
            return difference(ours, original)
    return ""


def verdict(task: tuple[str, str, pathlib.Path]) -> Verdict:
    """Judges one module."""
    name, text, quant_opt = task
    try:
        original = generic(text)
    except ir.MLIRError as error:
        return refusal(name, text, quant_opt, str(error))
    wrong = judge(quant_opt, text, original)
    return Verdict(name, "unequal" if wrong else "equal", wrong)


def refusal(name: str, text: str, quant_opt: pathlib.Path, error: str) -> Verdict:
    """Judges a module that upstream refuses."""
    try:
        reprint(quant_opt, text, ())
    except RuntimeError:
        return Verdict(name, "refused")
    lines = [line for line in error.splitlines() if "error: " in line] or error.splitlines()
    return Verdict(name, "accepted", f"only upstream refuses: {lines[0].partition('error: ')[2][:SHOWN]}")


def reason(why: str) -> str:
    """The first error of a failure without the names and numbers of its module."""
    lines = [line for line in why.splitlines() if "error" in line] or why.splitlines()
    bare = re.sub(r"\S*\.mlir:\d+:\d+: ", "", lines[0])
    return re.sub(r"[%@^][\w$.]+|\b\d+\b|tensor<[^ ,]*", "…", bare)


def files(paths: list[pathlib.Path]) -> Iterator[pathlib.Path]:
    """The files given, and the MLIR files of the directories given."""
    for path in paths:
        yield from sorted(path.rglob("*.mlir")) if path.is_dir() else [path]


def report(verdicts: list[Verdict], *, verbose: bool) -> None:
    """Prints why modules fail, the most frequent reason first, and the counts."""
    groups: dict[str, list[Verdict]] = {}
    for v in verdicts:
        if v.outcome in ("unequal", "accepted"):
            groups.setdefault(reason(v.why), []).append(v)
    for why, of in sorted(groups.items(), key=lambda group: -len(group[1])):
        names = ", ".join(v.name for v in of[:EXAMPLES])
        print(f"{len(of)} x {why}\n    {names}")
        if verbose:
            print(*(f"{v.name}: {v.why}" for v in of), sep="\n")
    count = collections.Counter(v.outcome for v in verdicts)
    judged = count["equal"] + count["unequal"]
    share = 100 * count["equal"] / judged if judged else 0
    print(f"{len(verdicts)} modules: {len(verdicts) - judged} refused by upstream, {judged} accepted")
    print(f"{count['refused']} of those refused are refused by quant-opt too, {count['accepted']} are not")
    print(f"{count['equal']} of those accepted pass ({share:.1f} %), {count['unequal']} fail")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", type=pathlib.Path, nargs="+", metavar="PATH")
    parser.add_argument("--quant-opt", type=pathlib.Path, required=True, metavar="BIN")
    parser.add_argument("--verbose", action="store_true", help="show each failure")
    parser.add_argument("--strict", action="store_true", help="fail where only upstream refuses a module")
    args = parser.parse_args()

    quant_opt = args.quant_opt.resolve()
    tasks = [(name, text, quant_opt) for path in files(args.paths) for name, text in modules(path)]
    with multiprocessing.Pool() as pool:
        verdicts = pool.map(verdict, tasks, chunksize=4)
    report(verdicts, verbose=args.verbose)
    outcomes = {v.outcome for v in verdicts}
    wrong = {"unequal", "accepted"} if args.strict else {"unequal"}
    return 0 if "equal" in outcomes and not outcomes & wrong else 1


if __name__ == "__main__":
    sys.exit(main())
