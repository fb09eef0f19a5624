"""`Composed`: a network that stands for a layer which is composed of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from netlib.nn.contained import Contained
from netlib.nn.parameters import OPTIONS, parsed
from netlib.spec.layers.composed import ComposedSpec


class Composed(Contained):
    """Base of such networks. The constructor takes the parameters of the spec, by name or in their order."""

    composition: ClassVar[type[ComposedSpec]]

    def __init__(self, *args: Any, **parameters: Any) -> None:
        options = {name: parameters.pop(name) for name in OPTIONS if name in parameters}
        spec: ComposedSpec = parsed(type(self).__name__, self.composition, args, parameters)
        super().__init__([{spec.type_name(): spec.to_plain()}], **options)
        self.spec = spec

    @property
    def input_names(self) -> list[str]:
        """Those of its graph, or of the call that comes to build it."""
        if self._graph is not None:
            return list(self._graph.inputs)
        return list(self._called_with or self.spec.inputs)

    def inputs_by_name(self, values: Any) -> dict[str, Any]:
        """What a call is given as one value for each input.

        Raises:
            SpecError: the names are not those of the inputs.
        """
        if isinstance(values, Mapping) and self._graph is None:
            self.name_inputs(name for name in self._known_inputs if name in values)
        return super().inputs_by_name(values)

    def get_config(self) -> dict[str, Any]:
        """Plain values that `from_config` makes such another of, without its weights."""
        return {**self.given_options(), **self.spec.to_plain()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], layers: Mapping[str, Any] | None = None) -> Any:
        """A layer as `get_config` describes it, with weights of its own."""
        return cls(**config)

    @property
    def _known_inputs(self) -> tuple[str, ...]:
        return (*self.spec.inputs, *self.spec.optional_inputs)

    def _check_number(self, count: int) -> None:
        if self._graph is None and count != len(self.input_names):
            self.name_inputs(self._known_inputs[:count])
        super()._check_number(count)
