"""Layers that any network uses: Dense, Activation, Embedding, Identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from netlib.spec.base import Spec
from netlib.spec.choice import Activation as ActivationChoice
from netlib.spec.choice import Choice, Constraint, Initializer, Regularizer
from netlib.spec.fields import activated, biased, limited, penalised, starts_as
from netlib.spec.layer import LayerSpec, ShapeLayerSpec, Weight, need_activation_axis, need_axis
from netlib.spec.registry import resolve
from netlib.spec.tensors import Shape, known_product
from netlib.spec.types import PositiveInt

NO_LORA = "weights are trained whole, without low-rank updates"
NO_QUANTIZATION = "weights are float32, without quantization"


class Dense(LayerSpec):
    """`activation(input @ kernel + bias)`, along the last axis of an input of any rank from 2."""

    keeps_output = False
    shorthand = "units"
    supports_masking = True
    refused: ClassVar[dict[str, str]] = {
        **LayerSpec.refused,
        "lora_rank": NO_LORA,
        "lora_alpha": NO_LORA,
        "quantization_config": NO_QUANTIZATION,
    }
    units: PositiveInt = Field(description="Length of the output's last axis.")
    activation: ActivationChoice = activated()
    use_bias: bool = biased()
    kernel_initializer: Initializer = starts_as("glorot_uniform", "kernel")
    bias_initializer: Initializer = starts_as("zeros", "bias")
    kernel_regularizer: Regularizer = penalised("kernel")
    bias_regularizer: Regularizer = penalised("bias")
    kernel_constraint: Constraint = limited("kernel")
    bias_constraint: Constraint = limited("bias")

    def output_shape(self, shape: Shape) -> Shape:
        """The input's, with `units` as last axis."""
        need_axis(self, shape)
        output = (*shape[:-1], self.units)
        need_activation_axis(self, self.activation, output)
        return output

    def weights(self, shape: Shape) -> list[Weight]:
        """`kernel` (input's last axis, units) and `bias` (units)."""
        kernel = self.weight("kernel", need_axis(self, shape), self.units)
        return [kernel, self.weight("bias", self.units)] if self.use_bias else [kernel]

    def macs(self, shape: Shape) -> int | None:
        """One for each element of the kernel, at each place of the other axes."""
        places = known_product(shape[1:-1])
        return None if places is None else places * need_axis(self, shape) * self.units


class Activation(LayerSpec):
    """An activation function by itself."""

    keeps_input = False
    in_place = True
    shorthand = "activation"
    also_written = Annotated[Spec, Choice("activation")]
    supports_masking = True
    activation: Annotated[Spec, Choice("activation")] = Field(description="The function.")

    @model_validator(mode="before")
    @classmethod
    def _function_alone(cls, values: Any) -> Any:
        """`Activation: {leaky_relu: 0.1}` stands for `Activation: {activation: {leaky_relu: 0.1}}`."""
        if isinstance(values, Mapping) and len(values) == 1 and resolve("activation", str(*values)):
            return {"activation": values}
        return values

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        need_activation_axis(self, self.activation, shape)
        return shape


class Embedding(LayerSpec):
    """A vector for each index: row `i` of a table for each `i` of the input, whose entries are from 0 to `input_dim - 1`."""

    keeps_output = False
    takes = "integer"
    refused: ClassVar[dict[str, str]] = {
        **LayerSpec.refused,
        "weights": "the table begins as `embeddings_initializer` says; load weights into the network afterwards",
        "lora_rank": NO_LORA,
        "lora_alpha": NO_LORA,
        "quantization_config": NO_QUANTIZATION,
    }
    input_dim: PositiveInt = Field(description="Number of rows of the table: the largest index plus 1.")
    output_dim: PositiveInt = Field(description="Length of each vector.")
    embeddings_initializer: Initializer = starts_as("uniform", "table")
    embeddings_regularizer: Regularizer = penalised("table")
    embeddings_constraint: Constraint = limited("table")
    mask_zero: bool = Field(False, description="Whether index 0 is padding, which the output's mask leaves out.")

    def output_shape(self, shape: Shape) -> Shape:
        """The input's, with `output_dim` as a further axis at the end."""
        return (*shape, self.output_dim)

    def weights(self, *shapes: Shape) -> list[Weight]:
        """`embeddings` (input_dim, output_dim)."""
        return [self.weight("embeddings", self.input_dim, self.output_dim)]


class Identity(ShapeLayerSpec):
    """Gives its input as it is."""

    in_place = True
    supports_masking = True

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        return shape
