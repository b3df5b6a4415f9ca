"""Compares what quant-opt and upstream MLIR refuse, on modules made wrong on purpose.

Usage: mutations.py PATH ... --quant-opt BIN [--cases N] [--seed N] [--verbose]

PATH is MLIR text or a directory of it, as for `upstream_text.py`. Each operation of the modules that
upstream accepts is put in a module of its own, with constants kept and other operands made by an unknown
operation, and then changed: other sizes, ranks and element types of operands and results, operands and
results left out or doubled, attributes left out, of other types and values, other quantization parameters,
other values of constants. Whole modules lose operations, swap them, or name other symbols. Both are asked
what they think of each.

Prints the disagreements, grouped by operation and change, and how many of the cases either refuses; exits 1
if there is a disagreement that KNOWN does not explain.
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from litert_converter.mlir import ir

import upstream_text
from mutate import Case, cases

# Disagreements with a reason: a pattern of "operation change: what is said against it", and the reason.
KNOWN = (
    (
        r"^tf(_saved_model)?\.|'tf\.\w+' op ends a block",
        "upstream's Python package has no `tf` dialect: nothing there looks at its operations",
    ),
    (
        r"^module .*: symbol .* is defined twice",
        "nor knows it that a `tf_saved_model.global_tensor` is a symbol",
    ),
    (
        r"^(stablehlo|chlo|vhlo)\.",
        "what operations of StableHLO compute from is upstream's alone to check: docs/text.md",
    ),
    (r"^arith\.\w+ attribute .*fastmath", "the flags of `arith` are carried whole"),
    (r"^tfl\.prelu (operand|result)", "its kernel takes int8 slopes of int16 values"),
    (r"^tfl\.softmax result", "its kernel makes int16 of int8, which files have"),
    (r"^quant\.scast ", "which casts of storage there are is not looked at"),
)


def upstream(all_cases: list[Case]) -> list[str | None]:
    """What upstream says against each: empty where it accepts, None where it crashes."""
    answers: list[str | None] = []
    while len(answers) < len(all_cases):
        left = json.dumps([case.text for case in all_cases[len(answers) :]])
        done = subprocess.run(
            [sys.executable, __file__, "--answer"], input=left, capture_output=True, text=True, check=False
        )
        said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('"')]
        answers += said
        if len(answers) < len(all_cases):
            answers.append(None)
    return answers


def answer() -> None:
    """Writes what upstream says against each module of a list, a line each."""
    for text in json.loads(sys.stdin.read()):
        said = ""
        try:
            with upstream_text.context():
                ir.Module.parse(text)
        except ir.MLIRError as error:
            lines = [line for line in str(error).splitlines() if "error: " in line] or [str(error)]
            said = re.sub(r'^.*?error: (?:"-":\d+:\d+: )?', "", lines[0]) or "refused"
        print(json.dumps(said), flush=True)


def ours(quant_opt: pathlib.Path, all_cases: list[Case]) -> list[str]:
    """What quant-opt says against each: empty where it accepts."""
    separator = f"\n{upstream_text.SEPARATOR}\n"
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "cases.mlir"
        file.write_text(separator.join(case.text for case in all_cases))
        command = [str(quant_opt), str(file), "--allow-unregistered-dialect", "--split-input-file", "-o", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    answers = [""] * len(all_cases)
    ends, end = [], 0
    for case in all_cases:
        end += case.text.count("\n") + 2
        ends.append(end)
    for match in re.finditer(r"^\S*cases\.mlir:(\d+):\d+: error: (.*)$", done.stderr, re.MULTILINE):
        at = next(i for i, end in enumerate(ends) if int(match[1]) <= end)
        answers[at] = answers[at] or match[2]
    if done.returncode not in (0, 1):
        sys.exit(f"quant-opt exited {done.returncode}: {done.stderr[-500:]}")
    return answers


def known(case: Case, said: str) -> bool:
    """Whether a disagreement has a reason that is written down."""
    return any(re.search(pattern, f"{case.name} {case.change}: {said}") for pattern, _ in KNOWN)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", type=pathlib.Path, nargs="+", metavar="PATH")
    parser.add_argument("--quant-opt", type=pathlib.Path, required=True, metavar="BIN")
    parser.add_argument("--cases", type=int, default=4000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--verbose", action="store_true", help="show the module of each disagreement")
    args = parser.parse_args()

    modules = []
    for path in upstream_text.files(args.paths):
        for name, text in upstream_text.modules(path):
            try:
                modules.append((name, upstream_text.generic(text)))
            except ir.MLIRError:
                continue
    all_cases = list(cases(modules, args.cases, random.Random(args.seed)))
    theirs, our = upstream(all_cases), ours(args.quant_opt.resolve(), all_cases)

    count: collections.Counter[str] = collections.Counter()
    groups: dict[tuple[str, str, str], list[Case]] = collections.defaultdict(list)
    for case, said, we_say in zip(all_cases, theirs, our, strict=True):
        if said is None:
            count["crashed upstream"] += 1
        elif bool(said) == bool(we_say):
            count["refused by both" if said else "accepted by both"] += 1
        elif known(case, said or we_say):
            count["known to differ"] += 1
        else:
            count["only upstream refuses" if said else "only quant-opt refuses"] += 1
            bare = re.sub(r"\b\d+\b|tensor<[^ ]*", "…", said or f"QUANT-OPT: {we_say}")
            groups[case.name, case.change, bare].append(case)
    for (name, change, said), of in sorted(groups.items(), key=lambda group: -len(group[1])):
        print(f"{len(of)} x {name}, {change}: {said[:200]}")
        if args.verbose:
            print(of[0].text)
    print(f"{len(all_cases)} cases: " + ", ".join(f"{n} {what}" for what, n in sorted(count.items())))
    return 1 if groups or not count["refused by both"] else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--answer"]:
        answer()
    else:
        sys.exit(main())
