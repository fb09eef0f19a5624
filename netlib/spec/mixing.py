"""Mixing of batches, as a config names it under `train.mix`: images and targets together, so that it is no node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.errors import SpecError
from netlib.spec.tensors import TensorSpec, show
from netlib.spec.types import PositiveFloat

IMAGE_RANK = 4


class MixingSpec(Spec):
    """Base of the ways to mix the samples of a training batch with one another.

    Each sample is joined with another one of the batch, drawn at random, and the loss is `share * loss(target) + (1 - share) *
    loss(target of the other)`, weighted by the weights of both. The share is drawn once for a batch from Beta(alpha, alpha).
    """

    kind = "mixing"
    shorthand = "alpha"
    alpha: PositiveFloat

    def check(self, inputs: Mapping[str, TensorSpec]) -> None:
        """Refuses a network whose samples cannot be mixed.

        Raises:
            SpecError: there is an input that cannot be mixed.
        """
        raise NotImplementedError(f"{self.type_name()} does not say what it can mix")


class MixUp(MixingSpec):
    """In training, makes each sample the weighted mean of itself and another one.

    Zhang and others, *mixup: beyond empirical risk minimization*, 2018. All inputs are mixed. Metrics of the training split
    are those of the sample's own target.
    """

    refused: ClassVar[dict[str, str]] = {"seed": "set the top-level `seed`; each step draws from it"}
    alpha: PositiveFloat = Field(
        0.2, description="Of the distribution Beta(alpha, alpha) of the share; the smaller, the nearer to 0 or 1."
    )

    def check(self, inputs: Mapping[str, TensorSpec]) -> None:
        """Every input must be of floating-point numbers."""
        for name, tensor in inputs.items():
            if "float" not in tensor.dtype:
                raise SpecError(
                    f"MixUp takes means of samples, and input '{name}' has {tensor.dtype}, of which there are none; preprocess"
                    " numbers with Rescale or Standardize, and do not mix indices"
                )


class CutMix(MixingSpec):
    """In training, puts a rectangle of another image into each one.

    Yun and others, *CutMix*, 2019. The rectangle is of one place and size in a batch, cut off at the edges of the images;
    the share is then what is left of the image itself. Metrics of the training split are those of the sample's own target.
    """

    refused: ClassVar[dict[str, str]] = {
        "factor": "it is called alpha, and is that of the distribution Beta(alpha, alpha)",
        "seed": "set the top-level `seed`; each step draws from it",
    }
    alpha: PositiveFloat = Field(
        1.0, description="Of the distribution Beta(alpha, alpha) of the share; 1 makes all shares equally likely."
    )

    def check(self, inputs: Mapping[str, TensorSpec]) -> None:
        """There must be one input, which is an image."""
        if len(inputs) != 1 or any(len(tensor.shape) != IMAGE_RANK for tensor in inputs.values()):
            given = ", ".join(f"'{name}' {show(tensor.shape)}" for name, tensor in inputs.items())
            raise SpecError(f"CutMix needs one input, an image (batch, height, width, channels), got {given}")
