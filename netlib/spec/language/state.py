"""What one pass over a network knows while it makes its nodes: the problems found, what equal layers have in common, and how
large the network has become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from netlib.spec.computing import ExpressionSpec
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.graph import Node
from netlib.spec.language.nodes import NodeSyntax
from netlib.spec.language.surroundings import Surroundings
from netlib.spec.language.ties import Ties
from netlib.spec.language.wiring import Wiring
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.precision import stored
from netlib.spec.registry import spec_class
from netlib.spec.tensors import TensorSpec

if TYPE_CHECKING:
    from netlib.spec.foreign import Foreign
    from netlib.spec.keras_layers import KerasLayer

MAX_ELEMENTS = 2**63 - 1
"""Of a tensor."""
MAX_SIZE = 125_000
"""What a network may come to, weighed by the time that it takes: some 25,000 plain layers."""
NODE, CONTAINER = 3, 10
_CHARACTERS = 300
"""Of written parameters that weigh as much as an edge."""


Ask = Callable[["KerasLayer", tuple[TensorSpec, ...], str], "Foreign"]


class TooLargeError(Exception):
    """The network is too large to go on; `problem` says where that was seen."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Facts(NamedTuple):
    """What follows from a layer's spec and the shapes of what it reads."""

    outputs: dict[str, TensorSpec]
    weights: tuple[Weight, ...]
    macs: int | None
    couples_rows: bool


@dataclass(frozen=True)
class Definition:
    """A node with everything that it was made of."""

    node: Node
    syntax: NodeSyntax
    around: Surroundings
    wiring: Wiring


