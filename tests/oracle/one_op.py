"""Models of one operator: built with LiteRT's schema, run in LiteRT."""

from __future__ import annotations

import dataclasses

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

import litert

Value = int | float | bool | str | list[int]

_TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.float16): schema.TensorType.FLOAT16,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.uint8): schema.TensorType.UINT8,
    np.dtype(np.int16): schema.TensorType.INT16,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.int64): schema.TensorType.INT64,
    np.dtype(np.bool_): schema.TensorType.BOOL,
}
_ENUMS = {
    "padding": schema.Padding,
    "fused_activation_function": schema.ActivationFunctionType,
    "weights_format": schema.FullyConnectedOptionsWeightsFormat,
    "mode": schema.MirrorPadMode,
    "output_type": schema.TensorType,
}


@dataclasses.dataclass
class Tensor:
    """An operand with its values, or a result without; `scales` empty if it is not quantized."""

    dtype: np.dtype
    data: np.ndarray | None = None
    scales: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.float32))
    zeros: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))
    axis: int | None = None
    constant: bool = False


@dataclasses.dataclass
class Case:
    """An operator, named as in the `tfl` dialect, with attributes, operands (None: absent) and results."""

    op: str
    attrs: dict[str, Value]
    ins: list[Tensor | None]
    outs: list[Tensor]


# Tables of options that are not named after their operator.
_OPTIONS = {
    "average_pool_2d": "Pool2D",
    "max_pool_2d": "Pool2D",
    "conv_2d": "Conv2D",
    "depthwise_conv_2d": "DepthwiseConv2D",
    "batch_matmul": "BatchMatMul",
    "l2_normalization": "L2Norm",
    "mean": "Reducer",
    "sum": "Reducer",
    "reduce_prod": "Reducer",
    "reduce_max": "Reducer",
    "reduce_min": "Reducer",
    "maximum": "MaximumMinimum",
    "minimum": "MaximumMinimum",
    "padv2": "PadV2",
    "batch_to_space_nd": "BatchToSpaceND",
    "space_to_batch_nd": "SpaceToBatchND",
    "topk_v2": "TopKV2",
}
# Operators without options.
_PLAIN = ("relu", "relu6", "relu_n1_to_1", "relu_0_to_1", "prelu")
_PLAIN += ("logistic", "tanh", "elu", "log", "sqrt", "rsqrt")


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _options(case: Case) -> tuple[int, object | None]:
    if case.op in _PLAIN:
        return schema.BuiltinOptions.NONE, None
    name = _OPTIONS.get(case.op, "".join(part.capitalize() for part in case.op.split("_"))) + "Options"
    options = getattr(schema, name + "T")()
    for key, value in case.attrs.items():
        stored = getattr(_ENUMS[key], value) if key in _ENUMS else value
        if not hasattr(options, _camel(key)):
            raise ValueError(f"{name} has no field for {key}")
        setattr(options, _camel(key), stored)
    return getattr(schema.BuiltinOptions, name), options


def _tensor(name: str, tensor: Tensor, buffer: int) -> schema.TensorT:
    t = schema.TensorT()
    t.name, t.buffer, t.type = name, buffer, _TYPES[tensor.dtype]
    t.shape = np.array([] if tensor.data is None else tensor.data.shape, np.int32)
    if tensor.scales.size:
        t.quantization = schema.QuantizationParametersT()
        t.quantization.scale, t.quantization.zeroPoint = tensor.scales, tensor.zeros
        t.quantization.quantizedDimension = tensor.axis or 0
    return t


def build(case: Case, version: int) -> bytes:
    """The file; its inputs are the operands that are not constant, in order."""
    graph, buffers = schema.SubGraphT(), [schema.BufferT()]
    graph.tensors, graph.inputs, graph.outputs = [], [], []
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [], []
    for i, tensor in enumerate(case.ins):
        if tensor is None:
            operator.inputs.append(-1)
            continue
        buffer = 0
        if tensor.constant:
            buffers.append(schema.BufferT())
            buffers[-1].data = np.frombuffer(tensor.data.tobytes(), np.uint8)
            buffer = len(buffers) - 1
        else:
            graph.inputs.append(len(graph.tensors))
        operator.inputs.append(len(graph.tensors))
        graph.tensors.append(_tensor(f"in{i}", tensor, buffer))
    for i, tensor in enumerate(case.outs):
        operator.outputs.append(len(graph.tensors))
        graph.outputs.append(len(graph.tensors))
        graph.tensors.append(_tensor(f"out{i}", tensor, 0))
    operator.builtinOptionsType, operator.builtinOptions = _options(case)
    code = schema.OperatorCodeT()
    code.builtinCode, code.version = getattr(schema.BuiltinOperator, case.op.upper()), version
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    graph.operators = [operator]
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def run(case: Case, resolver: str, version: int = 1) -> list[np.ndarray]:
    """The results. Raises ValueError or RuntimeError where LiteRT refuses the case."""
    interpreter = Interpreter(
        model_content=build(case, version), experimental_op_resolver_type=litert.RESOLVERS[resolver]
    )
    fed = [tensor for tensor in case.ins if tensor is not None and not tensor.constant]
    interpreter.allocate_tensors()
    for details, tensor in zip(interpreter.get_input_details(), fed, strict=True):
        interpreter.set_tensor(details["index"], tensor.data)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]).copy() for d in interpreter.get_output_details()]
