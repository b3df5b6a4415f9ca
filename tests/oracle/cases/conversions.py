"""Conversions between real values and codes, and between codes."""

from __future__ import annotations

import numpy as np

from .draw import INTEGERS, TYPES, Case, Draw, Tensor, f32, kind, result
from .elementwise import every_code


def _to(x: Tensor, out: Tensor) -> Case:
    """A quantize operator, which bears the type of its result as an attribute too."""
    return Case("quantize", {"qtype": out}, [x], [out])


@kind("quantize", INTEGERS)
def quantize(d: Draw) -> Case:
    scale = d.scale()
    codes = d.rng.normal(size=60) * 200
    # Ties, in steps of the result.
    codes[::4] = np.round(codes[::4]) + 0.5
    x = f32(np.float32(codes) * np.float32(scale))
    return _to(x, d.coded(scale, d.zero()))


@kind("requantize", INTEGERS)
def requantize(d: Draw) -> Case:
    name = d.pick(("i8", "i16") if d.wide else INTEGERS)
    to = Draw(d.rng, np.dtype(TYPES[name]))
    scale = d.scale()
    x = d.coded(scale, d.zero(), every_code(d))
    near = float(np.float32(scale * d.rng.uniform(0.3, 3))) * (256 if d.wide else 1) / (256 if to.wide else 1)
    out = to.coded(scale if d.rng.random() < 0.3 else near, to.zero())
    if {str(d.dtype), str(to.dtype)} == {"int8", "uint8"} and d.rng.random() < 0.4:
        out.scales, out.zeros = x.scales.copy(), x.zeros + (to.low - d.low)
    return _to(x, out)


@kind("dequantize", INTEGERS)
def dequantize(d: Draw) -> Case:
    return Case("dequantize", {}, [d.coded(d.scale(), d.zero(), every_code(d))], [result()])


@kind("dequantize_float16", ("f32",))
def dequantize_float16(d: Draw) -> Case:
    values = np.float16(d.rng.normal(size=d.shape()) * 10 ** d.rng.uniform(-6, 4))
    return Case("dequantize", {}, [Tensor(np.dtype(np.float16), values)], [result()])


def _per_channel(d: Draw, bits: int) -> Case:
    shape = d.shape()
    axis = d.upto(len(shape) - 1, 0)
    most = 2 ** (bits - 1)
    codes = d.rng.integers(-most, most, size=tuple(shape)).astype(np.int8)
    scales = np.float32([d.scale() for _ in range(shape[axis])])
    x = Tensor(np.dtype(np.int8), codes, scales, np.zeros(shape[axis], np.int64), axis, constant=True)
    x.bits = bits if bits < 8 else None
    return Case("dequantize", {}, [x], [result()])


@kind("dequantize_per_channel")
def dequantize_per_channel(d: Draw) -> Case:
    return _per_channel(d, 8)


@kind("dequantize_per_channel_int4")
def dequantize_per_channel_int4(d: Draw) -> Case:
    return _per_channel(d, 4)
