"""Judges how quant-opt reads and writes `.tflite` files: FILE -> text -> FILE'.

Usage: roundtrip.py FILE ... --quant-opt BIN

A file passes if upstream MLIR reads the text and, where it can import FILE itself, makes the same operations of it;
if FILE' holds every subgraph, operator, option, tensor, signature and metadata entry of FILE; and if LiteRT computes
the same from both on random inputs, where it can run FILE.

Versions of custom operators stay, others do not fall.

Not compared, because a file does not need it or a new file gets it anew: the order of tensors and of subgraphs, tensors
that nothing uses, `min_runtime_version` and `CONVERSION_METADATA`, signatures of files without any, absent operands at
the end, the options table of an operator without attributes, names that several tensors of a subgraph have, and the
minimum and maximum of a tensor.
Exits 1 if a file failed or none was compared.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent import futures
from concurrent.futures.process import BrokenProcessPool

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from flatbuffers import flexbuffers
from litert_converter import converter_api_ext, model_utils_ext
from litert_converter.mlir import ir

import tflite_file

REWRITTEN = ("min_runtime_version", "CONVERSION_METADATA", "buffer_location")
# Options that name subgraphs by number, and those that no kernel reads, but one that adds int16.
NUMBERED = ("SubgraphIndex",)
UNREAD = ("newShape", "maximum", "minimum")
INT16 = "potScaleInt16"
# What is said of the tensors within an operator, whose names are made anew.
WITHIN = " (within)"
# Lists of StableHLO that upstream leaves out where they say nothing.
DEFAULTS = re.compile(
    r"array<i64: 1(, 1)*>|array<i1: false(, false)*>|dense<0> : tensor<\d+x2xi64>"
    r"|\[#stablehlo<precision DEFAULT>(, #stablehlo<precision DEFAULT>)*\]"
)
# Options that are maps, in a form that allows several orders of their bytes.
MAPS = ("compositeAttributes", "customAttributes", "quantSpec")
SHOWN = 300
# Operations that are no operators: functions and what calls them, constants, and the regions around operators.
NO_OPERATORS = frozenset(
    """arith.constant stablehlo.constant tfl.no_value tfl.external_const tfl.yield tfl.control_node quantfork.stats
    func.func func.call func.return stablehlo.return tfl.if tf.If tfl.while""".split()
)


def quant_opt(binary: pathlib.Path, source: pathlib.Path, target: pathlib.Path) -> None:
    """One run; a RuntimeError with its diagnostics where it refuses."""
    done = subprocess.run([str(binary), str(source), "-o", str(target)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"quant-opt exited {done.returncode}: {done.stderr.strip()[:SHOWN]}")


def upstream_reads(text: str) -> str:
    """What upstream says against a text; empty if nothing. Operations of `tfl` must be registered."""
    with context():
        try:
            ir.Module.parse(text)
        except ir.MLIRError as error:
            return f"upstream refuses the text: {' '.join(str(error).split())[:SHOWN]}"
    return ""


def context() -> ir.Context:
    """Upstream's dialects."""
    made = ir.Context()
    converter_api_ext.prepare_mlir_context(made)
    made.allow_unregistered_dialects = True  # The type of strings is of a dialect that the converter has not.
    return made


def upstream_imports(path: pathlib.Path, text: str) -> str:
    """How the operations of a text differ from those of upstream's own import; empty if they do not."""
    with context() as made:
        theirs = operations(model_utils_ext.flatbuffer_to_mlir(path.read_bytes(), made).operation)
        ours = operations(ir.Module.parse(text).operation)
    # Upstream's import may fold an operation away; what it has, the text has.
    lost, more = theirs - ours, ours - theirs
    if not lost:
        return ""
    return f"upstream imports {str(list(lost))[:SHOWN]}, not {str(list(more))[:SHOWN]}"


def operations(root: ir.Operation) -> collections.Counter[tuple]:
    """Name, attributes and result types of each operation that stands for an operator of a file."""
    found = collections.Counter()
    for block in (block for region in root.regions for block in region):
        for op in (o.operation for o in block.operations):
            found += operations(op)
            if op.name in NO_OPERATORS or "pseudo" in op.name:
                continue
            # Attributes of a dialect are those that the reader adds.
            named = [(name, op.attributes[name]) for name in op.attributes if "." not in name]
            texts = [(name, str(a)) for name, a in named if not isinstance(a, ir.FlatSymbolRefAttr)]
            attributes = [(name, text) for name, text in texts if not DEFAULTS.fullmatch(text)]
            found[op.name, tuple(sorted(attributes)), tuple(str(r.type) for r in op.results)] += 1
    return found


