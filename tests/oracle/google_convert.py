"""Converts one SavedModel with Google's converter (needs `tensorflow`), in one mode.

Usage: google_convert.py SAVED_MODEL --mode MODE [--dataset CALIB.npz] -o OUT.tflite

A process of its own per conversion, because the converter can die of a CHECK failure.
Every sample of the data set is used, in order, as a batch of one, fed by signature name.
"""

from __future__ import annotations

import argparse
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

MODES = ("none", "float16", "dynamic", "int8", "int8-only")
CALIBRATED = ("int8", "int8-only")


def samples(dataset: pathlib.Path, signature: str):
    """A representative data set in the form the converter wants: a generator function."""

    def generate():
        with np.load(dataset) as arrays:
            stacks = {name: arrays[name] for name in arrays.files}
        for i in range(len(next(iter(stacks.values())))):
            yield signature, {name: stack[i : i + 1] for name, stack in stacks.items()}

    return generate


def convert(saved_model: pathlib.Path, mode: str, dataset: pathlib.Path | None, signature: str) -> bytes:
    """The bytes of one conversion; `dataset` is read only in the calibrated modes."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model), signature_keys=[signature])
    if mode != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if mode in CALIBRATED:
        converter.representative_dataset = samples(dataset, signature)
    if mode == "int8-only":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    return converter.convert()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("saved_model", type=pathlib.Path)
    parser.add_argument("--mode", choices=MODES, required=True)
    parser.add_argument("--dataset", type=pathlib.Path, help=".npz, needed by " + " and ".join(CALIBRATED))
    parser.add_argument("--signature", default="serving_default")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    args = parser.parse_args()
    if args.mode in CALIBRATED and args.dataset is None:
        parser.error(f"--mode={args.mode} needs --dataset")
    args.output.write_bytes(convert(args.saved_model, args.mode, args.dataset, args.signature))


if __name__ == "__main__":
    main()
