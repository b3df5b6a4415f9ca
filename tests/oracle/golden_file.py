"""Golden quantization data: what of a `.tflite` its peer has to equal, as JSON.

The operators in order with their operands, and per tensor: scales, zero points, channel axis,
and the bytes of quantized constants in hex. Names, options, layout of the file are left out.

    {"model": "…", "made_by": "tensorflow …",
     "outputs": {NAME: TENSOR INDEX}, "inputs": {NAME: TENSOR INDEX},
     "operators": [{"name": "CONV_2D", "version": 3, "inputs": [0, 1, 2], "outputs": [3]}, …],
     "tensors": [{"name": …, "shape": [1, 8], "dtype": "INT8", "scales": […], "zero_points": […],
                  "axis": 0, "data": "00ff…" or null}, …]}

Scales are decimal numbers that parse back to the same float32. `data` is little-endian, in hex;
it is kept for quantized constants only. Invariant: `load(dump(file))` equals `file` in all kept fields.
"""

from __future__ import annotations

import json
import pathlib

import numpy as np

import tflite_file


def dump(file: tflite_file.TfliteFile, model: str, made_by: str) -> str:
    """The JSON of a file's first subgraph, one operator or tensor a line so that it can be diffed."""
    graph, signature = file.subgraphs[0], file.signatures[0]
    head = {"model": model, "made_by": made_by, "inputs": signature.inputs, "outputs": signature.outputs}
    fields = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in head.items()]
    fields.append(_list("operators", [_operator(op) for op in graph.operators]))
    fields.append(_list("tensors", [_tensor(t) for t in graph.tensors]))
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _list(key: str, items: list[dict]) -> str:
    return f"{json.dumps(key)}: [\n" + ",\n".join(json.dumps(item) for item in items) + "\n]"


def _operator(op: tflite_file.Operator) -> dict:
    return {"name": op.name, "version": op.version, "inputs": list(op.inputs), "outputs": list(op.outputs)}


def _tensor(t: tflite_file.Tensor) -> dict:
    keep = t.is_constant and t.scales.size
    return {
        "name": t.name,
        "shape": list(t.shape),
        "dtype": t.dtype,
        "scales": [_decimal(s) for s in t.scales],
        "zero_points": t.zero_points.tolist(),
        "axis": t.axis,
        "data": t.data.tobytes().hex() if keep else None,
    }


def _decimal(scale: np.float32) -> float:
    """The shortest decimal that reads back as the same float32."""
    short = float(str(scale))
    if np.float32(short) != scale:
        raise ValueError(f"{scale!r} does not survive as {short}")
    return short


def load(path: pathlib.Path) -> tflite_file.TfliteFile:
    """Reads golden JSON back; fields that were not kept are empty. Raises ValueError on other JSON."""
    golden = json.loads(path.read_text())
    if not isinstance(golden, dict) or "operators" not in golden or "tensors" not in golden:
        raise ValueError(f"{path}: not golden quantization data")
    operators = tuple(
        tflite_file.Operator(op["name"], op["version"], {}, tuple(op["inputs"]), tuple(op["outputs"]))
        for op in golden["operators"]
    )
    tensors = tuple(_read_tensor(i, t) for i, t in enumerate(golden["tensors"]))
    inputs, outputs = golden["inputs"], golden["outputs"]
    graph = tflite_file.Subgraph("main", tensors, operators, tuple(inputs.values()), tuple(outputs.values()))
    signature = tflite_file.Signature("serving_default", 0, inputs, outputs)
    return tflite_file.TfliteFile(0, golden["made_by"], 0, (graph,), (signature,), ())


def _read_tensor(index: int, t: dict) -> tflite_file.Tensor:
    data = None
    if t["data"] is not None:
        kind = tflite_file.numpy_dtype(t["dtype"])
        data = np.frombuffer(bytes.fromhex(t["data"]), kind).reshape(t["shape"])
    return tflite_file.Tensor(
        index=index,
        name=t["name"],
        shape=tuple(t["shape"]),
        dtype=t["dtype"],
        scales=np.array(t["scales"], np.float32),
        zero_points=np.array(t["zero_points"], np.int64),
        axis=t["axis"],
        data=data,
        is_variable=False,
    )
