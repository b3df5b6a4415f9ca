"""How large are TFLite Micro's machine code and constants for a model, with the operators of that model and no others?

Usage: micro_code.py MODEL.tflite --micro DIR --flatbuffers DIR --gemmlowp DIR --ruy DIR [--cxx COMPILER] [--build DIR]

Builds TFLite Micro from a source tree (its reference kernels, messages stripped) with the model as an array, and drops
what the program does not reach. The C library is not part of the count, nor is it of what `sizes.py` says of generated
C.
"""

import argparse
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import tflite_file

FLAGS = """-std=c++17 -Os -fno-pie -fno-rtti -fno-exceptions -fno-threadsafe-statics -fno-unwind-tables
-fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -DTF_LITE_STATIC_MEMORY
-DTF_LITE_STRIP_ERROR_STRINGS -DNDEBUG""".split()
LINK = "-nostdlib -static -Wl,--gc-sections,-e,main,--unresolved-symbols=ignore-all".split()
SOURCES = [
    "tensorflow/lite/micro/*.cc",
    "tensorflow/lite/micro/kernels/*.cc",
    "tensorflow/lite/micro/arena_allocator/*.cc",
    "tensorflow/lite/micro/memory_planner/*.cc",
    "tensorflow/lite/micro/tflite_bridge/*.cc",
    "tensorflow/lite/core/api/*.cc",
    "tensorflow/lite/core/c/*.cc",
    "tensorflow/lite/kernels/*.cc",
    "tensorflow/lite/kernels/internal/*.cc",
    "tensorflow/compiler/mlir/lite/core/api/*.cc",
    "tensorflow/compiler/mlir/lite/schema/*.cc",
]
NO_PROGRAM = re.compile("test|mock|fake|benchmark|hexdump")
MAIN = """#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
alignas(16) extern const unsigned char model[];
alignas(16) const unsigned char model[] = {%s};
alignas(16) static uint8_t arena[1024];
int main() {
  tflite::MicroMutableOpResolver<%d> resolver;
  %s
  tflite::MicroInterpreter interpreter(tflite::GetModel(model), resolver, arena, sizeof arena);
  return interpreter.AllocateTensors() + interpreter.Invoke() + interpreter.output(0)->data.int8[0];
}
"""


def adder(operator: str) -> str:
    """`AddConv2D` of `CONV_2D`."""
    return "Add" + "".join(part if part[0].isdigit() else part.capitalize() for part in operator.split("_"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    for name in ("micro", "flatbuffers", "gemmlowp", "ruy"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="DIR", help="its source tree")
    parser.add_argument("--cxx", default="g++", help="compiler with flags [default: %(default)s]")
    parser.add_argument("--build", type=Path, help="folder for objects, which are used again")
    args = parser.parse_args()
    includes = [args.micro, args.flatbuffers / "include", args.gemmlowp, args.ruy]
    compiler = [*shlex.split(args.cxx), *FLAGS, *(f"-I{d.resolve()}" for d in includes)]
    operators = sorted({op.name for op in tflite_file.read(args.model).subgraphs[0].operators})
    with tempfile.TemporaryDirectory() as scratch:
        build = args.build or Path(scratch)
        build.mkdir(parents=True, exist_ok=True)

        def compiled(source: Path) -> Path | None:
            to = build / f"{source.relative_to(args.micro)}.o".replace("/", "_")
            if not to.exists():
                ran = subprocess.run([*compiler, "-c", source, "-o", to], capture_output=True, check=False)
                # What a kernel of some other target needs is not there, and not needed.
                return to if ran.returncode == 0 else None
            return to

        found = [f for pattern in SOURCES for f in sorted(args.micro.glob(pattern)) if not NO_PROGRAM.search(f.name)]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = [o for o in pool.map(compiled, found) if o]
        program, linked = Path(scratch) / "main.cc", Path(scratch) / "program"
        added = "".join(f"resolver.{adder(op)}();" for op in operators)
        program.write_text(MAIN % (",".join(map(str, args.model.read_bytes())), len(operators), added))
        subprocess.run([*compiler, *LINK, program, *objects, "-o", linked], check=True, stderr=subprocess.DEVNULL)
        listed = subprocess.run(["size", "-A", linked], check=True, capture_output=True, text=True).stdout
    code, constants = (int(re.search(rf"^\.{s}\s+(\d+)", listed, re.M)[1]) for s in ("text", "rodata"))
    print(f"{args.model.stem}: {code:,} bytes of code, {constants:,} of constants")
    return 0


if __name__ == "__main__":
    sys.exit(main())
