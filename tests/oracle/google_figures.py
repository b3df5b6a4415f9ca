"""What Google's converter reaches on each model, parsed from a models folder's README.md.

The table's cells are `SQNR / bytes` (`37.6 / 46,472`, an asterisk after the SQNR is a
footnote mark), or a word (`crash`, `refused`) where the converter made no usable file.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re

# The start of each mode's column title.
COLUMNS = {
    "none": "float32",
    "float16": "float16",
    "dynamic": "dynamic",
    "int8": "int8",
    "int8-only": "int8-only",
}
_CELL = re.compile(r"(-?[\d.]+)\*?\s*/\s*([\d,]+)$")


@dataclasses.dataclass(frozen=True)
class Figure:
    """Worst output's SQNR in dB, and the file's size."""

    sqnr: float
    bytes: int


@dataclasses.dataclass(frozen=True)
class ModelFigures:
    """One row: the model's class, and a figure for each mode Google's converter managed."""

    name: str
    kind: str
    modes: dict[str, Figure]


def read(readme: pathlib.Path) -> dict[str, ModelFigures]:
    """The table of a README by model name. Raises ValueError if there is none."""
    rows = [_cells(line) for line in readme.read_text().splitlines() if line.startswith("|")]
    header = next((row for row in rows if row[:2] == ["model", "class"]), None)
    if header is None:
        raise ValueError(f"{readme}: no table with the columns `model` and `class`")
    columns = {mode: _column(header, title) for mode, title in COLUMNS.items()}
    figures = {}
    for row in rows[rows.index(header) + 1 :]:
        if len(row) == len(header) and not set(row[0]) <= set("-: "):
            cells = {mode: _figure(row[at]) for mode, at in columns.items()}
            modes = {mode: figure for mode, figure in cells.items() if figure}
            figures[row[0]] = ModelFigures(row[0], row[1], modes)
    return figures


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _column(header: list[str], title: str) -> int:
    for at, cell in enumerate(header):
        if cell.split(",")[0] == title:
            return at
    raise ValueError(f"no column {title!r} in {header}")


def _figure(cell: str) -> Figure | None:
    match = _CELL.match(cell)
    return Figure(float(match[1]), int(match[2].replace(",", ""))) if match else None
