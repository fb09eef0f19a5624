"""Which weights of a static graph `train.freeze` leaves as they are, chosen by selectors over paths, and for how many epochs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from netlib.spec.base import as_validation_error, shown
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.graph import Graph
from netlib.spec.selectors import matches, select
from netlib.spec.types import as_tuple
from netlib.spec.weight_selectors import trained_weights

if TYPE_CHECKING:
    from netlib.spec.training import TrainSpec

KEY = "freeze"


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


def _schedule(value: Any, listed: ValidatorFunctionWrapHandler) -> Any:
    """Selectors with their numbers of epochs, as they are written; whatever else is written as a list would be."""
    if not isinstance(value, Mapping):
        return listed(value)
    problems = [problem for selector, epochs in value.items() for problem in _problems(selector, epochs)]
    if problems:
        raise as_validation_error(problems)
    return dict(value)


def _problems(selector: Any, epochs: Any) -> Iterator[Problem]:
    loc: Loc = (selector if isinstance(selector, str | int) else str(selector),)
    if not isinstance(selector, str):
        yield Problem(loc, f"expected text as a key, got {shown(selector)}", at="key")
        return
    try:
        matches(selector, "")
    except SpecError as error:
        yield Problem(loc, str(error), at="key")
    if epochs is not None and (type(epochs) is not int or epochs < 0):
        yield Problem(loc, f"expected a number of epochs, or null for all of them, got {shown(epochs)}")


Freeze = Annotated[
    Selectors,
    WrapValidator(_schedule, json_schema_input_type=str | list[str] | dict[str, Annotated[int, Field(ge=0)] | None]),
    PlainSerializer(lambda value: dict(value) if isinstance(value, Mapping) else list(value), return_type=Any),
]
"""Selectors, or a mapping from selector to the epochs for which what it fits is frozen; all of them if None."""


class Stage(NamedTuple):
    """Epochs, counted from 1, in which the same weights are frozen besides those that always are."""

    first: int
    last: int
    selectors: tuple[str, ...]

    def __str__(self) -> str:
        return f"epoch {self.first}" if self.first == self.last else f"epochs {self.first} to {self.last}"


class Freezing:
    """What `train.freeze` says. What several selectors fit is frozen as long as the last of them says."""

    def __init__(self, written: Sequence[str] | Mapping[str, int | None]) -> None:
        scheduled = isinstance(written, Mapping)
        self._epochs = dict(written) if isinstance(written, Mapping) else dict.fromkeys(written)
        self._locs = [((key if scheduled else number), key) for number, key in enumerate(written)]

    @property
    def always(self) -> tuple[str, ...]:
        """The selectors of what is never trained."""
        return tuple(selector for selector, epochs in self._epochs.items() if epochs is None)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The epochs in which more is frozen, in their order."""
        ends = sorted({epochs for epochs in self._epochs.values() if epochs})
        return tuple(Stage(before + 1, end, self.until(before)) for before, end in zip([0, *ends], ends, strict=False))

    def until(self, done: int) -> tuple[str, ...]:
        """The selectors of what is frozen after so many epochs, and will be trained later."""
        return tuple(selector for selector, epochs in self._epochs.items() if epochs is not None and epochs > done)

    def applied(self, graph: Graph) -> Graph:
        """The graph in which what is never trained is frozen: the state in which most is trained, which needs most memory.

        Raises:
            SpecError: a selector fits nothing; its place is under `train.freeze`.
        """
        paths = _paths(graph)
        problems = []
        for loc, selector in self._locs:
            try:
                select(selector, paths)
            except SpecError as error:
                at: Any = "key" if isinstance(loc, str) else "value"
                problems.append(Problem((loc,), str(error), at=at))
        if problems:
            raise SpecError(problems)
        return frozen(graph, self.always)

    def counted(self, graph: Graph) -> list[tuple[Stage, int]]:
        """Each stage with the number of parameters that are trained in it; `graph` is that of `applied`."""
        return [(stage, frozen(graph, stage.selectors).parameters().trainable) for stage in self.stages]

    def check(self, graph: Graph, train: TrainSpec) -> Iterator[Problem]:
        """Epochs in which nothing is trained; a warning of what is frozen until the end. Places are under `train`.

        `graph` is that of `applied`.
        """
        for stage in self.stages:
            trained = [paths for paths, _ in trained_weights(frozen(graph, stage.selectors))]
            chosen = ", ".join(stage.selectors)
            if not trained and graph.parameters().trainable:
                message = f"in {stage} nothing would be trained: all that could be is frozen by {chosen}"
                yield Problem((KEY,), message, at="key")
                return
            idle = [phase.called for phase in train.phases if not any(map(phase.fits, trained))]
            if trained and idle:
                message = f"in {stage} phase '{idle[0]}' would have nothing to train: it is frozen by {chosen}"
                yield Problem((KEY,), message, at="key")
                return
        for selector, epochs in self._epochs.items():
            if epochs is not None and train.epochs is not None and epochs >= train.epochs:
                message = (
                    f"what '{selector}' fits is frozen for {epochs} epochs, and training has {train.epochs}: it is never"
                    " trained; give it fewer, or null"
                )
                yield Problem((KEY, selector), message, at="key", severity="warning")


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
    return _marked(graph, chosen.union(_owners(graph, chosen))) if chosen else graph


def _paths(graph: Graph) -> dict[str, None]:
    """The paths of all nodes and weights, each once."""
    found: dict[str, None] = {}
    for node in graph.walk():
        found[node.path] = None
        found.update((node.weight_path(weight), None) for weight in node.weights)
    return found


def _owners(graph: Graph, chosen: Iterable[str], *, whole: bool = False) -> Iterator[str]:
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
        nodes.append(
            replace(node, body=body, trainable=node.trainable and not all_of_it, frozen=node.frozen | one_by_one)
        )
    return replace(graph, nodes=tuple(nodes))
