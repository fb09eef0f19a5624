"""Which weights of a static graph `train.freeze` leaves as they are, chosen by selectors over paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from netlib.spec.errors import Problem, SpecError
from netlib.spec.graph import Graph
from netlib.spec.selectors import matches, select
from netlib.spec.types import as_tuple


def _selector(text: str) -> str:
    try:
        matches(text, "")
    except SpecError as error:
        raise ValueError(str(error)) from None
    return text


def _selectors(value: Any) -> Any:
    return (value,) if isinstance(value, str) else as_tuple(value)


Selectors = Annotated[
    tuple[Annotated[str, AfterValidator(_selector)], ...],
    BeforeValidator(_selectors, json_schema_input_type=str | list[str]),
]
"""Globs over paths: a list, or one by itself."""


def frozen(graph: Graph, selectors: Sequence[str]) -> Graph:
    """The graph in which what the selectors fit is frozen: nodes with all they hold, or single weights.

    A weight that is tied to another's is that one. Nothing is unfrozen.

    Raises:
        SpecError: a selector fits nothing; its number is where.
    """
    paths = _paths(graph)
    chosen: set[str] = set()
    problems = []
    for number, selector in enumerate(selectors):
        try:
            chosen |= set(select(selector, paths))
        except SpecError as error:
            problems += [Problem((number,), str(error))]
    if problems:
        raise SpecError(problems)
    return _marked(graph, chosen.union(_owners(graph, chosen)))


def _paths(graph: Graph) -> dict[str, None]:
    """The paths of all nodes and weights, each once."""
    found: dict[str, None] = {}
    for node in graph.walk():
        found[node.path] = None
        found.update((node.weight_path(weight), None) for weight in node.weights)
    return found


def _owners(graph: Graph, chosen: set[str], *, whole: bool = False) -> Iterator[str]:
    """The weights to which chosen ones are tied."""
    for node in graph.nodes:
        all_of_it = whole or node.path in chosen
        yield from (tie.path for name, tie in node.ties.items() if all_of_it or f"{node.path}.{name}" in chosen)
        if node.body:
            yield from _owners(node.body, chosen, whole=all_of_it)


def _marked(graph: Graph, chosen: set[str], *, whole: bool = False) -> Graph:
    nodes = []
    for node in graph.nodes:
        all_of_it = whole or node.path in chosen
        one_by_one = frozenset(weight.name for weight in node.own_weights if node.weight_path(weight) in chosen)
        body = _marked(node.body, chosen, whole=all_of_it) if node.body else None
        nodes.append(replace(node, body=body, trainable=node.trainable and not all_of_it, frozen=one_by_one))
    return replace(graph, nodes=tuple(nodes))
