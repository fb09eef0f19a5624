"""Foreign layers: what is known of a node whose computation is code of Keras's, or in Python, not a layer of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.tensors import Shape, TensorSpec

End = Literal["softmax", "sigmoid", "linear"]
"""What the last operation behind an output is: an activation that makes probabilities, or a sum without any activation."""


class ForeignSpec(LayerSpec):
    """Base of what is known of such layers: what was found by tracing one for inputs of some shapes.

    Its cost is not known, and whether XLA can compile it is not either: `auto` runs it as a graph. Whether samples of a batch
    depend on each other while it behaves as in training is not known, so they are taken to.
    """

    takes = "any"
    xla: ClassVar[bool] = False
    couples_rows_in_training: ClassVar[bool] = True

    @property
    def found(self) -> Foreign:
        """What the trace has told."""
        raise NotImplementedError

    @property
    def ends(self) -> Mapping[str, End]:
        """How the outputs end of which the trace told that."""
        return self.found.ends_in

    def check_mask(self, mask: Shape, *shapes: Shape) -> None:
        """Nothing: which masks it takes is not known."""

    def outputs(self, *tensors: TensorSpec, compute: str = "float32") -> dict[str, TensorSpec]:
        """What it gave."""
        return self.found.given

    def output_shape(self, *shapes: Shape) -> dict[str, Shape]:
        """The shapes of what it gave."""
        return {port: tensor.shape for port, tensor in self.found.given.items()}

    def weights(self, *shapes: Shape) -> list[Weight]:
        """Those that it made, by their paths inside of it."""
        return list(self.found.made)

    def macs(self, *shapes: Any) -> int | None:
        """Not known."""
        return None

    def kept(self, *shapes: Any) -> int | None:
        """Taken to be nothing besides what it reads and gives."""
        return 0


class Foreign(ForeignSpec):
    """Stands in the graph for a layer written by hand, a Keras layer, a `tf.Module` or a function.

    Its outputs and weights were found by tracing it once. `ends_in` has the outputs of which the trace told how they end.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)
    couples_rows_in_training = False
    given: dict[str, TensorSpec]
    made: tuple[Weight, ...]
    ends_in: dict[str, End] = Field(default_factory=dict)

    @property
    def found(self) -> Foreign:
        """Itself."""
        return self
