"""`Foreign`: what is known of a node whose computation is code in Python, not a layer of the catalogue."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.tensors import Shape, TensorSpec

End = Literal["softmax", "sigmoid", "linear"]
"""What the last operation behind an output is: an activation that makes probabilities, or a sum without any activation."""


class Foreign(LayerSpec):
    """Stands in the graph for a layer written by hand, a Keras layer, a `tf.Module` or a function.

    Its outputs and weights were found by tracing it once for inputs of these shapes. Its cost is not known, and whether XLA can
    compile it is not either: `auto` runs it as a graph. `ends_in` has the outputs of which the trace told how they end.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)
    takes = "any"
    xla: ClassVar[bool] = False
    given: dict[str, TensorSpec]
    made: tuple[Weight, ...]
    ends_in: dict[str, End] = Field(default_factory=dict)

    def outputs(self, *tensors: TensorSpec, compute: str = "float32") -> dict[str, TensorSpec]:
        """What it gave."""
        return self.given

    def output_shape(self, *shapes: Shape) -> dict[str, Shape]:
        """The shapes of what it gave."""
        return {port: tensor.shape for port, tensor in self.given.items()}

    def weights(self, *shapes: Shape) -> list[Weight]:
        """Those that it made, by their paths inside of it."""
        return list(self.made)

    def macs(self, *shapes: Any) -> int | None:
        """Not known."""
        return None
