"""Functions of rows, windows and axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .draw import ALL, Case, Draw, Value, i32, kind, real, result
from .elementwise import FUNCTION_ULPS
from .products import SUM_ULPS, geometry

_BYTES = ("i8", "u8", "f32")


def _rows(op: str, types: Sequence[str], fixed: Callable, attrs: Callable, ulps: int) -> None:
    @kind(op, types, ulps=ulps)
    def make(d: Draw) -> Case:
        shape = [*d.shape(d.upto(2, 0), 4), d.upto(39)]
        x = d.q(shape, d.scale(-2.5, 1.5))
        return Case(op, attrs(d), [x], [d.coded(*fixed(d)) if d.quantized else result()])


_rows(
    "softmax",
    ALL,
    lambda d: (1 / 32768, 0) if d.wide else (1 / 256, d.low),
    lambda d: {"beta": float(np.float32(d.pick([1, 1, 0.5, 2])))},
    FUNCTION_ULPS,
)
_rows("log_softmax", _BYTES, lambda d: (1 / 16, d.high), lambda d: {}, FUNCTION_ULPS)
_rows(
    "l2_normalization",
    _BYTES,
    lambda d: (1 / 128, (d.low + d.high + 1) // 2),
    lambda d: {"fused_activation_function": "NONE"},
    FUNCTION_ULPS,
)


def _pool(op: str, ulps: int = 0) -> None:
    @kind(op, ALL, ulps=ulps)
    def make(d: Draw) -> Case:
        g = geometry(d, dilated=False)
        x = d.q([d.upto(2), *g.image, d.upto(4)])
        window = {"filter_height": g.taps[0], "filter_width": g.taps[1]}
        return Case(op, g.attrs | window | d.activation(), [x], [d.like(x)])


_pool("average_pool_2d", SUM_ULPS)
_pool("max_pool_2d")


def _reduction(op: str, of: Callable | None, types: Sequence[str] = ALL, **judged: Value) -> None:
    @kind(op, types, **judged)
    def make(d: Draw) -> Case:
        shape = d.shape(most=5)
        axes = d.rng.permutation(len(shape))[: d.upto(len(shape))]
        if d.rng.random() < 0.3:
            # The channels of images, which LiteRT has kernels of their own for.
            shape, axes = [d.upto(2), *d.shape(2, 5), d.channels()], [1, 2]
        if op == "reduce_prod":
            axes = axes[:1]
        axes = [int(a) - (len(shape) if d.rng.random() < 0.3 else 0) for a in axes]
        keep_dims = d.flag()
        x = d.q(shape)
        out = d.fitting(of(real(x), axis=tuple(axes))) if of else d.like(x)
        return Case(op, {"keep_dims": keep_dims}, [x, i32(axes)], [out])


_reduction("mean", np.mean, ulps=SUM_ULPS)
_reduction("sum", np.sum, resolver="optimized int", ulps=SUM_ULPS)
_reduction("reduce_prod", np.prod, ("i8", "i16", "f32"), ulps=SUM_ULPS)
_reduction("reduce_max", None)
_reduction("reduce_min", None)


def _arg(op: str) -> None:
    @kind(op, _BYTES)
    def make(d: Draw) -> Case:
        shape = d.shape()
        middle = (d.low + d.high + 1) // 2 if d.quantized else 0
        near = d.rng.integers(middle - 4, middle + 4, size=tuple(shape)).astype(d.dtype)
        x = d.coded(d.scale(), d.zero() if d.quantized else 0, near)
        return Case(op, {}, [x, i32(d.upto(len(shape) - 1, -len(shape)))], [result(np.int32)])


_arg("arg_max")
_arg("arg_min")


@kind("topk_v2", ALL)
def topk_v2(d: Draw) -> Case:
    shape = d.shape(most=12)
    x = d.q(shape)
    return Case("topk_v2", {}, [x, i32(d.upto(shape[-1]))], [d.like(x), result(np.int32)])


def _resize(op: str, ulps: int = 0) -> None:
    @kind(op, ALL, ulps=ulps)
    def make(d: Draw) -> Case:
        x = d.q([d.upto(2), *d.shape(2, 7), d.upto(3)])
        align = d.flag()
        attrs = {"align_corners": align, "half_pixel_centers": not align and d.flag()}
        return Case(op, attrs, [x, i32(d.shape(2, 9))], [d.like(x)])


_resize("resize_bilinear", SUM_ULPS)
_resize("resize_nearest_neighbor")


@kind("cumsum", ("f32",))
def cumsum(d: Draw) -> Case:
    shape = d.shape()
    attrs: dict[str, Value] = {"exclusive": d.flag(), "reverse": d.flag()}
    return Case("cumsum", attrs, [d.q(shape), i32(d.upto(len(shape) - 1, -len(shape)))], [result()])
