"""Converts real models in every mode, runs the files in LiteRT, and judges accuracy and size.

Usage: compare_models.py MODELS_DIR --quant-opt BIN [--model NAME ...] [--mode M ...]

MODELS_DIR holds a folder per model (`saved_model/`, `calib.npz`, `eval.npz`, `float_outputs.npz`,
`meta.json`) and a README.md with the table of what Google's converter reaches on them.

A conversion passes if quant-opt exits 0, LiteRT runs every sample of `eval.npz`, and
  - the worst float output's SQNR against `float_outputs.npz` is at most 0.5 dB below Google's
    (`none`: at least 100 dB, or Google's figure where that is lower; `weights`: Google's `dynamic`);
  - the file is not larger than Google's (no criterion for `weights`).
Where Google's converter made no file, or the table has no such model, running is enough.
Prints a table; exits 1 if anything failed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import math
import multiprocessing
import pathlib
import subprocess
import sys
import tempfile
import time

import google_figures
import litert

# SQNR figures may lie this many dB below Google's.
TOLERANCE_DB = 0.5
# What a float32 file has to reach, where Google's reaches it.
FLOAT32_DB = 100.0
# How a conversion begins its reason when quant-opt gave a diagnosis.
REFUSAL = "quant-opt exited 1: "
# The README rounds to a tenth of a dB.
ROUNDING_DB = 0.05


@dataclasses.dataclass(frozen=True)
class Mode:
    """A mode's extra arguments, the mode of Google's it is measured by, and whether size counts."""

    arguments: tuple[str, ...] = ()
    calibrated: bool = False
    peer: str = ""
    sized: bool = True


MODES = {
    "none": Mode(peer="none"),
    "float16": Mode(peer="float16"),
    "dynamic": Mode(peer="dynamic"),
    "weights": Mode(peer="dynamic", sized=False),
    "int8": Mode(calibrated=True, peer="int8"),
    "int8-only": Mode(arguments=("--io=int8",), calibrated=True, peer="int8-only"),
}


@dataclasses.dataclass
class Result:
    """One conversion: what was reached, what was asked for, and why it failed if it did."""

    model: str
    mode: str
    sqnr: float | None = None
    needed: float | None = None
    bytes: int | None = None
    limit: int | None = None
    seconds: float | None = None
    failures: list[str] = dataclasses.field(default_factory=list)


class Converter:
    """The `quant-opt` binary under test."""

    def __init__(self, binary: pathlib.Path, timeout: float) -> None:
        self.binary, self.timeout = binary, timeout

    def convert(self, folder: pathlib.Path, signature: str, mode: str, output: pathlib.Path) -> str:
        """Runs one conversion; returns the reason if it failed, else an empty string."""
        command = [str(self.binary), str(folder / "saved_model"), f"--quantize={mode}"]
        command += MODES[mode].arguments
        if signature != "serving_default":
            command.append(f"--signature={signature}")
        if MODES[mode].calibrated:
            command.append(f"--representative-dataset={folder / 'calib.npz'}")
        command += ["-o", str(output)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=self.timeout, check=False)
        except subprocess.TimeoutExpired:
            return f"quant-opt took more than {self.timeout:.0f} s"
        if done.returncode:
            return f"quant-opt exited {done.returncode}: {_first_error(done.stderr)}"
        return "" if output.is_file() else "quant-opt exited 0 without an output file"


def _first_error(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[0] if lines else "nothing on stderr")


class Evaluator:
    """Runs files in LiteRT in a process beside this one, since a bad file can kill the interpreter."""

    def __init__(self, threads: int) -> None:
        self.threads, self.pool = threads, None

    def score(self, model: pathlib.Path, folder: pathlib.Path, signature: str) -> dict[str, float]:
        """SQNR of each output. Raises RuntimeError with the reason if the file does not run."""
        if self.pool is None:
            context = multiprocessing.get_context("spawn")
            self.pool = concurrent.futures.ProcessPoolExecutor(1, mp_context=context)
        try:
            return self.pool.submit(score, model, folder, signature, self.threads).result()
        except concurrent.futures.process.BrokenProcessPool:
            self.pool = None
            raise RuntimeError("LiteRT died") from None
        except (RuntimeError, ValueError) as error:
            raise RuntimeError(f"LiteRT: {error}") from error

    def close(self) -> None:
        """Ends the process."""
        if self.pool is not None:
            self.pool.shutdown()


def score(model: pathlib.Path, folder: pathlib.Path, signature: str, threads: int) -> dict[str, float]:
    """SQNR of every float output in `float_outputs.npz`, by name. Raises ValueError if names differ.

    Integer outputs (an arg max, an index) have no noise to speak of: one flipped tie is a large "error".
    """
    wanted = litert.load(folder / "float_outputs.npz")
    measured = litert.run(model, signature, litert.load(folder / "eval.npz"), threads)
    if set(measured) != set(wanted):
        raise ValueError(f"outputs are {sorted(measured)} instead of {sorted(wanted)}")
    floats = [name for name, values in wanted.items() if values.dtype.kind == "f"]
    return {name: litert.sqnr(wanted[name], measured[name]) for name in floats}


def needed_sqnr(mode: str, peer: google_figures.Figure | None) -> float | None:
    """The SQNR a mode has to reach; None where Google's converter sets no mark."""
    if peer is None:
        return None
    if mode == "none":
        return min(FLOAT32_DB, peer.sqnr - ROUNDING_DB)
    return peer.sqnr - TOLERANCE_DB


