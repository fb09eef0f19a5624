"""Learning rates multiplied by a factor, wherever the section `train` has them, as for the greater batch of several replicas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from netlib.spec.schedules import ScheduleSpec

if TYPE_CHECKING:
    from netlib.spec.optimizers import OptimizerSpec
    from netlib.spec.param_groups import ParamGroupSpec


def scaled_optimizer(optimizer: OptimizerSpec, factor: float) -> OptimizerSpec:
    """The optimizer whose rate is that multiple of this one's, at every step."""
    return optimizer.model_copy(update={"learning_rate": scaled_rate(optimizer.learning_rate, factor)})


def scaled_groups(groups: Sequence[ParamGroupSpec], factor: float) -> tuple[ParamGroupSpec, ...]:
    """Groups of weights with their own rates, and own optimizers, scaled; a factor of the main rate stays what it is."""
    return tuple(_scaled_group(group, factor) for group in groups)


def scaled_rate(rate: Any, factor: float) -> Any:
    """A number, or a schedule, times the factor."""
    return rate.scaled(factor) if isinstance(rate, ScheduleSpec) else rate * factor


def _scaled_group(group: ParamGroupSpec, factor: float) -> ParamGroupSpec:
    changed: dict[str, Any] = {}
    if group.learning_rate is not None:
        changed["learning_rate"] = scaled_rate(group.learning_rate, factor)
    if group.optimizer is not None:
        changed["optimizer"] = scaled_optimizer(cast("OptimizerSpec", group.optimizer), factor)
    return group.model_copy(update=changed)
