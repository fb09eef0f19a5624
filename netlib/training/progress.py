"""Where a training stands: what, besides weights, optimizer and metrics, a resumed run needs to go on to the same bits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from netlib.training.trouble.gate import LEFT_OUT

Record = dict[str, Any]
"""One epoch: `epoch`, `step`, `train` and `validation` metrics, `learning_rate`, `seconds`, `samples_per_second`."""

SPLITS = ("train", "validation")


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record's values under their whole names, `train.loss`, in its order."""
    values: dict[str, Any] = {}
    for name, value in record.items():
        values |= {f"{name}.{each}": part for each, part in value.items()} if name in SPLITS else {name: value}
    return values


@dataclass
class Progress:
    """Counts and sums. `epoch` epochs are complete, `position` steps of the next one (`samples` rows), of which `skipped` have
    changed nothing (`netlib.training.loss_scale`), `step` steps in all; times in seconds.

    Of those that have changed nothing `bad` were not finite whatever the scale (`train.on_nan`): `bad_in_a_row` up to the last
    step, `most_bad_in_a_row` at most in this epoch, and `left_out` since the last epoch in which there was none.

    The epoch's loss is summed on the host, step by step in double precision, so that it does not depend on how the steps were
    cut into chunks.
    """

    step: int = 0
    epoch: int = 0
    position: int = 0
    skipped: int = 0
    bad: int = 0
    bad_in_a_row: int = 0
    most_bad_in_a_row: int = 0
    left_out: int = 0
    loss_sums: dict[str, float] = field(default_factory=dict)
    weight_sum: float = 0.0
    samples: int = 0
    seconds: float = 0.0
    elapsed: float = 0.0
    learning_rate: float = 0.0
    best_step: int | None = None
    best_value: float | None = None
    best_epoch: int | None = None
    records: list[Record] = field(default_factory=list)

    def add(self, names: Sequence[str], facts: np.ndarray, seconds: float, samples: int) -> None:
        """Counts the steps of a chunk and their samples; `facts` are [steps, names], as `TrainLoop.run` returns them. What was
        measured in a step that was skipped is left out."""
        for row in facts.tolist():
            values = dict(zip(names, row, strict=True))
            self.learning_rate, weight = values.pop("learning_rate"), values.pop("weight")
            del values["gradient_norm"]
            reason = values.pop("skipped")
            skipped = bool(reason)
            self._count_bad(reason == LEFT_OUT)
            for name, value in values.items():
                self.loss_sums[name] = self.loss_sums.get(name, 0.0) + (0.0 if skipped else value * weight)
            self.weight_sum += 0.0 if skipped else weight
            self.skipped += skipped
        self.step += len(facts)
        self.position += len(facts)
        self.samples += samples
        self.spent(seconds)

    def _count_bad(self, bad: bool) -> None:
        self.bad += bad
        self.left_out += bad
        self.bad_in_a_row = self.bad_in_a_row + 1 if bad else 0
        self.most_bad_in_a_row = max(self.most_bad_in_a_row, self.bad_in_a_row)

    def spent(self, seconds: float) -> None:
        """Counts time, of the epoch and in all."""
        self.seconds += seconds
        self.elapsed += seconds

    def losses(self) -> dict[str, float]:
        """Mean losses of the epoch so far, by name; NaN while no sample counted."""
        return {
            name: total / self.weight_sum if self.weight_sum else math.nan for name, total in self.loss_sums.items()
        }

    def measured(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """Those losses and the epoch's metrics so far, which are NaN as well while no sample counted."""
        return {**self.losses(), **(metrics if self.weight_sum else dict.fromkeys(metrics, math.nan))}

    def take(self, record: Record, *, whole: bool) -> None:
        """Keeps an epoch's record. After a whole epoch the next one begins; one cut short can be gone on with."""
        self.records.append(record)
        if whole:
            self.epoch += 1
            self.left_out = self.left_out if self.bad else 0
            self.begin_epoch()

    def begin_epoch(self) -> None:
        """Nothing of the epoch is done yet, or it begins anew."""
        self.position = self.samples = self.skipped = self.bad = self.most_bad_in_a_row = 0
        self.loss_sums = {}
        self.weight_sum = self.seconds = 0.0

    def after_epoch(self) -> Progress:
        """The counts as they will be when this epoch is complete."""
        return replace(self, epoch=self.epoch + 1)

    def state(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Progress:
        """The inverse of `state`."""
        return cls(**state)
