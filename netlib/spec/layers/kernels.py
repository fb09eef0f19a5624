"""What the layers that slide a kernel over the axes of their input share: fields, checks and shapes.

A layer joins the bases that it needs. Its fields stand in the order of its bases from the last to the first: that is Keras's
order.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, Self, TypeVar

from pydantic import Field, model_validator

from netlib.spec.choice import Activation, Constraint, Initializer, Regularizer
from netlib.spec.fields import activated, biased, limited, penalised, starts_as
from netlib.spec.layer import LayerSpec, Weight, need_activation_axis
from netlib.spec.layers.padding import Side
from netlib.spec.layers.windows import Around, Sizes, reach, windows
from netlib.spec.tensors import Shape
from netlib.spec.types import PositiveInt

Size = TypeVar("Size", bound=tuple[int, ...])
"""A number for each axis: a tuple of one, two or three."""
Rule = TypeVar("Rule", bound=Literal["valid", "same", "causal"] | tuple[Side, ...])
"""What a layer takes as `padding`."""


def stepping(description: str) -> Any:
    """A field with a number for each axis, 1 by default."""
    return Field(1, description=f"{description}; one number stands for all.")


def surrounded(more: str = "") -> Any:
    """The field `padding`; `more` is said of further rules."""
    return Field(
        "valid",
        description="valid: the kernel stays inside; same: zeros around, so that strides alone shrink the input;"
        f"{more} or how many zeros: a number for all sides, one for each axis, or a pair (before, behind) for each axis.",
    )


class Filters(LayerSpec):
    """A layer that makes a new axis of channels."""

    filters: PositiveInt = Field(description="Number of output channels.")


class Sliding(LayerSpec, Generic[Size, Rule]):
    """A layer whose kernel slides over one, two or three axes, which stand between the batch and the channels."""

    keeps_output = False
    fast_xla_on_cpu = False
    kernel_size: Size = Field(description="Size of the kernel along each axis; one number stands for all.")
    strides: Size = stepping("Steps of the kernel along each axis")
    padding: Rule = surrounded()


class Dilated(Sliding[Size, Rule], Generic[Size, Rule]):
    """A layer whose kernel's entries may stand apart."""

    dilation_rate: Size = stepping("Distance between the kernel's neighbouring entries along each axis")

    @property
    def spans(self) -> Sizes:
        """How far the kernel reaches along each axis."""
        return reach(self.kernel_size, self.dilation_rate)

    @property
    def around(self) -> Around:
        """What stands around the input: by rule, or the zeros before and behind each axis."""
        if self.padding == "causal":
            return tuple((span - 1, 0) for span in self.spans)
        return self.padding

    def places(self, shape: Shape) -> Shape:
        """How many places the kernel has along each axis."""
        return windows(self, shape, self.kernel_size, self.strides, self.around, self.dilation_rate)


class EitherStridesOrDilation(Dilated[Size, Rule], Generic[Size, Rule]):
    """A layer that has not both."""

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"strides (= {list(self.strides)}) and dilation_rate (= {list(self.dilation_rate)})"
                " cannot both be greater than 1"
            )
        return self


class Finished(LayerSpec):
    """A layer that adds a bias and applies a function in the end."""

    activation: Activation = activated()
    use_bias: bool = biased()

    def bias(self, channels: int) -> list[Weight]:
        """The weight `bias` (channels), if there is one."""
        return [self.weight("bias", channels)] if self.use_bias else []

    def given(self, shape: Shape, places: Shape, channels: int) -> Shape:
        """The output's shape, in which the activation must find its axis."""
        output = (shape[0], *places, channels)
        need_activation_axis(self, self.activation, output)
        return output


class KernelAndBias(Finished):
    """A layer whose weights are `kernel` and `bias`."""

    kernel_initializer: Initializer = starts_as("glorot_uniform", "kernel")
    bias_initializer: Initializer = starts_as("zeros", "bias")
    kernel_regularizer: Regularizer = penalised("kernel")
    bias_regularizer: Regularizer = penalised("bias")
    kernel_constraint: Constraint = limited("kernel")
    bias_constraint: Constraint = limited("bias")
