"""Feeds damaged model files to quant-opt under limits of time and memory.

Usage: damaged.py SAVED_MODEL CALIB.npz FILE.tflite --quant-opt BIN [--count N] [--seed S]

Each round cuts or changes one file (the SavedModel's graph, its checkpoint, or the .tflite) and
converts it to int8, with SECONDS of time and MIB of address space. Whatever comes in, quant-opt must
exit 0 or 1, with an error sentence if 1, and leave no file if 1. Prints the counts; exits 1 if it did not.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile

SECONDS, MIB = 20, 2048


def damage(data: bytes, rng: random.Random) -> bytes:
    """Truncates, cuts out, or overwrites a few bytes."""
    out = bytearray(data)
    kind = rng.randrange(4)
    if kind == 0:
        return bytes(out[: rng.randrange(len(out))])
    if kind == 1:
        at = rng.randrange(len(out))
        del out[at : at + rng.randrange(1, 64)]
        return bytes(out)
    for _ in range(rng.randrange(1, 9)):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MIB << 20, MIB << 20))


def answer(command: list[str], output: pathlib.Path) -> str:
    """`converted`, `refused`, or what was wrong."""
    output.unlink(missing_ok=True)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, preexec_fn=limit, check=False)
    except subprocess.TimeoutExpired:
        return "hangs"
    if done.returncode == 0 and output.is_file():
        return "converted"
    if done.returncode == 1 and "error: " in done.stderr and not output.exists():
        return "refused"
    return f"exit {done.returncode}: {done.stderr.strip()[-300:]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("saved_model", type=pathlib.Path)
    parser.add_argument("calib", type=pathlib.Path)
    parser.add_argument("tflite", type=pathlib.Path)
    parser.add_argument("--quant-opt", type=pathlib.Path, required=True, metavar="BIN")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    counts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as scratch:
        model = pathlib.Path(scratch) / "model"
        shutil.copytree(args.saved_model, model)
        parts = [p for p in sorted(model.rglob("*")) if p.is_file() and p.name != "fingerprint.pb"]
        tflite, output = pathlib.Path(scratch) / "in.tflite", pathlib.Path(scratch) / "out.tflite"
        ours = str(args.quant_opt.resolve())
        for number in range(args.count):
            if number % 3 == 0:
                tflite.write_bytes(damage(args.tflite.read_bytes(), rng))
                command = [ours, str(tflite), "-o", str(output)]
                counts[answer(command, output)] += 1
                continue
            part = rng.choice(parts)
            whole = part.read_bytes()
            part.chmod(0o644)
            part.write_bytes(damage(whole, rng))
            command = [ours, str(model), "--quantize=int8", f"--representative-dataset={args.calib}", "-o", str(output)]
            counts[answer(command, output)] += 1
            part.write_bytes(whole)
    for verdict, count in counts.most_common():
        print(f"{count:5}  {verdict}")
    sys.exit(set(counts) - {"converted", "refused"} != set())


if __name__ == "__main__":
    main()
