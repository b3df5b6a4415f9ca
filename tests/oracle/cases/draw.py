"""Random operands: what a kind of operator is made of.

A `Draw` draws activations in one storage type; integers of 8 and 16 bits are codes, whose zero points lie at
both ends of their type and between, and some operands saturate. Results are scaled so that most of their
values are neither 0 nor clamped. Each kind is registered once for each type it exists in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

# A tensor stands for its type.
Value = "int | float | bool | str | list[int] | Tensor"

TYPES = {"i8": np.int8, "u8": np.uint8, "i16": np.int16, "f32": np.float32, "i32": np.int32, "i64": np.int64}
INTEGERS = ("i8", "u8", "i16")
ALL = (*INTEGERS, "f32")
ANY = (*ALL, "i32", "i64")


@dataclasses.dataclass
class Tensor:
    """An operand with its values, or a result without; `scales` empty if it is not quantized.

    `bits` is less than the dtype's where values are packed in the file; `block` is how many elements of the
    second dimension share one of `scales`, which are listed row by row."""

    dtype: np.dtype
    data: np.ndarray | None = None
    scales: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.float32))
    zeros: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))
    axis: int | None = None
    constant: bool = False
    bits: int | None = None
    block: int | None = None


@dataclasses.dataclass
class Case:
    """An operator, named as in the `tfl` dialect, with attributes (None: a flag beside its properties), operands (None:
    absent) and results."""

    op: str
    attrs: dict[str, Value]
    ins: list[Tensor | None]
    outs: list[Tensor]


@dataclasses.dataclass(frozen=True)
class Kind:
    """What makes cases; which of LiteRT's sets of kernels judges them; how near results must be.

    `ulps` are units in the last place of the largest value of a float result: 0 is equality."""

    make: Callable[[Draw], Case]
    dtype: np.dtype
    resolver: str
    ulps: int


KINDS: dict[str, Kind] = {}


def kind(name: str, types: Sequence[str] = ("i8",), resolver: str = "reference", ulps: int = 0) -> Callable:
    """Registers a function as the kinds `NAME_TYPE`; `ulps` hold for float results.

    The resolver `optimized int` stands for `optimized`, but `reference` for float32."""

    def register(make: Callable[[Draw], Case]) -> Callable[[Draw], Case]:
        for t in types:
            judge = resolver
            if resolver == "optimized int":
                judge = "reference" if t == "f32" else "optimized"
            KINDS[f"{name}_{t}"] = Kind(make, np.dtype(TYPES[t]), judge, ulps)
        return make

    return register


def constant(values: np.ndarray | Sequence | int, dtype: type) -> Tensor:
    """A constant that is not quantized."""
    return Tensor(np.dtype(dtype), np.asarray(values, dtype), constant=True)


def i32(values: np.ndarray | Sequence | int) -> Tensor:
    return constant(values, np.int32)


def f32(values: np.ndarray) -> Tensor:
    """A float32 activation."""
    return Tensor(np.dtype(np.float32), values.astype(np.float32))


def result(dtype: type = np.float32) -> Tensor:
    """A result that is not quantized."""
    return Tensor(np.dtype(dtype))


def real(x: Tensor) -> np.ndarray:
    """What an operand means."""
    if not x.scales.size:
        return x.data.astype(np.float64)
    return x.scales[0] * (x.data.astype(np.float64) - x.zeros[0])


class Draw:
    """A random generator, and the type of activations: integers of 8 or 16 bits are quantized."""

    def __init__(self, rng: np.random.Generator, dtype: np.dtype) -> None:
        self.rng, self.dtype = rng, dtype
        self.quantized = dtype.itemsize < 4
        if self.quantized:
            self.low, self.high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)

    @property
    def wide(self) -> bool:
        """Codes of 16 bits, whose zero points are 0."""
        return self.dtype == np.int16

    def flag(self) -> bool:
        """True or false."""
        return bool(self.rng.random() < 0.5)

    def upto(self, most: int, least: int = 1) -> int:
        """A number in `least..=most`."""
        return int(self.rng.integers(least, most + 1))

    def pick(self, values: Sequence) -> Value:
        """One of some values."""
        return values[int(self.rng.integers(0, len(values)))]

    def scale(self, low: float = -2.0, high: float = -0.5) -> float:
        """A scale between two powers of 10; one 256th of it for codes of 16 bits."""
        return float(np.float32(10 ** self.rng.uniform(low, high) / (256 if self.wide else 1)))

    def zero(self) -> int:
        """A zero point."""
        if self.wide or not self.quantized:
            return 0
        middle = (self.low + self.high + 1) // 2
        between = [int(self.rng.integers(self.low, self.high + 1)) for _ in range(2)]
        return int(self.pick([self.low, self.high, middle, *between]))

    def coded(self, scale: float, zero: int, data: np.ndarray | None = None, constant: bool = False) -> Tensor:
        """An activation, or a result without data, of given parameters."""
        if not self.quantized:
            return Tensor(self.dtype, data, constant=constant)
        return Tensor(self.dtype, data, np.float32([scale]), np.int64([zero]), constant=constant)

    def codes(self, shape: Sequence[int]) -> np.ndarray:
        """Stored values; floats of some magnitude where they are not quantized."""
        if self.dtype.kind == "i" and not self.quantized:
            return self.rng.integers(-50, 51, size=tuple(shape)).astype(self.dtype)
        if not self.quantized:
            return (self.rng.normal(size=tuple(shape)) * 10 ** self.rng.uniform(-1, 1)).astype(np.float32)
        low = self.low if self.rng.random() < 0.8 else self.high - 27
        return self.rng.integers(low, self.high + 1, size=tuple(shape)).astype(self.dtype)

    def q(self, shape: Sequence[int], scale: float | None = None, zero: int | None = None) -> Tensor:
        """An activation."""
        scale = self.scale() if scale is None else scale
        return self.coded(scale, self.zero() if zero is None else zero, self.codes(shape))

    def like(self, x: Tensor, data: np.ndarray | None = None) -> Tensor:
        """An activation, or a result, with the parameters of another."""
        return Tensor(x.dtype, data, x.scales, x.zeros)

    def fitting(self, values: np.ndarray, least: float = 1e-5) -> Tensor:
        """A result whose codes take in most of some real values, in steps of `least` or more."""
        step = float(np.abs(values).max()) / self.rng.uniform(60, 250) / (256 if self.wide else 1)
        return self.coded(float(np.float32(max(step, least))), self.zero())

    def shape(self, rank: int | None = None, most: int = 6) -> list[int]:
        """Sizes of up to `most` elements, of 1 to 4 dimensions."""
        rank = self.upto(4) if rank is None else rank
        return [self.upto(most) for _ in range(rank)]

    def channels(self) -> int:
        """Few, or more than a register holds."""
        return int(self.rng.choice([1, 2, 3, 4, 5, 70], p=[0.18, 0.18, 0.18, 0.18, 0.18, 0.1]))

    def activation(self) -> dict[str, Value]:
        """A fused activation."""
        return {"fused_activation_function": self.pick(["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])}
