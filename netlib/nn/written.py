"""`Written`: the `call` of a network whose class defines one, as the only layer of its graph."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Self

from netlib.nn.control_flow import traceable
from netlib.nn.joining import Traced, graph_of
from netlib.nn.layer import Layer
from netlib.nn.symbolic import Symbol, join
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.language.section import check_inputs, declared_inputs
from netlib.spec.tensors import TensorSpec

_UNNAMED = ["input"]


class Written(Layer[Any]):
    """Runs the network's own `call`; what it holds is what the network has as attributes.

    Inputs that have names, one too, reach `call` as a mapping by them.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self._network = network

    def children(self) -> Iterator[tuple[str, Any]]:
        """The network's attributes."""
        yield from self._network.attributes()

    def type_name(self) -> str:
        """The network's class."""
        return type(self._network).__name__

    def call(self, *inputs: Any, training: Any = False, mask: Any = None) -> Any:
        """What the network's `call` gives, with `training` and `mask` where it names them."""
        network = self._network
        options = {"training": training, "mask": self._named(mask) if isinstance(mask, tuple) else mask}
        taken = {name: value for name, value in options.items() if name in type(network).call_takes}
        return traceable(network.call)(self._given(inputs), **taken)

    def compute_mask(self, *inputs: Any, mask: Any = None) -> Any:
        """The network's, which may have `supports_masking`, or define it."""
        return self._network.compute_mask(self._given(inputs), mask=mask)

    def _given(self, inputs: tuple[Any, ...]) -> Any:
        return inputs[0] if self._network.input_names == _UNNAMED else self._named(inputs)

    def _named(self, values: tuple[Any, ...]) -> dict[str, Any]:
        return dict(zip(self._network.input_names, values, strict=True))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """The copy's, where the network is copied; asked for by itself, the network is copied first, as a whole."""
        if id(self._network) not in memo:
            copy.deepcopy(self._network, memo)
        made: Self | None = memo.get(id(self))
        return super().__deepcopy__(memo) if made is None else made

    @property
    def prefix(self) -> str:
        """That of the network: what the network holds stands in it, not in a node of its own."""
        return str(self._network.prefix)


def written_of(network: Any) -> Written:
    """What runs a network's own `call`.

    Raises:
        UsageError: that takes several inputs one by one.
    """
    places = [
        name
        for name, each in inspect.signature(network.call).parameters.items()
        if each.kind is not each.KEYWORD_ONLY and each.default is each.empty and name not in ("training", "mask")
    ]
    if len(places) > 1:
        kind, shapes = type(network).__name__, ", ".join(f"'{name}': {{'shape': [...]}}" for name in places)
        raise UsageError(
            f"{kind}.call takes {', '.join(places)} one by one; a network is given its inputs together: write"
            f" call(self, inputs), read inputs['{places[0]}'], and give super().__init__ their shapes, inputs={{{shapes}}}"
        )
    return Written(network)


def graph_of_call(network: Any, written: Written, tensors: Mapping[str, TensorSpec], prefix: str) -> Traced:
    """The graph of a network whose class defines `call`: every input, the call, and all that it gives, by name.

    Raises:
        SpecError: the inputs are not as they were declared.
    """
    declared = network.declared
    if isinstance(declared, Mapping):
        _check(declared, tensors, network.name)
    symbols = {name: Symbol(tensor, name) for name, tensor in tensors.items()}
    given = join(written, list(symbols.values()))
    outputs = given if isinstance(given, Mapping) else {given.port: given}
    return graph_of(symbols, outputs, prefix)


def _check(declared: Mapping[str, Any], tensors: Mapping[str, TensorSpec], name: str) -> None:
    problems: list[Any] = []
    known = declared_inputs(declared, tensors, ("inputs",), problems)
    if known:
        check_inputs(known, tensors, ("inputs",), problems)
    if problems:
        raise SpecError(problems, name)
