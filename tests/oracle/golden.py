"""Writes the golden quantization data of tests/golden from Google's int8 files (needs `tensorflow`).

Usage: golden.py MODELS_DIR --output-dir tests/golden [--model NAME ...]

Run by hand, when the models or the TensorFlow version change. Each model is converted in a process
of its own, with int8 weights and activations, float32 inputs and outputs, and all calibration samples.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import pathlib
import subprocess
import sys
import tempfile

import golden_file
import tflite_file

MODELS = ("digits_cnn", "digits_mlp", "digits_resnet_dw")
CONVERT = pathlib.Path(__file__).with_name("google_convert.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=pathlib.Path, metavar="MODELS_DIR")
    parser.add_argument("--output-dir", type=pathlib.Path, required=True)
    parser.add_argument("--model", action="append", metavar="NAME", help=f"default: {', '.join(MODELS)}")
    args = parser.parse_args()
    made_by = f"tensorflow {importlib.metadata.version('tensorflow')}"
    args.output_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for model in args.model or MODELS:
            folder, output = args.models / model, pathlib.Path(scratch) / f"{model}.tflite"
            command = [sys.executable, CONVERT, folder / "saved_model", "--mode", "int8"]
            command += ["--dataset", folder / "calib.npz", "-o", output]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            golden = args.output_dir / f"{model}.int8.json"
            golden.write_text(golden_file.dump(tflite_file.read(output), model, made_by))
            print(f"{golden}: {golden.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
