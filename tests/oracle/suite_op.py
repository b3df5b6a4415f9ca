"""Modules of one operation each, of the `tfl` operations without regions that stand in the cases of `tests/suite`."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

from litert_converter.mlir import ir

import mutate
import one_op
import upstream_text

SUITE = pathlib.Path(__file__).parents[1] / "suite"
FOLDERS = ("eval", "passes", "pipelines")


def modules() -> Iterator[tuple[str, str]]:
    """A line for each operation, with its types and attributes, and its module; of a case that upstream refuses, its name and all of it."""
    seen: set[str] = set()
    for path in upstream_text.files([SUITE / folder for folder in FOLDERS]):
        for case, text in upstream_text.modules(path):
            try:
                generic = upstream_text.generic(text)
            except ir.MLIRError:
                yield str(pathlib.Path(case).relative_to(SUITE)), text
                continue
            for op in mutate.isolated(generic):
                function = one_op.Function(op.name, op.ins, op.outs, ", ".join(op.props), op.attrs)
                made = function.text()
                if op.name.startswith("tfl.") and op.ins and op.outs and made not in seen:
                    seen.add(made)
                    yield function.line(), made
