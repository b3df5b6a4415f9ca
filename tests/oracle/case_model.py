"""Models of many operators: cases as one MLIR function, compiled by `quant-opt`, run by LiteRT and by us.

A process start for each case would take longer than all the arithmetic, so the cases of a kind share a
file: every operand that is no constant is an input, every result an output, in order.
"""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess
from collections.abc import Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter

import litert
from cases import Case, Tensor, Value

_ELEMENTS = {"float32": "f32", "float16": "f16", "uint8": "ui8", "bool": "i1"}


class RefusedError(Exception):
    """A program that does not take the cases; the text says which and why."""


@dataclasses.dataclass(frozen=True)
class Tools:
    """The programs under test."""

    quant_opt: pathlib.Path
    quant_run: pathlib.Path


def _plain(tensor: Tensor) -> str:
    if tensor.bits:
        return f"i{tensor.bits}"
    name = str(tensor.dtype)
    return _ELEMENTS.get(name, name.replace("int", "i"))


def _element(tensor: Tensor) -> str:
    if not tensor.scales.size:
        return _plain(tensor)
    params = [f"{float(s):.17e}:{z}" for s, z in zip(tensor.scales, tensor.zeros, strict=True)]
    if tensor.block:
        rows = np.reshape(params, (tensor.data.shape[0], -1))
        text = "{" + ", ".join("{" + ", ".join(row) + "}" for row in rows) + "}"
        return f"!quant.uniform<{_plain(tensor)}:f32:{{0:1, 1:{tensor.block}}}, {text}>"
    axis = "" if tensor.axis is None else f":{tensor.axis}"
    text = params[0] if tensor.axis is None else "{" + ", ".join(params) + "}"
    return f"!quant.uniform<{_plain(tensor).replace('ui', 'u')}:f32{axis}, {text}>"


def _type(tensor: Tensor, element: str) -> str:
    shape = "*x" if tensor.data is None else "".join(f"{n}x" for n in tensor.data.shape)
    return f"tensor<{shape}{element}>"


def _attribute(key: str, value: Value) -> str:
    if key == "mode":
        return f"{key} = #tfl<mirror_pad_attr {value}>"
    if isinstance(value, Tensor):
        return f"{key} = {_type(value, _element(value))}"
    if isinstance(value, bool):
        return f"{key} = {str(value).lower()}"
    if isinstance(value, int):
        return f"{key} = {value} : i32"
    if isinstance(value, float):
        return f"{key} = {value:.17e} : f32"
    return f"{key} = {value}" if isinstance(value, list) else f'{key} = "{value}"'


def packed(tensor: Tensor, data: np.ndarray) -> bytes:
    """The bytes of a tensor's values in a file: 4-bit ones two a byte, the first in the lower half."""
    if not tensor.bits:
        return data.tobytes()
    nibbles = np.append(data.ravel(), np.zeros(data.size % 2, data.dtype)).view(np.uint8) & 15
    return (nibbles[::2] | nibbles[1::2] << 4).tobytes()


def _constant(name: str, tensor: Tensor) -> str:
    data = tensor.data & 15 if tensor.bits else tensor.data
    dense = f'dense<"0x{data.tobytes().hex().upper()}"> : {_type(tensor, _plain(tensor))}'
    if not tensor.scales.size:
        return f"  {name} = arith.constant {dense}"
    ty = _type(tensor, _element(tensor))
    return f'  {name} = "tfl.pseudo_qconst"() <{{qtype = {ty}, value = {dense}}}> : () -> {ty}'


# Operations whose result upstream wants to have the very type of the operand.
LIKE_OPERAND = ("atan2", "logical_not", "sign", "zeros_like")


def text(cases: Sequence[Case]) -> str:
    """The module. A first input that nobody reads keeps the number of inputs above 0."""
    args, lines, results = ["%unused: tensor<1xi32>"], [], []
    for n, case in enumerate(cases):
        operands, types = [], []
        for i, tensor in enumerate(case.ins):
            name = f"%in{n}_{i}"
            operands.append(name)
            types.append("none" if tensor is None else _type(tensor, _element(tensor)))
            if tensor is None:
                lines.append(f'  {name} = "tfl.no_value"() {{value}} : () -> none')
            elif tensor.constant:
                lines.append(_constant(name, tensor))
            else:
                args.append(f"{name}: {types[-1]}")
        outs = types[:1] if case.op in LIKE_OPERAND else [_type(t, _element(t)) for t in case.outs]
        names = [f"%out{n}"] if len(outs) == 1 else [f"%out{n}#{i}" for i in range(len(outs))]
        results += zip(names, outs, strict=True)
        count = "" if len(outs) == 1 else f":{len(outs)}"
        attrs = ", ".join(_attribute(k, v) for k, v in case.attrs.items() if v is not None)
        flags = ", ".join(k for k, v in case.attrs.items() if v is None)
        signature = f"({', '.join(types)}) -> ({', '.join(outs)})"
        lines.append(
            f'  %out{n}{count} = "tfl.{case.op}"({", ".join(operands)}) <{{{attrs}}}> {{{flags}}} : {signature}'
        )
    names, types = (", ".join(r[i] for r in results) for i in (0, 1))
    return "\n".join(
        [f"func.func @main({', '.join(args)}) -> ({types}) {{", *lines, f"  return {names} : {types}", "}"]
    )


def feed(cases: Sequence[Case]) -> list[np.ndarray]:
    """The values of the inputs, in order."""
    operands = [t.data for case in cases for t in case.ins if t is not None and not t.constant]
    return [np.zeros(1, np.int32), *operands]


def _call(*args: str | pathlib.Path, stdin: str | None = None) -> None:
    done = subprocess.run([str(a) for a in args], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(f"{pathlib.Path(args[0]).name}: {done.stderr.strip()[:400]}")


def compiled(cases: Sequence[Case], tools: Tools, path: pathlib.Path) -> pathlib.Path:
    """Writes the file. Raises RefusedError."""
    _call(tools.quant_opt, "-", "-o", path, stdin=text(cases))
    return path


def by_litert(path: pathlib.Path, inputs: list[np.ndarray], resolver: str) -> list[np.ndarray]:
    """LiteRT's results. Raises RefusedError."""
    try:
        interpreter = Interpreter(model_path=str(path), experimental_op_resolver_type=litert.RESOLVERS[resolver])
        interpreter.allocate_tensors()
        for details, values in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(details["index"], values)
        interpreter.invoke()
    except (RuntimeError, ValueError) as e:
        raise RefusedError(f"LiteRT: {str(e)[:400]}") from e
    return [interpreter.get_tensor(d["index"]).copy() for d in interpreter.get_output_details()]


def by_us(
    path: pathlib.Path,
    inputs: list[np.ndarray],
    tools: Tools,
    rounding: str = "reference",
    kernels: str = "reference",
) -> list[np.ndarray]:
    """Our results. Raises RefusedError."""
    given, found = path.with_suffix(".in.npz"), path.with_suffix(".out.npz")
    np.savez(given, **{f"arg{i}": x[np.newaxis] for i, x in enumerate(inputs)})
    _call(
        tools.quant_run,
        path,
        f"--inputs={given}",
        "-o",
        found,
        f"--rounding={rounding}",
        f"--kernels={kernels}",
        "--threads=1",
    )
    outputs = litert.load(found)
    return [outputs[f"output{i}"][0] for i in range(len(outputs))]
