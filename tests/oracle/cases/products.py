"""Products with weights: convolutions, fully connected operators, matrices."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from .draw import ALL, Case, Draw, Tensor, Value, constant, f32, i32, kind, result

# Sums of float32 depend on their order, and may be much larger than what an activation leaves of them.
SUM_ULPS = 128


def weights(d: Draw, shape: Sequence[int], axis: int, per_channel: bool, bits: int = 8) -> Tensor:
    """A constant weight tensor: symmetric, but in the whole of uint8 where activations are uint8."""
    if not d.quantized:
        return constant(d.rng.normal(size=tuple(shape)), np.float32)
    if d.dtype == np.uint8:
        w = d.q(shape, scale=d.scale(-3, -1.5))
        w.constant = True
        return w
    return symmetric(d, shape, axis, per_channel, bits)


def symmetric(d: Draw, shape: Sequence[int], axis: int, per_channel: bool, bits: int = 8) -> Tensor:
    most = 2 ** (bits - 1) - 1
    data = d.rng.integers(-most, most + 1, size=tuple(shape)).astype(np.int8)
    n = shape[axis] if per_channel else 1
    scales = np.float32([10 ** d.rng.uniform(-3, -1.5) * (127 / most) for _ in range(n)])
    w = Tensor(np.dtype(np.int8), data, scales, np.zeros(n, np.int64), axis if per_channel else None)
    w.constant, w.bits = True, bits if bits < 8 else None
    return w


def bias(d: Draw, x: Tensor, w: Tensor, channels: int, depth: float) -> Tensor:
    if not d.quantized:
        return constant(d.rng.normal(size=channels), np.float32)
    data = d.rng.normal(size=channels) * 2000 * depth**0.5
    if d.wide:
        # LiteRT reads a bias of int16 activations as int64, which MLIR has no quantized type of.
        return constant(256 * data, np.int64)
    scales = (x.scales[0] * w.scales).astype(np.float32)
    axis = None if len(scales) == 1 else 0
    zeros = np.zeros(len(scales), np.int64)
    return Tensor(np.dtype(np.int32), data.astype(np.int32), scales, zeros, axis, constant=True)


def out_of_product(d: Draw, x: Tensor, w: Tensor, depth: float) -> Tensor:
    if not d.quantized:
        return result()
    w_most = 4 if w.bits == 4 else 75
    spread = float(x.scales[0] * w.scales.max()) * 75 * w_most * depth**0.5
    return d.coded(float(np.float32(spread / d.rng.uniform(15, 120))), d.zero())


@dataclasses.dataclass
class Geometry:
    """A window over an image."""

    image: list[int]
    taps: list[int]
    attrs: dict[str, Value]


def geometry(d: Draw, dilated: bool) -> Geometry:
    taps, stride = [d.upto(3) for _ in range(2)], [d.upto(3) for _ in range(2)]
    dilation = [d.upto(2) for _ in range(2)] if dilated and min(stride) == 1 else [1, 1]
    image = [d.upto(7, (k - 1) * n + 1) for k, n in zip(taps, dilation, strict=True)]
    attrs: dict[str, Value] = {
        "stride_h": stride[0],
        "stride_w": stride[1],
        "padding": d.pick(["SAME", "VALID"]),
    }
    if dilated:
        attrs |= {"dilation_h_factor": dilation[0], "dilation_w_factor": dilation[1]}
    return Geometry(image, taps, attrs)


def image(d: Draw, shape: Sequence[int]) -> Tensor:
    """A float activation that is quantized at run time."""
    way = d.rng.integers(0, 5)
    values = d.rng.normal(size=tuple(shape)) * 10 ** d.rng.uniform(-1, 1) + d.rng.uniform(-1, 1)
    if way == 0:
        values = np.abs(values)
    if way == 1 and d.rng.random() < 0.4:
        values[...] = 0
    return f32(values)


def _conv(d: Draw, hybrid: bool = False, bits: int = 8) -> Case:
    g = geometry(d, dilated=True)
    # Uint8 convolutions and those with int4 weights have no groups.
    groups = 1 if d.dtype == np.uint8 or bits < 8 else int(d.pick([1, 1, 1, 2]))
    channels, filters = groups * d.channels(), groups * d.upto(4)
    shape = [filters, *g.taps, channels // groups]
    w = symmetric(d, shape, 0, True, bits) if hybrid else weights(d, shape, 0, bits < 8 or d.flag(), bits)
    if hybrid and d.flag():
        # LiteRT quantizes inputs in another way where all scales are equal.
        w.scales[:] = w.scales[0]
    depth = w.data[0].size
    x_shape = [d.upto(2), *g.image, channels]
    attrs = g.attrs | d.activation()
    if hybrid:
        return Case(
            "conv_2d",
            attrs,
            [image(d, x_shape), w, constant(d.rng.normal(size=filters), np.float32)],
            [result()],
        )
    x = d.q(x_shape)
    return Case("conv_2d", attrs, [x, w, bias(d, x, w, filters, depth)], [out_of_product(d, x, w, depth)])


@kind("conv_2d", ALL, ulps=SUM_ULPS)
def conv_2d(d: Draw) -> Case:
    return _conv(d)


@kind("conv_2d_int4")
def conv_2d_int4(d: Draw) -> Case:
    return _conv(d, bits=4)


@kind("conv_2d_hybrid")
def conv_2d_hybrid(d: Draw) -> Case:
    return _conv(d, hybrid=True)


def _depthwise(d: Draw, hybrid: bool = False, bits: int = 8) -> Case:
    g = geometry(d, dilated=True)
    channels, multiplier = d.channels(), int(d.pick([1, 1, 2, 3]))
    shape = [1, *g.taps, channels * multiplier]
    w = symmetric(d, shape, 3, True, bits) if hybrid else weights(d, shape, 3, bits < 8 or d.flag(), bits)
    attrs = g.attrs | d.activation() | {"depth_multiplier": multiplier}
    x_shape = [d.upto(2), *g.image, channels]
    if hybrid:
        b = constant(d.rng.normal(size=shape[3]), np.float32)
        return Case("depthwise_conv_2d", attrs, [image(d, x_shape), w, b], [result()])
    x, depth = d.q(x_shape), g.taps[0] * g.taps[1]
    return Case("depthwise_conv_2d", attrs, [x, w, bias(d, x, w, shape[3], depth)], [out_of_product(d, x, w, depth)])


@kind("depthwise_conv_2d", ALL, ulps=SUM_ULPS)
def depthwise_conv_2d(d: Draw) -> Case:
    return _depthwise(d)


@kind("depthwise_conv_2d_int4", resolver="optimized")
def depthwise_conv_2d_int4(d: Draw) -> Case:
    return _depthwise(d, bits=4)


@kind("depthwise_conv_2d_hybrid")
def depthwise_conv_2d_hybrid(d: Draw) -> Case:
    return _depthwise(d, hybrid=True)


def _transpose_conv(d: Draw, hybrid: bool = False) -> Case:
    g = geometry(d, dilated=False)
    sizes = []
    for size, k, s in zip(g.image, g.taps, (g.attrs["stride_h"], g.attrs["stride_w"]), strict=True):
        sizes.append(-(-size // s) if g.attrs["padding"] == "SAME" else (size - k) // s + 1)
    channels, filters, batch = d.channels(), d.upto(4), d.upto(2)
    w_shape = [filters, *g.taps, channels]
    w = symmetric(d, w_shape, 0, True) if hybrid else weights(d, w_shape, 0, d.flag())
    shape = i32([batch, *g.image, filters])
    attrs = g.attrs | d.activation()
    x_shape = [batch, *sizes, channels]
    biased = d.flag()
    if hybrid:
        b = constant(d.rng.normal(size=filters), np.float32) if biased else None
        return Case("transpose_conv", attrs, [shape, w, image(d, x_shape), b], [result()])
    x = d.q(x_shape)
    b = bias(d, x, w, filters, 1) if biased else None
    return Case("transpose_conv", attrs, [shape, w, x, b], [out_of_product(d, x, w, channels * 2)])


@kind("transpose_conv", ALL, ulps=SUM_ULPS)
def transpose_conv(d: Draw) -> Case:
    return _transpose_conv(d)


@kind("transpose_conv_hybrid")
def transpose_conv_hybrid(d: Draw) -> Case:
    return _transpose_conv(d, hybrid=True)


def _fc_attrs(d: Draw) -> dict[str, Value]:
    return d.activation() | {"keep_num_dims": d.flag(), "weights_format": "DEFAULT"}


def _depth(d: Draw) -> int:
    return int(d.pick([d.upto(39), 64, 150]))


def _fully_connected(d: Draw, bits: int = 8) -> Case:
    depth, filters = _depth(d), d.upto(8)
    x = d.q([*d.shape(d.upto(2), 3), depth])
    if bits == 8 and d.dtype == np.int8 and d.rng.random() < 0.3:
        w = d.q([filters, depth])
        return Case("fully_connected", _fc_attrs(d), [x, w, None], [out_of_product(d, x, w, depth)])
    w = weights(d, [filters, depth], 0, d.flag(), bits)
    # LiteRT looks at the scale of the bias of weights with one scale.
    b = bias(d, x, w, filters, depth) if d.flag() and not (d.wide and w.scales.size == 1) else None
    return Case("fully_connected", _fc_attrs(d), [x, w, b], [out_of_product(d, x, w, depth)])


@kind("fully_connected", ALL, ulps=SUM_ULPS)
def fully_connected(d: Draw) -> Case:
    return _fully_connected(d)


@kind("fully_connected_int4", ("i8", "i16"))
def fully_connected_int4(d: Draw) -> Case:
    return _fully_connected(d, bits=4)


@kind("fully_connected_wide", ("i16",))
def fully_connected_wide(d: Draw) -> Case:
    depth, filters = _depth(d), d.upto(8)
    x = d.q([*d.shape(d.upto(2), 3), depth])
    w = d.q([filters, depth], scale=d.scale(-3, -1.5))
    if d.flag():
        w.scales = np.float32([d.scale(-3, -1.5) for _ in range(filters)])
        w.zeros, w.axis = np.zeros(filters, np.int64), 0
    w.constant = True
    data = d.rng.normal(size=filters) * 2e7 * depth**0.5
    b = constant(data, d.pick([np.int32, np.int64])) if w.axis == 0 and d.flag() else None
    spread = float(x.scales[0] * w.scales.max()) * 19000.0**2 * depth**0.5
    out = d.coded(float(np.float32(spread / d.rng.uniform(4000, 30000))), 0)
    return Case("fully_connected", _fc_attrs(d), [x, w, b], [out])


# LiteRT's reference set has no kernel of it, the optimized one takes four rows and more.
@kind("fully_connected_blockwise", resolver="optimized")
def fully_connected_blockwise(d: Draw) -> Case:
    size, blocks, filters = int(d.pick([32, 64])), d.upto(4, 2), d.upto(9, 4)
    depth = size * blocks
    w = symmetric(d, [filters, depth], 0, False, 4)
    # Files hold scales of blocks as float16.
    w.scales = np.float32(np.float16(10 ** d.rng.uniform(-3, -1.5, size=filters * blocks)))
    w.zeros, w.block = np.zeros(filters * blocks, np.int64), size
    b = constant(d.rng.normal(size=filters), np.float32) if d.flag() else None
    x = image(d, [*d.shape(d.upto(2), 3), depth])
    return Case("fully_connected", _fc_attrs(d), [x, w, b], [result()])


def _fully_connected_hybrid(d: Draw, bits: int) -> Case:
    depth, filters = _depth(d), d.upto(8)
    x = image(d, [*d.shape(d.upto(2), 3), depth])
    w = symmetric(d, [filters, depth], 0, d.flag(), bits)
    b = constant(d.rng.normal(size=filters), np.float32) if d.flag() else None
    attrs = _fc_attrs(d) | {"asymmetric_quantize_inputs": d.flag()}
    return Case("fully_connected", attrs, [x, w, b], [result()])


@kind("fully_connected_hybrid")
def fully_connected_hybrid(d: Draw) -> Case:
    return _fully_connected_hybrid(d, 8)


@kind("fully_connected_hybrid_int4")
def fully_connected_hybrid_int4(d: Draw) -> Case:
    return _fully_connected_hybrid(d, 4)


def _matrices(d: Draw, attrs: dict[str, Value]) -> tuple[list[int], list[int]]:
    batch = d.shape(d.upto(2, 0), 3)
    m, k, n = d.upto(6), d.channels(), d.upto(6)
    left, right = list(batch), list(batch)
    if batch and d.rng.random() < 0.3:
        right[0] = 1
    left += [k, m] if attrs["adj_x"] else [m, k]
    right += [n, k] if attrs["adj_y"] else [k, n]
    return left, right


@kind("batch_matmul", ("i8", "i16", "f32"), ulps=SUM_ULPS)
def batch_matmul(d: Draw) -> Case:
    attrs: dict[str, Value] = {"adj_x": d.flag(), "adj_y": d.flag()}
    left, right = _matrices(d, attrs)
    x, y = d.q(left), d.q(right)
    y.constant = d.flag()
    return Case("batch_matmul", attrs, [x, y], [out_of_product(d, x, y, left[-1])])


@kind("batch_matmul_hybrid")
def batch_matmul_hybrid(d: Draw) -> Case:
    attrs: dict[str, Value] = {"adj_x": d.flag(), "adj_y": d.flag()}
    left, right = _matrices(d, attrs)
    # LiteRT mixes up rows where two batch dimensions are above 1.
    left, right = ([1 if i < len(s) - 3 else n for i, n in enumerate(s)] for s in (left, right))
    x, y = image(d, left), symmetric(d, right, 0, per_channel=False)
    attrs["asymmetric_quantize_inputs"] = d.flag()
    return Case("batch_matmul", attrs, [x, y], [result()])
