"""Learning rates that change as training goes on, by the names and with the parameters that Keras gives them.

They count steps, that is updates of the weights.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PlainValidator, model_validator

from netlib.spec.base import Spec, shown
from netlib.spec.types import Ints, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

START = "Learning rate at step 0."
Floor = Annotated[NonNegativeFloat, Field(le=1)]


class ScheduleSpec(Spec):
    """Base of all schedules."""

    kind = "schedule"
    refused: ClassVar[dict[str, str]] = {"name": "a schedule has no name here"}
    rates: ClassVar[tuple[str, ...]] = ("initial_learning_rate",)
    """The parameters that are learning rates."""

    def scaled(self, factor: float) -> Self:
        """The schedule whose rate is that multiple of this one's, at every step."""
        rates = {name: getattr(self, name) for name in self.rates}
        return self.model_copy(update={name: _scaled(rate, factor) for name, rate in rates.items()})

    @property
    def steps(self) -> int | None:
        """Number of steps after which it changes no more; None if it has no end."""
        return None


class CosineDecay(ScheduleSpec):
    """Half a cosine from the initial rate down (Loshchilov and Hutter, 2016), after a linear warm-up if it is given."""

    rates = ("initial_learning_rate", "warmup_target")
    initial_learning_rate: NonNegativeFloat = Field(description=START)
    decay_steps: PositiveInt = Field(description="Steps of the decay, after the warm-up.")
    alpha: Floor = Field(0.0, description="Final rate, as a share of the highest.")
    warmup_target: PositiveFloat | None = Field(
        None, description="Learning rate at the end of the warm-up; none if null."
    )
    warmup_steps: NonNegativeInt = Field(0, description="Steps of the warm-up.")

    @model_validator(mode="after")
    def _warmup_is_whole(self) -> Self:
        if (self.warmup_target is None) != (self.warmup_steps == 0):
            got = f"warmup_target: {shown(self.warmup_target)}, warmup_steps: {self.warmup_steps}"
            raise ValueError(f"a warm-up needs both a warmup_target and warmup_steps greater than 0, got {got}")
        if self.warmup_target is None and self.initial_learning_rate == 0:
            raise ValueError("initial_learning_rate is 0 and there is no warm-up: nothing would be learnt")
        return self

    @property
    def steps(self) -> int:
        """Warm-up and decay together."""
        return self.warmup_steps + self.decay_steps


class CosineDecayRestarts(ScheduleSpec):
    """Cosine decays one after the other, each longer and lower by a factor (Loshchilov and Hutter, 2016)."""

    initial_learning_rate: PositiveFloat = Field(description=START)
    first_decay_steps: PositiveInt = Field(description="Steps of the first decay.")
    t_mul: PositiveFloat = Field(2.0, ge=1, description="Each decay's length as a multiple of the one before.")
    m_mul: PositiveFloat = Field(1.0, description="Each decay's initial rate as a multiple of the one before.")
    alpha: Floor = Field(0.0, description="Lowest rate, as a share of the initial one.")


class _Decay(ScheduleSpec):
    initial_learning_rate: PositiveFloat = Field(description=START)
    decay_steps: PositiveInt = Field(description="Steps in which decay_rate has its effect once.")
    decay_rate: PositiveFloat = Field(description="How fast the rate falls.")
    staircase: bool = Field(False, description="Whether the rate falls only at every multiple of decay_steps.")


class ExponentialDecay(_Decay):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`."""


class InverseTimeDecay(_Decay):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`."""


class PolynomialDecay(ScheduleSpec):
    """From the initial rate to `end_learning_rate`, linearly if `power` is 1."""

    rates = ("initial_learning_rate", "end_learning_rate")
    initial_learning_rate: PositiveFloat = Field(description=START)
    decay_steps: PositiveInt = Field(description="Steps of the decay.")
    end_learning_rate: NonNegativeFloat = Field(0.0001, description="Learning rate at the end.")
    power: PositiveFloat = Field(1.0, description="Power of the remaining share of steps.")
    cycle: bool = Field(False, description="Whether to begin again, longer each time, in place of staying at the end.")

    @property
    def steps(self) -> int | None:
        """Steps of the decay, unless it begins again."""
        return None if self.cycle else self.decay_steps


def _scaled(rate: Any, factor: float) -> Any:
    """A rate, or each of several; what is not given stays so."""
    if isinstance(rate, tuple):
        return tuple(factor * each for each in rate)
    return None if rate is None else factor * rate


def _rates(value: Any) -> tuple[float, ...]:
    numbers = isinstance(value, list | tuple) and all(
        isinstance(item, int | float) and not isinstance(item, bool) and item >= 0 for item in value
    )
    if not numbers:
        raise ValueError(f"expected a list of numbers that are not negative, got {shown(value)}")
    return tuple(map(float, value))


class PiecewiseConstantDecay(ScheduleSpec):
    """`values[0]` up to step `boundaries[0]`, `values[1]` up to `boundaries[1]`, and so on."""

    rates = ("values",)
    boundaries: Ints = Field(description="Last steps of all values but the last, ascending.")
    values: Annotated[tuple[float, ...], PlainValidator(_rates, json_schema_input_type=list[NonNegativeFloat])] = Field(
        description="Learning rates, one more than boundaries."
    )

    @model_validator(mode="after")
    def _one_value_more(self) -> Self:
        if len(self.values) != len(self.boundaries) + 1:
            got = f"{len(self.values)} values and {len(self.boundaries)} boundaries"
            raise ValueError(f"there must be one value more than boundaries, got {got}")
        if not all(first < second for first, second in pairwise((0, *self.boundaries))):
            raise ValueError(f"boundaries must be greater than 0 and ascending, got {list(self.boundaries)}")
        return self

    @property
    def steps(self) -> int:
        """The last boundary."""
        return self.boundaries[-1] if self.boundaries else 0
