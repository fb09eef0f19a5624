from __future__ import annotations

import ast
from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.syntax import MAX_CHARACTERS, MAX_DEPTH, SyntaxWalk, syntax_tree


class Sums(SyntaxWalk):
    """Adds numbers, and does nothing else."""

    noun = "a sum"
    language = "numbers and '+'"

    def _number(self, node: ast.Constant, depth: int) -> Any:
        return self.literal(node)

    def _sum(self, node: ast.BinOp, depth: int) -> Any:
        if not isinstance(node.op, ast.Add):
            raise self.refused(node, "write '+'")
        return self.visit(node.left, depth) + self.visit(node.right, depth)


Sums.rules = {ast.Constant: Sums._number, ast.BinOp: Sums._sum}


def value(text: str) -> Any:
    return Sums(text).visit(syntax_tree(text).body, 0)


def test_what_has_a_rule_is_walked() -> None:
    assert value("  1 + 2.5 + 3 ") == 6.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 + a", "a sum cannot have 'a'; it has numbers and '[+]'"),
        ("1 + 2 * 3", "a sum cannot have '2 [*] 3'; write '[+]'"),
        ("1 + 2j", "a sum cannot have '2j'; it has numbers and '[+]'"),
        ("1 + 9e999", "the result is too large a number"),
        ("1 +", "'1 [+]' is not an expression: invalid syntax"),
        ("1 + \0", "is not an expression"),
        ("1" * (MAX_CHARACTERS + 1), f"at most {MAX_CHARACTERS} characters, got {MAX_CHARACTERS + 1}"),
        ("+".join("1" * (MAX_DEPTH + 2)), f"an expression has at most {MAX_DEPTH} levels"),
    ],
)
def test_everything_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        value(text)
