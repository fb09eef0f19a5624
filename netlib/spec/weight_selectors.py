"""Weights of a static graph that a `train` section chooses by selectors, and what is wrong with selectors that choose none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.graph import Graph
from netlib.spec.layer import Weight
from netlib.spec.selectors import matches, select

Placed = Sequence[tuple[Loc, str]]
"""Selectors, each with its place under `train`."""


def fits(selectors: Iterable[str], paths: Iterable[str]) -> bool:
    """Whether one of the selectors fits the weight with these paths (several where it is shared), or a node around it."""
    around = [each for path in paths for each in _along(path)]
    return any(matches(selector, each) for selector in selectors for each in around)


def trained_weights(graph: Graph) -> Iterator[tuple[tuple[str, ...], Weight]]:
    """Every weight that is trained, once, with all its paths."""
    return ((paths, weight) for paths, weight, trains in weights_of(graph) if trains)


def misses(selectors: Placed, paths: Iterable[str]) -> list[Problem]:
    """Selectors that fit none of the weights with these paths."""
    known = list(dict.fromkeys(each for path in paths for each in _along(path)))
    problems = []
    for loc, selector in selectors:
        try:
            select(selector, known)
        except SpecError as error:
            problems.append(Problem(loc, str(error)))
    return problems


def misfits(selectors: Placed, graph: Graph) -> list[Problem]:
    """Selectors that fit no weight of a graph, or none that is trained."""
    problems = misses(selectors, (path for paths, *_ in weights_of(graph) for path in paths))
    missed = {problem.loc for problem in problems}
    trained = [paths for paths, _ in trained_weights(graph)]
    return problems + [
        Problem(loc, f"the selector '{selector}' fits only weights that are not trained; leave it out")
        for loc, selector in selectors
        if loc not in missed and not any(fits((selector,), paths) for paths in trained)
    ]


def weights_of(graph: Graph) -> list[tuple[tuple[str, ...], Weight, bool]]:
    """Every weight once: its paths, those of weights that are tied to it too, and whether it is trained."""
    tied: dict[str, list[str]] = {}
    for node in graph.walk():
        for name, tie in node.ties.items():
            tied.setdefault(tie.path, []).append(f"{node.path}.{name}")
    return [
        ((path, *tied.get(path, ())), weight, node.trains(weight))
        for node in graph.walk(shared=False)
        for weight in node.own_weights
        for path in [node.weight_path(weight)]
    ]


def _along(path: str) -> Iterator[str]:
    """The paths of all nodes around a weight, and its own."""
    parts = path.split(".")
    return (".".join(parts[: count + 1]) for count in range(len(parts)))
