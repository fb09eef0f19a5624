"""What a sweep has come to, as plain values: `StudyView` and its `TrialView`s. No engine's objects.

`tasks/sweep` makes it of what the storage holds, `report` draws it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

TrialState = Literal["running", "complete", "pruned", "failed", "waiting"]
ENDED: tuple[TrialState, ...] = ("complete", "pruned", "failed")
TELLING = 10
"""Complete trials from which on it is said how important each key is: of fewer it would be chance."""


@dataclass(frozen=True)
class TrialView:
    """One trial.

    Attributes:
        number: counted from 0, in the order in which the trials were begun.
        value: the monitored metric that the sampler learns from, of the best epoch; of a pruned trial the last that it
            reported; None where nothing was measured.
        params: what was chosen, by the key of the space; a key that did not apply is absent. Of choices that have names,
            the name.
        run: its run directory.
        seconds: how long it took, or has taken so far.
        epochs: those that are complete.
        why: why it failed or was pruned.
    """

    number: int
    state: TrialState
    value: float | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    run: Path | None = None
    seconds: float | None = None
    epochs: int | None = None
    why: str | None = None


@dataclass(frozen=True)
class StudyView:
    """A sweep, running or ended.

    Attributes:
        direction: which way the metric is better.
        metric: what is compared, such as `validation.loss`.
        trials: by number.
        wanted: how many trials are to end; None where time decides.
        storage: where the study is kept, without a password.
    """

    name: str
    direction: Literal["min", "max"]
    metric: str
    trials: tuple[TrialView, ...] = ()
    wanted: int | None = None
    storage: str = ""

    def of(self, *states: TrialState) -> tuple[TrialView, ...]:
        """The trials in these states, by number."""
        return tuple(trial for trial in self.trials if trial.state in states)

    @property
    def best(self) -> TrialView | None:
        """The complete trial with the best value; the earlier of two alike."""
        measured = [trial for trial in self.of("complete") if trial.value is not None and trial.value == trial.value]
        return min(measured, key=self.rank, default=None)

    def rank(self, trial: TrialView) -> tuple[float, int]:
        """Sorts trials from the best to the worst; those without a value are last."""
        value = trial.value
        if value is None or value != value:
            return (float("inf"), trial.number)
        return (value if self.direction == "min" else -value, trial.number)
