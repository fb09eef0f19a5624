"""Layers that any network uses: Dense, Activation, Embedding, Rescaling, Identity."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PlainValidator, model_validator

from netlib.spec.base import Spec, shown
from netlib.spec.choice import Activation as ActivationChoice
from netlib.spec.choice import Choice, Constraint, Initializer, Regularizer
from netlib.spec.errors import SpecError
from netlib.spec.fields import activated, biased, limited, penalised, starts_as
from netlib.spec.layer import LayerSpec, ShapeLayerSpec, Weight, need_activation_axis, need_axis
from netlib.spec.registry import resolve
from netlib.spec.tensors import Shape, TensorSpec, greatest, known_product, show
from netlib.spec.types import Float, PositiveInt

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
    input_dim: PositiveInt | None = Field(
        None,
        description="Number of rows of the table: the largest index plus 1. Left out, it is that of the column that is read,"
        " where the data tells it.",
    )
    output_dim: PositiveInt = Field(description="Length of each vector.")
    embeddings_initializer: Initializer = starts_as("uniform", "table")
    embeddings_regularizer: Regularizer = penalised("table")
    embeddings_constraint: Constraint = limited("table")
    mask_zero: bool = Field(False, description="Whether index 0 is padding, which the output's mask leaves out.")

    @property
    def rows(self) -> int:
        """`input_dim`.

        Raises:
            SpecError: it was left out, and nothing told it.
        """
        if self.input_dim is None:
            raise SpecError(
                "Embedding needs 'input_dim', the largest index plus 1: it is left out only where the data tells how large the"
                " indices are that are read, as of a column with the step Lookup"
            )
        return self.input_dim

    def settled(self, *tensors: TensorSpec) -> Self:
        """With the `input_dim` that the largest of its indices asks for."""
        most = greatest(tensors)
        if self.input_dim is not None or most is None:
            return self
        return self.model_copy(update={"input_dim": most + 1})

    def output_shape(self, shape: Shape) -> Shape:
        """The input's, with `output_dim` as a further axis at the end."""
        return (*shape, self.output_dim)

    def weights(self, *shapes: Shape) -> list[Weight]:
        """`embeddings` (input_dim, output_dim)."""
        return [self.weight("embeddings", self.rows, self.output_dim)]


def _numbers(value: Any) -> float | tuple[float, ...]:
    items = list(value) if isinstance(value, list | tuple) else [value]
    numbers = [float(item) for item in items if isinstance(item, int | float) and not isinstance(item, bool)]
    if not items or len(numbers) < len(items) or not all(map(isfinite, numbers)):
        raise ValueError(f"expected a number, or a list of them with one for each channel, got {shown(value)}")
    return tuple(numbers) if isinstance(value, list | tuple) else numbers[0]


_WrittenNumbers = Float | Annotated[list[Float], Field(min_length=1)]
Numbers = Annotated[float | tuple[float, ...], PlainValidator(_numbers, json_schema_input_type=_WrittenNumbers)]
"""One for all channels, or one for each."""


class Rescaling(LayerSpec):
    """`input * scale + offset`, of integers too: images of 0 to 255 by `scale: 0.00392`."""

    keeps_input = False
    keeps_output = False
    in_place = True
    shorthand = "scale"
    takes = "any"
    supports_masking = True
    scale: Numbers = Field(description="Factor, or a list with one for each channel.")
    offset: Numbers = Field(0.0, description="What is added then, or a list with one for each channel.")

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        for name, numbers in self:
            if isinstance(numbers, tuple) and len(numbers) != need_axis(self, shape):
                raise SpecError(
                    f"Rescaling's {name} has {len(numbers)} values, one for each channel, but its input {show(shape)} has"
                    f" {shape[-1]}"
                )
        return shape


class Identity(ShapeLayerSpec):
    """Gives its input as it is."""

    in_place = True
    supports_masking = True

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        return shape
