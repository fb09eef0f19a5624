"""What training finds out about variables, said with the line of the config that has their node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeVar

from netlib.config.experiment import Experiment
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.spec.errors import Loc, Problem
from netlib.spec.graph import Graph, Node
from netlib.training.captured import Unknown, UnknownVariableError
from netlib.training.learning import UntrainedWarning

Found = TypeVar("Found")


def warnings_of(experiment: Experiment, message: Warning | str) -> list[str]:
    """A Python warning in lines for a person: one for each node of the config that it is about."""
    if not isinstance(message, UntrainedWarning):
        return [f"warning: {message}"]
    groups = _by_node(experiment, message.paths, lambda path: path, UntrainedWarning.message, "warning")
    return [in_a_line(problem) for problem in groups]


def in_a_line(problem: PlacedProblem) -> str:
    """`configs/x.yaml:12:5: warning: ...`."""
    return ": ".join(filter(None, (problem.where, problem.severity, problem.message)))


@contextmanager
def unknown_placed(experiment: Experiment) -> Iterator[None]:
    """Inside, variables that are used but unknown are problems of the config, with the lines of the nodes that keep them.

    Raises:
        ConfigError: some are used.
    """
    try:
        yield
    except UnknownVariableError as error:

        def path_of(unknown: Unknown) -> str:
            return unknown.holder.path if unknown.holder else ""

        raise ConfigError(_by_node(experiment, error.unknown, path_of, error.message, "error")) from None


def _by_node(
    experiment: Experiment,
    found: Iterable[Found],
    path_of: Callable[[Found], str],
    message: Callable[[list[Found]], str],
    severity: Literal["error", "warning"],
) -> list[PlacedProblem]:
    """One problem for each place: what was found there, the copies of a repeated node together."""
    groups: dict[Loc | None, list[Found]] = {}
    for each in found:
        node = node_of(experiment.graph, path_of(each)) if experiment.graph else None
        groups.setdefault(node.loc if node else None, []).append(each)
    return [
        PlacedProblem(None, message(group), severity)
        if loc is None
        else experiment.place(Problem(loc, message(group), severity=severity))
        for loc, group in groups.items()
    ]


def node_of(graph: Graph, path: str) -> Node | None:
    """The innermost node to which a path of a module or a variable belongs."""
    around = [node for node in graph.walk() if f"{path}.".startswith(f"{node.path}.")]
    return max(around, key=lambda node: len(node.path), default=None)
