"""Modules made wrong on purpose, for `mutations.py`: one thing of a valid one changed."""

from __future__ import annotations

import collections
import random
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

LINE = re.compile(
    r"\s*(?:(?P<results>%[^=]*) = )?\"(?P<name>[\w.]+)\"\((?P<operands>[^()]*)\)"
    r"(?: <\{(?P<props>.*?)\}>)?(?: \{(?P<attrs>.*)\})? : \((?P<ins>.*)\) -> (?P<outs>.*?)\s*"
)
LONGEST = 1500
VALUES = (
    ("string", '"x"'),
    ("i64", "1 : i64"),
    ("i32", "1 : i32"),
    ("f32", "1.0 : f32"),
    ("f64", "1.0"),
    ("bool", "true"),
    ("array", "[1, 2]"),
    ("type", "tensor<2xf32>"),
)
ELEMENTS = ("f32", "i32", "i8", "i64", "i1", "f16", "ui8", "!quant.uniform<i8:f32, 5.000000e-01:3>")


class Op(NamedTuple):
    """An operation by itself: the lines that make its operands, and its parts."""

    makers: tuple[str, ...]
    name: str
    operands: tuple[str, ...]
    props: tuple[str, ...]
    attrs: str
    ins: tuple[str, ...]
    outs: tuple[str, ...]

    def text(self) -> str:
        """A module of it."""
        count = len(self.outs)
        results = f"%r:{count} = " if count else ""
        props = f" <{{{', '.join(self.props)}}}>" if self.props else ""
        attrs = f" {{{self.attrs}}}" if self.attrs else ""
        operation = f'{results}"{self.name}"({", ".join(self.operands)}){props}{attrs}'
        lines = [*self.makers, f"{operation} : ({', '.join(self.ins)}) -> ({', '.join(self.outs)})"]
        return "\n".join(lines) + "\n"


class Case(NamedTuple):
    """A module, and how it was made."""

    name: str
    change: str
    text: str


def cut(text: str) -> tuple[str, ...]:
    """The items of a list, cut at the commas outside of brackets and strings."""
    items, depth, start, quoted = [], 0, 0, False
    for at, c in enumerate(text):
        if c == '"' and text[at - 1] != "\\":
            quoted = not quoted
        elif quoted:
            continue
        elif c in "<([{":
            depth += 1
        elif c in ")]}" or (c == ">" and text[at - 1] != "-"):
            depth -= 1
        elif c == "," and depth == 0:
            items.append(text[start:at].strip())
            start = at + 1
    last = text[start:].strip()
    return (*items, last) if last else tuple(items)


def parsed(line: str) -> re.Match[str] | None:
    """The parts of an operation without regions on a line of upstream's generic form."""
    return LINE.fullmatch(line) if len(line) < LONGEST else None


def isolated(generic: str) -> Iterator[Op]:
    """The operations of a module, each by itself."""
    constants: dict[str, str] = {}
    for line in generic.splitlines():
        match = parsed(line)
        if match is None or match["name"] in ("func.return", "func.call", "tfl.yield", "builtin.module"):
            continue
        if match["results"] and "const" in match["name"]:
            constants[match["results"]] = line.strip()
        ins = cut(match["ins"])
        operands = cut(match["operands"])
        outs = match["outs"]
        outs = cut(outs[1:-1]) if outs.startswith("(") else (outs,)
        makers, names = [], []
        for i, (operand, ty) in enumerate(zip(operands, ins, strict=True)):
            made = constants.get(operand)
            names.append(f"%o{i}")
            if made is not None:
                makers.append(f"%o{i} = {made.partition(' = ')[2]}")
            else:
                makers.append(f'%o{i} = "test.made"() : () -> {ty}')
        props = cut(match["props"] or "")
        yield Op(tuple(makers), match["name"], tuple(names), props, match["attrs"] or "", ins, outs)


def swapped(items: tuple[str, ...], at: int, item: str) -> tuple[str, ...]:
    return (*items[:at], item, *items[at + 1 :])


