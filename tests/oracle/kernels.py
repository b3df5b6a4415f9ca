"""Compares our kernels with LiteRT's: random operators of every kind and type that files hold.

Usage: kernels.py --bin-dir DIR [--kind NAME ...] [--cases N] [--seed S] [--keep DIR]

The operators are written as MLIR, compiled by `quant-opt` and run by `quant-run`, on our reference and on our
optimized kernels, and by LiteRT: by its reference kernels, or by its optimized ones where those are missing
or wrong. Every element of an integer
result must be equal; of a float one too, unless the kind states how many units in the last place of the
largest value the order of a sum or the C library may make. Exits 1 if anything differs.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile
import zlib

import numpy as np

from case_model import RefusedError, Tools, by_litert, by_us, compiled, feed
from cases import KINDS, Case, Draw, Kind

CASES = 16


def draw(name: str, cases: int, seed: int) -> list[Case]:
    """Cases of a kind; the same for the same seed."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return [KINDS[name].make(Draw(rng, KINDS[name].dtype)) for _ in range(cases)]


def _differing(ours: np.ndarray, theirs: np.ndarray, ulps: int) -> int:
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return max(ours.size, theirs.size, 1)
    if ours.dtype.kind != "f":
        return int((ours != theirs).sum())
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    if ulps:
        finite = theirs[np.isfinite(theirs)]
        least = ulps * np.spacing(np.abs(finite).max(initial=0))
        same |= np.abs(ours - theirs) <= least
    return int((~same).sum())


def _judge(kind: Kind, cases: list[Case], tools: Tools, path: pathlib.Path) -> list[str]:
    """What is wrong with some cases, a line each."""
    inputs = feed(cases)
    compiled(cases, tools, path)
    theirs = by_litert(path, inputs, kind.resolver)
    ours = by_us(path, inputs, tools, kind.resolver, "reference")
    planned = by_us(path, inputs, tools, kind.resolver, "optimized")
    wrong, at = [], 0
    for n, case in enumerate(cases):
        for _ in case.outs:
            differing = _differing(ours[at], theirs[at], kind.ulps)
            if differing:
                wrong.append(f"case {n}: {differing} of {theirs[at].size} elements differ {case.attrs}")
            # Optimized kernels may sum floats in another order.
            differing = _differing(planned[at], theirs[at], kind.ulps)
            if differing:
                wrong.append(f"case {n}: {differing} elements of our optimized kernels differ {case.attrs}")
            at += 1
    return wrong


def _check(name: str, cases: list[Case], tools: Tools, folder: pathlib.Path) -> list[str]:
    kind, path = KINDS[name], folder / f"{name}.tflite"
    try:
        return _judge(kind, cases, tools, path)
    except RefusedError:
        pass
    # One of them is refused: find out which.
    wrong = []
    for n, case in enumerate(cases):
        try:
            wrong += [w.replace("case 0", f"case {n}") for w in _judge(kind, [case], tools, path)]
        except RefusedError as e:
            wrong.append(f"case {n}: {e}")
    return wrong or ["refused together, but not one by one"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True, help="where quant-opt and quant-run are")
    parser.add_argument("--kind", action="append", choices=KINDS, metavar="NAME")
    parser.add_argument("--cases", type=int, default=CASES, metavar="N", help="of each kind [default: %(default)s]")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--keep", type=pathlib.Path, metavar="DIR", help="keep the files")
    args = parser.parse_args()
    tools = Tools(args.bin_dir / "quant-opt", args.bin_dir / "quant-run")
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        names = args.kind or list(KINDS)
        for name in names:
            wrong = _check(name, draw(name, args.cases, args.seed), tools, folder)
            failed += bool(wrong)
            for line in wrong[:5]:
                print(f"{name}: {line}")
            if len(wrong) > 5:
                print(f"{name}: and {len(wrong) - 5} more")
    print(f"{len(names)} kinds of {args.cases} cases, {failed} of them with differences")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
