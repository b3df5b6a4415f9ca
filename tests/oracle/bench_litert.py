"""Times quant-run beside LiteRT on whole models, one thread, on one core.

Usage: bench_litert.py MODEL.tflite INPUTS.npz [MODEL.tflite INPUTS.npz ...] --quant-run BIN
                       [--rounds N] [--runs N] [--core N]

Each round times them one after the other on the first sample, so that a change of load hits all: quant-run with
its optimized and its reference kernels, and LiteRT with XNNPACK (its default), with its optimized kernels
without delegates, and with its reference kernels. What counts is processor time, which other work on the machine
touches little: of quant-run, that of a process with many runs less that of one with a single run. Printed is the
median of the rounds, and how many times LiteRT with XNNPACK it is. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import time
from collections.abc import Callable

from ai_edge_litert.interpreter import Interpreter, OpResolverType

import litert

OURS = ("optimized", "reference")
THEIRS = {
    "XNNPACK": OpResolverType.AUTO,
    "builtin": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    "builtin reference": OpResolverType.BUILTIN_REF,
}


def quant_run(args: argparse.Namespace, model: str, inputs: str, kernels: str) -> Callable[[], float]:
    """A round of quant-run: milliseconds of a run."""
    command = [str(args.quant_run.resolve()), model, f"--inputs={inputs}", f"--kernels={kernels}", "--threads=1"]

    def processor_time(runs: int) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*command, f"--bench={runs}"], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return lambda: 1e3 * (processor_time(args.runs + 1) - processor_time(1)) / args.runs


def interpreter(args: argparse.Namespace, model: str, inputs: str, resolver: OpResolverType) -> Callable[[], float]:
    """A round of LiteRT: milliseconds of a run."""
    runner = Interpreter(model, num_threads=1, experimental_op_resolver_type=resolver)
    stacks = litert.load(pathlib.Path(inputs))
    signature = next(iter(runner.get_signature_list()))
    details = runner.get_signature_runner(signature).get_input_details()
    sample = litert.sample(stacks, 0)
    for name, d in details.items():
        value = sample[name if name in sample else next(iter(sample))]
        runner.resize_tensor_input(d["index"], value.shape)
    runner.allocate_tensors()
    for name, d in details.items():
        runner.set_tensor(d["index"], litert.fit(sample[name if name in sample else next(iter(sample))], d))
    runner.invoke()

    def run() -> float:
        start = time.thread_time()
        for _ in range(args.runs):
            runner.invoke()
        return 1e3 * (time.thread_time() - start) / args.runs

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", nargs="+", metavar="MODEL.tflite INPUTS.npz")
    parser.add_argument("--quant-run", type=pathlib.Path, required=True, metavar="BIN")
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--runs", type=int, default=20, help="in each round (default: %(default)s)")
    parser.add_argument("--core", type=int, default=os.cpu_count() - 1, help="default: the last")
    args = parser.parse_args()
    if len(args.pairs) % 2:
        parser.error("each model needs its inputs")
    os.sched_setaffinity(0, {args.core})

    names = [*OURS, *THEIRS]
    print(f"ms of processor time for one sample, one thread; {args.rounds} rounds, alternating, {args.runs} runs each")
    print()
    print("| model | " + " | ".join(f"{n}" for n in names) + " | optimized / XNNPACK |")
    print("|---|" + "---:|" * (len(names) + 1))
    for model, inputs in zip(args.pairs[::2], args.pairs[1::2], strict=True):
        rounds = {k: quant_run(args, model, inputs, k) for k in OURS}
        rounds |= {n: interpreter(args, model, inputs, r) for n, r in THEIRS.items()}
        times: dict[str, list[float]] = {n: [] for n in names}
        for _ in range(args.rounds):
            for name, run in rounds.items():
                times[name].append(run())
        medians = {n: statistics.median(t) for n, t in times.items()}
        ratio = medians["optimized"] / medians["XNNPACK"]
        row = " | ".join(f"{medians[n]:.3f}" for n in names)
        print(f"| {pathlib.Path(model).stem} | {row} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
