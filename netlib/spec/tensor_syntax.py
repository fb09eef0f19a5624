"""How a tensor expression is written: from its text to a tree of calls, with everything that needs no tensor checked."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from netlib.spec.errors import SpecError, did_you_mean
from netlib.spec.operations import bounded, cut
from netlib.spec.syntax import SyntaxWalk, syntax_tree
from netlib.spec.tensor_functions.catalogue import FUNCTIONS, RULES, SIGNS
from netlib.spec.tensor_functions.table import Function, Required

Chain = tuple[str | int, ...]
"""A name, and the attributes and indices behind it: `nest.A[0]` is `("nest", "A", 0)`."""

GRADIENT = "gradient"
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "pi": math.pi, "inf": math.inf}


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, text, true, false or null."""

    value: Any


@dataclass(frozen=True, slots=True)
class Read:
    """A value from around the expression."""

    chain: Chain


@dataclass(frozen=True, slots=True)
class Derivative:
    """`gradient(of, by)`: the derivative of the sum of one value by another; whoever computes the expression is given it."""

    of: Chain
    by: Chain

    @property
    def text(self) -> str:
        """By which an expression is given it."""
        of, by = (".".join(map(str, chain)) for chain in (self.of, self.by))
        return f"{GRADIENT}({of}, {by})"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of values."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """`start:stop:step` between brackets."""

    start: Node
    stop: Node
    step: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function or a sign with an argument for each of its parameters; `source` is where it is written."""

    function: Function
    arguments: tuple[Node, ...]
    source: ast.expr


Node = Constant | Read | Derivative | Listing | Slice | Call
_NULL = Constant(None)
ELLIPSIS = Constant(...)
_DOTTED_NUMBER = re.compile(r"\b([A-Za-z_]\w*)\.(\d+)")


def parsed(text: str) -> Node:
    """The tree of an expression.

    Raises:
        SpecError: it is no expression, calls what is no function or with wrong arguments, is too long or too deep.
    """
    try:
        tree = syntax_tree(text)
    except SpecError as error:
        found = _DOTTED_NUMBER.search(text)
        hint = f"; a number behind a name stands in brackets: {found[1]}[{found[2]}]" if found else ""
        raise SpecError(f"{error}{hint}") from None
    return _Reader(text).node(tree.body, 0)


def chains(node: Node) -> Iterator[Chain]:
    """What a tree reads, in order of appearance."""
    for leaf in _leaves(node):
        if isinstance(leaf, Read):
            yield leaf.chain
        elif isinstance(leaf, Derivative):
            yield from (leaf.of, leaf.by)


def derivatives(node: Node) -> Iterator[Derivative]:
    """The derivatives in a tree, in order of appearance."""
    return (leaf for leaf in _leaves(node) if isinstance(leaf, Derivative))


def _leaves(node: Node) -> Iterator[Node]:
    if isinstance(node, Listing):
        parts = node.parts
    elif isinstance(node, Slice):
        parts = (node.start, node.stop, node.step)
    elif isinstance(node, Call):
        parts = node.arguments
    else:
        yield node
        return
    for part in parts:
        yield from _leaves(part)


