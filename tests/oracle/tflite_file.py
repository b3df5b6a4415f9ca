"""Reads `.tflite` files with LiteRT's own generated schema, as plain Python data.

A `TfliteFile` is a snapshot: operators in file order, tensors by index, constants as
numpy arrays. Nothing here runs a model; `litert.py` does that.

Invariants: `Tensor.index` and `Operator.inputs` / `.outputs` are the file's own indices
(-1 is an absent optional operand); scales are float32, zero points int64, exactly as stored.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import pathlib

import numpy as np
from ai_edge_litert import schema_py_generated as schema

# TFLite TensorType -> (name, numpy dtype). Packed sub-byte types have no numpy dtype.
_TYPES: dict[str, np.dtype | None] = {
    "FLOAT32": np.dtype(np.float32),
    "FLOAT16": np.dtype(np.float16),
    "INT32": np.dtype(np.int32),
    "UINT8": np.dtype(np.uint8),
    "INT64": np.dtype(np.int64),
    "BOOL": np.dtype(np.bool_),
    "INT16": np.dtype(np.int16),
    "COMPLEX64": np.dtype(np.complex64),
    "INT8": np.dtype(np.int8),
    "FLOAT64": np.dtype(np.float64),
    "UINT64": np.dtype(np.uint64),
    "UINT32": np.dtype(np.uint32),
    "UINT16": np.dtype(np.uint16),
}


def numpy_dtype(name: str) -> np.dtype | None:
    """The numpy type of a TFLite tensor type; None for strings and packed sub-byte types."""
    return _TYPES.get(name)


@functools.cache
def _names(table: type) -> dict[int, str]:
    """Value -> name of one of the schema's enumerations."""
    return {v: k for k, v in vars(table).items() if isinstance(v, int) and not k.startswith("_")}


class Side(enum.StrEnum):
    """Which end of an operator a tensor stands at."""

    INPUT = "input"
    OUTPUT = "output"


@dataclasses.dataclass(frozen=True)
class Tensor:
    """One tensor of a subgraph; `shape` holds -1 where `shape_signature` says unknown.

    `blocks` are the scales by blocks: their shape, values, zero points and the size of a block; `sparsity` is the table
    of that name, `variant` what a variant holds, `external` the file, place and packing of data that is elsewhere.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: np.ndarray
    zero_points: np.ndarray
    axis: int
    data: np.ndarray | None
    is_variable: bool
    blocks: tuple | None = None
    sparsity: tuple | None = None
    variant: tuple | None = None
    external: tuple | None = None

    @property
    def is_constant(self) -> bool:
        """Whether the file holds the tensor's values."""
        return self.data is not None


@dataclasses.dataclass(frozen=True)
class Operator:
    """One operator: builtin name (or custom code), registered version, option fields, operands."""

    name: str
    version: int
    options: dict[str, object]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    intermediates: tuple[int, ...] = ()
    is_custom: bool = False

    def operands(self) -> list[tuple[Side, int, int]]:
        """Every (side, position, tensor index), absent operands left out."""
        ends = ((Side.INPUT, self.inputs), (Side.OUTPUT, self.outputs))
        return [(side, at, t) for side, ts in ends for at, t in enumerate(ts) if t >= 0]


@dataclasses.dataclass(frozen=True)
class Subgraph:
    """One function of the file; inputs and outputs are tensor indices."""

    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Signature:
    """A signature definition: subgraph number, and tensor index by input or output name."""

    key: str
    subgraph: int
    inputs: dict[str, int]
    outputs: dict[str, int]


@dataclasses.dataclass(frozen=True)
class TfliteFile:
    """A whole file: its size, number of buffers, subgraphs, signatures and metadata by name."""

    bytes: int
    description: str
    buffers: int
    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...]
    metadata: tuple[tuple[str, bytes], ...]


def read(path: str | pathlib.Path) -> TfliteFile:
    """Reads a whole file. Raises OSError if it cannot be read, ValueError if it is no TFL3 file."""
    blob = pathlib.Path(path).read_bytes()
    if blob[4:8] != b"TFL3":
        raise ValueError(f"{path}: not a .tflite file (no TFL3 identifier)")
    model = schema.ModelT.InitFromPackedBuf(bytearray(blob))
    payload = [_payload(buffer, blob) for buffer in model.buffers]
    opcodes = [_opcode(code) for code in model.operatorCodes]
    return TfliteFile(
        bytes=len(blob),
        description=_text(model.description),
        buffers=len(model.buffers),
        subgraphs=tuple(_subgraph(g, opcodes, payload, model) for g in model.subgraphs),
        signatures=tuple(_signature(s) for s in model.signatureDefs or []),
        metadata=tuple((_text(m.name), payload[m.buffer].tobytes()) for m in model.metadata or []),
    )


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _payload(buffer, blob: bytes) -> np.ndarray:
    """A buffer's bytes, whether inline or (files over 2 GB) stored behind the flatbuffer."""
    if buffer.offset > 1:
        return np.frombuffer(blob, np.uint8, buffer.size, buffer.offset)
    return np.asarray(buffer.data if buffer.data is not None else [], np.uint8)


