"""Runs `.tflite` files in LiteRT: whole data sets by signature, or every tensor of one sample.

Arrays follow the layout of a representative data set: keyed by the signature's names, the
first axis counts samples, and sample `i` is fed as `x[i:i+1]`, a batch of one.
"""

from __future__ import annotations

import pathlib

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

import tflite_file

Arrays = dict[str, np.ndarray]

# Builtins whose kernel in LiteRT's reference set is missing or wrong, and since which operator
# version; a file holding one is judged by the optimized set (without delegates) instead.
UNSOUND_REFERENCE: dict[str, int] = {
    "ELU": 1,
    "DEPTH_TO_SPACE": 2,
    "TILE": 3,
    "SUM": 1,
    "DIV": 1,
    "CEIL": 1,
    "LOCAL_RESPONSE_NORMALIZATION": 1,
}

RESOLVERS = {
    "reference": OpResolverType.BUILTIN_REF,
    "optimized": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    "delegate": OpResolverType.AUTO,
}


def load(path: pathlib.Path) -> Arrays:
    """All arrays of an `.npz`."""
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def sample(stacks: Arrays, number: int) -> Arrays:
    """Sample `number` of a data set, as a batch of one."""
    return {name: stack[number : number + 1] for name, stack in stacks.items()}


def quantize(values: np.ndarray, scale: float, zero_point: int, dtype: np.dtype) -> np.ndarray:
    """`clamp(round(x / scale) + zero_point)`: float32 quotient, halves to even.

    What callers of a quantized model usually do, and what XNNPACK's own QUANTIZE does. It matters:
    image data often falls on halves, and rounding those one way shifts the whole image.
    """
    limits = np.iinfo(dtype)
    codes = np.rint(np.asarray(values, np.float32) / np.float32(scale)).astype(np.int64) + zero_point
    return np.clip(codes, limits.min, limits.max).astype(dtype)


def fit(values: np.ndarray, details: dict) -> np.ndarray:
    """`values` in the type of an interpreter's input, quantized if float data meets a quantized input."""
    dtype = np.dtype(details["dtype"])
    scale, zero_point = details["quantization"]
    if scale and values.dtype.kind == "f" and dtype.kind in "iu":
        return quantize(values, scale, zero_point, dtype)
    return values.astype(dtype)


def run(model: pathlib.Path, signature: str, stacks: Arrays, threads: int = 1) -> Arrays:
    """Runs every sample with LiteRT's default kernels and delegate, through the signature.

    Returns each output stacked over samples on a new first axis, quantized outputs dequantized
    to float64, others in their own type. Raises ValueError if the names do not fit the signature.
    """
    runner = Interpreter(model_path=str(model), num_threads=threads).get_signature_runner(signature)
    inputs, outputs = runner.get_input_details(), runner.get_output_details()
    if set(inputs) != set(stacks):
        raise ValueError(f"signature {signature!r} takes {sorted(inputs)}, the data set has {sorted(stacks)}")
    collected: dict[str, list[np.ndarray]] = {name: [] for name in outputs}
    for number in range(len(next(iter(stacks.values())))):
        feed = {name: fit(x, inputs[name]) for name, x in sample(stacks, number).items()}
        for name, value in runner(**feed).items():
            collected[name].append(_dequantize(value, outputs[name]))
    return {name: np.stack(values) for name, values in collected.items()}


def _dequantize(values: np.ndarray, details: dict) -> np.ndarray:
    scale, zero_point = details["quantization"]
    if not scale or values.dtype.kind not in "iu":
        return values.copy()
    return (values.astype(np.float64) - zero_point) * np.float64(np.float32(scale))


def sqnr(reference: np.ndarray, measured: np.ndarray) -> float:
    """Signal to quantization noise in dB: `10 log10(sum reference² / sum (reference - measured)²)`.

    Infinite where the two are equal; minus infinity where shapes differ or a value is not finite.
    """
    if reference.shape != measured.shape:
        return float("-inf")
    reference, measured = reference.astype(np.float64), measured.astype(np.float64)
    noise = np.sum((reference - measured) ** 2)
    if noise == 0:
        return float("inf")
    signal = np.sum(reference**2)
    if not np.isfinite(noise) or signal == 0:
        return float("-inf")
    return float(10 * np.log10(signal / noise))


def preferred_resolver(file: tflite_file.TfliteFile) -> str:
    """`reference`, unless the file holds an operator whose reference kernel cannot be trusted."""
    operators = (op for graph in file.subgraphs for op in graph.operators)
    unsound = any(op.version >= UNSOUND_REFERENCE.get(op.name, op.version + 1) for op in operators)
    return "optimized" if unsound else "reference"


def as_stored(model: pathlib.Path, signature: str, feed: Arrays) -> Arrays:
    """A sample in the types of the file's inputs: float data for quantized inputs quantized."""
    runner = Interpreter(model_path=str(model)).get_signature_runner(signature)
    return {name: fit(feed[name], details) for name, details in runner.get_input_details().items()}


def all_tensors(model: pathlib.Path, signature: str, feed: Arrays, resolver: str) -> dict[int, np.ndarray]:
    """Every non-constant tensor of the signature's subgraph after one run on a sample `as_stored`, by index.

    Inputs are bound by the signature stored in the file, not by a signature runner: a runner
    pins its interpreter's tensors. Raises ValueError for an unknown signature.
    """
    file = tflite_file.read(model)
    found = [s for s in file.signatures if s.key == signature]
    if not found:
        raise ValueError(f"{model}: no signature {signature!r}; it has {[s.key for s in file.signatures]}")
    if found[0].subgraph != 0:
        raise ValueError(f"{model}: signature {signature!r} is not the first subgraph")
    interpreter = Interpreter(
        model_path=str(model),
        experimental_op_resolver_type=RESOLVERS[resolver],
        experimental_preserve_all_tensors=True,
    )
    for name, index in found[0].inputs.items():
        interpreter.resize_tensor_input(index, feed[name].shape)
    interpreter.allocate_tensors()
    for name, index in found[0].inputs.items():
        interpreter.set_tensor(index, feed[name])
    interpreter.invoke()
    graph = file.subgraphs[0]
    live = set(graph.inputs).union(*(op.outputs for op in graph.operators))
    return {i: interpreter.get_tensor(i).copy() for i in sorted(live) if i >= 0}


def memory_bytes(model: pathlib.Path, resolver: str) -> tuple[int, int]:
    """What inputs and outputs take, and how far they and all that operators write lie apart in an interpreter.

    LiteRT tells no size of its arena; temporaries of its kernels, which cannot be looked at, may lie outside.
    """
    graph = tflite_file.read(model).subgraphs[0]
    interpreter = Interpreter(model_path=str(model), experimental_op_resolver_type=RESOLVERS[resolver])
    interpreter.allocate_tensors()
    ends = {*graph.inputs, *graph.outputs}
    live = ends.union(*(op.outputs for op in graph.operators))
    views = {i: interpreter.tensor(i)() for i in live if i >= 0}
    spans = [(v.__array_interface__["data"][0], v.nbytes) for v in views.values() if v.nbytes]
    span = max(at + n for at, n in spans) - min(at for at, _ in spans)
    return sum(views[i].nbytes for i in ends), span
