"""Writes kernels/tests/golden: what LiteRT's kernels make of random operators (`cases/`).

Usage: kernel_golden.py --output-dir DIR --bin-dir DIR [--kind NAME ...] [--cases N] [--seed S]

Run by hand, when a kind or LiteRT changes; `kernels.py` compares more of them, and float kinds too. The
committed files are those of the defaults; others go to a folder that the environment variable
KERNEL_GOLDEN names for `cargo test -p quant-opt-kernels --test reference`.

One file a kind of integers, one block of lines a case:

    tfl.conv_2d stride_h=i:1 padding=s:SAME …        operator, attributes (i f b s; a: list; m: mirror mode; u: a flag)
    in i8 1x4x4x2 0.02 -7 0f80…                      operand: type, shape, scales, zero points, bytes in hex
    const i8 3x1x1x2 0.1,0.2,0.3@0 0,0,0 …           constant operand; scales along axis 0
    const i4 2x64 0.1,0.2,0.3,0.4/32 0,0,0,0 …       scales of blocks of 32 along rows
    none                                             absent operand
    out i8 1x4x4x3 0.5 3 …                           result, likewise

`-` stands for no scales, `()` for the shape of a scalar. Bytes are little-endian, floats shortest decimals.
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile

import numpy as np

from case_model import Tools, by_litert, compiled, feed, packed
from cases import KINDS, Case, Tensor, Value
from kernels import draw

_NAMES = {"float32": "f32", "float16": "f16", "bool": "i1"}
CASES = 4


def _attribute(key: str, value: Value) -> str:
    if value is None:
        return f"{key}=u:"
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
        scales += f"/{tensor.block}" if tensor.block else ""
        zeros = ",".join(map(str, tensor.zeros))
    name = str(data.dtype)
    name = _NAMES.get(name, name.replace("uint", "u").replace("int", "i"))
    name = f"i{tensor.bits}" if tensor.bits else name
    return f"{role} {name} {shape} {scales} {zeros} {packed(tensor, data).hex()}"


def dump(case: Case, results: list[np.ndarray]) -> str:
    """A case with its results, as a block of lines."""
    # A type as an attribute says nothing that the result does not.
    attrs = {k: v for k, v in case.attrs.items() if not isinstance(v, Tensor)}
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
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True, help="where quant-opt is")
    parser.add_argument("--kind", action="append", choices=KINDS, metavar="NAME")
    parser.add_argument("--cases", type=int, default=CASES, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    args = parser.parse_args()
    args.output_dir.mkdir(parents=True, exist_ok=True)
    tools = Tools(args.bin_dir / "quant-opt", args.bin_dir / "quant-run")
    with tempfile.TemporaryDirectory() as scratch:
        for name in args.kind or [n for n, kind in KINDS.items() if kind.dtype.kind != "f"]:
            cases = draw(name, args.cases, args.seed)
            file = compiled(cases, tools, pathlib.Path(scratch) / "kind.tflite")
            found = iter(by_litert(file, feed(cases), KINDS[name].resolver))
            blocks = [dump(case, [next(found) for _ in case.outs]) for case in cases]
            (args.output_dir / f"{name}.txt").write_text("\n".join(blocks))


if __name__ == "__main__":
    main()
