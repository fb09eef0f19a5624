"""Says everything that can be known of configs without running them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from netlib.config.load import load
from netlib.config.problems import ConfigError, PlacedProblem, in_file_order
from netlib.config.sweep_file import is_sweep, load_sweep
from netlib.spec.errors import NetlabError, Problem, UsageError
from netlib.spec.graph import Graph, Node
from netlib.spec.registry import snake_case
from netlib.tasks.loading import load_problems


@dataclass(frozen=True)
class FileReport:
    """One config, or sweep: what is wrong with it, and its network if it has one and nothing is wrong."""

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
        paths: the configs' files, and folders, of which every `*.yaml` below is meant, in sorted order. Each file is looked at
            once; what is hidden in a folder is not.
        strict: warn also of nodes with weights that only their places tell apart.

    Raises:
        UsageError: a folder has no config.
    """
    files = dict.fromkeys(file for path in paths for file in (configs_in(path) if path.is_dir() else [path]))
    return [_check(file, strict) for file in files]


def configs_in(folder: Path) -> list[Path]:
    """Every `*.yaml` in the folder and below, in sorted order, but for what is hidden.

    Raises:
        UsageError: there is none.
    """
    below = (file for file in folder.rglob("*.yaml") if not file.is_dir())
    found = [file for file in below if not any(part.startswith(".") for part in file.relative_to(folder).parts)]
    if not found:
        raise UsageError(f"there is no config in the folder '{folder}': no file below it ends in '.yaml'")
    return sorted(found)


def _check(path: Path, strict: bool) -> FileReport:
    try:
        experiment = load_sweep(path).experiment if is_sweep(path) else load(path)
    except ConfigError as error:
        return FileReport(path, tuple(error.problems))
    except NetlabError as error:
        return FileReport(path, (PlacedProblem(None, str(error)),))
    loaded = load_problems(experiment)
    if errors := [problem for problem in loaded if problem.severity == "error"]:
        return FileReport(path, tuple(errors))
    warnings = tuple(in_file_order([*experiment.warnings, *loaded], experiment.sources))
    if strict and experiment.graph:
        found = map(experiment.place, unnamed_siblings(experiment.graph))
        warnings = tuple(in_file_order([*warnings, *found], experiment.sources))
    return FileReport(path, warnings, experiment.graph)


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