class _Reader(SyntaxWalk):
    """Makes the tree of calls."""

    noun = "a tensor expression"
    language = "values, arithmetic, '@', comparison, 'and', 'or', 'not', 'a if c else b', indexing, lists and functions"

    def node(self, node: ast.expr, depth: int) -> Node:
        found: Node = self.visit(node, depth)
        return found

    def _constant(self, node: ast.Constant, depth: int) -> Node:
        return Constant(self.literal(node))

    def _name(self, node: ast.Name, depth: int) -> Node:
        return Constant(WORDS[node.id]) if node.id in WORDS else Read((node.id,))

    def _list(self, node: ast.List | ast.Tuple, depth: int) -> Node:
        return Listing(tuple(self.node(part, depth) for part in node.elts))

    def _sign(self, sign: str, node: ast.expr, *arguments: Node) -> Call:
        return Call(RULES[SIGNS.get(sign, sign)], arguments, node)

    def _unary(self, node: ast.UnaryOp, depth: int) -> Node:
        operand = self.node(node.operand, depth)
        if isinstance(node.op, ast.UAdd):
            return operand
        if isinstance(node.op, ast.Invert):
            raise self.refused(node, "write 'not'")
        return self._sign("not" if isinstance(node.op, ast.Not) else "negative", node, operand)

    def _binary(self, node: ast.BinOp, depth: int) -> Node:
        sign = _ARITHMETIC.get(type(node.op))
        if sign is None:
            raise self.refused(node, "write '**' for a power, and 'and' and 'or' for logic")
        return self._sign(sign, node, self.node(node.left, depth), self.node(node.right, depth))

    def _logic(self, node: ast.BoolOp, depth: int) -> Node:
        found, *others = (self.node(part, depth) for part in node.values)
        for other in others:
            found = self._sign("and" if isinstance(node.op, ast.And) else "or", node, found, other)
        return found

    def _compare(self, node: ast.Compare, depth: int) -> Node:
        parts = [self.node(part, depth) for part in (node.left, *node.comparators)]
        found: Node | None = None
        for sign, left, right in zip(node.ops, parts, parts[1:], strict=False):
            if type(sign) not in _COMPARISON:
                raise self.refused(node, "values are compared with '==', '!=', '<', '<=', '>' and '>='")
            one = self._sign(_COMPARISON[type(sign)], node, left, right)
            found = one if found is None else self._sign("and", node, found, one)
        assert found is not None, "Python's grammar has no comparison without a sign"
        return found

    def _choice(self, node: ast.IfExp, depth: int) -> Node:
        return self._sign("where", node, *(self.node(part, depth) for part in (node.test, node.body, node.orelse)))

    def _field(self, node: ast.Attribute, depth: int) -> Node:
        container = self.node(node.value, depth)
        if not isinstance(container, Read):
            raise self.refused(node, "only a name has fields")
        return Read((*container.chain, node.attr))

    def _index(self, node: ast.Subscript, depth: int) -> Node:
        container, index = self.node(node.value, depth), node.slice
        if isinstance(container, Read) and isinstance(index, ast.Constant) and type(index.value) is int:
            return Read((*container.chain, bounded(index.value)))
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        return self._sign("[]", node, container, Listing(tuple(self._part(part, depth) for part in parts)))

    def _part(self, node: ast.expr, depth: int) -> Node:
        if isinstance(node, ast.Constant) and node.value is ...:
            return ELLIPSIS
        if not isinstance(node, ast.Slice):
            return self.node(node, depth)
        return Slice(*(self.node(part, depth) if part else _NULL for part in (node.lower, node.upper, node.step)))

    def _call(self, node: ast.Call, depth: int) -> Node:
        if isinstance(node.func, ast.Name) and node.func.id == GRADIENT:
            return self._derivative(node, depth)
        function = self._function(node)
        positional = [self.node(part, depth) for part in node.args]
        named: dict[str, Node] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.refused(keyword.value, f"it stands for keyword arguments; write them: {function.signature}")
            named[keyword.arg] = self.node(keyword.value, depth)
        return Call(function, tuple(_bound(function, positional, named)), node)

    def _derivative(self, node: ast.Call, depth: int) -> Derivative:
        form = f"'{GRADIENT}' takes the names of two values: {GRADIENT}(y, x) is the derivative of the sum of y by x"
        if len(node.args) != 2 or node.keywords:
            raise SpecError(f"{form}; got '{cut(self.written(node))}'")
        found = []
        for part in node.args:
            read = self.node(part, depth) if isinstance(part, ast.Name | ast.Attribute) else None
            if not isinstance(read, Read):
                raise SpecError(f"{form}; '{cut(self.written(part))}' is no name")
            found.append(read.chain)
        return Derivative(*found)

    def _function(self, node: ast.Call) -> Function:
        if isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            return FUNCTIONS[node.func.id]
        name = cut(self.written(node.func))
        hint = did_you_mean(name, (*FUNCTIONS, GRADIENT)) or "; `netlab layers Compute` lists them"
        raise SpecError(f"there is no function '{name}'{hint}")


def _bound(function: Function, positional: list[Node], named: dict[str, Node]) -> Iterator[Node]:
    """An argument for each parameter, in their order."""
    names = [parameter.name for parameter in function.parameters]
    for name in named:
        if name not in names:
            hint = did_you_mean(name, names) or f"; it is {function.signature}"
            raise SpecError(f"'{function.name}' has no parameter '{name}'{hint}")
    if function.parameters[-1].kind == "Rest":
        fixed = len(names) - 1
        positional = [*positional[:fixed], *([Listing(tuple(positional[fixed:]))] if positional[fixed:] else [])]
    if len(positional) > len(names):
        most = f"{len(names)} argument{'s' if len(names) > 1 else ''}"
        raise SpecError(f"'{function.name}' takes at most {most}, got {len(positional)}; it is {function.signature}")
    for i, parameter in enumerate(function.parameters):
        if i < len(positional) and parameter.name in named:
            raise SpecError(f"'{function.name}' got '{parameter.name}' twice")
        if i < len(positional):
            yield positional[i]
        elif parameter.name in named:
            yield named[parameter.name]
        elif parameter.default is Required:
            raise SpecError(f"'{function.name}' needs '{parameter.name}'; it is {function.signature}")
        else:
            yield Constant(parameter.default)


_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
}
_COMPARISON: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_Reader.rules = {
    ast.Constant: _Reader._constant,
    ast.Name: _Reader._name,
    ast.List: _Reader._list,
    ast.Tuple: _Reader._list,
    ast.UnaryOp: _Reader._unary,
    ast.BinOp: _Reader._binary,
    ast.BoolOp: _Reader._logic,
    ast.Compare: _Reader._compare,
    ast.IfExp: _Reader._choice,
    ast.Attribute: _Reader._field,
    ast.Subscript: _Reader._index,
    ast.Call: _Reader._call,
}
