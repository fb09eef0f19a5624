"""From the `loc` of a problem to the file, line and column, and to the uses of blocks that lead there."""

from __future__ import annotations

from netlib.config.problems import PlacedProblem
from netlib.config.schema import block_around
from netlib.config.tree import Place, Value
from netlib.spec.errors import Loc, Problem


def placed(tree: Value, problem: Problem) -> PlacedProblem:
    """The problem with the place where its value, or what is around it, was written."""
    place = place_of(tree, problem.loc, problem.at)
    return PlacedProblem(place, problem.message, problem.severity, _uses(tree, problem) if problem.via else ())


def place_of(tree: Value, loc: Loc, at: str = "value") -> Place:
    """Where `loc` is in a tree: its key or its value. A value below its key is shown by the key."""
    found, depth = tree.find(loc)
    if found.key and (
        (at == "key" and depth == len(loc)) or (isinstance(found.content, list | dict) and _is_below_its_key(found))
    ):
        return found.key
    return found.place


def _is_below_its_key(value: Value) -> bool:
    return value.key is not None and value.key.line != value.place.line


def _uses(tree: Value, problem: Problem) -> tuple[str, ...]:
    """For each use of a block that leads to the problem, innermost first: which block, and where it is used."""
    lines = []
    inside = problem.loc
    for use in problem.via:
        node, depth = tree.find(use)
        name = node.child("name") if depth == len(use) else None
        user = f"by '{name.content}' " if name else ""
        where = PlacedProblem(place_of(tree, use), "").where
        block = block_around(inside)
        lines.append(f"in {block[-1] if block else 'a block'}, used {user}at {where}")
        inside = use
    return tuple(lines)
