"""Layers that are a function of each value by themselves: ReLU, LeakyReLU, ELU and PReLU; and Softmax, which takes a mask."""

from __future__ import annotations

from pydantic import Field

from netlib.spec import activations as functions
from netlib.spec.choice import Constraint, Initializer, Regularizer
from netlib.spec.errors import SpecError
from netlib.spec.fields import limited, penalised, starts_as
from netlib.spec.layer import LayerSpec, Weight, need_feature_axes, need_min_rank
from netlib.spec.tensors import Shape, elements, show
from netlib.spec.types import Axes, Float, NonNegativeFloat


class FunctionSpec(LayerSpec):
    """Base of the layers that are one activation function with its parameters."""

    keeps_input = False
    in_place = True
    supports_masking = True

    @property
    def activation(self) -> functions.ActivationSpec:
        """The function."""
        raise NotImplementedError

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        return shape


class ReLU(FunctionSpec):
    """`max(x, 0)`, with a slope below `threshold` and a ceiling if they are given."""

    max_value: NonNegativeFloat | None = Field(None, description="Ceiling of the output; none if null.")
    negative_slope: NonNegativeFloat = Field(0.0, description="Slope below the threshold.")
    threshold: NonNegativeFloat = Field(0.0, description="Value below which the input is damped.")

    @property
    def activation(self) -> functions.Relu:
        """The function."""
        return functions.Relu.parse(dict(self))


class LeakyReLU(FunctionSpec):
    """`x` above zero, `negative_slope * x` below. The activation `leaky_relu` has another default slope, as in Keras."""

    shorthand = "negative_slope"
    negative_slope: NonNegativeFloat = Field(0.3, description="Slope below zero.")

    @property
    def activation(self) -> functions.LeakyRelu:
        """The function."""
        return functions.LeakyRelu.parse(dict(self))


class ELU(FunctionSpec):
    """`x` above zero, `alpha * (exp(x) - 1)` below. Clevert, Unterthiner and Hochreiter, *ELU*, 2015."""

    shorthand = "alpha"
    alpha: Float = Field(1.0, description="Minus the limit of the output far below zero.")

    @property
    def activation(self) -> functions.Elu:
        """The function."""
        return functions.Elu.parse(dict(self))


class PReLU(LayerSpec):
    """`x` above zero, `alpha * x` below, with trained slopes. He and others, *Delving deep into rectifiers*, 2015."""

    keeps_input = False
    keeps_output = False
    supports_masking = True
    alpha_initializer: Initializer = starts_as("zeros", "slopes")
    alpha_regularizer: Regularizer = penalised("slopes")
    alpha_constraint: Constraint = limited("slopes")
    shared_axes: Axes | None = Field(
        None,
        description="Axis or axes along which one slope serves: [1, 2] gives each channel of images one. A slope for each"
        " place and channel if null.",
    )

    def kept(self, shape: Shape) -> int | None:
        """The part above zero and the part below."""
        count = elements(shape)
        return None if count is None else 2 * count

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        self.weights(shape)
        return shape

    def weights(self, shape: Shape) -> list[Weight]:
        """`alpha`: the input's axes without the batch, those in `shared_axes` of length 1."""
        need_min_rank(self, shape, 2)
        shared = [] if self.shared_axes is None else need_feature_axes(self, shape, self.shared_axes)
        lengths = []
        for axis, length in enumerate(shape[1:], 1):
            if length is None and axis not in shared:
                raise SpecError(
                    f"PReLU has a slope for each index of axis {axis}, whose length it needs to know, got {show(shape)};"
                    f" share one along it: shared_axes: {sorted([*shared, axis])}"
                )
            lengths.append(1 if axis in shared or length is None else length)
        return [self.weight("alpha", *lengths)]


class Softmax(LayerSpec):
    """`exp(x)` divided by its sum over `axis`.

    What a mask leaves out weighs nothing and gets 0, and where nothing is left all is 0. A mask lies along the leading axes of
    the input, as [batch, time] does; or it has all of the input's axes, some of length 1.
    """

    keeps_input = False
    supports_masking = True
    uses_mask = True
    axis: Axes = Field(-1, description="Axis or axes over which the values add up to 1.")

    def check_mask(self, mask: Shape, *shapes: Shape) -> None:
        """Refuses a mask that lies neither along the leading axes nor along all of them."""
        (shape,) = shapes
        broadcast = (1,) if len(mask) == len(shape) else ()
        pairs = zip(mask, shape, strict=False)
        if len(mask) > len(shape) or any(
            None not in (one, axis) and one not in (axis, *broadcast) for one, axis in pairs
        ):
            raise SpecError(
                f"Softmax's mask lies along the leading axes of its input, or has all of them, got a mask of {show(mask)}"
                f" for an input of {show(shape)}"
            )

    @property
    def activation(self) -> functions.Softmax | None:
        """The function, where it is over one axis."""
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        return functions.Softmax.parse({"axis": axes[0]}) if len(axes) == 1 else None

    def axes(self, shape: Shape) -> list[int]:
        """The axes counted from the front, in order.

        Raises:
            SpecError: the shape has not such axes, or one is meant twice.
        """
        return need_feature_axes(self, shape, self.axis)

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        self.axes(shape)
        return shape
