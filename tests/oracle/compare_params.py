"""Compares the quantization of two `.tflite` files: scales, zero points, weight and bias values.

Usage: compare_params.py OURS.tflite PEER          PEER: a `.tflite`, or golden JSON of golden.py

The two graphs are walked together from the signature outputs towards the inputs: outputs are
paired by signature name, then producers of the same kind pair their operands by position (both
orders are tried for commutative operators). Order of operators in the file and names of tensors
do not matter, nor whether inputs and outputs are float or quantized. A view (a reshape) that only
one side has is stepped over.

Equal means: same type; zero points equal; scales within 1e-5 relative; int8 weights equal but for
1 in 1000 off by one, over the file; int32 biases within what the scale tolerance makes of them.
Prints every difference with the peer's operator and tensor; exits 1 if there is one, or if part of
either graph's quantized operators was never reached.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import sys

import numpy as np

import golden_file
import tflite_file
from tflite_file import Operator, Side, Subgraph, Tensor

# Calibrated ranges come from float sums, whose order is each runtime's own.
SCALE_TOLERANCE = 1e-5
# How many int8 weights may be off by one, per weight.
WEIGHTS_OFF_BY_ONE = 1e-3

COMMUTATIVE = {"ADD", "MUL", "MAXIMUM", "MINIMUM"}
# Operators that keep every value and its parameters: their number and place is each converter's choice.
VIEWS = {"RESHAPE", "SQUEEZE", "EXPAND_DIMS"}
# Stepped over as well, after being reported, so that one extra requantization is one difference.
REQUANTIZE = {"QUANTIZE"}


class Graph:
    """A subgraph with the producer of each tensor."""

    def __init__(self, file: tflite_file.TfliteFile) -> None:
        self.signature = file.signatures[0]
        self.graph: Subgraph = file.subgraphs[self.signature.subgraph]
        self.producer = {t: at for at, op in enumerate(self.graph.operators) for t in op.outputs}
        self.seen: set[int] = set()

    def tensor(self, index: int) -> Tensor:
        """The tensor of an index."""
        return self.graph.tensors[index]

    def made_by(self, index: int) -> tuple[int, Operator] | None:
        """A tensor's producer and its place in the file; None for inputs and constants."""
        at = self.producer.get(index)
        return None if at is None else (at, self.graph.operators[at])

    def behind(self, index: int, kind: str) -> int:
        """The input of the tensor's producer if that is of this kind, else the tensor itself."""
        made = self.made_by(index)
        if made is None or made[1].name != kind:
            return index
        self.seen.add(made[0])
        return made[1].inputs[0]

    def step(self, index: int, kinds: set[str]) -> tuple[int, int]:
        """Goes up through producers of `kinds` with quantized input: the tensor reached, and how many."""
        steps = 0
        while (made := self.made_by(index)) and made[1].name in kinds:
            source = made[1].inputs[0]
            if not self.tensor(source).scales.size:
                break
            self.seen.add(made[0])
            index, steps = source, steps + 1
        return index, steps

    def unreached(self) -> list[str]:
        """Operators with a quantized result that the walk did not come to."""
        return [
            f"#{at} {op.name} -> {self.tensor(op.outputs[0]).name!r}"
            for at, op in enumerate(self.graph.operators)
            if at not in self.seen and any(self.tensor(t).scales.size for t in op.outputs)
        ]


@dataclasses.dataclass
class Report:
    """Differences found, and how much was compared."""

    differences: list[str] = dataclasses.field(default_factory=list)
    tensors: int = 0
    weights: int = 0
    off_by_one: int = 0
    biases: int = 0
    biases_off: int = 0
    worst_scale: float = 0.0

    def add(self, where: str, what: str) -> None:
        """Notes one difference."""
        self.differences.append(f"{where}: {what}")

    def summary(self) -> str:
        """What was compared, in one line."""
        return (
            f"{self.tensors} tensors compared, largest relative scale difference {self.worst_scale:.1e}; "
            f"{self.off_by_one} of {self.weights} weights off by one, {self.biases_off} of {self.biases} "
            f"bias values off within the scales' tolerance; {len(self.differences)} differences"
        )


def scale_difference(ours: Tensor, peer: Tensor) -> float:
    """Largest relative difference of the scales; infinite if their counts differ."""
    if ours.scales.shape != peer.scales.shape:
        return float("inf")
    a, b = ours.scales.astype(np.float64), peer.scales.astype(np.float64)
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(b), np.finfo(np.float32).tiny), initial=0.0))


def parameters_equal(ours: Tensor, peer: Tensor) -> bool:
    return (
        ours.dtype == peer.dtype
        and np.array_equal(ours.zero_points, peer.zero_points)
        and scale_difference(ours, peer) <= SCALE_TOLERANCE
    )


