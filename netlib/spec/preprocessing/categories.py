"""Steps over categories: texts or integers of which there are a few.

A text counts as it stands: case, accents and white space tell categories apart, and an empty text is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from netlib.spec.features import Feature, PreprocessingSpec, labels
from netlib.spec.tensors import TensorSpec
from netlib.spec.types import Int, PositiveInt, Texts

CATEGORIES = "categories"
"""What such a step learns: the categories as texts, the most frequent first, equals in alphabetical order."""


def as_text(number: Any) -> str | None:
    """A number of float32 as a category: a whole one as digits, else the shortest decimal that means it; None for NaN."""
    if number != number:
        return None
    return str(int(number)) if number.is_integer() else str(number)


class _Categories(PreprocessingSpec):
    categories: Texts | None = Field(
        None, description="The categories, as texts and in order; by default those of the training split, by frequency."
    )
    maximum: PositiveInt | None = Field(
        None, description="Most categories that are told apart; the rarest count as unknown."
    )

    takes = ("numbers", "text")
    fills = True
    single = True

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.categories is not None:
            if not self.categories:
                raise ValueError("categories needs at least one")
            if len(set(self.categories)) < len(self.categories):
                raise ValueError("categories has one of them twice")
            if self.maximum is not None:
                raise ValueError("give categories or maximum, not both: categories says how many there are")
        return self

    def known(self, learned: Mapping[str, Any] | None) -> int | None:
        """How many categories are told apart, None where only the fit tells."""
        if self.categories is not None:
            return len(self.categories)
        return self.maximum if self.maximum is not None else None if learned is None else len(learned[CATEGORIES])


class OneHot(_Categories):
    """A column of 0 and 1 for each category, and one in front of them for all that is unknown or missing.

    With `maximum` there are as many columns, even where the training split has fewer categories.
    """

    shorthand = "maximum"

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """(rows, 1 + categories)."""
        known = self.known(learned)
        width = None if known is None else known + 1
        return Feature(TensorSpec((None, width), "float32"), minimum=0.0, maximum=1.0)


class Lookup(_Categories):
    """The number of the category, from 1 on; 0 for what is unknown or missing. For an Embedding."""

    shorthand = "maximum"

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """One int32 a sample."""
        known = self.known(learned)
        return Feature(TensorSpec((None,), "int32"), minimum=0, maximum=known)


class Hash(PreprocessingSpec):
    """A number from 1 to `bins - 1` that follows from the category alone; 0 for what is missing. For an Embedding.

    Nothing is learned, so that none is unknown; categories may share a number. It is 1 more than the remainder of the BLAKE2b
    digest of the category in UTF-8 (8 bytes, read as a little-endian integer) divided by `bins - 1`: the same in every process,
    on every machine and in every version. Integers are taken as their digits. In a SavedModel an empty text is a missing one.
    """

    shorthand = "bins"
    bins: Int = Field(ge=2, le=2**31 - 1, description="How many numbers there are, 0 among them.", examples=[1000])

    takes = ("numbers", "text")
    fills = True
    single = True

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """One int32 a sample."""
        return Feature(TensorSpec((None,), "int32"), minimum=0, maximum=self.bins - 1)

    def no_graph(self, feature: Feature) -> str:
        """See `PreprocessingSpec.no_graph`."""
        floats = feature.tensor.dtype == "float32"
        return "TensorFlow does not write a number with a fraction as its shortest decimal" if floats else ""


class Labels(PreprocessingSpec):
    """The number of a target's class, from 0 on: its place among the classes in alphabetical order (integers by size).

    A sample without a class, or of one that the training split (or `classes`) has not, is an error.
    """

    shorthand = "classes"
    classes: Texts | None = Field(
        None, min_length=2, description="The classes, as texts and in order; by default those of the training split."
    )

    takes = ("numbers", "text")
    of_targets = True
    single = True

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """One int32 a sample, of as many classes as there are."""
        names = self.classes or (tuple(learned[CATEGORIES]) if learned else ())
        return labels(len(names), names) if names else Feature(TensorSpec((None,), "int32"), minimum=0)

    def no_graph(self, feature: Feature) -> str:
        """See `PreprocessingSpec.no_graph`."""
        return "it is of targets, which a prediction has none of"