def other_type(ty: str, rng: random.Random) -> tuple[str, str] | None:
    """A change of a tensor type and its name."""
    match = re.fullmatch(r"tensor<((?:[\d?]+x)*)(.*)>", ty)
    if match is None:
        return None
    sizes, elem = match[1].split("x")[:-1], match[2]
    change = rng.choice(("size", "rank", "fewer", "elem", "unknown", "unranked", "kind", "scale"))
    if change == "size" and sizes:
        at = rng.randrange(len(sizes))
        sizes[at] = str(int(sizes[at]) + rng.choice((1, 2)) if sizes[at] != "?" else 3)
    elif change == "rank":
        sizes.insert(rng.randrange(len(sizes) + 1), rng.choice("123"))
    elif change == "fewer" and sizes:
        sizes.pop(rng.randrange(len(sizes)))
    elif change == "elem":
        elem = rng.choice(ELEMENTS)
    elif change == "unknown" and sizes:
        sizes[rng.randrange(len(sizes))] = "?"
    elif change == "unranked":
        return change, f"tensor<*x{elem}>"
    elif change == "kind":
        return change, rng.choice(("f32", "none", "vector<2xf32>", "index"))
    elif change == "scale" and "quant" in elem:
        number = re.search(r"\d\.\d+(e[+-]\d+)?", elem)
        if number is None:
            return None
        new = rng.choice(("0.000000e+00", "-1.000000e+00", "7.500000e-01", "1.000000e+39"))
        elem = elem[: number.start()] + new + elem[number.end() :]
    else:
        return None
    return change, "tensor<" + "".join(f"{s}x" for s in sizes) + elem + ">"


def retype_result(op: Op, rng: random.Random) -> tuple[str, Op] | None:
    if not op.outs:
        return None
    at = rng.randrange(len(op.outs))
    changed = other_type(op.outs[at], rng)
    return changed and (f"result {changed[0]}", op._replace(outs=swapped(op.outs, at, changed[1])))


def retype_operand(op: Op, rng: random.Random) -> tuple[str, Op] | None:
    made = [i for i, m in enumerate(op.makers) if "test.made" in m]
    if not made:
        return None
    at = rng.choice(made)
    changed = other_type(op.ins[at], rng)
    if changed is None:
        return None
    maker = f'%o{at} = "test.made"() : () -> {changed[1]}'
    ins, makers = swapped(op.ins, at, changed[1]), swapped(op.makers, at, maker)
    return f"operand {changed[0]}", op._replace(ins=ins, makers=makers)


def change_constant(op: Op, rng: random.Random) -> tuple[str, Op] | None:
    kept = [i for i, m in enumerate(op.makers) if "dense<" in m and re.search(r"xi(32|64)>|tensor<i(32|64)>", m)]
    if not kept:
        return None
    at = rng.choice(kept)
    start = op.makers[at].index("dense<")
    numbers = list(re.finditer(r"-?\b\d+\b", op.makers[at][start : op.makers[at].index(">", start)]))
    if not numbers:
        return None
    number = rng.choice(numbers)
    new = str(rng.choice((-2, -1, 0, 1, 2, 3, 7, int(number[0]) + 1)))
    maker = op.makers[at][: start + number.start()] + new + op.makers[at][start + number.end() :]
    return "constant", op._replace(makers=swapped(op.makers, at, maker))


def forget_constant(op: Op, rng: random.Random) -> tuple[str, Op] | None:
    kept = [i for i, m in enumerate(op.makers) if "test.made" not in m]
    if not kept:
        return None
    at = rng.choice(kept)
    maker = f'%o{at} = "test.made"() : () -> {op.ins[at]}'
    return "no constant", op._replace(makers=swapped(op.makers, at, maker))


