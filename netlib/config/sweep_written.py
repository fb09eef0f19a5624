"""`Written`: a sweep as it stands in a file or on the command line, with the problems that are found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netlib.config.placing import placed
from netlib.config.problems import PlacedProblem
from netlib.config.tree import Source, Value
from netlib.spec.errors import Problem


@dataclass
class Written:
    """A sweep as it is written, in a file or on the command line.

    Attributes:
        tree: what a sweep file has, as a mapping.
        sources: the texts that it was read from.
        path: the sweep file; of one from the command line the config.
        overrides: further changes of the config, from the command line.
        problems: what is wrong with it, as far as it is known.
    """

    tree: Value
    sources: tuple[Source, ...]
    path: Path
    text: str
    overrides: Sequence[str]
    problems: list[PlacedProblem] = field(default_factory=list)

    def report(self, *problems: Problem) -> None:
        """Adds problems, each at its place in the tree."""
        self.problems += (placed(self.tree, problem) for problem in problems)

    def find(self, *loc: str | int) -> Value | None:
        """What is written at a place."""
        found, depth = self.tree.find(loc)
        return found if depth == len(loc) else None

    def mapping(self, key: str) -> dict[Any, Value]:
        """What is written under a key, if that is a mapping."""
        found = self.find(key)
        return found.content if found and isinstance(found.content, dict) else {}