def _opcode(code) -> tuple[str, int, bool]:
    if code.customCode:
        return _text(code.customCode), code.version, True
    builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
    return _names(schema.BuiltinOperator).get(builtin, f"BUILTIN_{builtin}"), code.version, False


def _subgraph(graph, opcodes, payload, model) -> Subgraph:
    tensors = [_tensor(i, t, payload, model) for i, t in enumerate(graph.tensors)]
    return Subgraph(
        name=_text(graph.name),
        tensors=tuple(dataclasses.replace(t, blocks=_blocks(graph.tensors[t.index], tensors)) for t in tensors),
        operators=tuple(_operator(op, opcodes, payload) for op in graph.operators or []),
        inputs=_indices(graph.inputs),
        outputs=_indices(graph.outputs),
    )


def _indices(values) -> tuple[int, ...]:
    return tuple(int(v) for v in (values if values is not None else []))


def _operator(op, opcodes, payload) -> Operator:
    name, version, is_custom = opcodes[op.opcodeIndex]
    options = {}
    for union in (op.builtinOptions, op.builtinOptions2):
        if union is not None:
            options |= {k: _plain(v) for k, v in vars(union).items()}
    ends = _indices(op.inputs), _indices(op.outputs), _indices(op.intermediates)
    return Operator(name, version, options | _custom(op, is_custom), *ends, is_custom)


def _custom(op, is_custom: bool) -> dict[str, object]:
    """The options of a custom operator, as bytes; those that stand behind the flatbuffer are not looked at."""
    return {"customOptions": _plain(op.customOptions)} if is_custom and op.customOptions is not None else {}


def _plain(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _tensor(index: int, tensor, payload, model) -> Tensor:
    dtype = _names(schema.TensorType)[tensor.type]
    stored = _indices(tensor.shape)
    q = tensor.quantization
    raw = payload[tensor.buffer] if tensor.buffer < len(payload) else np.empty(0, np.uint8)
    data = None
    if raw.size:
        kind = None if tensor.sparsity else numpy_dtype(dtype)
        data = raw if kind is None else raw.view(kind).reshape(stored)
    return Tensor(
        index=index,
        name=_text(tensor.name),
        shape=_indices(tensor.shapeSignature) or stored,
        dtype=dtype,
        scales=np.asarray(q.scale if q and q.scale is not None else [], np.float32),
        zero_points=np.asarray(q.zeroPoint if q and q.zeroPoint is not None else [], np.int64),
        axis=q.quantizedDimension if q else 0,
        data=data,
        is_variable=bool(tensor.isVariable),
        sparsity=_sparsity(tensor.sparsity),
        variant=tuple((v.type, _indices(v.shape), v.hasRank) for v in tensor.variantTensors or []) or None,
        external=_external(tensor.externalBuffer, model),
    )


def _blocks(tensor, tensors: list[Tensor]) -> tuple | None:
    details = tensor.quantization.details if tensor.quantization else None
    if not isinstance(details, schema.BlockwiseQuantizationT):
        return None
    scales = tensors[details.scales]
    zero_points = tensors[details.zeroPoints].data if details.zeroPoints >= 0 else None
    zeros = () if zero_points is None or not zero_points.any() else tuple(zero_points.ravel().tolist())
    size = _indices(details.blockShape) or details.blockSize
    return scales.shape, tuple(scales.data.ravel().astype(np.float32).tolist()), zeros, size


def _sparsity(table) -> tuple | None:
    if table is None:
        return None
    dims = [
        (d.format, d.denseSize, *(_indices(v.values if v else None) for v in (d.arraySegments, d.arrayIndices)))
        for d in table.dimMetadata
    ]
    return _indices(table.traversalOrder), _indices(table.blockMap), tuple(dims)


def _external(number: int, model) -> tuple | None:
    for b in (model.externalBuffers or []) if number else []:
        if b.id == number:
            return _text(model.externalBufferGroups[b.group].name), b.offset, b.length, _text(b.packing)
    return None


def _signature(signature) -> Signature:
    def named(maps) -> dict[str, int]:
        return {_text(m.name): int(m.tensorIndex) for m in maps or []}

    return Signature(
        key=_text(signature.signatureKey),
        subgraph=int(signature.subgraphIndex),
        inputs=named(signature.inputs),
        outputs=named(signature.outputs),
    )
