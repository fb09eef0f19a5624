"""Noise: random inputs and targets of any shapes, to time a network or to try whether it runs. There is nothing to learn."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from netlib.spec.base import Spec, as_validation_error
from netlib.spec.errors import Problem
from netlib.spec.features import DataSignature, Feature
from netlib.spec.names import check_name
from netlib.spec.sources.generated import GeneratedSpec, Samples
from netlib.spec.tensors import TensorSpec
from netlib.spec.types import Float, PositiveInt

Axis = Annotated[PositiveInt, Field(le=1_000_000_000)]
Limit = Annotated[Float, Field(ge=-1e38, le=1e38)]
"""Within float32, and so is the difference of two."""


class NoiseTensor(Spec):
    """One input or target of noise: standard normal numbers, numbers between two limits, or classes."""

    shape: tuple[Axis, ...] = Field(
        (), max_length=6, description="Axes of one sample, without the batch; [] is one value."
    )
    dtype: Literal["float32", "int32"] | None = Field(
        None, description="By default int32 where there are classes, else float32."
    )
    classes: Annotated[PositiveInt, Field(le=2**31 - 1)] | None = Field(
        None, description="Integers from 0 to one less than this, each as likely as any other."
    )
    minimum: Limit | None = Field(None, description="Least number, of a uniform distribution; float32 only.")
    maximum: Limit | None = Field(None, description="Greatest number, of a uniform distribution; float32 only.")

    @classmethod
    def type_name(cls) -> str:
        """As messages call it."""
        return "noise"

    def feature(self) -> Feature:
        """Shape, dtype and range."""
        axes = (None, *self.shape)
        if self.classes is None:
            return Feature(TensorSpec(axes, "float32"), minimum=self.minimum, maximum=self.maximum)
        return Feature(TensorSpec(axes, "int32"), self.classes, minimum=0, maximum=self.classes - 1)

    @field_validator("shape", mode="before")
    @classmethod
    def _from_a_list(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        limits = {"minimum": self.minimum, "maximum": self.maximum}
        given = [name for name, limit in limits.items() if limit is not None]
        if self.classes is None and self.dtype == "int32":
            raise ValueError("int32 needs 'classes': the integers go from 0 to one less")
        if self.classes is not None and self.dtype == "float32":
            raise ValueError(f"classes (={self.classes}) are int32, got dtype float32: leave out one of the two")
        if self.classes is not None and given:
            raise ValueError(
                f"classes (={self.classes}) go from 0 to {self.classes - 1}: leave out {' and '.join(given)}"
            )
        if len(given) == 1:
            raise ValueError(f"minimum and maximum belong together, got only {given[0]} (={limits[given[0]]:g})")
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            raise ValueError(f"minimum (={self.minimum:g}) must be less than maximum (={self.maximum:g})")
        return self


class Noise(GeneratedSpec):
    """Random inputs and targets of the shapes that are asked for, to time and to try a network."""

    samples: Samples = Field(64, description="How many samples to draw.")
    inputs: dict[str, NoiseTensor] = Field(
        min_length=1,
        description="Input -> its `shape`, and its `classes` or its `minimum` and `maximum` if it has some.",
    )
    targets: dict[str, NoiseTensor] = Field({}, description="Target -> the same; `{classes: 10}` is a class label.")

    def signature(self) -> DataSignature:
        """Inputs and targets as they were asked for."""
        return DataSignature(
            {name: tensor.feature() for name, tensor in self.inputs.items()},
            {name: tensor.feature() for name, tensor in self.targets.items()},
            self.samples,
        )

    @field_validator("inputs", "targets")
    @classmethod
    def _named_as_in_a_network(cls, tensors: dict[str, NoiseTensor]) -> dict[str, NoiseTensor]:
        problems = [problem for name in tensors for problem in check_name(name, (name,), at="key")]
        if problems:
            raise as_validation_error(problems)
        return tensors

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        both = [name for name in self.targets if name in self.inputs]
        if both:
            message = "is an input too: give the target another name (a loss may have an input as its target)"
            raise as_validation_error([Problem(("targets", name), f"'{name}' {message}", at="key") for name in both])
        return self
