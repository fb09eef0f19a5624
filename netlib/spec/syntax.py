"""The syntax that `$` expressions and tensor expressions have in common: Python's tree of one, bounded, walked by a whitelist."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, ClassVar

from netlib.spec.errors import SpecError
from netlib.spec.operations import bounded, cut

MAX_CHARACTERS = 1000
MAX_DEPTH = 100


@lru_cache(maxsize=1024)
def syntax_tree(text: str) -> ast.Expression:
    """Python's syntax tree of one expression, of bounded length.

    Raises:
        SpecError: it is too long, or no expression.
    """
    if len(text) > MAX_CHARACTERS:
        raise SpecError(f"an expression has at most {MAX_CHARACTERS} characters, got {len(text)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's, of odd literals such as `1if x else 2`
            return ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise SpecError(f"'{cut(text)}' is not an expression: {error.msg}") from None
    except (ValueError, MemoryError, RecursionError):  # NUL and half surrogates; deep nesting
        raise SpecError(f"'{cut(text)}' is not an expression that can be read") from None


class SyntaxWalk:
    """Walks the tree of one expression by `rules`, one for each kind of node; every kind without a rule is refused."""

    rules: ClassVar[Mapping[type[ast.expr], Callable[..., Any]]]
    noun: ClassVar[str]
    language: ClassVar[str]
    """What such an expression has, for messages."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()

    def visit(self, node: ast.expr, depth: int) -> Any:
        """What the rule of a node makes of it.

        Raises:
            SpecError: it has none, or stands too deep.
        """
        if depth > MAX_DEPTH:
            raise SpecError(f"an expression has at most {MAX_DEPTH} levels")
        rule = self.rules.get(type(node))
        if rule is None:
            raise self.refused(node)
        return rule(self, node, depth + 1)

    def literal(self, node: ast.Constant) -> Any:
        """A number, text, true, false or null.

        Raises:
            SpecError: it is another constant of Python's, or too large a number.
        """
        if isinstance(node.value, str | bool | None):
            return node.value
        if isinstance(node.value, int | float):
            return bounded(node.value)
        raise self.refused(node)

    def written(self, node: ast.expr) -> str:
        """The text of a node."""
        return ast.get_source_segment(self.text, node) or self.text

    def refused(self, node: ast.expr, instead: str = "") -> SpecError:
        """The error of a node that such an expression cannot have."""
        return SpecError(f"{self.noun} cannot have '{cut(self.written(node))}'; {instead or f'it has {self.language}'}")