def tensor(graph: tflite_file.Subgraph, index: int) -> tuple:
    """All that a tensor is, but its number and whether its rank is stated."""
    if index < 0:
        return ("absent",)
    t = graph.tensors[index]
    data = b"" if t.data is None else t.data.tobytes()
    # Scales along a first dimension of 1 are one scale for the tensor; a vector has one dimension to run along.
    axis = t.axis if t.scales.size > 1 and len(t.shape) > 1 else 0
    zero_points = t.zero_points if t.zero_points.any() else np.zeros(t.scales.size, np.int64)
    parts = (t.blocks, t.sparsity, t.variant, t.external)
    return (t.shape, t.dtype, t.scales.tobytes(), zero_points.tobytes(), axis, t.is_variable, *parts, data)


def named(graph: tflite_file.Subgraph, index: int) -> str:
    return graph.tensors[index].name if index >= 0 else "absent"


def options(file: tflite_file.TfliteFile, graph: tflite_file.Subgraph, op: tflite_file.Operator) -> dict[str, object]:
    """The options that mean something; subgraphs by their names; those with the default 0 left out."""
    out = {}
    for key, value in op.options.items():
        if key.endswith(NUMBERED):
            out[key] = file.subgraphs[value].name
        elif key == "branchSubgraphIndices":
            out[key] = [file.subgraphs[at].name for at in value]
        elif key in MAPS:
            out[key] = flexbuffers.Loads(bytes(value)) if value else {}
        elif key == INT16:
            # Kernels look at it where all scales are powers of two.
            tensors = [graph.tensors[t] for t in (*op.inputs, *op.outputs)]
            exponents = [np.log2(t.scales) for t in tensors]
            out[key] = (
                value
                and all(t.dtype == "INT16" and t.scales.size == 1 for t in tensors)
                and all(abs(e - np.round(e)).max() < 1e-3 for e in exponents)
            )
        elif key not in UNREAD and value not in (0, None, [], b""):
            out[key] = value
    return out


def named_alike(a: tflite_file.Subgraph, i: int, b: tflite_file.Subgraph, j: int) -> bool:
    """Whether two tensors have one name, where the first has one that is its own."""
    name = named(a, i)
    return not name or name == named(b, j) or [t.name for t in a.tensors].count(name) > 1


def present(indices: tuple[int, ...]) -> list[int]:
    """Tensor indices without absent ones at the end."""
    out = list(indices)
    while out and out[-1] < 0:
        out.pop()
    return out


def compare_graphs(
    a_file: tflite_file.TfliteFile, a: tflite_file.Subgraph, b_file: tflite_file.TfliteFile, b: tflite_file.Subgraph
) -> str:
    """The first difference of two subgraphs; empty if there is none."""
    where = f"subgraph {a.name!r}"
    if len(a.operators) != len(b.operators):
        return f"{where} has {len(a.operators)} operators, then {len(b.operators)}"
    pairs = [(f"{where} input {i}", x, y) for i, (x, y) in enumerate(zip(a.inputs, b.inputs, strict=True))]
    for at, (x, y) in enumerate(zip(a.operators, b.operators, strict=True)):
        here = f"{where} operator {at} {x.name}"
        if x.name != y.name:
            return f"{here} is then {y.name}"
        if x.version != y.version if x.is_custom else x.version > y.version:
            return f"{here} has version {x.version}, then {y.version}"
        before, after = options(a_file, a, x), options(b_file, b, y)
        if before != after:
            return f"{here} has options {before}, then {after}"
        inputs = present(y.inputs)
        if x.name == "RESHAPE" and len(present(x.inputs)) == 1:
            inputs = inputs[:1]  # The shape that old files have among the options is an operand.
        ends = ((present(x.inputs), inputs), (x.outputs, y.outputs), (x.intermediates, y.intermediates))
        for xs, ys in ends:
            if len(xs) != len(ys):
                return f"{here} has {len(xs)} tensors, then {len(ys)}"
            place = here + WITHIN * (xs is x.intermediates)
            pairs += [(place, i, j) for i, j in zip(xs, ys, strict=True)]
    pairs += [(f"{where} output {i}", x, y) for i, (x, y) in enumerate(zip(a.outputs, b.outputs, strict=True))]
    for here, i, j in pairs:
        if tensor(a, i) != tensor(b, j):
            return f"{here}: tensor {named(a, i)!r} {tensor(a, i)[:-1]} is then {tensor(b, j)[:-1]}"
        if i >= 0 and not here.endswith(WITHIN) and not named_alike(a, i, b, j):
            return f"{here}: tensor {named(a, i)!r} is then called {named(b, j)!r}"
    return ""


