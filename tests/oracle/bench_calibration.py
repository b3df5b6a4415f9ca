"""Times calibration beside Google's calibrator: samples a second, and peak memory by the number of samples.

Usage: bench_calibration.py FLOAT.tflite CALIB.npz --quant-opt BIN [--google-python PYTHON]
                            [--samples N] [--rounds N] [--memory N,N]

The first samples of the data set are repeated to N samples. Google's calibrator is that of TensorFlow's
TFLiteConverter, run by PYTHON (default: the interpreter of this script) on one core; quant-opt's `calibrate`
pass is timed by `--mlir-timing`, with one thread on the same core and with two. The rounds alternate; printed
are the best of each, which other work on the machine touches least. With `--memory` the largest resident set of
a whole quant-opt is printed for these numbers of samples.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np


def repeated(data: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """`count` samples, the first ones again and again."""
    return {k: np.resize(v, (count, *v.shape[1:])) for k, v in data.items()}


def google(model: pathlib.Path, data: pathlib.Path) -> float:
    """Seconds that Google's calibrator takes. The first sample, before which it prepares the model, does not count."""
    from tensorflow.lite.python.optimize import calibrator  # noqa: PLC0415

    with np.load(data) as arrays:
        stacks = {name: arrays[name] for name in arrays.files}
    names = sorted(stacks)
    count = len(stacks[names[0]])
    started = 0.0

    def samples():
        nonlocal started
        for i in range(count):
            if i == 1:
                started = time.perf_counter()
            yield [stacks[n][i : i + 1] for n in names]

    calibrator.Calibrator(model.read_bytes()).calibrate(samples)
    return (time.perf_counter() - started) * count / (count - 1)


def ours(args: argparse.Namespace, data: pathlib.Path, threads: int, cores: set[int]) -> float:
    """Seconds that the pass takes."""
    pipeline = f'calibrate{{datasets="{data}"}}'
    command = [str(args.quant_opt.resolve()), str(args.model), f"--pass-pipeline={pipeline}", "--mlir-timing"]
    command += [f"--threads={threads}", "-o", "-", "--mlir-elide-elementsattrs-if-larger=1"]
    run = subprocess.run(
        command, check=True, capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, cores)
    )
    found = re.search(r"([0-9.]+) .*calibrate", run.stderr)
    if found is None:
        raise ValueError(f"no time in {run.stderr!r}")
    return float(found[1])


def peak(args: argparse.Namespace, data: pathlib.Path, output: pathlib.Path) -> float:
    """MiB of the largest resident set of a whole conversion."""
    command = [str(args.quant_opt.resolve()), str(args.model), "--quantize=int8"]
    command += [f"--representative-dataset={data}", "-o", str(output)]
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise ValueError(f"{' '.join(command)} failed")
    return usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--quant-opt", type=pathlib.Path, metavar="BIN")
    parser.add_argument("--google-python", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--samples", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--memory", default="", metavar="N,N", help="numbers of samples, such as 16,512")
    parser.add_argument("--google-only", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.google_only:
        print(google(args.model, args.data))
        return
    if args.quant_opt is None:
        parser.error("--quant-opt is needed")
    with np.load(args.data) as arrays:
        data = {name: arrays[name] for name in arrays.files}
    core = {os.cpu_count() - 1}
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "samples.npz"
        np.savez(path, **repeated(data, args.samples))
        command = [args.google_python, __file__, str(args.model), str(path), "--google-only"]
        times: dict[str, list[float]] = {"Google": [], "quant-opt, 1 thread": [], "quant-opt, 2 threads": []}
        for _ in range(args.rounds):
            run = subprocess.run(
                command, check=True, capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, core)
            )
            times["Google"].append(float(run.stdout.split()[-1]))
            times["quant-opt, 1 thread"].append(ours(args, path, 1, core))
            times["quant-opt, 2 threads"].append(ours(args, path, 2, set(range(os.cpu_count()))))
        rates = {name: args.samples / min(t) for name, t in times.items()}
        print(f"{args.samples} samples, the best of {args.rounds} rounds, alternating")
        print()
        print("| calibrator | samples a second | times Google's |")
        print("|---|---:|---:|")
        for name, rate in rates.items():
            print(f"| {name} | {rate:.1f} | {rate / rates['Google']:.1f} |")
        for count in [int(n) for n in args.memory.split(",") if n]:
            for save, kind in ((np.savez, "stored"), (np.savez_compressed, "compressed")):
                save(path, **repeated(data, count))
                mib = peak(args, path, pathlib.Path(scratch) / "out.tflite")
                print(f"\n{count} samples, {kind}: {mib:.1f} MiB")


if __name__ == "__main__":
    main()