class Comparison:
    """The walk over both graphs. Each pair of tensors is compared once."""

    def __init__(self, ours: tflite_file.TfliteFile, peer: tflite_file.TfliteFile) -> None:
        self.ours, self.peer = Graph(ours), Graph(peer)
        self.report = Report()
        self.done: set[tuple[int, int]] = set()
        self.constants: set[int] = set()

    def run(self) -> Report:
        """Walks from the outputs until nothing new is reached."""
        ours, peer = self.ours.signature, self.peer.signature
        for side, mine, theirs in (
            ("inputs", ours.inputs, peer.inputs),
            ("outputs", ours.outputs, peer.outputs),
        ):
            if set(mine) != set(theirs):
                self.report.add("signature", f"{side} are {sorted(mine)} instead of {sorted(theirs)}")
        work = [
            (*self.quantized_outputs(ours.outputs[n], peer.outputs[n]), f"output {n!r}")
            for n in peer.outputs
            if n in ours.outputs
        ]
        while work:
            mine, theirs, where = work.pop()
            if (mine, theirs) not in self.done:
                self.done.add((mine, theirs))
                self.tensors(self.ours.tensor(mine), self.peer.tensor(theirs), where)
                work += self.producers(mine, theirs, where)
        for side, graph in (("ours", self.ours), ("the peer's", self.peer)):
            for operator in graph.unreached():
                self.report.add(f"{side} {operator}", "has no counterpart")
        if self.report.off_by_one > self.report.weights * WEIGHTS_OFF_BY_ONE:
            self.report.add("weights", f"{self.report.off_by_one} of {self.report.weights} are off by one")
        return self.report

    def quantized_outputs(self, mine: int, theirs: int) -> tuple[int, int]:
        """Output tensors, taken before the final DEQUANTIZE where only one file has a quantized interface."""
        if self.ours.tensor(mine).dtype == self.peer.tensor(theirs).dtype:
            return mine, theirs
        return self.ours.behind(mine, "DEQUANTIZE"), self.peer.behind(theirs, "DEQUANTIZE")

    def producers(self, mine: int, theirs: int, where: str) -> list[tuple[int, int, str]]:
        """Pairs of operands behind a pair of tensors, views that only one side has stepped over."""
        if mine in self.ours.graph.inputs or theirs in self.peer.graph.inputs:
            # One file may take quantized inputs where the other begins with a QUANTIZE.
            mine, theirs = self.ours.behind(mine, "QUANTIZE"), self.peer.behind(theirs, "QUANTIZE")
        for kinds in (VIEWS, REQUANTIZE):
            if self.made(self.ours, mine) == self.made(self.peer, theirs):
                break
            mine, skipped = self.ours.step(mine, kinds)
            theirs, peer_skipped = self.peer.step(theirs, kinds)
            if kinds is REQUANTIZE and (skipped or peer_skipped):
                self.report.add(where, f"requantized {skipped} times in ours, {peer_skipped} times in the peer's")
        made, peer_made = self.ours.made_by(mine), self.peer.made_by(theirs)
        if not made or not peer_made:
            if made or peer_made:
                side, (at, op) = ("ours", made) if made else ("the peer's", peer_made)
                self.report.add(where, f"comes from #{at} {op.name} in {side}, from no operator in the other")
            return []
        (at, op), (peer_at, peer_op) = made, peer_made
        if op.name != peer_op.name:
            self.report.add(where, f"comes from #{at} {op.name} instead of #{peer_at} {peer_op.name}")
            return []
        self.ours.seen.add(at)
        self.peer.seen.add(peer_at)
        return self.operands(op, peer_op, f"#{peer_at} {peer_op.name}")

    def operands(self, op: Operator, peer_op: Operator, where: str) -> list[tuple[int, int, str]]:
        """Pairs the operands and results of two operators of one kind."""
        if len(op.outputs) != len(peer_op.outputs):
            self.report.add(where, f"has {len(op.outputs)} results instead of {len(peer_op.outputs)}")
        inputs = list(op.inputs)
        if op.name in COMMUTATIVE and self.agreement(inputs[::-1], peer_op) > self.agreement(inputs, peer_op):
            inputs.reverse()
        pairs = []
        for at in range(max(len(inputs), len(peer_op.inputs))):
            mine = inputs[at] if at < len(inputs) else -1
            theirs = peer_op.inputs[at] if at < len(peer_op.inputs) else -1
            if mine >= 0 and theirs >= 0:
                if self.is_quantized(mine, theirs):
                    pairs.append((mine, theirs, f"{where} {Side.INPUT} {at}"))
            elif mine != theirs:
                self.report.add(where, f"input {at} is {'absent' if mine < 0 else 'present'} in ours only")
        results = enumerate(zip(op.outputs, peer_op.outputs, strict=False))
        pairs += [(a, b, f"{where} {Side.OUTPUT} {at}") for at, (a, b) in results]
        return pairs

    def is_quantized(self, mine: int, theirs: int) -> bool:
        """Shapes, axes and indices are not our subject; float inputs lead on to the graph behind them."""
        ours, peer = self.ours.tensor(mine), self.peer.tensor(theirs)
        return bool(ours.scales.size or peer.scales.size or "FLOAT32" in (ours.dtype, peer.dtype))

    def agreement(self, inputs: list[int], peer_op: Operator) -> int:
        """How well operands in this order fit the peer's: equal parameters and equal producers."""
        pairs = [(self.ours.tensor(a), self.peer.tensor(b)) for a, b in zip(inputs, peer_op.inputs, strict=False)]
        kinds = [
            (self.made(self.ours, a), self.made(self.peer, b)) for a, b in zip(inputs, peer_op.inputs, strict=False)
        ]
        return sum(parameters_equal(a, b) for a, b in pairs) + sum(a == b for a, b in kinds)

    @staticmethod
    def made(graph: Graph, index: int) -> str:
        """The kind of a tensor's producer."""
        made = graph.made_by(index)
        return made[1].name if made else "constant" if graph.tensor(index).is_constant else "input"

    def tensors(self, ours: Tensor, peer: Tensor, where: str) -> None:
        """Compares types and parameters, then the values of quantized constants."""
        where = f"{where} ({peer.name!r})"
        report = self.report
        report.tensors += 1
        if ours.dtype != peer.dtype:
            report.add(where, f"is {ours.dtype} instead of {peer.dtype}")
            return
        if not np.array_equal(ours.zero_points, peer.zero_points):
            at = _first(ours.zero_points, peer.zero_points)
            report.add(where, f"zero points differ{at}")
        difference = scale_difference(ours, peer)
        if difference > SCALE_TOLERANCE:
            report.add(where, f"scales differ by {difference:.1e} relative{_first(ours.scales, peer.scales)}")
        else:
            report.worst_scale = max(report.worst_scale, difference)
        if peer.scales.size > 1 and ours.axis != peer.axis:
            report.add(where, f"channel axis is {ours.axis} instead of {peer.axis}")
        if peer.scales.size and peer.index not in self.constants:
            self.constants.add(peer.index)
            self.values(ours, peer, where)

    def values(self, ours: Tensor, peer: Tensor, where: str) -> None:
        """Compares the stored integers of two constants."""
        if peer.data is None or ours.data is None:
            if (ours.data is None) != (peer.data is None):
                self.report.add(where, f"is {'not ' if ours.data is None else ''}a constant in ours only")
            return
        if ours.data.size != peer.data.size:
            self.report.add(where, f"has {ours.data.size} values instead of {peer.data.size}")
            return
        mine, theirs = (t.data.reshape(-1).astype(np.int64) for t in (ours, peer))
        distance = np.abs(mine - theirs)
        if peer.dtype == "INT8":
            allowed = np.ones_like(distance)
            self.report.weights += distance.size
            self.report.off_by_one += int(np.count_nonzero(distance == 1))
        else:
            # A bias is divided by input scale times weight scale, each with its own tolerance.
            allowed = 1 + np.ceil(2 * SCALE_TOLERANCE * np.abs(theirs)).astype(np.int64)
            self.report.biases += distance.size
            self.report.biases_off += int(np.count_nonzero((distance > 0) & (distance <= allowed)))
        bad = int(np.count_nonzero(distance > allowed))
        if bad:
            self.report.add(
                where,
                f"{bad} of {distance.size} values differ by up to {distance.max()}{_first(mine, theirs)}",
            )


def _first(ours: np.ndarray, peer: np.ndarray) -> str:
    """The largest difference of two arrays, as text."""
    if ours.shape != peer.shape:
        return f": {ours.size} instead of {peer.size}"
    at = int(np.argmax(np.abs(ours.astype(np.float64) - peer.astype(np.float64))))
    return f": {ours[at]} instead of {peer[at]} (element {at})"


def read(path: pathlib.Path) -> tflite_file.TfliteFile:
    return golden_file.load(path) if path.suffix == ".json" else tflite_file.read(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ours", type=pathlib.Path, metavar="OURS.tflite")
    parser.add_argument("peer", type=pathlib.Path, metavar="PEER", help=".tflite, or golden .json")
    args = parser.parse_args()
    report = Comparison(read(args.ours), read(args.peer)).run()
    for difference in report.differences:
        print(difference)
    print(report.summary())
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(main())
