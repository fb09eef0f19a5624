"""What can be said of a run in a few words: its state, how far it has come, the best it has reached."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from netlib.runs import history, outcome
from netlib.runs.checkpoint import checkpoints_of, step_of
from netlib.runs.directory import RunDirectory
from netlib.runs.environment_file import environment_of
from netlib.runs.lock import is_taken
from netlib.spec.errors import NetlabError

State = Literal["running", "finished", "interrupted", "failed", "empty"]
Metrics = Mapping[str, Mapping[str, float]]
"""By split, then by name."""
Record = Mapping[str, Any]
Facts = TypeVar("Facts")


class Watched(NamedTuple):
    """The value that decides about a run's best epoch, and which way it is better."""

    split: str
    metric: str
    mode: Literal["min", "max"]

    def __str__(self) -> str:
        return f"{self.split}.{self.metric}"

    def of(self, metrics: Metrics) -> float | None:
        """What was measured of it."""
        return metrics.get(self.split, {}).get(self.metric)

    def better(self, value: float | None, than: float | None) -> bool:
        """Whether a value is better; one that is missing, or not a number, never is."""
        if value is None or math.isnan(value):
            return False
        return than is None or math.isnan(than) or (value < than if self.mode == "min" else value > than)


@dataclass(frozen=True)
class Overview:
    """One run.

    Attributes:
        state: `interrupted` is a run that neither trains nor has ended by itself; `empty` one that never made a step.
        config: the name that the config gives its runs.
        started: when it began first, as an ISO time.
        seconds: of training, all sessions together.
        epochs: those that are complete.
        planned: how many there are to be; None where another budget ends it.
        step: updates of the weights.
        monitor: what decides about the best epoch.
        metrics: those of the best epoch, or of the last one where none is the best; and of the test.
        failure: why it failed.
        damaged: which of its files cannot be read, and why.
    """

    path: Path
    name: str
    state: State
    config: str
    started: str | None
    seconds: float
    epochs: int
    planned: int | None
    step: int
    best_epoch: int | None
    monitor: Watched
    metrics: Metrics = field(default_factory=dict)
    failure: str | None = None
    damaged: tuple[str, ...] = ()

    @property
    def best(self) -> float | None:
        """What the monitor was in the best epoch."""
        return self.monitor.of(self.metrics)


def overview(run: RunDirectory) -> Overview:
    """Of a run, whatever its state; a run that is being trained is not disturbed, and files that are damaged are told of."""
    damaged: list[str] = []

    def tried(read: Callable[[RunDirectory], Facts], otherwise: Facts) -> Facts:
        try:
            return read(run)
        except NetlabError as error:
            damaged.append(str(error))
            return otherwise

    header = tried(outcome.header, None) or {}
    result = tried(outcome.result, None)
    failure = None if result else tried(outcome.failure, None)
    none: list[dict[str, Any]] = []
    records = tried(_records, none)
    epochs = [record for record in records if "train" in record]
    monitor = _monitor(header, epochs)
    best = _best_epoch(monitor, epochs, result or {})
    step = max([record["step"] for record in records], default=0) if result else _step(run, records)
    return Overview(
        run.path,
        run.name,
        "finished" if result else _state(run, step, failure),
        str(header.get("name") or _stem(run.name)),
        tried(_started, None),
        max(sum(_number(record.get("seconds")) for record in epochs), _number((result or {}).get("seconds"))),
        _whole(epochs[-1].get("epoch")) or 0 if epochs else 0,
        _whole(header.get("epochs")),
        step,
        best,
        monitor,
        _metrics(best, records, epochs, result or {}),
        None if failure is None else str(failure.get("error") or "for no reason that was kept"),
        tuple(damaged),
    )


def _records(run: RunDirectory) -> list[dict[str, Any]]:
    return history.read(run).records


def _started(run: RunDirectory) -> str | None:
    with environment_of(run) as found:
        return str(found["started"]) if isinstance(found, dict) and "started" in found else None


def _step(run: RunDirectory, records: Sequence[Record]) -> int:
    """By the records and the checkpoints: a run that was killed may have no record of the last one."""
    try:
        saved = [step_of(path) or 0 for path in checkpoints_of(run)]
    except OSError:
        saved = []
    return max([*saved, *(record["step"] for record in records)], default=0)


def _state(run: RunDirectory, step: int, failure: Record | None) -> State:
    """Of a run that has not come to its end."""
    if is_taken(run):
        return "running"
    if failure is not None:
        return "failed"
    return "interrupted" if step else "empty"


def _monitor(header: Record, epochs: Sequence[Record]) -> Watched:
    """What the header says; of a run without one, the loss."""
    said = header.get("monitor")
    if isinstance(said, dict) and said.get("mode") in ("min", "max"):
        return Watched(str(said.get("split")), str(said.get("metric")), said["mode"])
    return Watched("validation" if any("validation" in record for record in epochs) else "train", "loss", "min")


def _best_epoch(monitor: Watched, epochs: Sequence[Record], result: Record) -> int | None:
    if found := _whole(result.get("best_epoch")):
        return found
    best, value = None, None
    for record in epochs:
        now = monitor.of(_splits(record))
        if monitor.better(now, value):
            best, value = _whole(record.get("epoch")), now
    return best


def _metrics(
    best: int | None, records: Sequence[Record], epochs: Sequence[Record], result: Record
) -> dict[str, dict[str, float]]:
    if isinstance(found := result.get("metrics"), Mapping):
        return _splits(found)
    chosen = next((record for record in epochs if record.get("epoch") == best), epochs[-1] if epochs else {})
    tests = [record for record in records if "test" in record]
    return {**_splits(chosen), **_splits(tests[-1] if tests else {})}


def _splits(record: Record) -> dict[str, dict[str, float]]:
    """What is measured, without what else a record has."""
    return {
        split: {name: each for name, value in values.items() if (each := _float(value)) is not None}
        for split, values in record.items()
        if isinstance(values, Mapping)
    }


def _stem(name: str) -> str:
    """`digits-mlp` of `digits-mlp-3`."""
    stem, dash, number = name.rpartition("-")
    return stem if dash and number.isdecimal() else name


def _number(value: Any) -> float:
    found = _float(value)
    return found if found is not None and math.isfinite(found) else 0.0


def _float(value: Any) -> float | None:
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:  # an integer that no float can be
        return None


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None
