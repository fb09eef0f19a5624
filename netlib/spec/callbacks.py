"""What can happen between chunks of training steps."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.types import Float, NonNegativeFloat, NonNegativeInt

Mode = Literal["auto", "min", "max"]
MODE = "Which way is better; auto asks the metric."


class CallbackSpec(Spec):
    """Base of all callbacks."""

    kind = "callback"


class EarlyStopping(CallbackSpec):
    """Ends training when the monitored value has not become better for a while. The run then has its best weights."""

    shorthand = "patience"
    refused: ClassVar[dict[str, str]] = {
        "restore_best_weights": "training always ends on the best weights",
        "verbose": "the display always says why training stopped",
    }
    monitor: str | None = Field(
        None, description="What is watched, such as validation.loss; as 'train.monitor' if null."
    )
    min_delta: NonNegativeFloat = Field(0.0, description="Least change that counts as better.")
    patience: NonNegativeInt = Field(0, description="Validations without a better value that end training; 0 is as 1.")
    mode: Mode = Field("auto", description=MODE)
    baseline: Float | None = Field(None, description="Value that must be beaten from the beginning; none if null.")
    start_from_epoch: NonNegativeInt = Field(0, description="Epochs before the watching begins.")
