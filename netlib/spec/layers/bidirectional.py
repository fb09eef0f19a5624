"""`Bidirectional`: a recurrent layer that goes through a sequence forwards, and another that goes backwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from netlib.spec.base import Spec
from netlib.spec.choice import Choice
from netlib.spec.errors import closest
from netlib.spec.layer import LayerSpec
from netlib.spec.layers.composed import ComposedSpec
from netlib.spec.registry import names, resolve
from netlib.spec.tensors import Shape

_MERGES = {"concat": "Concatenate", "sum": "Add", "mul": "Multiply", "ave": "Average"}
_SIDES = ("forward", "backward")


class Bidirectional(ComposedSpec):
    """Two recurrent layers over one sequence, the second of which goes through it from its end; their outputs are joined.

    Sequences that the second one gives stand in the order of the input again. Each layer's states are ports, such as `forward_h`.
    Schuster and Paliwal, *Bidirectional recurrent neural networks*, 1997.
    """

    refused: ClassVar[dict[str, str]] = {**LayerSpec.refused, "weights": "load weights into the network afterwards"}
    also_written = Annotated[Spec, Choice("layer")]
    ports = ("output",)
    layer: Annotated[Spec, Choice("layer")] = Field(
        description="The recurrent layer: SimpleRNN, LSTM, GRU or ConvLSTM2D with its parameters.",
        examples=[{"LSTM": 32}],
    )
    merge_mode: Literal["concat", "sum", "mul", "ave"] | None = Field(
        "concat", description="How the two outputs become one; if null, they are the ports `forward` and `backward`."
    )
    backward_layer: Annotated[Spec | None, Choice("layer", optional=True)] = Field(
        None, description="The layer that goes backwards; one like the other if null."
    )

    @model_validator(mode="before")
    @classmethod
    def _layer_alone(cls, values: Any) -> Any:
        """`Bidirectional: {LSTM: 32}` stands for `Bidirectional: {layer: {LSTM: 32}}`."""
        if isinstance(values, Mapping) and len(values) == 1:
            (key,) = map(str, values)
            misspelt = key[:1].isupper() and closest(key, names("layer"))
            if resolve("layer", key) or misspelt:
                return {"layer": values}
        return values

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in ("layer", "backward_layer"):
            held = getattr(self, name)
            if held is not None and not _is_recurrent(held):
                raise ValueError(
                    f"Bidirectional's {name} goes through a sequence, as SimpleRNN, LSTM, GRU and ConvLSTM2D do, got"
                    f" {held.type_name()}"
                )
        if self.backward_layer is not None:
            self._check_backward(self.backward_layer)
        return self

    def _check_backward(self, backward: Any) -> None:
        forward: Any = self.layer
        if backward.go_backwards == forward.go_backwards:
            both = str(forward.go_backwards).lower()
            raise ValueError(f"Bidirectional's layers go opposite ways, got two with go_backwards: {both}")
        if backward.return_sequences != forward.return_sequences:
            raise ValueError(
                f"Bidirectional's layers give alike, got return_sequences: {str(forward.return_sequences).lower()} and"
                f" {str(backward.return_sequences).lower()}"
            )

    def nodes(self, given: Mapping[str, Shape]) -> list[Any]:
        """`forward` and `backward` are the two layers."""
        found: list[Any] = [
            {held.type_name(): held.to_plain(), "name": name, "from": "input"}
            for name, held in zip(_SIDES, self._held, strict=True)
        ]
        back = next(i for i, held in enumerate(self._held) if held.go_backwards)
        if self._held[0].return_sequences:
            found.append({"Flip": 1, "name": "in_order", "from": _SIDES[back]})
        if self.merge_mode:
            found.append({_MERGES[self.merge_mode]: None, "name": "joined", "from": self._ends})
        return found

    def inner_outputs(self) -> dict[str, str]:
        """What is joined, or both; and the states of both."""
        main = {"output": "joined"} if self.merge_mode else dict(zip(_SIDES, self._ends, strict=True))
        states = {
            f"{side}_{port}": f"{side}.{port}"
            for side, held in zip(_SIDES, self._held, strict=True)
            for port in held.ports[1:]
        }
        return main | states

    @property
    def _held(self) -> tuple[Any, Any]:
        """The two layers."""
        layer: Any = self.layer
        backward = self.backward_layer or layer.model_copy(update={"go_backwards": not layer.go_backwards})
        return layer, backward

    @property
    def _ends(self) -> list[str]:
        """The nodes that give what is joined."""
        return [
            "in_order" if held.go_backwards and held.return_sequences else side
            for side, held in zip(_SIDES, self._held, strict=True)
        ]


def _is_recurrent(spec: Spec) -> bool:
    return {"go_backwards", "return_sequences"} <= type(spec).model_fields.keys()
