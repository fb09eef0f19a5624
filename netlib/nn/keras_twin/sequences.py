"""Counterparts of layers with several ports: those that go through a sequence with a state, and those that attend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from netlib.nn.keras_twin.counterpart import Counterpart, Given, Pair, argument, is_masked, variables_of
from netlib.nn.keras_twin.obstacles import NoCounterpart
from netlib.spec.layer import LayerSpec

_MERGES = {"Concatenate": "concat", "Add": "sum", "Multiply": "mul", "Average": "ave"}


class Recurrent(Counterpart):
    """The initial state is an argument of its own, and the last one is given where a port of it is read."""

    own = frozenset({"batch_size"})

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer."""
        return super().make({**arguments, "return_state": bool(self.place.read - {self.place.ports[0]})})

    def call(self, given: Given) -> Any:
        """The output, and the states if any is read."""
        sequence, *states = given.tensors
        initial = {"initial_state": states} if states else {}
        return self.made(sequence, **initial, **given.options)


class Bidirectional(Counterpart):
    """Our container of two recurrent layers, whose outputs are joined, is one layer of Keras's. `spec` is the graph inside."""

    @property
    def arguments(self) -> dict[str, Any]:
        """They are those of the nodes inside."""
        return {}

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer, with one for each way."""
        sides = {name: self.spec.node(name).spec for name in ("forward", "backward")}
        joined = next((_MERGES[node.type] for node in self.spec.nodes if node.name == "joined"), None)
        plain = 2 if joined is None else 1
        states = bool(self.place.read - set(self.place.ports[:plain]))
        layers = [self._side(spec, states) for spec in sides.values()]
        return keras.layers.Bidirectional(layers[0], merge_mode=joined, backward_layer=layers[1], **self.place.options)

    def _side(self, spec: LayerSpec | None, states: bool) -> Any:
        parameters = {name: argument(value) for name, value in spec or () if name != "batch_size"}
        kind = getattr(keras.layers, spec.type_name() if spec else "")
        return kind(**parameters, return_state=states, dtype=self.place.dtype)

    def weights(self) -> Iterator[Pair]:
        """By the two ways."""
        for side in ("forward", "backward"):
            for variable in variables_of(getattr(self.made, f"{side}_layer")):
                yield Pair(variable, self.ours[f"{side}.{variable.name}"])


class Attending(Counterpart):
    """Whether it is causal, and whether it gives the scores, is said at each call."""

    own = frozenset({"use_causal_mask", "output_initializer"})

    def call(self, given: Given) -> Any:
        """The output, and the scores if they are read."""
        if given.mask is not None:
            raise NoCounterpart(
                "a mask given by `from` is no argument of Keras's layer, which takes one for each input"
            )
        options = {"use_causal_mask": True} if self.spec.use_causal_mask else {}
        if "scores" in self.place.read:
            if any(map(is_masked, given.tensors)):
                raise NoCounterpart("the scores of Keras's layer are others where a mask leaves nothing to see")
            options["return_attention_scores"] = True
        return self.called(given, {**options, **given.options})

    def called(self, given: Given, options: dict[str, Any]) -> Any:
        """What the layer gives."""
        return self.made(given.tensors, **options)


class AttendingInHeads(Attending):
    """The layers inside of Keras's are parts of our weights' names."""

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer."""
        if arguments.pop("rotary", None) is not None:
            raise NoCounterpart("Keras's GroupQueryAttention turns no heads by their places; rotary is given")
        if "output_dim" in arguments:
            arguments["output_shape"] = arguments.pop("output_dim")
        return super().make(arguments)

    def called(self, given: Given, options: dict[str, Any]) -> Any:
        """What the layer gives."""
        return self.made(**given.inputs, **options)

    def weight_name(self, variable: Any) -> str:
        """`query_kernel` and so on."""
        *_, part, name = variable.path.split("/")
        return f"{part.removeprefix('attention_')}_{name}"


class GroupedQueryAttention(AttendingInHeads):
    """Keras calls it otherwise."""

    keras_name = "GroupQueryAttention"