def change_operands(op: Op, rng: random.Random) -> tuple[str, Op] | None:
    if not op.operands:
        return None
    at = rng.randrange(len(op.operands))
    drop = (op.operands[:at] + op.operands[at + 1 :], op.ins[:at] + op.ins[at + 1 :])
    double = ((*op.operands, op.operands[at]), (*op.ins, op.ins[at]))
    change, (operands, ins) = rng.choice((("operand lost", drop), ("operand doubled", double)))
    return change, op._replace(operands=operands, ins=ins)


def change_results(op: Op, rng: random.Random) -> tuple[str, Op] | None:
    if op.outs and rng.random() < 0.5:
        return "result lost", op._replace(outs=op.outs[:-1])
    return "result doubled", op._replace(outs=(*op.outs, op.outs[-1] if op.outs else "tensor<2xf32>"))


def change_attribute(op: Op, rng: random.Random) -> tuple[str, Op] | None:
    if not op.props:
        return None
    at = rng.randrange(len(op.props))
    name, _, value = op.props[at].partition(" = ")
    values = list(VALUES)
    if re.fullmatch(r"-?\d+ : i(32|64)", value):
        values += [("number", f"{n} : {value[-3:]}") for n in (-3, -1, 0, 2, 9, 10, 17)] * 2
    if value.startswith('"'):
        values += [("keyword", f'"{word}"') for word in ("SAME", "NONE", "RELU", "TANH", "relu")]
    change, value = rng.choice([*values, ("lost", "")])
    props = swapped(op.props, at, f"{name} = {value}") if value else op.props[:at] + op.props[at + 1 :]
    return f"attribute {change}", op._replace(props=props)


CHANGES: tuple[Callable[[Op, random.Random], tuple[str, Op] | None], ...] = (
    retype_result,
    retype_result,
    retype_operand,
    retype_operand,
    change_constant,
    forget_constant,
    change_operands,
    change_results,
    change_attribute,
    change_attribute,
)


def change_module(generic: str, rng: random.Random) -> tuple[str, str] | None:
    """A module with a line of its generic form changed."""
    lines = generic.splitlines()
    at = rng.randrange(len(lines))
    change = rng.choice(("line lost", "lines swapped", "line doubled", "symbol", "type", "block"))
    if change == "line lost" and parsed(lines[at]):
        lines.pop(at)
    elif change == "lines swapped" and at and parsed(lines[at]) and parsed(lines[at - 1]):
        lines[at - 1], lines[at] = lines[at], lines[at - 1]
    elif change == "line doubled" and parsed(lines[at]):
        lines.insert(at, lines[at])
    elif change == "symbol":
        names = list(re.finditer(r"@\w+|sym_name = \"\w+\"", generic))
        if not names:
            return None
        name, other = rng.choice(names), rng.choice(names)
        if ("sym_name" in name[0]) != ("sym_name" in other[0]) or name[0] == other[0]:
            return None
        return change, generic[: name.start()] + other[0] + generic[name.end() :]
    elif change == "type" and "function_type" in lines[at]:
        lines[at] = lines[at].replace("tensor<", "tensor<7x", 1)
    elif change == "block" and "^bb0" in lines[at]:
        lines[at] = re.sub(r"tensor<", "tensor<7x", lines[at], count=1)
    else:
        return None
    return change, "\n".join(lines) + "\n"


def cases(modules: list[tuple[str, str]], count: int, rng: random.Random) -> Iterator[Case]:
    """Changed operations and modules, an equal share for each name of an operation."""
    by_name: dict[str, dict[str, Op]] = collections.defaultdict(dict)
    for _, generic in modules:
        for op in isolated(generic):
            by_name[op.name].setdefault(op.text(), op)
    groups = [list(ops.values()) for _, ops in sorted(by_name.items()) if ops]
    whole = [generic for _, generic in modules if len(generic) < 100 * LONGEST]
    for i in range(count):
        if i % 8 == 0:
            changed = change_module(rng.choice(whole), rng)
            if changed:
                yield Case("module", *changed)
            continue
        op = rng.choice(groups[i % len(groups)])
        changed = rng.choice(CHANGES)(op, rng)
        if changed:
            yield Case(op.name, changed[0], changed[1].text())
