"""Random operators with random operands, for every operator and type that files are made of.

`KINDS` lists them: a kind is a function from a `Draw` to a `Case`, with the LiteRT kernels that judge it."""

from . import conversions, elementwise, moves, numbers, products, rows
from .draw import KINDS, Case, Draw, Kind, Tensor, Value

__all__ = [
    "KINDS",
    "Case",
    "Draw",
    "Kind",
    "Tensor",
    "Value",
    "conversions",
    "elementwise",
    "moves",
    "numbers",
    "products",
    "rows",
]
