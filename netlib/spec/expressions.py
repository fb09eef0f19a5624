"""`$name` and `$(expression)`: values that a config computes from others. Parsed with `ast` against a whitelist, never run.

An expression has numbers, text, lists, the names of its scope, arithmetic, comparison, `and`, `or`, `not`, `a if c else b`,
indexing, fields of mappings, and functions. What those compute is in `netlib.spec.operations`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean
from netlib.spec.operations import FUNCTIONS, arithmetic, cut, field, holds, item, items, numbers
from netlib.spec.syntax import SyntaxWalk, syntax_tree

MAX_VALUES = 50_000
"""Of one substituted value, so that lists of lists of lists do not grow without end."""

_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_DOLLAR = re.compile(r"\$(?:(?P<escaped>\$)|(?P<bracket>\()|(?P<name>[A-Za-z_][A-Za-z0-9_]*))?")
_BRACKETS = re.compile(r"[()\[\]{}'\"]")


def evaluate(text: str, scope: Mapping[str, Any]) -> Any:
    """The value of an expression, written without its `$`, where `scope` gives names their values.

    Raises:
        SpecError: it is no expression, uses what the language has not, or has no value.
    """
    return _Evaluation(text, scope).result()


def substitute(value: Any, scope: Mapping[str, Any]) -> Any:
    """Plain values with every `$name` and `$(expression)` in their texts replaced, and `$$` by a dollar.

    A text that is one expression and nothing else takes the value's type; keys stay as they are.

    Raises:
        SpecError: with every expression that has no value, each at its place in `value`.
    """
    substitution = _Substitution(scope)
    result = substitution.of(value, ())
    if substitution.problems:
        raise SpecError(substitution.problems)
    return result


def references(text: str) -> set[str]:
    """The names that a text's expressions read, their functions left out."""
    try:
        pieces = list(_pieces(text))
        trees = [syntax_tree(piece.text) for piece in pieces if piece.is_expression]
    except SpecError:
        return set()
    names = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names - FUNCTIONS.keys() - _WORDS.keys()


def escaped(text: str) -> str:
    """Text that `substitute` turns back into `text`."""
    return text.replace("$", "$$")


class _Piece(NamedTuple):
    text: str
    is_expression: bool


def _pieces(text: str) -> Iterator[_Piece]:
    start = 0
    while found := _DOLLAR.search(text, start):
        if found.start() > start:
            yield _Piece(text[start : found.start()], is_expression=False)
        start = found.end()
        if found["escaped"]:
            yield _Piece("$", is_expression=False)
        elif found["name"]:
            yield _Piece(found["name"], is_expression=True)
        elif found["bracket"]:
            start = _closing(text, found.end())
            yield _Piece(text[found.end() : start - 1], is_expression=True)
        else:
            raise SpecError("after '$' comes a name or '(...)'; write '$$' for a dollar")
    if start < len(text):
        yield _Piece(text[start:], is_expression=False)


def _closing(text: str, start: int) -> int:
    """Where the bracket that opened just before `start` has been closed again; brackets in quotes do not count."""
    depth, quote = 1, ""
    for found in _BRACKETS.finditer(text, start):
        sign = found[0]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        else:
            depth += 1 if sign in "([{" else -1
            if depth == 0:
                return found.end()
    raise SpecError(f"the bracket of '{cut(text[start - 2 :])}' is not closed")


