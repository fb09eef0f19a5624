"""What stands in the way of a twin: nodes and training options of which Keras has no counterpart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from netlib.spec.errors import UsageError


class Obstacle(NamedTuple):
    """One of them: the path of a node, or the place under `train`; its type; and why Keras has no counterpart."""

    path: str
    type: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} ({self.type}): {self.reason}"


class NoTwinError(UsageError):
    """Something has no counterpart in Keras; `obstacles` has all of it."""

    def __init__(self, name: str, obstacles: Sequence[Obstacle]) -> None:
        self.obstacles = tuple(obstacles)
        lines = "\n".join(f"  {obstacle}" for obstacle in self.obstacles)
        super().__init__(f"{name} has no twin made of Keras's layers:\n{lines}")


class NoCounterpart(Exception):
    """Why Keras has none; told by what makes a counterpart to what knows the node, and never seen by a user."""
