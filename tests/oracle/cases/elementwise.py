"""Functions of one or two elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .draw import ALL, Case, Draw, Value, kind, real, result

# Functions of the C library and ours agree to the last bits only.
FUNCTION_ULPS = 4


def broadcast(d: Draw) -> tuple[list[int], list[int]]:
    a = d.shape(most=5)
    way = d.rng.integers(0, 4)
    b = list(a)
    if way == 1:
        b = a[-1:]
    if way == 2:
        b[int(d.rng.integers(0, len(b)))] = 1
    if way == 3:
        b = [1]
    return (b, a) if d.rng.random() < 0.3 else (a, b)


def _arithmetic(op: str, of: Callable, types: Sequence[str], fused: bool = True, **judged: Value) -> None:
    @kind(op, types, **judged)
    def make(d: Draw) -> Case:
        a, b = (d.q(s) for s in broadcast(d))
        if op == "div" and d.quantized:
            b.data = np.where(b.data == b.zeros[0], b.data ^ 1, b.data)
        attrs = d.activation() if fused else {}
        out = d.fitting(of(real(a), real(b))) if d.quantized else result()
        return Case(op, attrs, [a, b], [out])


_arithmetic("add", np.add, ALL)
_arithmetic("sub", np.subtract, ALL)
_arithmetic("mul", np.multiply, ALL)
_arithmetic("div", np.divide, ALL, resolver="optimized int")
_arithmetic("squared_difference", lambda a, b: (a - b) ** 2, ("i8", "f32"), fused=False)


def _shifted(op: str) -> None:
    @kind(f"{op}_shifted", ("i16",))
    def make(d: Draw) -> Case:
        shape, power = d.shape(), d.upto(-6, -12)
        powers = [power, power - d.upto(5, 0)]
        a, b = (d.q(shape, scale=2.0**p) for p in (powers if d.flag() else powers[::-1]))
        attrs = d.activation() | {"tfl.pot_scale_int16": None}
        return Case(op, attrs, [a, b], [d.coded(2.0**power, 0)])


_shifted("add")
_shifted("sub")


def _extreme(op: str) -> None:
    @kind(op, ALL)
    def make(d: Draw) -> Case:
        a_shape, b_shape = broadcast(d)
        a = d.q(a_shape)
        return Case(op, {}, [a, d.like(a, d.codes(b_shape))], [d.like(a)])


_extreme("maximum")
_extreme("minimum")


def _comparison(op: str) -> None:
    @kind(op, ALL)
    def make(d: Draw) -> Case:
        a_shape, b_shape = broadcast(d)
        a = d.q(a_shape)
        b = d.like(a, d.codes(b_shape)) if d.flag() else d.q(b_shape)
        if a.data.shape == b.data.shape:
            b.data = np.where(d.rng.random(b.data.shape) < 0.3, a.data, b.data)
        return Case(op, {}, [a, b], [result(np.bool_)])


for _op in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
    _comparison(_op)


@kind("prelu", ALL)
def prelu(d: Draw) -> Case:
    shape = d.shape(4, 4)
    x = d.q(shape)
    # Of int16 values, too, the slopes are int8.
    slopes = Draw(d.rng, np.dtype(np.int8)) if d.wide else d
    alpha = slopes.q(shape[1:] if d.flag() else [1, 1, shape[-1]])
    alpha.constant = True
    return Case("prelu", {}, [x, alpha], [d.fitting(np.maximum(real(x), real(x) * real(alpha)))])


def every_code(d: Draw) -> np.ndarray:
    """All codes of 8 bits, many of 16, in any order."""
    codes = np.arange(d.low, d.high + 1, 251 if d.wide else 1)
    return d.rng.permutation(codes).astype(d.dtype)


def _unary(op: str, of: Callable, types: Sequence[str], fixed: Sequence = (), **judged: Value) -> None:
    """`fixed` holds the scale of the result in 8 bits, the zero point in int8, the scale in 16 bits."""

    @kind(op, types, **judged)
    def make(d: Draw) -> Case:
        if d.quantized:
            # Wide enough that some values are large.
            x = d.coded(d.scale(-2.2, -0.5), d.zero(), every_code(d))
            if op in ("sqrt", "rsqrt", "log"):
                x.data = np.maximum(x.data, min(x.zeros[0] + (op == "log"), d.high)).astype(d.dtype)
        else:
            x = d.q(d.shape())
            if op in ("sqrt", "rsqrt", "log"):
                x.data = np.abs(x.data) + np.float32(1e-3)
        attrs: dict[str, Value] = {}
        if op == "leaky_relu":
            attrs["alpha"] = float(np.float32(d.pick([0.1, 0.3, 1.5, -0.4])))
        if op == "gelu":
            attrs["approximate"] = d.flag()
        return Case(op, attrs, [x], [_result_of_unary(d, op, x, of, fixed)])


def _result_of_unary(d: Draw, op: str, x, of: Callable, fixed: Sequence):
    if not d.quantized:
        return result()
    if fixed:
        scale, zero, wide_scale = fixed
        return d.coded(wide_scale, 0) if d.wide else d.coded(scale, zero - (-128 - d.low))
    values = np.nan_to_num(of(real(x)), posinf=1, neginf=-1)
    # A hard_swish takes no finer results.
    out = d.fitting(values, float(x.scales[0]) / 64 if op == "hard_swish" else 1e-5)
    if op == "abs" and d.flag():
        out.scales = x.scales.copy()
    return out


_BYTES = ("i8", "u8", "f32")
_SIGNED = ("i8", "i16", "f32")
_unary("abs", np.abs, _SIGNED)
_unary("relu", lambda v: np.maximum(v, 0), ALL)
_unary("relu6", lambda v: np.clip(v, 0, 6), ALL)
_unary("relu_n1_to_1", lambda v: np.clip(v, -1, 1), _BYTES)
_unary("relu_0_to_1", lambda v: np.clip(v, 0, 1), _BYTES)
_unary("leaky_relu", lambda v: v, ALL)
_unary("hard_swish", lambda v: v * np.clip(v + 3, 0, 6) / 6, _BYTES, ulps=FUNCTION_ULPS)
_unary("logistic", np.sign, ALL, (1 / 256, -128, 1 / 32768), ulps=FUNCTION_ULPS)
_unary("tanh", np.sign, ALL, (1 / 128, 0, 1 / 32768), ulps=FUNCTION_ULPS)
_unary("gelu", lambda v: np.maximum(v, 0), ALL, ulps=FUNCTION_ULPS)
_unary("exp", lambda v: np.exp(np.minimum(v, 4)), _SIGNED, ulps=FUNCTION_ULPS)
_unary(
    "elu",
    lambda v: np.where(v < 0, np.expm1(np.minimum(v, 0)), v),
    ("i8", "f32"),
    resolver="optimized",
    ulps=FUNCTION_ULPS,
)
_unary("log", lambda v: np.log(np.maximum(v, 1e-3)), _SIGNED, ulps=FUNCTION_ULPS)
_unary("sqrt", lambda v: np.sqrt(np.maximum(v, 0)), _SIGNED)
_unary("rsqrt", lambda v: 1 / np.sqrt(np.maximum(v, 1e-2)), _SIGNED, ulps=FUNCTION_ULPS)
