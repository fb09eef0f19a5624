"""Says everything that can be known of configs without running them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from netlib.config.load import load
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.spec.errors import NetlabError, Problem
from netlib.spec.graph import Graph, Node
from netlib.spec.registry import snake_case


@dataclass(frozen=True)
class FileReport:
    """One config: what is wrong with it, and its network if it has one and nothing is wrong."""

    path: Path
    problems: tuple[PlacedProblem, ...]
    graph: Graph | None = None

    @property
    def errors(self) -> int:
        """How many mistakes it has."""
        return sum(problem.severity == "error" for problem in self.problems)

    @property
    def warnings(self) -> int:
        """How many problems it has with which it can still be trained."""
        return len(self.problems) - self.errors


def check(paths: Sequence[Path], strict: bool = False) -> list[FileReport]:
    """A report on each config, in their order; a mistake in one does not keep the others from being looked at.

    Args:
        paths: the configs' files.
        strict: warn also of nodes with weights that only their places tell apart.
    """
    return [_check(path, strict) for path in paths]


def _check(path: Path, strict: bool) -> FileReport:
    try:
        experiment = load(path)
    except ConfigError as error:
        return FileReport(path, tuple(error.problems))
    except NetlabError as error:
        return FileReport(path, (PlacedProblem(None, str(error)),))
    warnings = [*experiment.warnings]
    if strict and experiment.graph:
        warnings += map(experiment.place, unnamed_siblings(experiment.graph))
    return FileReport(path, tuple(warnings), experiment.graph)


def unnamed_siblings(graph: Graph) -> Iterator[Problem]:
    """A warning for each node with weights whose default name would change if one of its type were put in front of it."""
    unnamed = Counter(node.type for node in graph.nodes if _is_unnamed(node))
    for node in graph.nodes:
        if unnamed[node.type] > 1 and _is_unnamed(node):
            message = (
                f"'{node.name}' is the default name of one of {unnamed[node.type]} {node.type} nodes with weights here"
            )
            hint = "another one in front of it would change its path; give it a `name`"
            yield Problem(node.loc, f"{message}; {hint}", severity="warning")
        if node.body:
            yield from unnamed_siblings(node.body)


def _is_unnamed(node: Node) -> bool:
    inside = [node, *(node.body.walk() if node.body else ())]
    has_default = re.fullmatch(rf"{snake_case(node.type)}(_\d+)?", node.name) is not None
    return has_default and any(part.weights for part in inside)
