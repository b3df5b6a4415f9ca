"""Writes kernels/tests/golden: what LiteRT's kernels make of random operators (`kernel_cases.py`).

Usage: kernel_golden.py --output-dir DIR [--kind NAME ...] [--cases N] [--seed S]

Run by hand, when a kind or LiteRT changes. The committed files are those of the defaults; more cases, or
another seed, go to a folder that the environment variable KERNEL_GOLDEN names for
`cargo test -p quant-opt-kernels --test reference`.

One file a kind, one block of lines a case:

    tfl.conv_2d stride_h=i:1 padding=s:SAME …        operator, attributes (i f b s; a: list; m: mirror mode)
    in i8 1x4x4x2 0.02 -7 0f80…                      operand: type, shape, scales, zero points, bytes in hex
    const i8 3x1x1x2 0.1,0.2,0.3@0 0,0,0 …           constant operand; scales along axis 0
    none                                             absent operand
    out i8 1x4x4x3 0.5 3 …                           result, likewise

`-` stands for no scales, `()` for the shape of a scalar. Bytes are little-endian, floats shortest decimals.
"""

from __future__ import annotations

import argparse
import pathlib
import zlib

import numpy as np

import one_op
from kernel_cases import KINDS
from one_op import Case, Tensor, Value

_NAMES = {
    "float32": "f32",
    "float16": "f16",
    "int8": "i8",
    "uint8": "u8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "bool": "i1",
}
CASES = 16


def _attribute(key: str, value: Value) -> str:
    if key == "mode":
        return f"{key}=m:{value}"
    if isinstance(value, list):
        return f"{key}=a:{','.join(map(str, value))}"
    tag = {bool: "b", int: "i", float: "f", str: "s"}[type(value)]
    return f"{key}={tag}:{str(value).lower() if tag == 'b' else value}"


def _tensor(role: str, tensor: Tensor, data: np.ndarray) -> str:
    shape = "x".join(map(str, data.shape)) or "()"
    scales = zeros = "-"
    if tensor.scales.size:
        scales = ",".join(np.format_float_scientific(s, unique=True, trim="-") for s in tensor.scales)
        scales += "" if tensor.axis is None else f"@{tensor.axis}"
        zeros = ",".join(map(str, tensor.zeros))
    return f"{role} {_NAMES[str(data.dtype)]} {shape} {scales} {zeros} {data.tobytes().hex()}"


def dump(case: Case, results: list[np.ndarray]) -> str:
    """A case with its results, as a block of lines."""
    # What the file's options hold and the operation's attributes do not.
    attrs = {k: v for k, v in case.attrs.items() if k != "output_type"}
    lines = [" ".join([f"tfl.{case.op}", *(_attribute(k, v) for k, v in attrs.items())])]
    for tensor in case.ins:
        if tensor is None:
            lines.append("none")
        else:
            lines.append(_tensor("const" if tensor.constant else "in", tensor, tensor.data))
    lines += [_tensor("out", tensor, data) for tensor, data in zip(case.outs, results, strict=True)]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output-dir", type=pathlib.Path, required=True)
    parser.add_argument("--kind", action="append", choices=KINDS, metavar="NAME")
    parser.add_argument("--cases", type=int, default=CASES, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    args = parser.parse_args()
    args.output_dir.mkdir(parents=True, exist_ok=True)
    for name in args.kind or KINDS:
        kind = KINDS[name]
        rng = np.random.default_rng([args.seed, zlib.crc32(name.encode())])
        blocks = []
        for _ in range(args.cases):
            case = kind.make(rng)
            blocks.append(dump(case, one_op.run(case, kind.resolver, kind.version)))
        (args.output_dir / f"{name}.txt").write_text("\n".join(blocks))


if __name__ == "__main__":
    main()