class Judge:
    """Converts, runs and compares; files go to `keep`, one folder per model."""

    def __init__(self, converter: Converter, evaluator: Evaluator, keep: pathlib.Path) -> None:
        self.converter, self.evaluator, self.keep = converter, evaluator, keep

    def judge(self, folder: pathlib.Path, mode: str, figures: google_figures.ModelFigures) -> Result:
        """One model in one mode."""
        peer = figures.modes.get(MODES[mode].peer)
        result = Result(folder.name, mode, needed=needed_sqnr(mode, peer))
        if peer and MODES[mode].sized:
            result.limit = peer.bytes
        signature = json.loads((folder / "meta.json").read_text())["signature"]
        output = self.keep / folder.name / f"{mode}.tflite"
        output.parent.mkdir(parents=True, exist_ok=True)
        output.unlink(missing_ok=True)

        start = time.monotonic()
        reason = self.converter.convert(folder, signature, mode, output)
        result.seconds = time.monotonic() - start
        if reason:
            result.failures.append(reason + (" and left a file behind" if output.exists() else ""))
            return result
        result.bytes = output.stat().st_size
        if result.limit is not None and result.bytes > result.limit:
            result.failures.append(f"{result.bytes - result.limit:,} bytes larger than Google's")
        try:
            scores = self.evaluator.score(output, folder, signature)
        except RuntimeError as error:
            result.failures.append(str(error))
            return result
        worst, result.sqnr = min(scores.items(), key=lambda item: item[1])
        if result.sqnr == -math.inf:
            result.failures.append(f"output {worst!r} has another shape or values that are not finite")
        elif result.needed is not None and result.sqnr < result.needed:
            result.failures.append(f"{result.needed - result.sqnr:.2f} dB short (output {worst!r})")
        return result


def row(cells: tuple[str, ...], verdict: str) -> str:
    """A line of the table: model and mode to the left, figures to the right."""
    model, mode, *figures = cells
    widths = (7, 7, 11, 11, 8)
    columns = [f"{cell:>{width}}" for cell, width in zip(figures, widths, strict=True)]
    return " ".join([f"{model:20}", f"{mode:10}", *columns]) + f"  {verdict}"


def show(result: Result, verdict: str) -> str:
    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    cells = (
        result.model,
        result.mode,
        number(result.sqnr, ".1f"),
        number(result.needed, ".1f"),
        number(result.bytes, ","),
        number(result.limit, ","),
        number(result.seconds, ".2f"),
    )
    return row(cells, verdict)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=pathlib.Path, metavar="MODELS_DIR")
    parser.add_argument("--quant-opt", type=pathlib.Path, required=True, metavar="BIN")
    parser.add_argument("--model", action="append", metavar="NAME", help="only these (default: the whole class)")
    parser.add_argument("--class", dest="kind", default="conv/dense", help="class of models (default: %(default)s)")
    parser.add_argument("--mode", action="append", choices=MODES, help="only these (default: all)")
    parser.add_argument(
        "--may-refuse",
        action="append",
        default=[],
        metavar="NAME",
        help="a model that int8-only may refuse (exit 1), naming ops without a safe int8 form",
    )
    parser.add_argument("--output-dir", type=pathlib.Path, help="keep the files here (default: a temporary folder)")
    parser.add_argument("--timeout", type=float, default=900, help="seconds per conversion (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="LiteRT's threads (default: %(default)s)")
    return parser.parse_args()


def main() -> int:
    args = parse_arguments()
    table = google_figures.read(args.models / "README.md")
    names = args.model or [name for name, figures in table.items() if figures.kind == args.kind]
    absent = [name for name in names if not (args.models / name / "meta.json").is_file()]
    if absent:
        print(f"not in {args.models}: {', '.join(absent)}", file=sys.stderr)
        return 2
    converter, evaluator = Converter(args.quant_opt.resolve(), args.timeout), Evaluator(args.threads)
    failed = total = 0
    print(row(("model", "mode", "dB", "needed", "bytes", "limit", "seconds"), "verdict"))
    with tempfile.TemporaryDirectory() as scratch:
        judge = Judge(converter, evaluator, args.output_dir or pathlib.Path(scratch))
        for name in names:
            figures = table.get(name) or google_figures.ModelFigures(name, "", {})
            for mode in args.mode or MODES:
                result = judge.judge(args.models / name, mode, figures)
                verdict = "; ".join(result.failures) or "ok"
                if mode == "int8-only" and name in args.may_refuse and verdict.startswith(REFUSAL):
                    verdict, result.failures = f"ok, refused: {verdict.removeprefix(REFUSAL)}", []
                print(show(result, verdict), flush=True)
                total += 1
                failed += bool(result.failures)
    evaluator.close()
    print(f"{total - failed} of {total} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
