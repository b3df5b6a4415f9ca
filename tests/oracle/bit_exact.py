"""Compares quant-run with LiteRT's reference interpreter, bit for bit, on every quantized tensor.

Usage: bit_exact.py MODEL.tflite INPUTS.npz --quant-run BIN [--signature KEY] [--kernels SET]

Both run the first sample of INPUTS.npz, quantized beforehand where the file's inputs are, so that the
rounding of inputs is not part of the comparison. quant-run writes all tensors with `--all-tensors`, keyed by
TFLite tensor index. LiteRT runs its reference kernels, or its optimized ones where the file holds an
operator whose reference kernel is missing or wrong (`litert.UNSOUND_REFERENCE`); `--kernels` decides. quant-run
rounds as the same set does.
Every int8, uint8 and int16 tensor that an operator makes (and every quantized input) is compared.
Differences are listed in the order of execution: the first is the cause. Exits 1 if there is one.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import litert
import tflite_file

QUANTIZED = ("int8", "uint8", "int16")


def quant_run(
    binary: pathlib.Path, model: pathlib.Path, feed: litert.Arrays, signature: str, rounding: str
) -> litert.Arrays:
    """All tensors of one sample. Raises RuntimeError with quant-run's words if it fails."""
    with tempfile.TemporaryDirectory() as scratch:
        names = ("inputs", "tensors", "outputs")
        inputs, tensors, outputs = (pathlib.Path(scratch) / f"{name}.npz" for name in names)
        np.savez(inputs, **feed)
        command = [
            str(binary),
            str(model),
            f"--inputs={inputs}",
            f"--all-tensors={tensors}",
            f"--rounding={rounding}",
            "-o",
            str(outputs),
        ]
        if signature != "serving_default":
            command.append(f"--signature={signature}")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"quant-run exited {done.returncode}: {done.stderr.strip()}")
        return litert.load(tensors)


def difference(ours: np.ndarray | None, theirs: np.ndarray) -> str:
    """What is wrong with a tensor; empty if nothing is."""
    if ours is None:
        return "missing in quant-run's tensors"
    if ours.dtype != theirs.dtype:
        return f"is {ours.dtype} instead of {theirs.dtype}"
    if ours.shape != theirs.shape:
        return f"has shape {ours.shape} instead of {theirs.shape}"
    wrong = ours != theirs
    if not wrong.any():
        return ""
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    worst = int(np.abs(ours.astype(np.int64) - theirs.astype(np.int64)).max())
    return (
        f"{int(wrong.sum())} of {wrong.size} elements differ, by up to {worst}; "
        f"first at {list(at)}: {ours[at]} instead of {theirs[at]}"
    )


def makers(file: tflite_file.TfliteFile) -> dict[int, str]:
    """Tensor index -> what makes it, in order of execution (inputs first)."""
    graph = file.subgraphs[0]
    made = dict.fromkeys(graph.inputs, "input")
    for at, op in enumerate(graph.operators):
        made |= dict.fromkeys(op.outputs, f"#{at} {op.name} v{op.version}")
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path, metavar="MODEL.tflite")
    parser.add_argument("inputs", type=pathlib.Path, metavar="INPUTS.npz")
    parser.add_argument("--quant-run", type=pathlib.Path, required=True, metavar="BIN")
    parser.add_argument("--signature", default="serving_default")
    parser.add_argument(
        "--kernels", choices=("reference", "optimized"), help="LiteRT's set (default: by the file's operators)"
    )
    args = parser.parse_args()

    file = tflite_file.read(args.model)
    kernels = args.kernels or litert.preferred_resolver(file)
    feed = litert.as_stored(args.model, args.signature, litert.sample(litert.load(args.inputs), 0))
    theirs = litert.all_tensors(args.model, args.signature, feed, kernels)
    try:
        ours = quant_run(args.quant_run.resolve(), args.model, feed, args.signature, kernels)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1

    compared = differing = 0
    for index, made in makers(file).items():
        if index not in theirs or str(theirs[index].dtype) not in QUANTIZED:
            continue
        compared += 1
        wrong = difference(ours.get(str(index)), theirs[index])
        if wrong:
            differing += 1
            print(f"tensor {index} {file.subgraphs[0].tensors[index].name!r} from {made}: {wrong}")
    print(f"{compared} quantized tensors compared with LiteRT's {kernels} kernels, {differing} differ")
    if not compared:
        print("nothing to compare: the file holds no quantized tensor", file=sys.stderr)
    return 1 if differing or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
