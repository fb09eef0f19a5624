"""How weights begin, by the names and with the parameters that Keras gives them.

There is no `seed`: netlab draws every weight from (the run's seed, the weight's path).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from netlib.spec.base import Spec
from netlib.spec.tensors import Shape
from netlib.spec.types import Float, Ints, NonNegativeFloat, PositiveFloat


class InitializerSpec(Spec):
    """Base of all initializers. `random` says whether it draws numbers, and so takes a seed when it is made."""

    kind = "initializer"
    random: ClassVar[bool] = True
    refused: ClassVar[dict[str, str]] = {
        "seed": "set the top-level 'seed'; each weight draws from it and from its path"
    }
    ranks: ClassVar[tuple[int, int | None]] = (0, None)
    """Least and greatest number of axes of a weight that it can fill."""

    def objection(self, shape: Shape) -> str | None:
        """Why it cannot fill a weight of that shape, if so."""
        return rank_objection(self, shape, *self.ranks)


def rank_objection(spec: Spec, shape: Shape, least: int, most: int | None) -> str | None:
    """`Identity needs a weight of 2 axes, got (3, 3, 1)`, if the shape has not between `least` and `most` axes."""
    if least <= len(shape) and (most is None or len(shape) <= most):
        return None
    return f"{spec.type_name()} needs a weight of {least} axes{'' if most else ' or more'}, got {tuple(shape)}"


class _Fixed(InitializerSpec):
    random = False


class Zeros(_Fixed):
    """All zero."""


class Ones(_Fixed):
    """All one."""


class Constant(_Fixed):
    """All one value."""

    shorthand = "value"
    value: Float = Field(0.0, description="The value.")


class Identity(_Fixed):
    """The identity matrix, for weights of two axes."""

    ranks = (2, 2)
    gain: Float = Field(1.0, description="Factor on the matrix.")


class RandomNormal(InitializerSpec):
    """Normal distribution."""

    mean: Float = Field(0.0, description="Mean of the values.")
    stddev: NonNegativeFloat = Field(0.05, description="Standard deviation of the values.")


class RandomUniform(InitializerSpec):
    """Uniform distribution."""

    minval: Float = Field(-0.05, description="Lower end of the values.")
    maxval: Float = Field(0.05, description="Upper end of the values.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.minval > self.maxval:
            raise ValueError(f"minval (= {self.minval}) must not be greater than maxval (= {self.maxval})")
        return self


class TruncatedNormal(InitializerSpec):
    """Normal distribution, without the values further than two standard deviations from the mean."""

    mean: Float = Field(0.0, description="Mean of the values.")
    stddev: NonNegativeFloat = Field(0.05, description="Standard deviation before the cut.")


class _Fans(InitializerSpec):
    """Draws with a width that follows from the weight's number of inputs and outputs."""

    input_axes: Ints | None = Field(None, description="Axes that count as inputs; by the weight's shape if null.")
    output_axes: Ints | None = Field(None, description="Axes that count as outputs; by the weight's shape if null.")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.input_axes is None) != (self.output_axes is None):
            raise ValueError("input_axes and output_axes have an effect only together: give both or none")
        return self

    def objection(self, shape: Shape) -> str | None:
        """Why it cannot fill a weight of that shape, if so."""
        for axis in (*(self.input_axes or ()), *(self.output_axes or ())):
            if not -len(shape) <= axis < len(shape):
                return f"{self.type_name()} names axis {axis}, which a weight of shape {tuple(shape)} has not"
        return super().objection(shape)


def with_fans(initializer: Spec, inputs: Sequence[int], outputs: Sequence[int]) -> Spec:
    """The same, told which axes of the weight count as inputs and as outputs, if it asks for them and does not say it itself."""
    if not isinstance(initializer, _Fans) or initializer.input_axes is not None:
        return initializer
    return initializer.model_copy(update={"input_axes": tuple(inputs), "output_axes": tuple(outputs)})


class VarianceScaling(_Fans):
    """Variance `scale / n`, where `n` is the weight's number of inputs, of outputs or their mean."""

    scale: PositiveFloat = Field(1.0, description="Factor on the variance.")
    mode: Literal["fan_in", "fan_out", "fan_avg"] = Field("fan_in", description="What n counts.")
    distribution: Literal["truncated_normal", "untruncated_normal", "uniform"] = Field(
        "truncated_normal", description="Distribution of the values."
    )


class GlorotUniform(_Fans):
    """Uniform, variance `2 / (inputs + outputs)` (Glorot and Bengio, 2010)."""


class GlorotNormal(_Fans):
    """Truncated normal, variance `2 / (inputs + outputs)` (Glorot and Bengio, 2010)."""


class HeUniform(_Fans):
    """Uniform, variance `2 / inputs` (He et al., 2015)."""


class HeNormal(_Fans):
    """Truncated normal, variance `2 / inputs` (He et al., 2015)."""


class LecunUniform(_Fans):
    """Uniform, variance `1 / inputs`."""


class LecunNormal(_Fans):
    """Truncated normal, variance `1 / inputs`."""


class Orthogonal(InitializerSpec):
    """A random orthogonal matrix (Saxe et al., 2014); axes but the last are flattened."""

    ranks = (2, None)
    shorthand = "gain"
    gain: Float = Field(1.0, description="Factor on the matrix.")
