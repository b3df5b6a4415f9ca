"""Prints a `.tflite` file as text: operators in order, options, tensors, constants.

Usage: dump_tflite.py FILE.tflite [-o FILE.txt]

Made to be read beside another file's dump and to be compared with `diff`.
"""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Iterator

import numpy as np

import tflite_file

# How many scales, zero points or constant values are shown before eliding.
SHOWN = 6


def few(values: np.ndarray) -> str:
    """The first values, and how many there are if that is not all."""
    flat = values.reshape(-1)
    shown = " ".join(f"{v:.9g}" if flat.dtype.kind == "f" else str(v) for v in flat[:SHOWN])
    return f"[{shown}]" if flat.size <= SHOWN else f"[{shown} … {flat.size}]"


def quantization(tensor: tflite_file.Tensor) -> str:
    """`scale=… zp=…`, with the channel axis if there are several; empty when unquantized."""
    if not tensor.scales.size:
        return ""
    zero_points = tensor.zero_points
    zp = str(zero_points[0]) if len(set(zero_points.tolist())) == 1 else few(zero_points)
    axis = f" axis={tensor.axis}" if tensor.scales.size > 1 else ""
    return f" scale={few(tensor.scales)} zp={zp}{axis}"


def constant(tensor: tflite_file.Tensor) -> str:
    """Constants: small ones whole, large ones by range and first values."""
    data = tensor.data
    if data is None:
        return ""
    if data.size <= SHOWN or data.dtype.kind not in "fiu":
        return f" const={few(data)}"
    return f" const min={data.min():.9g} max={data.max():.9g} {few(data)}"


def describe(tensors: tuple[tflite_file.Tensor, ...], index: int) -> str:
    if index < 0:
        return "absent"
    t = tensors[index]
    shape = "x".join("?" if n < 0 else str(n) for n in t.shape) or "scalar"
    variable = " variable" if t.is_variable else ""
    return f"%{index} {t.name!r} {shape} {t.dtype}{quantization(t)}{variable}{constant(t)}"


def lines(file: tflite_file.TfliteFile) -> Iterator[str]:
    yield f"bytes {file.bytes}, buffers {file.buffers}, description {file.description!r}"
    for name, content in file.metadata:
        yield f"metadata {name!r}: {len(content)} bytes"
    for s in file.signatures:
        yield f"signature {s.key!r} subgraph {s.subgraph} inputs {s.inputs} outputs {s.outputs}"
    for number, graph in enumerate(file.subgraphs):
        constants = [t for t in graph.tensors if t.is_constant]
        size = sum(t.data.nbytes for t in constants)
        yield ""
        yield (
            f"subgraph {number} {graph.name!r}: {len(graph.operators)} operators, "
            f"{len(graph.tensors)} tensors, {len(constants)} constants of {size} bytes"
        )
        yield from (f"  input  {describe(graph.tensors, i)}" for i in graph.inputs)
        yield from (f"  output {describe(graph.tensors, i)}" for i in graph.outputs)
        for at, op in enumerate(graph.operators):
            options = ", ".join(f"{k}={v}" for k, v in op.options.items())
            yield f"#{at} {op.name} v{op.version} {{{options}}}"
            yield from (f"    in  {describe(graph.tensors, i)}" for i in op.inputs)
            yield from (f"    out {describe(graph.tensors, i)}" for i in op.outputs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("-o", "--output", type=pathlib.Path, help="text file (default: stdout)")
    args = parser.parse_args()
    text = "\n".join(lines(tflite_file.read(args.file))) + "\n"
    if args.output:
        args.output.write_text(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
