"""Weights that are one variable: `tie` joins a node's weight to one of a node that stands before it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from netlib.spec.errors import Loc, Problem, did_you_mean, one_of
from netlib.spec.graph import Node, Tie
from netlib.spec.layer import Weight

_HINTED = 20
"""Nodes that are looked through for the weight that was probably meant."""
_HELPED = 50
"""Paths that are wrong for which that is done."""


class _Known(NamedTuple):
    node: Node
    weight: Weight

    @property
    def trainable(self) -> bool:
        return self.node.trains(self.weight)


class Ties:
    """All nodes with weights so far, by path."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._unknown: set[str] = set()
        self._missed = 0

    def register(self, node: Node) -> None:
        """Makes the weights of a node known to those after it."""
        self._nodes[node.path] = node

    def register_unknown(self, path: str) -> None:
        """Notes that the weights of the node at a path, and of those in it, are not known."""
        self._unknown.add(path)

    def _known(self, path: str) -> _Known | None:
        parts = path.split(".")
        for length in range(len(parts), 0, -1):
            node, name = self._nodes.get(".".join(parts[:length])), ".".join(parts[length:])
            if node is not None:
                return next((_Known(node, weight) for weight in node.weights if weight.name == name), None)
        return None

    def resolved(self, node: Node, wanted: Mapping[str, Tie], block: str, problems: list[Problem]) -> dict[str, Tie]:
        """The ties of a node with absolute paths; what is wrong with them is added to `problems`.

        Args:
            node: the node, with its own weights.
            wanted: what is written, paths being relative to the block.
            block: path of the block around, empty in none.
            problems: takes the mistakes.
        """
        own = {weight.name: weight for weight in node.weights}
        found = {}
        for name, tie in wanted.items():
            loc = (*node.loc, "tie", name)
            if name not in own:
                hint = did_you_mean(name, own) or f"; it has {one_of(own)}"
                problems.append(Problem(loc, f"{node.type} has no weight '{name}'{hint}", at="key"))
                continue
            absolute = Tie(f"{block}.{tie.path}" if block else tie.path, tie.transpose)
            if joined := self._joined(own[name], absolute, node, loc, problems):
                found[name] = joined
        return found

    def _joined(self, weight: Weight, tie: Tie, node: Node, loc: Loc, problems: list[Problem]) -> Tie | None:
        known = self._known(tie.path)
        further = known.node.ties.get(known.weight.name) if known else None
        if further:
            tie = Tie(further.path, further.transpose != tie.transpose)
            known = self._known(tie.path)
        if known is None and self._may_be(tie.path):
            return None
        if known is None:
            problems.append(Problem(loc, f"there is no weight at '{tie.path}' before this node{self._hint(tie.path)}"))
            return None
        shape = known.weight.shape[::-1] if tie.transpose else known.weight.shape
        if shape != weight.shape:
            there = f"{list(known.weight.shape)}{f', transposed {list(shape)}' if tie.transpose else ''}"
            message = f"'{tie.path}' has the shape {there}, but {weight.name} needs"
            hint = "; add transpose: true" if known.weight.shape == weight.shape[::-1] and not tie.transpose else ""
            problems.append(Problem(loc, f"{message} {list(weight.shape)}{hint}"))
            return None
        if known.trainable and not node.trains(weight):
            what = f"{weight.name} is never trained" if node.trainable else "this node is frozen"
            message = f"'{tie.path}' is trained, but {what}: freeze the node that has the weight, or neither"
            problems.append(Problem(loc, message))
            return None
        if known.weight.dtype != weight.dtype:
            wanted, there = (each.dtype or "floating-point" for each in (weight, known.weight))
            problems.append(Problem(loc, f"'{tie.path}' is {there}, but {weight.name} needs {wanted} numbers"))
            return None
        return tie

    def _may_be(self, path: str) -> bool:
        """Whether there may be a weight at a path, in a node of which they are not known."""
        parts = path.split(".")
        return any(".".join(parts[:length]) in self._unknown for length in range(len(parts)))

    def _hint(self, path: str) -> str:
        self._missed += 1
        if self._missed > _HELPED:
            return ""
        latest = islice(reversed(self._nodes.values()), _HINTED)
        return did_you_mean(path, [node.weight_path(weight) for node in latest for weight in node.weights[:_HINTED]])