class _Substitution:
    """One walk over plain values; `problems` collects the expressions that have no value."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.scope = scope
        self.problems: list[Problem] = []
        self._room = MAX_VALUES

    def of(self, value: Any, loc: Loc) -> Any:
        self._count(1)
        if isinstance(value, str):
            return self._text(value, loc) if "$" in value else value
        if isinstance(value, Mapping):
            return {key: self.of(item, (*loc, key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.of(item, (*loc, index)) for index, item in enumerate(value)]
        return value

    def _text(self, text: str, loc: Loc) -> Any:
        try:
            pieces = list(_pieces(text))
            values = [evaluate(piece.text, self.scope) if piece.is_expression else piece.text for piece in pieces]
            if len(pieces) == 1 and pieces[0].is_expression:
                self._count_all(values[0])
                return values[0]
            joined = "".join(map(_as_text, values))
        except SpecError as error:
            self.problems += (problem.under(loc) for problem in error.problems)
            return text
        self._count(len(joined) // 100)
        return joined

    def _count_all(self, value: Any) -> None:
        self._count(1 + len(value) // 100 if isinstance(value, str) else 1)
        if isinstance(value, Mapping | list | tuple):
            for item in value.values() if isinstance(value, Mapping) else value:
                self._count_all(item)

    def _count(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise SpecError(f"the values grow beyond {MAX_VALUES} when their '$' are replaced")


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    message = f"{shown(value)} cannot stand inside a longer text; a field or an item needs brackets: '$(name.field)'"
    raise SpecError(message)


class _Evaluation(SyntaxWalk):
    """Computes what one parsed expression comes to."""

    noun = "an expression"
    language = "values, arithmetic, comparison, 'and', 'or', 'not', 'a if c else b', indexing, fields and functions"

    def __init__(self, text: str, scope: Mapping[str, Any]) -> None:
        super().__init__(text)
        self.scope = scope

    def result(self) -> Any:
        return self.visit(syntax_tree(self.text).body, 0)

    def _constant(self, node: ast.Constant, depth: int) -> Any:
        return self.literal(node)

    def _name(self, node: ast.Name, depth: int) -> Any:
        if node.id in _WORDS:
            return _WORDS[node.id]
        if node.id not in self.scope:
            known = f" (known: {cut(', '.join(self.scope), 200)})" if self.scope else ""
            raise SpecError(f"there is no value '{cut(node.id)}' here{did_you_mean(node.id, self.scope) or known}")
        return self.scope[node.id]

    def _list(self, node: ast.List, depth: int) -> Any:
        return [self.visit(part, depth) for part in node.elts]

    def _unary(self, node: ast.UnaryOp, depth: int) -> Any:
        if isinstance(node.op, ast.Invert):
            raise self.refused(node)
        operand = self.visit(node.operand, depth)
        if isinstance(node.op, ast.Not):
            return not operand
        sign = "-" if isinstance(node.op, ast.USub) else "+"
        (number,) = numbers(sign, operand)
        return -number if sign == "-" else number

    def _binary(self, node: ast.BinOp, depth: int) -> Any:
        return arithmetic(node.op, self.visit(node.left, depth), self.visit(node.right, depth))

    def _logic(self, node: ast.BoolOp, depth: int) -> Any:
        found: Any = None
        for part in node.values:
            found = self.visit(part, depth)
            if bool(found) is isinstance(node.op, ast.Or):
                break
        return found

    def _compare(self, node: ast.Compare, depth: int) -> Any:
        left, before = self.visit(node.left, depth), node.left
        for sign, part in zip(node.ops, node.comparators, strict=True):
            right = self.visit(part, depth)
            asked = isinstance(sign, ast.Eq | ast.NotEq) and (_has_null(before) or _has_null(part))
            if (left == right) is not isinstance(sign, ast.Eq) if asked else not holds(sign, left, right):
                return False
            left, before = right, part
        return True

    def _choice(self, node: ast.IfExp, depth: int) -> Any:
        return self.visit(node.body if self.visit(node.test, depth) else node.orelse, depth)

    def _field(self, node: ast.Attribute, depth: int) -> Any:
        return field(self.visit(node.value, depth), node.attr, self.written(node.value))

    def _index(self, node: ast.Subscript, depth: int) -> Any:
        container, what = self.visit(node.value, depth), self.written(node.value)
        if not isinstance(node.slice, ast.Slice):
            return item(container, self.visit(node.slice, depth), what)
        if node.slice.step is not None:
            raise self.refused(node)
        start, stop = (part and self.visit(part, depth) for part in (node.slice.lower, node.slice.upper))
        return items(container, start, stop, what)

    def _call(self, node: ast.Call, depth: int) -> Any:
        name = self.written(node.func)
        if name not in FUNCTIONS:
            known = did_you_mean(name, FUNCTIONS) or f" (known: {', '.join(FUNCTIONS)})"
            raise SpecError(f"there is no function '{cut(name)}'{known}")
        if node.keywords or any(isinstance(part, ast.Starred) for part in node.args):
            raise self.refused(node)
        return FUNCTIONS[name](*[self.visit(part, depth) for part in node.args])


def _has_null(node: ast.expr) -> bool:
    """Whether null is written there, by itself or in a list."""
    if isinstance(node, ast.List):
        return any(map(_has_null, node.elts))
    return node.id == "null" if isinstance(node, ast.Name) else isinstance(node, ast.Constant) and node.value is None


_Evaluation.rules = {
    ast.Constant: _Evaluation._constant,
    ast.Name: _Evaluation._name,
    ast.List: _Evaluation._list,
    ast.UnaryOp: _Evaluation._unary,
    ast.BinOp: _Evaluation._binary,
    ast.BoolOp: _Evaluation._logic,
    ast.Compare: _Evaluation._compare,
    ast.IfExp: _Evaluation._choice,
    ast.Attribute: _Evaluation._field,
    ast.Subscript: _Evaluation._index,
    ast.Call: _Evaluation._call,
}
