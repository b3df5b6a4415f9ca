"""Random operators with random operands, for every operator that has an int8 form.

A kind is a function from a random generator to a `Case`; `KINDS` lists them with the LiteRT kernels that
judge them. Zero points lie at both ends of int8 and between, some operands saturate, and results are
scaled so that most of their values are neither 0 nor clamped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from one_op import Case, Tensor, Value

Rng = np.random.Generator
INT8 = np.dtype(np.int8)


@dataclasses.dataclass(frozen=True)
class Kind:
    """What makes cases, and who judges them."""

    make: Callable[[Rng], Case]
    resolver: str
    version: int


KINDS: dict[str, Kind] = {}


def _kind(name: str, resolver: str = "reference", version: int = 1) -> Callable:
    def register(make: Callable[[Rng], Case]) -> Callable[[Rng], Case]:
        KINDS[name] = Kind(make, resolver, version)
        return make

    return register


# --- Operands ---------------------------------------------------------------------------------------


def _scale(rng: Rng, low: float = -2.0, high: float = -0.5) -> float:
    return float(np.float32(10 ** rng.uniform(low, high)))


def _zero(rng: Rng) -> int:
    return int(rng.choice([-128, 127, 0, rng.integers(-128, 128), rng.integers(-128, 128)]))


def _int8(scale: float, zero: int, data: np.ndarray | None = None, constant: bool = False) -> Tensor:
    return Tensor(INT8, data, np.float32([scale]), np.int64([zero]), constant=constant)


def _codes(rng: Rng, shape: Sequence[int]) -> np.ndarray:
    low, high = (-128, 128) if rng.random() < 0.8 else (100, 128)
    return rng.integers(low, high, size=tuple(shape)).astype(np.int8)


def _q(rng: Rng, shape: Sequence[int], scale: float | None = None, zero: int | None = None) -> Tensor:
    """A quantized activation."""
    scale = _scale(rng) if scale is None else scale
    return _int8(scale, _zero(rng) if zero is None else zero, _codes(rng, shape))


def _like(x: Tensor, data: np.ndarray | None = None) -> Tensor:
    return _int8(float(x.scales[0]), int(x.zeros[0]), data)


def _plain(values: np.ndarray | Sequence, dtype: type) -> Tensor:
    return Tensor(np.dtype(dtype), np.asarray(values, dtype), constant=True)


def _i32(values: Sequence[int] | int) -> Tensor:
    return _plain(values, np.int32)


def _f32(values: np.ndarray) -> Tensor:
    return Tensor(np.dtype(np.float32), values.astype(np.float32))


def _real(x: Tensor) -> np.ndarray:
    return x.scales[0] * (x.data.astype(np.float64) - x.zeros[0])


def _float() -> Tensor:
    """A float result."""
    return Tensor(np.dtype(np.float32))


def _shape(rng: Rng, rank: int | None = None, most: int = 6) -> list[int]:
    rank = int(rng.integers(1, 5)) if rank is None else rank
    return [int(rng.integers(1, most + 1)) for _ in range(rank)]


def _fitting(rng: Rng, real: np.ndarray, least: float = 1e-5) -> Tensor:
    """A result whose codes take in most of some real values, in steps of `least` or more."""
    step = float(np.abs(real).max()) / rng.uniform(60, 250)
    return _int8(float(np.float32(max(step, least))), _zero(rng))


def _flag(rng: Rng) -> bool:
    return bool(rng.random() < 0.5)


def _activation(rng: Rng) -> dict[str, Value]:
    return {"fused_activation_function": str(rng.choice(["NONE", "RELU", "RELU6", "RELU_N1_TO_1"]))}


# --- Products ---------------------------------------------------------------------------------------


def _weights(rng: Rng, shape: Sequence[int], axis: int, per_channel: bool) -> Tensor:
    data = rng.integers(-127, 128, size=tuple(shape)).astype(np.int8)
    n = shape[axis] if per_channel else 1
    scales = np.float32([_scale(rng, -3, -1.5) for _ in range(n)])
    return Tensor(INT8, data, scales, np.zeros(n, np.int64), axis if per_channel else None, constant=True)


def _bias(rng: Rng, x: Tensor, w: Tensor, channels: int, spread: float) -> Tensor:
    data = (rng.normal(size=channels) * spread).astype(np.int32)
    scales = (x.scales[0] * w.scales).astype(np.float32)
    axis = None if len(scales) == 1 else 0
    return Tensor(np.dtype(np.int32), data, scales, np.zeros(len(scales), np.int64), axis, constant=True)


def _product_out(rng: Rng, x: Tensor, w: Tensor, depth: int) -> Tensor:
    spread = float(x.scales[0] * w.scales.max()) * 75 * 75 * depth**0.5
    return _int8(float(np.float32(spread / rng.uniform(15, 120))), _zero(rng))


@dataclasses.dataclass
class _Geometry:
    """A window over an image."""

    image: list[int]
    taps: list[int]
    attrs: dict[str, Value]


def _geometry(rng: Rng, dilated: bool) -> _Geometry:
    taps = [int(rng.integers(1, 4)) for _ in range(2)]
    stride = [int(rng.integers(1, 4)) for _ in range(2)]
    dilation = [int(rng.integers(1, 3)) for _ in range(2)] if dilated and min(stride) == 1 else [1, 1]
    image = [int(rng.integers((k - 1) * d + 1, 8)) for k, d in zip(taps, dilation, strict=True)]
    padding = str(rng.choice(["SAME", "VALID"]))
    attrs: dict[str, Value] = {"stride_h": stride[0], "stride_w": stride[1], "padding": padding}
    if dilated:
        attrs |= {"dilation_h_factor": dilation[0], "dilation_w_factor": dilation[1]}
    return _Geometry(image, taps, attrs)


def _channels(rng: Rng) -> int:
    """Few, or more than a register holds."""
    return int(rng.choice([1, 2, 3, 4, 5, 70], p=[0.18, 0.18, 0.18, 0.18, 0.18, 0.1]))


def _conv(rng: Rng, hybrid: bool) -> Case:
    g = _geometry(rng, dilated=True)
    groups = int(rng.choice([1, 1, 1, 2]))
    channels, filters = groups * _channels(rng), groups * int(rng.integers(1, 5))
    w = _weights(rng, [filters, *g.taps, channels // groups], 0, hybrid or _flag(rng))
    if hybrid and _flag(rng):
        # LiteRT quantizes inputs in another way where all scales are equal.
        w.scales[:] = w.scales[0]
    depth = w.data[0].size
    x_shape = [int(rng.integers(1, 3)), *g.image, channels]
    attrs = g.attrs | _activation(rng)
    if hybrid:
        bias = _plain(rng.normal(size=filters), np.float32)
        return Case("conv_2d", attrs, [_image(rng, x_shape), w, bias], [_float()])
    x = _q(rng, x_shape)
    bias = _bias(rng, x, w, filters, 2000 * depth**0.5)
    return Case("conv_2d", attrs, [x, w, bias], [_product_out(rng, x, w, depth)])


def _image(rng: Rng, shape: Sequence[int]) -> Tensor:
    kind = rng.integers(0, 5)
    values = rng.normal(size=tuple(shape)) * 10 ** rng.uniform(-1, 1) + rng.uniform(-1, 1)
    if kind == 0:
        values = np.abs(values)
    if kind == 1 and rng.random() < 0.4:
        values[...] = 0
    return _f32(values)


@_kind("conv_2d")
def conv_2d(rng: Rng) -> Case:
    return _conv(rng, hybrid=False)


@_kind("conv_2d_hybrid")
def conv_2d_hybrid(rng: Rng) -> Case:
    return _conv(rng, hybrid=True)


def _depthwise(rng: Rng, hybrid: bool) -> Case:
    g = _geometry(rng, dilated=True)
    channels, multiplier = _channels(rng), int(rng.choice([1, 1, 2, 3]))
    w = _weights(rng, [1, *g.taps, channels * multiplier], 3, hybrid or _flag(rng))
    attrs = g.attrs | _activation(rng) | {"depth_multiplier": multiplier}
    x_shape = [int(rng.integers(1, 3)), *g.image, channels]
    if hybrid:
        bias = _plain(rng.normal(size=w.data.shape[3]), np.float32)
        return Case("depthwise_conv_2d", attrs, [_image(rng, x_shape), w, bias], [_float()])
    x, depth = _q(rng, x_shape), g.taps[0] * g.taps[1]
    bias = _bias(rng, x, w, w.data.shape[3], 2000 * depth**0.5)
    return Case("depthwise_conv_2d", attrs, [x, w, bias], [_product_out(rng, x, w, depth)])


@_kind("depthwise_conv_2d")
def depthwise_conv_2d(rng: Rng) -> Case:
    return _depthwise(rng, hybrid=False)


@_kind("depthwise_conv_2d_hybrid")
def depthwise_conv_2d_hybrid(rng: Rng) -> Case:
    return _depthwise(rng, hybrid=True)


def _transpose_conv(rng: Rng, hybrid: bool) -> Case:
    g = _geometry(rng, dilated=False)
    image = []
    for size, k, s in zip(g.image, g.taps, (g.attrs["stride_h"], g.attrs["stride_w"]), strict=True):
        image.append(-(-size // s) if g.attrs["padding"] == "SAME" else (size - k) // s + 1)
    channels, filters, batch = _channels(rng), int(rng.integers(1, 5)), int(rng.integers(1, 3))
    w = _weights(rng, [filters, *g.taps, channels], 0, hybrid or _flag(rng))
    shape = _i32([batch, *g.image, filters])
    attrs = g.attrs | _activation(rng)
    x_shape = [batch, *image, channels]
    biased = _flag(rng)
    if hybrid:
        bias = [_plain(rng.normal(size=filters), np.float32)] if biased else []
        return Case("transpose_conv", attrs, [shape, w, _image(rng, x_shape), *bias], [_float()])
    x = _q(rng, x_shape)
    bias = [_bias(rng, x, w, filters, 2000)] if biased else []
    return Case("transpose_conv", attrs, [shape, w, x, *bias], [_product_out(rng, x, w, channels * 2)])


@_kind("transpose_conv")
def transpose_conv(rng: Rng) -> Case:
    return _transpose_conv(rng, hybrid=False)


@_kind("transpose_conv_hybrid")
def transpose_conv_hybrid(rng: Rng) -> Case:
    return _transpose_conv(rng, hybrid=True)


def _fc_attrs(rng: Rng) -> dict[str, Value]:
    return _activation(rng) | {"keep_num_dims": _flag(rng), "weights_format": "DEFAULT"}


@_kind("fully_connected")
def fully_connected(rng: Rng) -> Case:
    depth, filters = int(rng.choice([rng.integers(1, 40), 64, 150])), int(rng.integers(1, 9))
    x = _q(rng, [*_shape(rng, int(rng.integers(1, 3)), 3), depth])
    way = rng.integers(0, 3)
    if way == 2:
        w = _q(rng, [filters, depth])
        return Case("fully_connected", _fc_attrs(rng), [x, w, None], [_product_out(rng, x, w, depth)])
    w = _weights(rng, [filters, depth], 0, way == 1)
    bias = _bias(rng, x, w, filters, 2000 * depth**0.5) if _flag(rng) else None
    return Case("fully_connected", _fc_attrs(rng), [x, w, bias], [_product_out(rng, x, w, depth)])


@_kind("fully_connected_hybrid", version=12)
def fully_connected_hybrid(rng: Rng) -> Case:
    depth, filters = int(rng.choice([rng.integers(1, 40), 64, 150])), int(rng.integers(1, 9))
    x = _image(rng, [*_shape(rng, int(rng.integers(1, 3)), 3), depth])
    w = _weights(rng, [filters, depth], 0, _flag(rng))
    bias = _plain(rng.normal(size=filters), np.float32) if _flag(rng) else None
    attrs = _fc_attrs(rng) | {"asymmetric_quantize_inputs": _flag(rng)}
    return Case("fully_connected", attrs, [x, w, bias], [_float()])


def _matrices(rng: Rng, attrs: dict[str, Value]) -> tuple[list[int], list[int]]:
    batch = _shape(rng, int(rng.integers(0, 3)), 3)
    m, k, n = int(rng.integers(1, 7)), _channels(rng), int(rng.integers(1, 7))
    left, right = list(batch), list(batch)
    if batch and rng.random() < 0.3:
        right[0] = 1
    left += [k, m] if attrs["adj_x"] else [m, k]
    right += [n, k] if attrs["adj_y"] else [k, n]
    return left, right


@_kind("batch_matmul")
def batch_matmul(rng: Rng) -> Case:
    attrs: dict[str, Value] = {"adj_x": _flag(rng), "adj_y": _flag(rng)}
    left, right = _matrices(rng, attrs)
    x, y = _q(rng, left), _q(rng, right)
    y.constant = _flag(rng)
    return Case("batch_matmul", attrs, [x, y], [_product_out(rng, x, y, left[-1])])


@_kind("batch_matmul_hybrid")
def batch_matmul_hybrid(rng: Rng) -> Case:
    attrs: dict[str, Value] = {"adj_x": _flag(rng), "adj_y": _flag(rng)}
    left, right = _matrices(rng, attrs)
    # LiteRT mixes up rows where two batch dimensions are above 1.
    left, right = ([1 if i < len(s) - 3 else n for i, n in enumerate(s)] for s in (left, right))
    x = _image(rng, left)
    y = _weights(rng, right, 0, per_channel=False)
    attrs["asymmetric_quantize_inputs"] = _flag(rng)
    return Case("batch_matmul", attrs, [x, y], [_float()])


# --- Two operands -----------------------------------------------------------------------------------


def _broadcast(rng: Rng) -> tuple[list[int], list[int]]:
    a = _shape(rng, most=5)
    way = rng.integers(0, 4)
    b = list(a)
    if way == 1:
        b = a[-1:]
    if way == 2:
        b[int(rng.integers(0, len(b)))] = 1
    if way == 3:
        b = [1]
    return (b, a) if rng.random() < 0.3 else (a, b)


def _arithmetic(op: str, real: Callable, fused: bool = True, **kind: Value) -> None:
    @_kind(op, **kind)
    def make(rng: Rng) -> Case:
        shapes = _broadcast(rng)
        a, b = (_q(rng, s) for s in shapes)
        if op == "div":
            b.data = np.where(b.data == b.zeros[0], b.data ^ 1, b.data)
        out = _fitting(rng, real(_real(a), _real(b)))
        return Case(op, _activation(rng) if fused else {}, [a, b], [out])


_arithmetic("add", np.add)
_arithmetic("sub", np.subtract)
_arithmetic("mul", np.multiply)
_arithmetic("div", np.divide, resolver="optimized")
_arithmetic("squared_difference", lambda a, b: (a - b) ** 2, fused=False)


def _extreme(op: str) -> None:
    @_kind(op)
    def make(rng: Rng) -> Case:
        a_shape, b_shape = _broadcast(rng)
        a = _q(rng, a_shape)
        b = _like(a, _codes(rng, b_shape))
        return Case(op, {}, [a, b], [_like(a)])


_extreme("maximum")
_extreme("minimum")


def _comparison(op: str) -> None:
    @_kind(op)
    def make(rng: Rng) -> Case:
        a_shape, b_shape = _broadcast(rng)
        a = _q(rng, a_shape)
        b = _like(a, _codes(rng, b_shape)) if _flag(rng) else _q(rng, b_shape)
        if a.data.shape == b.data.shape:
            b.data = np.where(rng.random(b.data.shape) < 0.3, a.data, b.data)
        return Case(op, {}, [a, b], [Tensor(np.dtype(np.bool_))])


for _op in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
    _comparison(_op)


@_kind("prelu")
def prelu(rng: Rng) -> Case:
    shape = _shape(rng, 4, 4)
    x = _q(rng, shape)
    alpha = _q(rng, shape[-1:] if _flag(rng) else [1, 1, shape[-1]])
    alpha.constant = True
    return Case("prelu", {}, [x, alpha], [_fitting(rng, np.maximum(_real(x), _real(x) * _real(alpha)))])


# --- One operand ------------------------------------------------------------------------------------


def _every_code(rng: Rng) -> np.ndarray:
    return rng.permutation(np.arange(-128, 128)).astype(np.int8)


def _unary(op: str, real: Callable | None, fixed: tuple[float, int] | None = None, **kind: Value) -> None:
    @_kind(op, **kind)
    def make(rng: Rng) -> Case:
        # Wide enough that some values are large.
        x = _int8(_scale(rng, -2.2, -0.5), _zero(rng), _every_code(rng))
        if op in ("sqrt", "rsqrt", "log"):
            x.data = np.maximum(x.data, min(x.zeros[0] + (op == "log"), 127)).astype(np.int8)
        attrs: dict[str, Value] = {}
        if op == "leaky_relu":
            attrs["alpha"] = float(np.float32(rng.choice([0.1, 0.3, 1.5, -0.4])))
        if op == "gelu":
            attrs["approximate"] = _flag(rng)
        values = np.nan_to_num(real(_real(x)), posinf=1, neginf=-1) if real else None
        # A hard_swish takes no finer results.
        least = float(x.scales[0]) / 64 if op == "hard_swish" else 1e-5
        out = _int8(*fixed) if fixed else _fitting(rng, values, least)
        if op == "abs" and _flag(rng):
            out.scales = x.scales.copy()
        return Case(op, attrs, [x], [out])


_unary("abs", np.abs)
_unary("relu", lambda v: np.maximum(v, 0))
_unary("relu6", lambda v: np.clip(v, 0, 6))
_unary("relu_n1_to_1", lambda v: np.clip(v, -1, 1))
_unary("relu_0_to_1", lambda v: np.clip(v, 0, 1))
_unary("leaky_relu", lambda v: v)
_unary("hard_swish", lambda v: v * np.clip(v + 3, 0, 6) / 6)
_unary("logistic", None, (1 / 256, -128))
_unary("tanh", None, (1 / 128, 0))
_unary("gelu", lambda v: np.maximum(v, 0))
_unary("exp", lambda v: np.exp(np.minimum(v, 4)))
_unary("elu", lambda v: np.where(v < 0, np.expm1(np.minimum(v, 0)), v), resolver="optimized")
_unary("log", lambda v: np.log(np.maximum(v, 1e-3)))
_unary("sqrt", lambda v: np.sqrt(np.maximum(v, 0)))
_unary("rsqrt", lambda v: 1 / np.sqrt(np.maximum(v, 1e-2)))


# --- Rows, windows, axes ----------------------------------------------------------------------------


def _rows(op: str, fixed: tuple[float, int], attrs: Callable[[Rng], dict[str, Value]]) -> None:
    @_kind(op)
    def make(rng: Rng) -> Case:
        shape = [*_shape(rng, int(rng.integers(0, 3)), 4), int(rng.integers(1, 40))]
        x = _q(rng, shape, _scale(rng, -2.5, 1.5))
        return Case(op, attrs(rng), [x], [_int8(*fixed)])


_rows("softmax", (1 / 256, -128), lambda rng: {"beta": float(np.float32(rng.choice([1, 1, 0.5, 2])))})
_rows("log_softmax", (1 / 16, 127), lambda rng: {})
_rows("l2_normalization", (1 / 128, 0), lambda rng: {"fused_activation_function": "NONE"})


def _pool(op: str) -> None:
    @_kind(op)
    def make(rng: Rng) -> Case:
        g = _geometry(rng, dilated=False)
        x = _q(rng, [int(rng.integers(1, 3)), *g.image, int(rng.integers(1, 5))])
        window = {"filter_height": g.taps[0], "filter_width": g.taps[1]}
        return Case(op, g.attrs | window | _activation(rng), [x], [_like(x)])


_pool("average_pool_2d")
_pool("max_pool_2d")


def _reduction(op: str, real: Callable | None, **kind: Value) -> None:
    @_kind(op, **kind)
    def make(rng: Rng) -> Case:
        shape = _shape(rng, int(rng.integers(1, 5)), 5)
        count = int(rng.integers(1, len(shape) + 1))
        axes = rng.permutation(len(shape))[:count]
        if op == "reduce_prod":
            axes = axes[:1]
        axes = [int(a) - (len(shape) if rng.random() < 0.3 else 0) for a in axes]
        keep_dims = _flag(rng)
        x = _q(rng, shape)
        out = _fitting(rng, real(_real(x), axis=tuple(axes))) if real else _like(x)
        return Case(op, {"keep_dims": keep_dims}, [x, _i32(axes)], [out])


_reduction("mean", np.mean)
_reduction("sum", np.sum, resolver="optimized")
_reduction("reduce_prod", np.prod)
_reduction("reduce_max", None)
_reduction("reduce_min", None)


def _arg(op: str) -> None:
    @_kind(op)
    def make(rng: Rng) -> Case:
        shape = _shape(rng)
        x = _int8(_scale(rng), _zero(rng), rng.integers(-4, 4, size=tuple(shape)).astype(np.int8))
        axis = int(rng.integers(-len(shape), len(shape)))
        return Case(op, {"output_type": "INT32"}, [x, _i32(axis)], [Tensor(np.dtype(np.int32))])


_arg("arg_max")
_arg("arg_min")


@_kind("topk_v2")
def topk_v2(rng: Rng) -> Case:
    shape = _shape(rng, most=12)
    x = _q(rng, shape)
    k = int(rng.integers(1, shape[-1] + 1))
    return Case("topk_v2", {}, [x, _i32(k)], [_like(x), Tensor(np.dtype(np.int32))])


def _resize(op: str) -> None:
    @_kind(op)
    def make(rng: Rng) -> Case:
        x = _q(rng, [int(rng.integers(1, 3)), *_shape(rng, 2, 7), int(rng.integers(1, 4))])
        align = _flag(rng)
        attrs = {"align_corners": align, "half_pixel_centers": not align and _flag(rng)}
        return Case(op, attrs, [x, _i32(_shape(rng, 2, 9))], [_like(x)])


_resize("resize_bilinear")
_resize("resize_nearest_neighbor")


# --- Moving elements --------------------------------------------------------------------------------


@_kind("concatenation")
def concatenation(rng: Rng) -> Case:
    shape = _shape(rng)
    axis = int(rng.integers(0, len(shape)))
    first = _q(rng, shape)
    parts = [first]
    for _ in range(int(rng.integers(1, 3))):
        part = list(shape)
        part[axis] = int(rng.integers(1, 5))
        parts.append(_like(first, _codes(rng, part)))
    attrs: dict[str, Value] = {"axis": axis, "fused_activation_function": "NONE"}
    if _flag(rng):
        attrs["axis"] = axis - len(shape)
    return Case("concatenation", attrs, parts, [_like(first)])


@_kind("pack")
def pack(rng: Rng) -> Case:
    shape = _shape(rng, int(rng.integers(1, 4)))
    first = _q(rng, shape)
    parts = [first, *(_like(first, _codes(rng, shape)) for _ in range(int(rng.integers(0, 3))))]
    attrs: dict[str, Value] = {"axis": int(rng.integers(0, len(shape) + 1)), "values_count": len(parts)}
    return Case("pack", attrs, parts, [_like(first)])


@_kind("unpack")
def unpack(rng: Rng) -> Case:
    shape = _shape(rng, int(rng.integers(2, 5)), 4)
    axis = int(rng.integers(0, len(shape)))
    x = _q(rng, shape)
    return Case("unpack", {"axis": axis, "num": shape[axis]}, [x], [_like(x) for _ in range(shape[axis])])


@_kind("split")
def split(rng: Rng) -> Case:
    shape = _shape(rng, most=4)
    axis, n = int(rng.integers(0, len(shape))), int(rng.integers(1, 4))
    shape[axis] *= n
    x = _q(rng, shape)
    return Case("split", {"num_splits": n}, [_i32(axis), x], [_like(x) for _ in range(n)])


@_kind("slice")
def slice_(rng: Rng) -> Case:
    shape = _shape(rng)
    x = _q(rng, shape)
    begin = [int(rng.integers(0, n)) for n in shape]
    size = [int(rng.integers(1, n - b + 1)) if _flag(rng) else -1 for n, b in zip(shape, begin, strict=True)]
    return Case("slice", {}, [x, _i32(begin), _i32(size)], [_like(x)])


@_kind("strided_slice")
def strided_slice(rng: Rng) -> Case:
    shape = _shape(rng, int(rng.integers(1, 5)))
    x = _q(rng, shape)
    stride = [int(rng.choice([1, 1, 2, -1, -2])) for _ in shape]
    ends = [(0, n) if s > 0 else (n - 1, -n - 1) for n, s in zip(shape, stride, strict=True)]
    begin, end = ([int(e[i]) for e in ends] for i in (0, 1))
    masks = {"begin_mask": int(rng.integers(0, 16)), "end_mask": int(rng.integers(0, 16))}
    attrs = masks | {"ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0, "offset": False}
    return Case("strided_slice", attrs, [x, _i32(begin), _i32(end), _i32(stride)], [_like(x)])


@_kind("transpose")
def transpose(rng: Rng) -> Case:
    shape = _shape(rng)
    x = _q(rng, shape)
    return Case("transpose", {}, [x, _i32([int(p) for p in rng.permutation(len(shape))])], [_like(x)])


@_kind("reshape")
def reshape(rng: Rng) -> Case:
    shape = _shape(rng)
    x = _q(rng, shape)
    return Case("reshape", {}, [x, _i32([shape[0], -1] if _flag(rng) else [x.data.size])], [_like(x)])


@_kind("tile")
def tile(rng: Rng) -> Case:
    shape = _shape(rng, most=4)
    x = _q(rng, shape)
    return Case("tile", {}, [x, _i32(_shape(rng, len(shape), 3))], [_like(x)])


@_kind("gather")
def gather(rng: Rng) -> Case:
    shape = _shape(rng)
    axis = int(rng.integers(0, len(shape)))
    x = _q(rng, shape)
    indices = _i32(rng.integers(0, shape[axis], size=tuple(_shape(rng, int(rng.integers(1, 3)), 4))))
    return Case("gather", {"axis": axis, "batch_dims": 0}, [x, indices], [_like(x)])


@_kind("gather_nd")
def gather_nd(rng: Rng) -> Case:
    shape = _shape(rng, int(rng.integers(2, 4)))
    depth = int(rng.integers(1, len(shape) + 1))
    rows = [[int(rng.integers(0, n)) for n in shape[:depth]] for _ in range(int(rng.integers(1, 6)))]
    x = _q(rng, shape)
    return Case("gather_nd", {}, [x, _i32(rows)], [_like(x)])


def _paddings(rng: Rng, shape: Sequence[int], most: Callable[[int], int]) -> Tensor:
    return _i32([[int(rng.integers(0, most(n) + 1)) for _ in range(2)] for n in shape])


@_kind("pad")
def pad(rng: Rng) -> Case:
    x = _q(rng, _shape(rng, most=4))
    return Case("pad", {}, [x, _paddings(rng, x.data.shape, lambda n: 2)], [_like(x)])


@_kind("padv2")
def padv2(rng: Rng) -> Case:
    x = _q(rng, _shape(rng, most=4))
    value = _like(x, _codes(rng, [1]))
    value.constant = True
    return Case("padv2", {}, [x, _paddings(rng, x.data.shape, lambda n: 2), value], [_like(x)])


@_kind("mirror_pad")
def mirror_pad(rng: Rng) -> Case:
    x, reflect = _q(rng, _shape(rng)), _flag(rng)
    pads = _paddings(rng, x.data.shape, lambda n: n - 1 if reflect else n)
    return Case("mirror_pad", {"mode": "REFLECT" if reflect else "SYMMETRIC"}, [x, pads], [_like(x)])


@_kind("reverse_v2")
def reverse_v2(rng: Rng) -> Case:
    shape = _shape(rng)
    x = _q(rng, shape)
    return Case("reverse_v2", {}, [x, _i32([int(rng.integers(0, len(shape)))])], [_like(x)])


@_kind("matrix_diag")
def matrix_diag(rng: Rng) -> Case:
    x = _q(rng, _shape(rng, int(rng.integers(1, 4))))
    return Case("matrix_diag", {}, [x], [_like(x)])


@_kind("split_v")
def split_v(rng: Rng) -> Case:
    shape = _shape(rng, most=5)
    axis = int(rng.integers(0, len(shape)))
    sizes = [int(rng.integers(1, 4)) for _ in range(int(rng.integers(1, 4)))]
    shape[axis] = sum(sizes)
    x = _q(rng, shape)
    if _flag(rng):
        sizes[-1] = -1
    attrs: dict[str, Value] = {"num_splits": len(sizes)}
    return Case("split_v", attrs, [x, _i32(sizes), _i32(axis)], [_like(x) for _ in sizes])


@_kind("expand_dims")
def expand_dims(rng: Rng) -> Case:
    shape = _shape(rng)
    x = _q(rng, shape)
    return Case("expand_dims", {}, [x, _i32(int(rng.integers(-1, len(shape) + 1)))], [_like(x)])


@_kind("squeeze")
def squeeze(rng: Rng) -> Case:
    shape = [1 if _flag(rng) else n for n in [*_shape(rng, 3), 3]]
    ones = [i for i, n in enumerate(shape) if n == 1]
    x = _q(rng, shape)
    dims = ones if _flag(rng) else ones[:1]
    return Case("squeeze", {"squeeze_dims": dims}, [x], [_like(x)])


@_kind("broadcast_to", version=2)
def broadcast_to(rng: Rng) -> Case:
    shape = _shape(rng, most=5)
    x = _q(rng, _broadcast_of(rng, shape))
    return Case("broadcast_to", {}, [x, _i32(shape)], [_like(x)])


@_kind("scatter_nd")
def scatter_nd(rng: Rng) -> Case:
    shape = _shape(rng, int(rng.integers(1, 4)))
    depth = int(rng.integers(1, len(shape) + 1))
    rows = [[int(rng.integers(0, n)) for n in shape[:depth]] for _ in range(int(rng.integers(1, 6)))]
    updates = _q(rng, [len(rows), *shape[depth:]])
    return Case("scatter_nd", {}, [_i32(rows), updates, _i32(shape)], [_like(updates)])


@_kind("fill")
def fill(rng: Rng) -> Case:
    value = _q(rng, [])
    return Case("fill", {}, [_i32(_shape(rng)), value], [_like(value)])


def _blocks(op: str) -> None:
    @_kind(op)
    def make(rng: Rng) -> Case:
        block = int(rng.integers(2, 4))
        n, h, w, c = _shape(rng, 4, 2)
        x = _q(rng, [n, h * block, w * block, c] if op == "space_to_depth" else [n, h, w, c * block * block])
        return Case(op, {"block_size": block}, [x], [_like(x)])


_blocks("space_to_depth")
_blocks("depth_to_space")


@_kind("space_to_batch_nd")
def space_to_batch_nd(rng: Rng) -> Case:
    block = [int(rng.integers(1, 4)) for _ in range(2)]
    n, h, w, c = _shape(rng, 4, 4)
    pads = [[int(rng.integers(0, 2)), 0] for _ in range(2)]
    for i, size in enumerate((h, w)):
        pads[i][1] = -(size + pads[i][0]) % block[i]
    x = _q(rng, [n, h, w, c])
    return Case("space_to_batch_nd", {}, [x, _i32(block), _i32(pads)], [_like(x)])


@_kind("batch_to_space_nd")
def batch_to_space_nd(rng: Rng) -> Case:
    block = [int(rng.integers(1, 3)) for _ in range(2)]
    n, h, w, c = _shape(rng, 4, 4)
    crops = [[int(rng.integers(0, size * b)), 0] for size, b in zip((h, w), block, strict=True)]
    x = _q(rng, [n * block[0] * block[1], h, w, c])
    return Case("batch_to_space_nd", {}, [x, _i32(block), _i32(crops)], [_like(x)])


def _select(op: str) -> None:
    @_kind(op)
    def make(rng: Rng) -> Case:
        # LiteRT gives a result of one element no shape.
        shape = [*_shape(rng, int(rng.integers(0, 4))), int(rng.integers(2, 7))]
        x = _q(rng, shape)
        if op == "select":
            c_shape, y_shape = (shape[:1] if _flag(rng) else shape), shape
        else:
            y_shape, c_shape = _broadcast_of(rng, shape), _broadcast_of(rng, shape)
        y = _like(x, _codes(rng, y_shape))
        condition = Tensor(np.dtype(np.bool_), rng.random(tuple(c_shape)) < 0.5)
        return Case(op, {}, [condition, x, y], [_like(x)])


def _broadcast_of(rng: Rng, shape: list[int]) -> list[int]:
    """A shape that broadcasts to another."""
    return [1 if rng.random() < 0.3 else n for n in shape][int(rng.integers(0, len(shape))) :]


_select("select")
_select("select_v2")


@_kind("one_hot")
def one_hot(rng: Rng) -> Case:
    shape, depth = _shape(rng, int(rng.integers(1, 4)), 4), int(rng.integers(1, 6))
    indices = Tensor(np.dtype(np.int32), rng.integers(-1, depth + 1, size=tuple(shape)).astype(np.int32))
    on = _int8(_scale(rng), _zero(rng), _codes(rng, []))
    off = _like(on, _codes(rng, []))
    axis = int(rng.integers(-1, len(shape) + 1))
    return Case("one_hot", {"axis": axis}, [indices, _i32(depth), on, off], [_like(on)])


# --- Conversions ------------------------------------------------------------------------------------


def _typed(rng: Rng, dtype: type, scale: float, data: np.ndarray | None = None) -> Tensor:
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    zero = 0 if dtype is np.int16 else int(rng.choice([low, high, rng.integers(low, high)]))
    return Tensor(np.dtype(dtype), data, np.float32([scale]), np.int64([zero]))


@_kind("quantize")
def quantize(rng: Rng) -> Case:
    dtype = (np.int8, np.uint8, np.int16)[int(rng.integers(0, 3))]
    scale = _scale(rng)
    out = _typed(rng, dtype, scale)
    codes = rng.normal(size=60) * 200
    # Ties, in steps of the result.
    codes[::4] = np.round(codes[::4]) + 0.5
    return Case("quantize", {}, [_f32(np.float32(codes) * np.float32(scale))], [out])


@_kind("requantize")
def requantize(rng: Rng) -> Case:
    kinds = [(np.int8, np.int8), (np.int8, np.uint8), (np.uint8, np.int8), (np.uint8, np.uint8)]
    source, target = kinds[int(rng.integers(0, 4))]
    scale = _scale(rng)
    x = _typed(rng, source, scale, _every_code(rng).view(source))
    out = _typed(rng, target, scale if rng.random() < 0.3 else float(np.float32(scale * rng.uniform(0.3, 3))))
    if source != target and rng.random() < 0.4:
        out.scales = x.scales.copy()
        out.zeros = x.zeros + (128 if source is np.int8 else -128)
    return Case("quantize", {}, [x], [out])


@_kind("dequantize")
def dequantize(rng: Rng) -> Case:
    way = rng.integers(0, 4)
    out = _float()
    if way == 0:
        values = np.float16(rng.normal(size=_shape(rng)) * 10 ** rng.uniform(-6, 4))
        return Case("dequantize", {}, [Tensor(np.dtype(np.float16), values)], [out])
    if way == 1:
        shape = _shape(rng)
        axis = int(rng.integers(0, len(shape)))
        x = Tensor(INT8, _codes(rng, shape), constant=True, axis=axis)
        x.scales = np.float32([_scale(rng) for _ in range(shape[axis])])
        x.zeros = np.zeros(shape[axis], np.int64)
        return Case("dequantize", {}, [x], [out])
    if way == 2:
        x = _typed(rng, np.uint8, _scale(rng), _every_code(rng).view(np.uint8))
        return Case("dequantize", {}, [x], [out])
    return Case("dequantize", {}, [_int8(_scale(rng), _zero(rng), _every_code(rng))], [out])