def compare(a: tflite_file.TfliteFile, b: tflite_file.TfliteFile) -> str:
    """The first difference of two files; empty if there is none."""
    others = {g.name: g for g in b.subgraphs}
    if lost := [g.name for g in a.subgraphs if g.name not in others and g.name]:
        return f"subgraphs {lost} are lost"
    for at, graph in enumerate(a.subgraphs):
        if wrong := compare_graphs(a, graph, b, others[graph.name] if graph.name else b.subgraphs[at]):
            return wrong
    ours = [calls(b, s) for s in b.signatures]
    if lost := [s.key for s in a.signatures if calls(a, s) not in ours]:
        return f"signatures {lost} are lost or changed"
    kept = {name: entry(name, content) for name, content in b.metadata}
    lost = [name for name, content in a.metadata if name not in REWRITTEN and kept.get(name) != entry(name, content)]
    return f"metadata {lost} is lost" if lost else ""


def entry(name: str, content: bytes) -> object:
    """A metadata entry; of the one that orders operators, no more than which pairs it has."""
    if name != "model_control_dependencies":
        return content
    numbers, value, shift = [], 0, 0
    for byte in content:
        value, shift = value | (byte & 127) << shift, shift + 7
        if byte < 128:
            numbers.append(value)
            value, shift = 0, 0
    graphs, at = [], 2
    while at < len(numbers):
        pairs = numbers[at + 1 : at + 1 + 2 * numbers[at]]
        graphs.append(frozenset(zip(pairs[::2], pairs[1::2], strict=True)))
        at += 1 + len(pairs)
    return graphs


def calls(file: tflite_file.TfliteFile, s: tflite_file.Signature) -> tuple:
    """A signature with places in the lists of its subgraph instead of tensors."""
    graph = file.subgraphs[s.subgraph]
    inputs = {name: graph.inputs.index(t) for name, t in s.inputs.items()}
    return s.key, graph.name or "main", inputs, {name: graph.outputs.index(t) for name, t in s.outputs.items()}


def apart(task: Callable, *args: object) -> object:
    """What a task returns that runs in a process of its own; None where the task ends it."""
    with futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        try:
            return pool.submit(task, *args).result()
        except (BrokenProcessPool, RuntimeError, ir.MLIRError):
            return None


def compute(path: pathlib.Path) -> list[np.ndarray] | None:
    """What LiteRT computes from random inputs, the same for every file; None where it cannot run the file."""
    try:
        interpreter = Interpreter(model_path=str(path))
        interpreter.allocate_tensors()
        numbers = np.random.default_rng(0)
        for details in interpreter.get_input_details():
            shape, dtype = details["shape"], np.dtype(details["dtype"])
            values = numbers.uniform(0, 4, shape)
            interpreter.set_tensor(details["index"], values.astype(dtype))
        interpreter.invoke()
        return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
    except (RuntimeError, ValueError, TypeError):
        return None


def equal(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether two outputs are the same to the bit; strings are objects."""
    return x.tolist() == y.tolist() if x.dtype == object else x.tobytes() == y.tobytes()


def judge(binary: pathlib.Path, path: pathlib.Path, count: collections.Counter[str]) -> list[str]:
    """What is wrong with a file; counts how far it came."""
    with tempfile.TemporaryDirectory() as folder:
        text, back = pathlib.Path(folder) / "module.mlir", pathlib.Path(folder) / "again.tflite"
        try:
            quant_opt(binary, path, text)
        except RuntimeError as error:
            return [str(error)]
        count["read"] += 1
        wrong = [upstream_reads(text.read_text())]
        count["accepted by upstream"] += not wrong[0]
        difference = apart(upstream_imports, path, text.read_text())
        if difference is not None:
            count["imported by upstream"] += 1
            count["to the same"] += not difference
            wrong.append(difference)
        try:
            quant_opt(binary, text, back)
        except RuntimeError as error:
            return [*wrong, str(error)]
        wrong.append(compare(tflite_file.read(path), tflite_file.read(back)))
        count["round-tripped"] += not wrong[-1]
        before = apart(compute, path)
        if before is not None:
            after = apart(compute, back)
            same = after is not None and all(map(equal, before, after))
            count["run"] += 1
            count["of equal outputs"] += same
            wrong.append("" if same else "LiteRT computes something else from the second file")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=pathlib.Path, nargs="+", metavar="FILE")
    parser.add_argument("--quant-opt", type=pathlib.Path, required=True, metavar="BIN")
    args = parser.parse_args()

    count: collections.Counter[str] = collections.Counter()
    failed = 0
    for path in args.files:
        wrong = [text for text in judge(args.quant_opt.resolve(), path, count) if text]
        failed += bool(wrong)
        for text in wrong:
            print(f"{path}: {text}")
    print(f"{len(args.files)} files: " + ", ".join(f"{n} {what}" for what, n in count.items()))
    return 0 if count["read"] and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
