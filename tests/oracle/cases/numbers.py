"""Functions of numbers that are not quantized, of truth values and of shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .draw import Case, Draw, Tensor, Value, f32, i32, kind, result
from .elementwise import FUNCTION_ULPS, broadcast
from .products import SUM_ULPS, geometry

_NUMBERS = ("f32", "i32", "i64")


def _bools(d: Draw, shape: Sequence[int]) -> Tensor:
    return Tensor(np.dtype(np.bool_), d.rng.random(tuple(shape)) < 0.5)


def _unary(op: str, types: Sequence[str] = ("f32",), **judged: Value) -> None:
    @kind(op, types, **judged)
    def make(d: Draw) -> Case:
        x = d.q(d.shape())
        if op in ("ceil", "floor", "round"):
            # Halves, which no two languages round alike.
            x.data[..., ::2] = np.round(x.data[..., ::2]) + np.float32(0.5)
        return Case(op, {}, [x], [result(d.dtype)])


_unary("ceil", resolver="optimized")
_unary("floor")
_unary("round", resolver="optimized")
_unary("neg", _NUMBERS)
_unary("sign", ("f32",))
_unary("square")
_unary("sin", ulps=FUNCTION_ULPS)
_unary("cos", ulps=FUNCTION_ULPS)
_unary("abs", ("i32",), resolver="optimized")
_unary("zeros_like", _NUMBERS)


def _binary(op: str, types: Sequence[str], **judged: Value) -> None:
    @kind(op, types, **judged)
    def make(d: Draw) -> Case:
        # LiteRT does not broadcast an atan2.
        shapes = broadcast(d) if op != "atan2" else [d.shape()] * 2
        a, b = (d.q(s) for s in shapes)
        if op in ("div", "floor_div", "floor_mod"):
            b.data = np.where(b.data == 0, b.data.dtype.type(1), b.data)
        if op == "pow":
            a.data, b.data = np.abs(a.data) % 10, np.abs(b.data) % 4
        fused = op in ("add", "sub", "mul", "div")
        attrs: dict[str, Value] = {"fused_activation_function": "NONE"} if fused else {}
        return Case(op, attrs, [a, b], [result(d.dtype)])


for _op in ("add", "sub", "mul", "maximum", "minimum"):
    _binary(_op, ("i32", "i64"))
_binary("div", ("i32",))
_binary("floor_div", ("f32", "i32"))
_binary("floor_mod", _NUMBERS)
_binary("pow", ("f32", "i32"), ulps=FUNCTION_ULPS)
_binary("atan2", ("f32",), ulps=FUNCTION_ULPS)


def _comparison(op: str) -> None:
    @kind(op, ("i32", "i64"))
    def make(d: Draw) -> Case:
        return Case(op, {}, [d.q(s) for s in broadcast(d)], [result(np.bool_)])


for _op in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
    _comparison(_op)


def _logical(op: str) -> None:
    @kind(op, ("f32",))
    def make(d: Draw) -> Case:
        shapes = broadcast(d) if op != "logical_not" else [d.shape()]
        return Case(op, {}, [_bools(d, s) for s in shapes], [result(np.bool_)])


for _op in ("logical_and", "logical_or", "logical_not"):
    _logical(_op)


def _reduction(op: str, of: Callable[[Draw, list[int]], Tensor], types: Sequence[str]) -> None:
    @kind(op, types)
    def make(d: Draw) -> Case:
        shape = d.shape(most=5)
        axes = [int(a) for a in d.rng.permutation(len(shape))[: d.upto(len(shape))]]
        x = of(d, shape)
        return Case(op, {"keep_dims": d.flag()}, [x, i32(axes)], [result(x.dtype)])


for _op in ("reduce_any", "reduce_all"):
    _reduction(_op, _bools, ("f32",))
for _op in ("sum", "reduce_max", "reduce_min", "reduce_prod"):
    _reduction(_op, Draw.q, ("i32", "i64"))


@kind("add_n", ("f32", "i32"), ulps=SUM_ULPS)
def add_n(d: Draw) -> Case:
    shape = d.shape()
    return Case("add_n", {}, [d.q(shape) for _ in range(d.upto(4, 2))], [result(d.dtype)])


@kind("l2_pool_2d", ("f32",), ulps=SUM_ULPS)
def l2_pool_2d(d: Draw) -> Case:
    g = geometry(d, dilated=False)
    window = {"filter_height": g.taps[0], "filter_width": g.taps[1]}
    x = d.q([d.upto(2), *g.image, d.upto(4)])
    return Case("l2_pool_2d", g.attrs | window | d.activation(), [x], [result()])


@kind("local_response_normalization", ("f32",), resolver="optimized", ulps=SUM_ULPS)
def local_response_normalization(d: Draw) -> Case:
    attrs: dict[str, Value] = {
        "radius": d.upto(4),
        "bias": 1.0,
        "alpha": 0.5,
        "beta": float(d.pick([0.5, 0.75, 1.0])),
    }
    return Case("local_response_normalization", attrs, [d.q(d.shape(4))], [result()])


@kind("cast", _NUMBERS)
def cast(d: Draw) -> Case:
    target = {"f32": np.float32, "i32": np.int32, "i64": np.int64, "i1": np.bool_}[d.pick(["f32", "i32", "i64", "i1"])]
    return Case("cast", {}, [d.q(d.shape())], [result(target)])


@kind("shape", ("i8", "f32"))
def shape_(d: Draw) -> Case:
    return Case("shape", {}, [d.q(d.shape())], [result(np.int32)])


@kind("rank", ("i8", "f32"))
def rank(d: Draw) -> Case:
    return Case("rank", {}, [d.q(d.shape())], [result(np.int32)])


@kind("range", ("i32", "f32"), ulps=FUNCTION_ULPS)
def range_(d: Draw) -> Case:
    step = d.pick([1, 2, 3, -2])
    start = d.upto(9, -9)
    ends = [np.asarray(v, d.dtype) for v in (start, start + step * d.upto(6), step)]
    return Case("range", {}, [Tensor(d.dtype, v) for v in ends], [result(d.dtype)])


@kind("where", ("f32",))
def where(d: Draw) -> Case:
    return Case("where", {}, [_bools(d, d.shape())], [result(np.int64)])


@kind("reverse_sequence", ("f32",))
def reverse_sequence(d: Draw) -> Case:
    shape = d.shape(d.upto(4, 2))
    along, of = (int(v) for v in d.rng.permutation(len(shape))[:2])
    lengths = i32([d.upto(shape[along], 0) for _ in range(shape[of])])
    x = f32(d.rng.normal(size=tuple(shape)))
    return Case("reverse_sequence", {"seq_dim": along, "batch_dim": of}, [x, lengths], [result()])
