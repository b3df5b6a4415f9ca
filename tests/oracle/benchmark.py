"""Times quant-opt beside Google's converter on one model: wall seconds and peak memory.

Usage: benchmark.py SAVED_MODEL --representative-dataset CALIB.npz --quant-opt BIN
                    [--mode M ...] [--runs N] [--google-python PYTHON]

Both are whole processes, from start to file, run alternately on the same machine and data, so that
a change of load hits both. Google's converter runs in PYTHON, an environment with `tensorflow`
(default: the interpreter of this script). Prints a Markdown table of medians and ratios.

Peak memory is the child's largest resident set as the kernel reports it (`ru_maxrss`). A child is
born with its parent's figure, so this script imports nothing large, and a result that is not above
its own resident set is marked as an upper bound.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import platform
import resource
import statistics
import sys
import tempfile
import time
from typing import NamedTuple

MODES = {"none": False, "float16": False, "dynamic": False, "int8": True, "int8-only": True}
CONVERT = pathlib.Path(__file__).with_name("google_convert.py")


class Run(NamedTuple):
    """Wall time and largest resident set of one process."""

    seconds: float
    peak_bytes: int


def measure(command: list[str], output: pathlib.Path, log: pathlib.Path) -> Run:
    """Runs a command whose output file must appear. Exits with its last words if it fails."""
    output.unlink(missing_ok=True)
    with log.open("wb") as sink:
        actions = [(os.POSIX_SPAWN_DUP2, sink.fileno(), 1), (os.POSIX_SPAWN_DUP2, sink.fileno(), 2)]
        start = time.monotonic()
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
        _, status, usage = os.wait4(child, 0)
        seconds = time.monotonic() - start
    code = os.waitstatus_to_exitcode(status)
    if code or not output.is_file():
        tail = log.read_text(errors="replace").splitlines()[-5:]
        sys.exit(f"exit {code}: {' '.join(command)}\n" + "\n".join(tail))
    return Run(seconds, usage.ru_maxrss * 1024)


def commands(args: argparse.Namespace, mode: str, output: pathlib.Path) -> tuple[list[str], list[str]]:
    """The two command lines of a mode: quant-opt's and Google's."""
    ours = [str(args.quant_opt.resolve()), str(args.saved_model), f"--quantize={mode}"]
    google = [args.google_python, str(CONVERT), str(args.saved_model), "--mode", mode]
    if MODES[mode]:
        ours.append(f"--representative-dataset={args.representative_dataset}")
        google += ["--dataset", str(args.representative_dataset)]
    if mode == "int8-only":
        ours.append("--io=int8")
    return [*ours, "-o", str(output)], [*google, "-o", str(output)]


def median(runs: list[Run]) -> Run:
    return Run(statistics.median(r.seconds for r in runs), int(statistics.median(r.peak_bytes for r in runs)))


def table_row(mode: str, ours: Run, google: Run, floor: int) -> str:
    bound = "≤ " if ours.peak_bytes <= floor else ""
    return (
        f"| {mode} | {ours.seconds:.3f} | {google.seconds:.3f} | {google.seconds / ours.seconds:.1f} × "
        f"| {bound}{ours.peak_bytes / 2**20:.1f} | {google.peak_bytes / 2**20:.1f} "
        f"| {google.peak_bytes / ours.peak_bytes:.1f} × |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("saved_model", type=pathlib.Path)
    parser.add_argument("--representative-dataset", type=pathlib.Path, metavar="CALIB.npz")
    parser.add_argument("--quant-opt", type=pathlib.Path, required=True, metavar="BIN")
    parser.add_argument("--mode", action="append", choices=MODES, help="default: dynamic and int8")
    parser.add_argument("--runs", type=int, default=5, help="of each, alternating (default: %(default)s)")
    parser.add_argument("--google-python", default=sys.executable, metavar="PYTHON")
    args = parser.parse_args()
    modes = args.mode or ["dynamic", "int8"]
    if args.representative_dataset is None and any(MODES[m] for m in modes):
        parser.error("int8 modes need --representative-dataset")

    machine = f"{os.cpu_count()} CPUs, {platform.machine()}, {platform.system()}"
    print(f"{args.runs} runs each, alternating, medians; {machine}")
    print()
    print("| mode | quant-opt s | Google s | faster | quant-opt MiB | Google MiB | less memory |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as scratch:
        output, log = pathlib.Path(scratch) / "model.tflite", pathlib.Path(scratch) / "log"
        for mode in modes:
            ours, google = commands(args, mode, output)
            runs = [(measure(ours, output, log), measure(google, output, log)) for _ in range(args.runs)]
            floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            print(table_row(mode, median([r[0] for r in runs]), median([r[1] for r in runs]), floor), flush=True)


if __name__ == "__main__":
    main()
