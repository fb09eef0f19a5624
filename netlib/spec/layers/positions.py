"""Layers that tell a sequence which place is which: PositionalEmbedding, RotaryEmbedding."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from netlib.spec.choice import Constraint, Initializer, Regularizer, parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.fields import limited, penalised, starts_as
from netlib.spec.layer import LayerSpec, Weight, need_axis, need_feature_axis, need_min_rank, need_rank
from netlib.spec.tensors import Shape, show
from netlib.spec.types import Int, PositiveFloat, PositiveInt

_OF_A_TABLE = {
    "embeddings_initializer": parse_choice("initializer", "uniform"),
    "embeddings_regularizer": None,
    "embeddings_constraint": None,
}


class PositionalEmbedding(LayerSpec):
    """Adds a vector for its place to each place of a sequence (batch, time, features).

    The vectors are learned, row `t` of a table for place `t`; or they are the sines (even features) and cosines (odd ones) of `t`
    by wavelengths from 2 pi to 20,000 pi: Vaswani and others, *Attention is all you need*, 2017. Places that a mask leaves out
    count like the others.
    """

    keeps_input = False
    keeps_output = False
    in_place = True
    supports_masking = True
    shorthand = "max_length"
    max_length: PositiveInt = Field(description="Largest number of places of a sequence.", examples=[512])
    encoding: Literal["learned", "sinusoidal"] = Field("learned", description="Where the vectors come from.")
    embeddings_initializer: Initializer = starts_as("uniform", "table")
    embeddings_regularizer: Regularizer = penalised("table")
    embeddings_constraint: Constraint = limited("table")

    @model_validator(mode="after")
    def _only_a_table_has_parameters(self) -> Self:
        given = [name for name, default in _OF_A_TABLE.items() if getattr(self, name) != default]
        if given and self.encoding == "sinusoidal":
            raise ValueError(f"{given[0]} has no effect with encoding: sinusoidal, which has no weights; leave it out")
        return self

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        need_rank(self, shape, 3, "(batch, time, features)")
        need_axis(self, shape)
        if shape[1] is not None and shape[1] > self.max_length:
            raise SpecError(
                f"PositionalEmbedding has max_length (= {self.max_length}), but its input {show(shape)} has {shape[1]} places"
            )
        return shape

    def weights(self, shape: Shape) -> list[Weight]:
        """`embeddings` (max_length, features), where they are learned."""
        if self.encoding == "sinusoidal":
            return []
        return [self.weight("embeddings", self.max_length, need_axis(self, shape))]


class RotaryEmbedding(LayerSpec):
    """Turns pairs of features by an angle that grows with their place in the sequence, so that the product of a query and a key
    depends on how far they are from each other. Su and others, *RoFormer*, 2021.

    Of n features the pairs are `i` and `i + n / 2` (GPT-NeoX, LLaMA; in the paper 2i and 2i + 1, which is the same but for the
    order of the features): at place `t` the one is turned by `t / scaling_factor / max_wavelength ** (2 i / n)`.
    """

    keeps_input = False
    keeps_output = False
    supports_masking = True
    max_wavelength: PositiveFloat = Field(10000.0, description="Base of the wavelengths: 2 pi times it is the longest.")
    scaling_factor: PositiveFloat = Field(
        1.0, description="What places are divided by, for sequences of other lengths."
    )
    sequence_axis: Int = Field(1, description="Axis of the places.")
    feature_axis: Int = Field(-1, description="Axis of the features, of even length.")

    def axes(self, shape: Shape) -> tuple[int, int]:
        """The axes of places and features, counted from the front.

        Raises:
            SpecError: the shape has not such axes, or they are one.
        """
        need_min_rank(self, shape, 3)
        sequence, features = (need_feature_axis(self, shape, axis) for axis in (self.sequence_axis, self.feature_axis))
        if sequence == features:
            raise SpecError(
                f"RotaryEmbedding's sequence_axis (= {self.sequence_axis}) and feature_axis (= {self.feature_axis}) are the same"
                f" axis of its input {show(shape)}"
            )
        return sequence, features

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        _, features = self.axes(shape)
        if need_axis(self, shape, features) % 2:
            raise SpecError(
                f"RotaryEmbedding turns pairs of features: it needs an even number of them, got {shape[features]} in"
                f" {show(shape)}"
            )
        return shape