@dataclass
class State:
    """What a pass has found so far. Equal parameters have one spec."""

    problems: list[Problem] = field(default_factory=list)
    ties: Ties = field(default_factory=Ties)
    capturing: set[str] = field(default_factory=set)
    """Paths of the containers that read nodes around them by name."""
    ask: Ask | None = None
    """Tells what a layer of Keras's is for some inputs; without it that stays unknown."""
    _size: int = 0
    _specs: dict[tuple[str, str], LayerSpec] = field(default_factory=dict)
    _reading: dict[tuple[int, tuple[str, ...]], ExpressionSpec] = field(default_factory=dict)
    _facts: dict[Any, Facts] = field(default_factory=dict)
    _settled: dict[Any, LayerSpec] = field(default_factory=dict)
    _answered: dict[Any, KerasLayer] = field(default_factory=dict)

    def report(self, error: SpecError) -> None:
        """Keeps the problems of an error."""
        self.problems += error.problems

    def report_at(self, error: SpecError, loc: Loc, at: Literal["value", "key"] = "value") -> None:
        """Keeps the problems of an error as ones at a place."""
        self.problems += (Problem(loc, problem.message, at) for problem in error.problems)

    def add(self, loc: Loc, message: str) -> None:
        """Keeps one."""
        self.problems.append(Problem(loc, message))

    def grow(self, size: int, loc: Loc) -> None:
        """Adds to what the network comes to: nodes, tensors that they read and give, and values of their parameters.

        Raises:
            TooLargeError: it is too large to go on.
        """
        self._size += size
        if self._size > MAX_SIZE:
            message = (
                "the network is too large: its copies written out come to more nodes, edges and values than are checked"
            )
            raise TooLargeError(Problem(loc, message))

    def facts_of(self, spec: LayerSpec, tensors: tuple[TensorSpec, ...], compute: str) -> Facts:
        """What follows for a layer that reads such tensors; found once for all that are alike.

        Raises:
            SpecError: it cannot take them.
        """
        key = (id(spec), tensors, compute)  # no spec is ever let go
        found = self._facts.get(key)
        if found is None:
            found = self._facts[key] = _facts(spec, tensors, compute)
        return found

    def settled(self, spec: LayerSpec, tensors: tuple[TensorSpec, ...]) -> LayerSpec:
        """The spec with what the largest values of what it reads tell; one for all that are alike."""
        maxima = tuple(tensor.maximum for tensor in tensors)
        if not any(maximum is not None for maximum in maxima):
            return spec
        key = (id(spec), maxima)
        found = self._settled.get(key)
        if found is None:
            found = self._settled[key] = spec.settled(*tensors)
        return found

    def answered(self, spec: KerasLayer, tensors: tuple[TensorSpec, ...], compute: str) -> KerasLayer | None:
        """A layer of Keras's with what it told of such inputs; None where Keras cannot be asked.

        Raises:
            SpecError: it cannot take them, or cannot have such parameters.
        """
        if spec.is_answered or self.ask is None:
            return spec if spec.is_answered else None
        key = (id(spec), tensors, compute)
        found = self._answered.get(key)
        if found is None:
            found = self._answered[key] = spec.answered(self.ask(spec, tensors, compute))
        return found

    def spec(self, kind: str, parameters: Any, around: Surroundings, loc: Loc) -> LayerSpec:
        """The spec of a layer at `loc`, the `$` of its parameters not replaced.

        Raises:
            SpecError: with every mistake in its parameters.
        """
        text = repr(parameters)
        self.grow(len(text) // _CHARACTERS, loc)
        if "$" in text:
            parameters = around.substituted(parameters, ())
            text = repr(parameters)
            self.grow(len(text) // _CHARACTERS, loc)
        key = (kind, text)
        found = self._specs.get(key)
        if found is None:
            found = self._specs[key] = spec_of(kind, parameters)
        return found

    def reading(self, spec: ExpressionSpec, names: tuple[str, ...]) -> ExpressionSpec:
        """The same expression with other names of what it reads."""
        key = (id(spec), names)
        found = self._reading.get(key)
        if found is None:
            found = self._reading[key] = spec.reading(names)
        return found


def spec_of(kind: str, parameters: Any) -> LayerSpec:
    """The spec of a layer.

    Raises:
        SpecError: with every mistake in its parameters.
    """
    try:
        return cast(LayerSpec, spec_class("layer", kind).parse(parameters))
    except SpecError as error:
        raise SpecError((as_written(problem, parameters) for problem in error.problems), kind) from None


def as_written(problem: Problem, parameters: Any) -> Problem:
    """The problem at its place in the parameters, also where one of them stands there alone, without its name."""
    if len(problem.loc) < 2 or not isinstance(parameters, Mapping | list) or not isinstance(problem.loc[0], str):
        return problem
    is_named = isinstance(parameters, Mapping) and problem.loc[0] in parameters
    return problem if is_named else replace(problem, loc=problem.loc[1:])


def _facts(spec: LayerSpec, tensors: tuple[TensorSpec, ...], compute: str) -> Facts:
    shapes = [tensor.shape for tensor in tensors]
    if isinstance(spec, ExpressionSpec):
        inferred = spec.inferred(*tensors, compute=compute)
        outputs = spec.given(inferred)
        _check_sizes(spec, outputs, ())
        return Facts(outputs, (), inferred.macs, inferred.couples_rows or not spec.ports)
    outputs = spec.outputs(*tensors, compute=compute)
    weights = stored(spec.weights(*shapes), compute)
    _check_sizes(spec, outputs, weights)
    return Facts(outputs, weights, spec.macs(*shapes), couples_rows=False)


def _check_sizes(spec: LayerSpec, outputs: Mapping[str, TensorSpec], weights: Iterable[Weight]) -> None:
    """Refuses tensors with more elements than can be counted in 64 bits."""
    shapes = {**{port: tensor.shape for port, tensor in outputs.items()}, **{each.name: each.shape for each in weights}}
    for name, shape in shapes.items():
        if prod(axis for axis in shape if axis is not None) > MAX_ELEMENTS:
            raise SpecError(f"{spec.type_name()}'s {name} would have more elements than 64 bits can count")
