"""Measures who rounds how: random operators of integers on four interpreters, beside `quant-run --rounding`.

Usage: rounding.py --bin-dir DIR [--kind NAME ...] [--cases N] [--seed S]

Prints a table, as in docs/rounding.md: how many elements each interpreter gives otherwise than `quant-run`
does under the set of its name, and in brackets otherwise than under `reference`; XNNPACK, which has no set
of its own, only the latter. `-`: the interpreter refuses the kind or its results are no numbers of ours.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import litert
from case_model import RefusedError, Tools, by_litert, by_us, compiled, feed
from cases import KINDS, Case
from kernels import draw

ROUNDINGS = ("reference", "optimized", "micro")
CASES = 64
# TFLite Micro's memory.
_ARENA = 1 << 26


def _by_micro(file: pathlib.Path) -> None:
    """Runs a file on TFLite Micro, in a process of its own: it may end it."""
    from tflite_micro.python.tflite_micro import runtime  # noqa: PLC0415

    interpreter = runtime.Interpreter.from_file(str(file), arena_size=_ARENA)
    inputs = litert.load(file.with_suffix(".in.npz"))
    for i in range(len(inputs)):
        interpreter.set_input(inputs[f"arg{i}"][0], i)
    interpreter.invoke()
    count = int(file.with_suffix(".count").read_text())
    found = {f"output{i}": interpreter.get_output(i) for i in range(count)}
    np.savez(file.with_suffix(".micro.npz"), **found)


def _micro(file: pathlib.Path, count: int) -> list[np.ndarray] | None:
    file.with_suffix(".count").write_text(str(count))
    found = file.with_suffix(".micro.npz")
    found.unlink(missing_ok=True)
    subprocess.run([sys.executable, __file__, "--micro", file], capture_output=True, check=False)
    if not found.exists():
        return None
    arrays = litert.load(found)
    return [arrays[f"output{i}"] for i in range(count)]


def _with_shapes(cases: list[Case], results: list[np.ndarray]) -> None:
    """Gives the cases' results their shapes: TFLite Micro infers none."""
    found = iter(results)
    for case in cases:
        for tensor in case.outs:
            tensor.data = next(found)


def _differing(a: list[np.ndarray], b: list[np.ndarray] | None) -> int | None:
    if b is None:
        return None
    if any(x.shape != y.shape for x, y in zip(a, b, strict=True)):
        return None
    return sum(int((x != y).sum()) for x, y in zip(a, b, strict=True))


def _attempt(run, *args) -> list[np.ndarray] | None:
    try:
        return run(*args)
    except RefusedError:
        return None


def measure(name: str, cases: list[Case], tools: Tools, folder: pathlib.Path) -> str:
    """A row of the table."""
    inputs, file = feed(cases), folder / f"{name}.tflite"
    compiled(cases, tools, file)
    _with_shapes(cases, by_litert(file, inputs, KINDS[name].resolver))
    compiled(cases, tools, file)
    ours = {r: by_us(file, inputs, tools, r) for r in ROUNDINGS}
    theirs = {r: _attempt(by_litert, file, inputs, r) for r in ("reference", "optimized", "delegate")}
    theirs["micro"] = _micro(file, len(ours["reference"]))
    cells = [name, str(sum(x.size for x in ours["reference"]))]
    for who in ROUNDINGS:
        own, plain = (_differing(ours[r], theirs[who]) for r in (who, "reference"))
        cells.append("-" if own is None else f"{own}" if own == plain else f"{own} ({plain})")
    plain = _differing(ours["reference"], theirs["delegate"])
    cells.append("-" if plain is None else str(plain))
    return f"| {' | '.join(cells)} |"


def main() -> int:
    if sys.argv[1:2] == ["--micro"]:
        _by_micro(pathlib.Path(sys.argv[2]))
        return 0
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True, help="where quant-opt and quant-run are")
    parser.add_argument("--kind", action="append", choices=KINDS, metavar="NAME")
    parser.add_argument("--cases", type=int, default=CASES, metavar="N", help="of each kind [default: %(default)s]")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    args = parser.parse_args()
    tools = Tools(args.bin_dir / "quant-opt", args.bin_dir / "quant-run")
    print("| kind | elements | reference | optimized | micro | XNNPACK |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for name in args.kind or [n for n, kind in KINDS.items() if kind.dtype.kind != "f"]:
            try:
                print(measure(name, draw(name, args.cases, args.seed), tools, pathlib.Path(scratch)), flush=True)
            except RefusedError as e:
                print(f"{name}: {e}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
