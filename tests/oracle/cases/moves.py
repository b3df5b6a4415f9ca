"""Operators that move elements, of any type."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .draw import ALL, ANY, Case, Draw, Tensor, Value, i32, kind, result
from .products import SUM_ULPS, symmetric


@kind("concatenation", ANY)
def concatenation(d: Draw) -> Case:
    shape = d.shape()
    axis = int(d.rng.integers(0, len(shape)))
    first = d.q(shape)
    parts = [first]
    for _ in range(d.upto(2)):
        part = list(shape)
        part[axis] = d.upto(4)
        parts.append(d.like(first, d.codes(part)))
    attrs: dict[str, Value] = {"axis": axis, "fused_activation_function": "NONE"}
    if d.flag():
        attrs["axis"] = axis - len(shape)
    return Case("concatenation", attrs, parts, [d.like(first)])


@kind("pack", ANY)
def pack(d: Draw) -> Case:
    shape = d.shape(d.upto(3))
    first = d.q(shape)
    parts = [first, *(d.like(first, d.codes(shape)) for _ in range(d.upto(2, 0)))]
    attrs: dict[str, Value] = {"axis": int(d.rng.integers(0, len(shape) + 1)), "values_count": len(parts)}
    return Case("pack", attrs, parts, [d.like(first)])


@kind("unpack", (*ALL, "i32"))
def unpack(d: Draw) -> Case:
    shape = d.shape(d.upto(4, 2), 4)
    axis = int(d.rng.integers(0, len(shape)))
    x = d.q(shape)
    return Case("unpack", {"axis": axis, "num": shape[axis]}, [x], [d.like(x) for _ in range(shape[axis])])


@kind("split", ANY)
def split(d: Draw) -> Case:
    shape = d.shape(most=4)
    axis, n = int(d.rng.integers(0, len(shape))), d.upto(3)
    shape[axis] *= n
    x = d.q(shape)
    return Case("split", {"num_splits": n}, [i32(axis), x], [d.like(x) for _ in range(n)])


@kind("slice", ANY)
def slice_(d: Draw) -> Case:
    shape = d.shape()
    x = d.q(shape)
    begin = [int(d.rng.integers(0, n)) for n in shape]
    size = [d.upto(n - b) if d.flag() else -1 for n, b in zip(shape, begin, strict=True)]
    return Case("slice", {}, [x, i32(begin), i32(size)], [d.like(x)])


@kind("strided_slice", ANY)
def strided_slice(d: Draw) -> Case:
    shape = d.shape(d.upto(4))
    x = d.q(shape)
    stride = [int(d.rng.choice([1, 1, 2, -1, -2])) for _ in shape]
    ends = [(0, n) if s > 0 else (n - 1, -n - 1) for n, s in zip(shape, stride, strict=True)]
    begin, end = ([int(e[i]) for e in ends] for i in (0, 1))
    masks = {"begin_mask": d.upto(15, 0), "end_mask": d.upto(15, 0)}
    attrs = masks | {"ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0, "offset": False}
    return Case("strided_slice", attrs, [x, i32(begin), i32(end), i32(stride)], [d.like(x)])


@kind("transpose", ANY)
def transpose(d: Draw) -> Case:
    shape = d.shape()
    x = d.q(shape)
    return Case("transpose", {}, [x, i32([int(p) for p in d.rng.permutation(len(shape))])], [d.like(x)])


@kind("reshape", ANY)
def reshape(d: Draw) -> Case:
    shape = d.shape()
    x = d.q(shape)
    return Case("reshape", {}, [x, i32([shape[0], -1] if d.flag() else [x.data.size])], [d.like(x)])


@kind("tile", ANY, resolver="optimized int")
def tile(d: Draw) -> Case:
    shape = d.shape(most=4)
    x = d.q(shape)
    return Case("tile", {}, [x, i32(d.shape(len(shape), 3))], [d.like(x)])


@kind("gather", ANY)
def gather(d: Draw) -> Case:
    shape = d.shape()
    axis = int(d.rng.integers(0, len(shape)))
    x = d.q(shape)
    indices = i32(d.rng.integers(0, shape[axis], size=tuple(d.shape(d.upto(2), 4))))
    return Case("gather", {"axis": axis, "batch_dims": 0}, [x, indices], [d.like(x)])


@kind("gather_nd", ANY)
def gather_nd(d: Draw) -> Case:
    shape = d.shape(d.upto(3, 2))
    depth = int(d.rng.integers(1, len(shape) + 1))
    rows = [[int(d.rng.integers(0, n)) for n in shape[:depth]] for _ in range(d.upto(5))]
    x = d.q(shape)
    return Case("gather_nd", {}, [x, i32(rows)], [d.like(x)])


def _paddings(d: Draw, shape: Sequence[int], most: Callable[[int], int]) -> Tensor:
    return i32([[int(d.rng.integers(0, most(n) + 1)) for _ in range(2)] for n in shape])


@kind("pad", ANY)
def pad(d: Draw) -> Case:
    x = d.q(d.shape(most=4))
    return Case("pad", {}, [x, _paddings(d, x.data.shape, lambda n: 2)], [d.like(x)])


@kind("padv2", ANY)
def padv2(d: Draw) -> Case:
    x = d.q(d.shape(most=4))
    value = d.like(x, d.codes([]))
    value.constant = True
    return Case("padv2", {}, [x, _paddings(d, x.data.shape, lambda n: 2), value], [d.like(x)])


@kind("mirror_pad", ANY)
def mirror_pad(d: Draw) -> Case:
    x, reflect = d.q(d.shape()), d.flag()
    pads = _paddings(d, x.data.shape, lambda n: n - 1 if reflect else n)
    return Case("mirror_pad", {"mode": "REFLECT" if reflect else "SYMMETRIC"}, [x, pads], [d.like(x)])


@kind("reverse_v2", ANY)
def reverse_v2(d: Draw) -> Case:
    shape = d.shape()
    x = d.q(shape)
    return Case("reverse_v2", {}, [x, i32([int(d.rng.integers(0, len(shape)))])], [d.like(x)])


@kind("matrix_diag", ANY)
def matrix_diag(d: Draw) -> Case:
    x = d.q(d.shape(d.upto(3)))
    return Case("matrix_diag", {}, [x], [d.like(x)])


@kind("split_v", ANY)
def split_v(d: Draw) -> Case:
    shape = d.shape(most=5)
    axis = int(d.rng.integers(0, len(shape)))
    sizes = [d.upto(3) for _ in range(d.upto(3))]
    shape[axis] = sum(sizes)
    x = d.q(shape)
    if d.flag():
        sizes[-1] = -1
    attrs: dict[str, Value] = {"num_splits": len(sizes)}
    return Case("split_v", attrs, [x, i32(sizes), i32(axis)], [d.like(x) for _ in sizes])


@kind("expand_dims", ANY)
def expand_dims(d: Draw) -> Case:
    shape = d.shape()
    x = d.q(shape)
    return Case("expand_dims", {}, [x, i32(int(d.rng.integers(-1, len(shape) + 1)))], [d.like(x)])


@kind("squeeze", ANY)
def squeeze(d: Draw) -> Case:
    shape = [1 if d.flag() else n for n in [*d.shape(3), 3]]
    ones = [i for i, n in enumerate(shape) if n == 1]
    x = d.q(shape)
    dims = ones if d.flag() else ones[:1]
    return Case("squeeze", {"squeeze_dims": dims}, [x], [d.like(x)])


@kind("broadcast_to", ANY)
def broadcast_to(d: Draw) -> Case:
    shape = d.shape(most=5)
    x = d.q(_broadcast_of(d, shape))
    return Case("broadcast_to", {}, [x, i32(shape)], [d.like(x)])


@kind("scatter_nd", ("i8", "u8", "f32", "i32", "i64"), ulps=SUM_ULPS)
def scatter_nd(d: Draw) -> Case:
    shape = d.shape(d.upto(3))
    depth = int(d.rng.integers(1, len(shape) + 1))
    rows = [[int(d.rng.integers(0, n)) for n in shape[:depth]] for _ in range(d.upto(5))]
    updates = d.q([len(rows), *shape[depth:]])
    return Case("scatter_nd", {}, [i32(rows), updates, i32(shape)], [d.like(updates)])


@kind("fill", ANY)
def fill(d: Draw) -> Case:
    value = d.q([])
    return Case("fill", {}, [i32(d.shape()), value], [d.like(value)])


def _blocks(op: str) -> None:
    @kind(op, ("i8", "u8", "f32", "i32", "i64"), resolver="optimized int")
    def make(d: Draw) -> Case:
        block = d.upto(3, 2)
        n, h, w, c = d.shape(4, 2)
        x = d.q([n, h * block, w * block, c] if op == "space_to_depth" else [n, h, w, c * block * block])
        return Case(op, {"block_size": block}, [x], [d.like(x)])


_blocks("space_to_depth")
_blocks("depth_to_space")


@kind("space_to_batch_nd", ANY)
def space_to_batch_nd(d: Draw) -> Case:
    block = [d.upto(3) for _ in range(2)]
    n, h, w, c = d.shape(4, 4)
    pads = [[d.upto(1, 0), 0] for _ in range(2)]
    for i, size in enumerate((h, w)):
        pads[i][1] = -(size + pads[i][0]) % block[i]
    x = d.q([n, h, w, c])
    return Case("space_to_batch_nd", {}, [x, i32(block), i32(pads)], [d.like(x)])


@kind("batch_to_space_nd", ANY)
def batch_to_space_nd(d: Draw) -> Case:
    block = [d.upto(2) for _ in range(2)]
    n, h, w, c = d.shape(4, 4)
    crops = [[int(d.rng.integers(0, size * b)), 0] for size, b in zip((h, w), block, strict=True)]
    x = d.q([n * block[0] * block[1], h, w, c])
    return Case("batch_to_space_nd", {}, [x, i32(block), i32(crops)], [d.like(x)])


def _select(op: str) -> None:
    @kind(op, ANY)
    def make(d: Draw) -> Case:
        # LiteRT gives a result of one element no shape.
        shape = [*d.shape(d.upto(3, 0)), d.upto(6, 2)]
        x = d.q(shape)
        if op == "select":
            c_shape, y_shape = (shape[:1] if d.flag() else shape), shape
        else:
            y_shape, c_shape = _broadcast_of(d, shape), _broadcast_of(d, shape)
        y = d.like(x, d.codes(y_shape))
        condition = Tensor(np.dtype(np.bool_), d.rng.random(tuple(c_shape)) < 0.5)
        return Case(op, {}, [condition, x, y], [d.like(x)])


def _broadcast_of(d: Draw, shape: list[int]) -> list[int]:
    """A shape that broadcasts to another."""
    return [1 if d.rng.random() < 0.3 else n for n in shape][int(d.rng.integers(0, len(shape))) :]


_select("select")
_select("select_v2")


@kind("one_hot", ("i8", "u8", "f32", "i32", "i64"))
def one_hot(d: Draw) -> Case:
    shape, depth = d.shape(d.upto(3), 4), d.upto(5)
    indices = Tensor(np.dtype(np.int32), d.rng.integers(-1, depth + 1, size=tuple(shape)).astype(np.int32))
    on = d.coded(d.scale(), d.zero(), d.codes([]))
    off = d.like(on, d.codes([]))
    axis = int(d.rng.integers(-1, len(shape) + 1))
    return Case("one_hot", {"axis": axis}, [indices, i32(depth), on, off], [d.like(on)])


def _indices(d: Draw, values: np.ndarray | Sequence) -> Tensor:
    """Places that are known beforehand, or are not."""
    return Tensor(np.dtype(np.int32), np.asarray(values, np.int32), constant=d.flag())


@kind("dynamic_update_slice", ANY)
def dynamic_update_slice(d: Draw) -> Case:
    shape = d.shape()
    x = d.q(shape)
    sizes = [d.upto(n) for n in shape]
    # A start beyond the last one counts as the last one.
    starts = [d.upto(n - size + 2, -2) for n, size in zip(shape, sizes, strict=True)]
    start = _indices(d, starts)
    return Case("dynamic_update_slice", {}, [x, d.like(x, d.codes(sizes)), start], [d.like(x)])


@kind("matrix_set_diag", ANY)
def matrix_set_diag(d: Draw) -> Case:
    shape = d.shape(d.upto(4, 2))
    x = d.q(shape)
    diagonal = d.like(x, d.codes([*shape[:-2], min(shape[-2:])]))
    return Case("matrix_set_diag", {}, [x, diagonal], [d.like(x)])


@kind("sparse_to_dense", ("i8", "u8", "f32", "i32", "i64"))
def sparse_to_dense(d: Draw) -> Case:
    shape = d.shape()
    count = d.upto(5)
    rows = np.asarray([[d.upto(n - 1, 0) for n in shape] for _ in range(count)])
    if len(shape) == 1 and d.flag():
        rows = rows[:, 0]
    values = d.q([] if d.flag() else [count])
    indices = _indices(d, rows)
    return Case("sparse_to_dense", {}, [indices, i32(shape), values, d.like(values, d.codes([]))], [d.like(values)])


@kind("embedding_lookup", ANY)
def embedding_lookup(d: Draw) -> Case:
    shape = d.shape(d.upto(4, 2))
    x = d.q(shape)
    return Case("embedding_lookup", {}, [_rows_of(d, shape), x], [d.like(x)])


def _rows_of(d: Draw, shape: Sequence[int]) -> Tensor:
    return _indices(d, [d.upto(shape[0] - 1, 0) for _ in range(d.upto(5))])


def _rows_of_table(d: Draw, bits: int) -> Case:
    shape = d.shape(d.upto(4, 2))
    if bits == 4:
        # LiteRT takes rows to begin with a byte.
        shape[-1] *= 2
    table = symmetric(d, shape, 0, d.flag(), bits)
    return Case("embedding_lookup", {}, [_rows_of(d, shape), table], [result()])


@kind("embedding_lookup_hybrid")
def embedding_lookup_hybrid(d: Draw) -> Case:
    return _rows_of_table(d, 8)


@kind("embedding_lookup_hybrid_int4")
def embedding_lookup_hybrid_int4(d: Draw) -> Case:
    return _rows_of_table(d, 4)
