"""Compares what quant-opt and upstream write of each operation: code, version, options, oldest runtime.

Usage: export.py --quant-opt BIN [--op NAME ...] [--verbose]

Every module of `one_op.py` and `suite_op.py` that upstream verifies and writes is written by quant-opt too. What quant-opt refuses, as
runtimes would, is counted; what it writes must be what upstream writes, but for `DELIBERATE`. Exits 1 if anything differs, or nothing
was compared.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
from concurrent import futures
from concurrent.futures.process import BrokenProcessPool

import one_op
import suite_op
import tflite_file
from litert_converter import converter_api_ext
from litert_converter.mlir import ir

# Where we say something else: the beginning of the line and its end, and why.
DELIBERATE = (
    ("add(", "T=i16", "upstream gives every tensor a table of parameters, and takes it for quantized"),
    ("mul(", "T=i16", "the same"),
    ("abs(", "T=i16", "the same"),
    ("add(", "T=q16", "upstream writes that scales are powers of two, which they need not be"),
    ("sub(", "T=q16", "the same"),
    ("select(", "T=ui32", "upstream looks at the type of the condition"),
    ("select_v2(", "T=ui32", "the same"),
    ("conv_2d(", "Y=q16", "upstream takes the option of a bias type for given, or fails; ours is the version that brought int16"),
    ("depthwise_conv_2d(", "Y=q16", "upstream has no rule for these weights, or fails"),
    ("fully_connected(", "W=q8 B=q32 Y=q16", "upstream takes the option of a bias type for given"),
    ("fully_connected(", "W=q4 B=q32 Y=q16", "upstream leaves unsaid that the bias is no int64, which runtimes take it for beside int16"),
    ("transpose_conv(", "B=q32 Y=q16", "the same"),
)


def upstream(text: str, path: pathlib.Path) -> str:
    """Writes a module with upstream; what it says against it, empty if nothing."""
    context = ir.Context()
    converter_api_ext.prepare_mlir_context(context)
    with context:
        try:
            module = ir.Module.parse(text)
            path.write_bytes(converter_api_ext.export_flatbuffer_to_bytes(module.operation))
        except (ir.MLIRError, RuntimeError, ValueError, IndexError) as error:
            return " ".join(str(error).split())
    return ""


def quiet() -> None:
    """Sends what the library prints nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


class Upstream:
    """Upstream in a process of its own, which some modules end."""

    def __init__(self) -> None:
        self.pool = None

    def write(self, text: str, path: pathlib.Path) -> str:
        if self.pool is None:
            self.pool = futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork"), initializer=quiet)
        try:
            return self.pool.submit(upstream, text, path).result()
        except BrokenProcessPool:
            self.pool = None
            return "crash"


def written(path: pathlib.Path) -> tuple:
    """The operator of a file, and the oldest runtime that it names."""
    file = tflite_file.read(path)
    operators = [(o.name, o.version, o.options) for o in file.subgraphs[0].operators]
    runtime = dict(file.metadata).get("min_runtime_version", b"").rstrip(b"\0").decode()
    return operators, runtime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quant-opt", type=pathlib.Path, required=True, metavar="BIN")
    parser.add_argument("--op", action="append", metavar="NAME", help="only these operations")
    parser.add_argument("--verbose", action="store_true", help="say what either refuses")
    args = parser.parse_args()

    count: collections.Counter[str] = collections.Counter()
    names: list[str] = []
    compared: set[str] = set()
    judge = Upstream()
    with tempfile.TemporaryDirectory() as folder:
        source, theirs, ours = (pathlib.Path(folder) / name for name in ("m.mlir", "theirs.tflite", "ours.tflite"))
        for line, text in itertools.chain(one_op.modules(), suite_op.modules()):
            name = line.split("(")[0]
            if args.op and name not in args.op:
                continue
            count["modules"] += 1
            names.append(name)
            if said := judge.write(text, theirs):
                count["refused by upstream"] += 1
                if args.verbose:
                    print(f"{line}: upstream: {said[:300]}")
                continue
            source.write_text(text)
            done = subprocess.run([str(args.quant_opt), str(source), "-o", str(ours)], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                count["refused by us"] += 1
                if args.verbose:
                    print(f"{line}: quant-opt: {done.stderr.splitlines()[0][:300]}")
                continue
            count["compared"] += 1
            compared.add(name)
            expected, found = written(theirs), written(ours)
            if expected == found or not expected[0]:
                count["folded by upstream"] += not expected[0]
                continue
            if any(line.startswith(start) and line.endswith(end) for start, end, _ in DELIBERATE):
                count["different for a reason"] += 1
                continue
            count["different"] += 1
            print(f"{line}: {found}, but upstream writes {expected}")
    never = [name for name in dict.fromkeys(names) if name not in compared]
    print(", ".join(f"{n} {what}" for what, n in count.items()) + f"; of {len(compared)} operations, never of {never}")
    return 1 if count["different"] or not count["compared"] else 0


if __name__ == "__main__":
    sys.exit(main())
