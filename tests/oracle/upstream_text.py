"""Lets upstream MLIR judge the text that quant-opt reads and writes.

Usage: upstream_text.py FILE ... --quant-opt BIN

FILE is MLIR text, of which each part between `// -----` lines is a module, or a `.tflite`, whose text is
what upstream's importer prints of it, in its short and in its generic form with locations.

A module passes if quant-opt reads it, upstream reads what quant-opt prints of it (`--mlir-print-op-generic`
too), and both have the same generic form in upstream's own print. Modules that upstream itself refuses are
counted apart. Exits 1 if a module failed or none was compared.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from litert_converter import converter_api_ext, model_utils_ext
from litert_converter.mlir import ir

SEPARATOR = "// -----"
FORMS = ((), ("--mlir-print-op-generic",))
SHOWN = 400


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=pathlib.Path, nargs="+", metavar="FILE")
    parser.add_argument("--quant-opt", type=pathlib.Path, required=True, metavar="BIN")
    args = parser.parse_args()

    count: collections.Counter[str] = collections.Counter()
    for path in args.files:
        for name, text in modules(path):
            try:
                original = generic(text)
            except ir.MLIRError as error:
                count["refused"] += 1
                print(f"{name}: refused by upstream: {str(error).splitlines()[-1][:SHOWN]}")
                continue
            wrong = judge(args.quant_opt.resolve(), text, original)
            count["failed" if wrong else "passed"] += 1
            if wrong:
                print(f"{name}: {wrong}")
    print(f"{count['passed']} modules pass, {count['failed']} fail, {count['refused']} are refused by upstream")
    return 0 if count["passed"] and not count["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
