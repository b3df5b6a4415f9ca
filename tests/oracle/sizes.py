"""How large is the generated C of integer models, beside TFLite Micro and LiteRT?

One line for each .tflite: the file, the machine code of the C and its constants (sections of the object), its
arena, its largest array on the stack, and its inputs and outputs, which are the caller's memory; then what
TFLite Micro's planner lays out, all that Micro allocates, and what LiteRT's tensors span. The arenas of the
peers hold inputs and outputs too. Exits 1 if an arena is above Micro's planner or LiteRT's span.
Needs a C compiler, binutils, ai-edge-litert and tflite-micro.
"""

import argparse
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import litert

ALLOCATIONS = """from tflite_micro.python.tflite_micro import runtime
runtime.Interpreter.from_file({!r}, arena_size=1 << 26).print_allocations()"""
OURS = ("model", "file", "code", "constants", "arena", "stack", "in and out")
THEIRS = ("Micro's planner", "Micro in all", "LiteRT")
COLUMNS = (*OURS, *THEIRS)


def micro(path: Path) -> tuple[int, int] | None:
    """Bytes of TFLite Micro's planner, and of everything; None if it does not take the model."""
    code = ALLOCATIONS.format(str(path))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    found = dict(re.findall(r"Arena allocation (total|head) (\d+)", ran.stdout + ran.stderr))
    return (int(found["head"]), int(found["total"])) if len(found) == 2 else None


def sections(compiler: str, source: Path) -> tuple[int, int]:
    """Bytes of machine code and of constants."""
    compiled = source.with_suffix(".o")
    flags = ["-std=c99", "-Os", "-fno-pie", "-c", source, "-o", compiled]
    subprocess.run([*shlex.split(compiler), *flags], check=True)
    listed = subprocess.run(["size", "-A", compiled], check=True, capture_output=True, text=True).stdout
    found = [(name, int(size)) for name, size in re.findall(r"^\.(text|rodata)\S*\s+(\d+)", listed, re.M)]
    code, constants = (sum(size for name, size in found if name == wanted) for wanted in ("text", "rodata"))
    return code, constants


def row(path: Path, quant_opt: str, compiler: str) -> tuple[list[int | None], bool]:
    """The figures of a model, and whether its arena is above a peer's."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "m.c"
        subprocess.run([quant_opt, path, "--batch=1", "-o", source], check=True, capture_output=True)
        header = source.with_suffix(".h").read_text()
        code, constants = sections(compiler, source)
    arena, stack = (int(re.search(rf"#define M_{n}_BYTES (\d+)", header)[1]) for n in ("ARENA", "STACK"))
    planner, in_all = micro(path) or (None, None)
    ends, span = litert.memory_bytes(path, "reference")
    above = arena > span or (planner is not None and arena > planner)
    return [path.stat().st_size, code, constants, arena, stack, ends, planner, in_all, span], above


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--quant-opt", default="quant-opt")
    parser.add_argument("--cc", default="gcc", help="compiler with flags [default: %(default)s -Os]")
    args = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |")
    print("|---" + "|---:" * (len(COLUMNS) - 1) + "|")
    failed = False
    for path in args.models:
        figures, above = row(path, args.quant_opt, args.cc)
        failed |= above
        print(f"| {path.stem} | " + " | ".join("refused" if n is None else f"{n:,}" for n in figures) + " |")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
