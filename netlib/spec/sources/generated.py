"""What generated sets have in common: a number of samples, a bound on their size, and enough samples for every class."""

from __future__ import annotations

from math import prod
from typing import Annotated, Self

from pydantic import Field, model_validator

from netlib.spec.base import as_validation_error
from netlib.spec.errors import Problem
from netlib.spec.features import Feature, SourceSpec
from netlib.spec.tensors import DTYPE_BYTES
from netlib.spec.types import PositiveInt

Samples = Annotated[PositiveInt, Field(le=10_000_000)]
Columns = Annotated[PositiveInt, Field(le=10_000)]
Classes = Annotated[PositiveInt, Field(ge=2, le=1000)]

GIB = 2**30
MOST_BYTES = 4 * GIB
"""A generated set is drawn whole, in memory."""


class GeneratedSpec(SourceSpec):
    """Base of all generated sets: as many samples as are asked for, drawn from the experiment's seed."""

    samples: Samples = Field(1000, description="How many samples to draw.")

    @model_validator(mode="after")
    def _fits_into_memory(self) -> Self:
        signature = self.signature()
        sample = sum(map(_bytes, (*signature.inputs.values(), *signature.targets.values())))
        if sample * self.samples > MOST_BYTES:
            raise as_validation_error([Problem(("samples",), _too_large(self.samples, sample))])
        return self


class BalancedSpec(GeneratedSpec):
    """Base of the generated sets that have as many samples of each class as of any other."""

    @model_validator(mode="after")
    def _every_class_has_samples(self) -> Self:
        classes = max(target.num_classes or 0 for target in self.signature().targets.values())
        if self.samples < classes:
            raise ValueError(f"samples (={self.samples}) must not be fewer than the classes (={classes})")
        return self


def _bytes(feature: Feature) -> int:
    """Of one sample."""
    return DTYPE_BYTES[feature.tensor.dtype] * prod(axis or 1 for axis in feature.tensor.shape)


def _too_large(samples: int, sample: int) -> str:
    total = samples * sample
    fit = MOST_BYTES // sample
    remedy = f"take at most {fit:,} samples, or smaller ones" if fit else "make them smaller"
    size = f"{samples:,} samples of {sample:,} bytes would take {total:,} bytes ({total / GIB:,.1f} GiB)"
    return f"{size}, and a generated set may take {MOST_BYTES // GIB} GiB: {remedy}"
