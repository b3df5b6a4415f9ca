"""How large is the generated C of integer models, beside TFLite Micro?

One line for each .tflite: the file, the machine code of the C (gcc -Os), its constants, its arena and its
largest array on the stack; and the arena that TFLite Micro's planner lays out, and all it allocates.
Exits 1 if an arena is above TFLite Micro's planner. Needs gcc, binutils and tflite-micro.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ALLOCATIONS = """from tflite_micro.python.tflite_micro import runtime
runtime.Interpreter.from_file({!r}, arena_size=1 << 26).print_allocations()"""


def micro(path: Path) -> tuple[int, int] | None:
    """Bytes of TFLite Micro's planner, and of everything; None if it does not take the model."""
    code = ALLOCATIONS.format(str(path))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    found = dict(re.findall(r"Arena allocation (total|head) (\d+)", ran.stdout + ran.stderr))
    return (int(found["head"]), int(found["total"])) if len(found) == 2 else None


def generated(path: Path, quant_opt: str, folder: Path) -> dict[str, int]:
    """Bytes of the C by kind."""
    source = folder / "m.c"
    subprocess.run([quant_opt, path, "--batch=1", "-o", source], check=True, capture_output=True)
    header = source.with_suffix(".h").read_text()
    defines = re.findall(r"#define M_(ARENA|CONSTANT|STACK)_BYTES (\d+)", header)
    sizes = {name.lower(): int(value) for name, value in defines}
    subprocess.run(["gcc", "-std=c99", "-Os", "-c", source, "-o", folder / "m.o"], check=True)
    size = ["size", "-A", folder / "m.o"]
    sections = subprocess.run(size, check=True, capture_output=True, text=True).stdout
    code = re.findall(r"^\.text\S*\s+(\d+)", sections, re.M)
    sizes["code"] = sum(int(n) for n in code)
    return sizes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--quant-opt", default="quant-opt")
    args = parser.parse_args()
    print("| model | file | code | constants | arena | stack | Micro's planner | Micro in all |")
    print("|---" + "|---:" * 7 + "|")
    above = False
    for path in args.models:
        with tempfile.TemporaryDirectory() as folder:
            c = generated(path, args.quant_opt, Path(folder))
        peer = micro(path)
        above |= peer is not None and c["arena"] > peer[0]
        ours = [path.stat().st_size, c["code"], c["constant"], c["arena"], c["stack"]]
        theirs = [f"{n:,}" for n in peer] if peer else ["refused", ""]
        print(f"| {path.stem} | " + " | ".join([f"{n:,}" for n in ours] + theirs) + " |")
    return int(above)


if __name__ == "__main__":
    sys.exit(main())
