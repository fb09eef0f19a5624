"""What the inputs of a network are called, and what of a call is which of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from netlib.nn.layer import Layer
from netlib.nn.masks import as_masks
from netlib.nn.symbolic import Symbol
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.graph import Graph
from netlib.spec.layer import need_places
from netlib.spec.tensors import TensorSpec


class NamedInputs(Layer[Any]):
    """A layer whose inputs have names: those of its graph, those that were declared, or those of the first mapping that comes."""

    _graph: Graph | None
    _section: dict[str, Any]
    _start: Symbol | None
    _called_with: tuple[str, ...] = ()
    """The names in the mapping of the last call before it was built, where a hand-written `call` declares none."""

    @property
    def is_written(self) -> bool:
        """Whether its class defines `call` instead of being given nodes."""
        raise NotImplementedError

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs in their order."""
        if self._graph is not None:
            return list(self._graph.inputs)
        if self._start is not None:
            return [self._start.port]
        return list(self._section.get("inputs") or self._called_with or ("input",))

    def inputs_by_name(self, values: Any) -> dict[str, Any]:
        """What a call is given (a value, or a mapping) as one value for each input, in the order of the inputs.

        Raises:
            SpecError: the names are not those of the inputs.
        """
        if self.is_written and self._graph is None:
            self.name_inputs(values if isinstance(values, Mapping) else ())
        names = self.input_names
        given = values if isinstance(values, Mapping) else {self._only_input(): values}
        if set(given) != set(names):
            received = ", ".join(map(str, given)) or "none"
            raise SpecError(f"{self.name} has the inputs {', '.join(names)}; got {received}")
        return {name: given[name] for name in names}

    def masks_by_name(self, mask: Any, tensors: Mapping[str, Any]) -> dict[str, Any]:
        """What a call is given as `mask` as one for each of the `tensors` that have one.

        Raises:
            SpecError: a mask belongs to no input, or has not a value for each of its places.
            UsageError: it is no truth value.
        """
        found = as_masks(self.name, mask)
        if isinstance(found, tuple):
            found = dict(zip(tensors, found, strict=True))
        by_name = found if isinstance(found, Mapping) else {} if found is None else {self._only_input(): found}
        for name, each in by_name.items():
            if name not in tensors:
                raise SpecError(f"{self.name} has no input '{name}' for the mask; it has {', '.join(tensors)}")
            if each is not None:
                need_places(self, tuple(each.shape), tuple(tensors[name].shape[:2]))
        return {name: each for name, each in by_name.items() if each is not None}

    def name_inputs(self, names: Iterable[str]) -> None:
        """What its inputs are called if it is built next and declares none; none for a single one without a name."""
        self.__dict__["_called_with"] = tuple(map(str, names))

    def _only_input(self) -> str:
        names = self.input_names
        if len(names) != 1:
            raise SpecError(f"{self.name} has the inputs {', '.join(names)}; call it with a mapping of them")
        return names[0]

    def _check_number(self, count: int) -> None:
        names = self.input_names
        if count == len(names):
            return
        if self.is_written and names == ["input"] and count > 1:
            raise UsageError(
                f"{self.name} does not say what its inputs are called, and got {count}: call it with a mapping from names to"
                f" tensors, or give super().__init__ the shapes by name, inputs={{'left': {{'shape': [4]}}, ...}}"
            )
        raise SpecError(f"{self.name} has {len(names)} inputs, got {count}")

    def _check_fit(self, tensors: tuple[TensorSpec, ...]) -> None:
        known_tensors = self._graph.inputs if self._graph else {}
        for (name, known), tensor in zip(known_tensors.items(), tensors, strict=True):
            if not tensor.fits(known):
                raise SpecError(f"{self.name}'s input '{name}' is {known}, got {tensor}")

    def _symbols(self, values: Any) -> list[Symbol]:
        named = self.inputs_by_name(values)
        for name in (name for name, value in named.items() if not isinstance(value, Symbol)):
            raise UsageError(f"{self.name}'s input '{name}' is no Input, nor what a layer gave: {named[name]!r}")
        return list(named.values())
