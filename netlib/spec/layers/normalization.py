"""Layers that bring values to mean 0 and variance 1: BatchNormalization, LayerNormalization."""

from __future__ import annotations

from typing import ClassVar, Protocol

from pydantic import Field

from netlib.spec.choice import Constraint, Initializer, Regularizer
from netlib.spec.fields import limited, penalised, starts_as
from netlib.spec.layer import LayerSpec, Weight, need_axis, need_feature_axes, need_feature_axis
from netlib.spec.tensors import Shape, elements
from netlib.spec.types import Axes, Int, NonNegativeFloat

NO_RENORM = "batch renormalization is not there; use LayerNormalization where batches are small"


class BatchNormalization(LayerSpec):
    """`(input - mean) / sqrt(variance + epsilon) * gamma + beta`, with a mean and a variance for each index of `axis`.

    They are the batch's in training, and are averaged over the batches (both biased: divided by the number of values) for
    use afterwards. A frozen one uses the averages in training too. Ioffe and Szegedy, *Batch normalization*, 2015.
    """

    keeps_output = False
    supports_masking = True
    uses_mask = True
    couples_rows_in_training = True
    refused: ClassVar[dict[str, str]] = {
        **LayerSpec.refused,
        "synchronized": "train.distribute says it, as mirrored: {synchronized: true}, for all such layers",
        "renorm": NO_RENORM,
        "renorm_clipping": NO_RENORM,
        "renorm_momentum": NO_RENORM,
    }
    axis: Int = Field(-1, description="Axis whose indices are normalised each by itself: the channels.")
    momentum: NonNegativeFloat = Field(0.99, le=1, description="Share of the old moving average that a batch leaves.")
    epsilon: NonNegativeFloat = Field(1e-3, description="Added to the variance, against division by zero.")
    center: bool = Field(True, description="Whether to add the trained offset beta.")
    scale: bool = Field(True, description="Whether to multiply by the trained factor gamma.")
    beta_initializer: Initializer = starts_as("zeros", "offset")
    gamma_initializer: Initializer = starts_as("ones", "factor")
    moving_mean_initializer: Initializer = starts_as("zeros", "moving mean")
    moving_variance_initializer: Initializer = starts_as("ones", "moving variance")
    beta_regularizer: Regularizer = penalised("offset")
    gamma_regularizer: Regularizer = penalised("factor")
    beta_constraint: Constraint = limited("offset")
    gamma_constraint: Constraint = limited("factor")

    def kept(self, shape: Shape) -> int | None:
        """The differences from the mean, which the formula needs again; the kernel for images keeps nothing."""
        fused = len(shape) == 4 and self.axis in (-1, 3)
        return 0 if fused else elements(shape)

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        need_axis(self, shape, need_feature_axis(self, shape, self.axis))
        return shape

    def weights(self, shape: Shape) -> list[Weight]:
        """`gamma`, `beta`, `moving_mean` and `moving_variance`, each as long as the axis; the latter two are not trained."""
        length = need_axis(self, shape, need_feature_axis(self, shape, self.axis))
        trained = trained_names(self)
        return [
            *(self.weight(name, length) for name in trained),
            *(self.weight(name, length, trainable=False) for name in ("moving_mean", "moving_variance")),
        ]


class OwnStatistics(LayerSpec):
    """A layer that takes mean and variance over parts of each sample, in training as afterwards.

    Its fields stand behind those of the bases that follow it.
    """

    keeps_output = False
    supports_masking = True
    epsilon: NonNegativeFloat = Field(1e-3, description="Added to the variance, against division by zero.")
    center: bool = Field(True, description="Whether to add the trained offset beta.")
    scale: bool = Field(True, description="Whether to multiply by the trained factor gamma.")
    beta_initializer: Initializer = starts_as("zeros", "offset")
    gamma_initializer: Initializer = starts_as("ones", "factor")
    beta_regularizer: Regularizer = penalised("offset")
    gamma_regularizer: Regularizer = penalised("factor")
    beta_constraint: Constraint = limited("offset")
    gamma_constraint: Constraint = limited("factor")

    def kept(self, shape: Shape) -> int | None:
        """The differences from the mean, and what they are scaled to."""
        count = elements(shape)
        return None if count is None else 2 * count


class _OverAxes(LayerSpec):
    axis: Axes = Field(-1, description="Axis or axes over which mean and variance are taken.")


class LayerNormalization(OwnStatistics, _OverAxes):
    """`(input - mean) / sqrt(variance + epsilon) * gamma + beta`, with a mean and a variance for each sample and place.

    They are taken over `axis`, and so are gamma and beta shaped. Ba, Kiros and Hinton, *Layer normalization*, 2016.
    """

    def axes(self, shape: Shape) -> list[int]:
        """The axes counted from the front, in order.

        Raises:
            SpecError: the shape has not such axes, or one is meant twice.
        """
        return need_feature_axes(self, shape, self.axis)

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        self.weights(shape)
        return shape

    def weights(self, shape: Shape) -> list[Weight]:
        """`gamma` and `beta`, of the lengths of the axes."""
        lengths = [need_axis(self, shape, axis) for axis in self.axes(shape)]
        return [self.weight(name, *lengths) for name in trained_names(self)]


class Affine(Protocol):
    """What a layer has that may multiply by a trained factor, and add a trained offset."""

    scale: bool
    center: bool


def trained_names(layer: Affine) -> list[str]:
    """Names of its weights that are trained."""
    return [name for name, used in (("gamma", layer.scale), ("beta", layer.center)) if used]
