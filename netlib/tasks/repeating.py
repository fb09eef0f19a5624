"""What a run and its repetition have in common, and where they first differ: records, and the tensors of checkpoints."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from netlib.runs import checkpoint, history, pointers
from netlib.runs.checkpoint import GROUPS, file_of, name_of, step_of
from netlib.runs.directory import RunDirectory

CLOCK = ("seconds", "samples_per_second")
"""Values of a record that a clock tells."""


@dataclass(frozen=True)
class Difference:
    """The first value that differs: where it stands in the records, and what it is in the run and in its repetition."""

    epoch: int
    step: int
    name: str
    first: Any
    second: Any

    def __str__(self) -> str:
        return f"epoch {self.epoch}, step {self.step}: {self.name} was {self.first!r} and is {self.second!r}"


@dataclass(frozen=True)
class Tensors:
    """A checkpoint that both have. Where its tensors differ: the weight that differs most, by how much, and the norm of the
    whole difference in parts of the norm of the weights."""

    name: str
    same: bool
    other: tuple[str, ...] = ()
    weight: str | None = None
    largest: float = 0.0
    relative: float = 0.0

    def __str__(self) -> str:
        if self.same:
            return f"{self.name}: the same"
        if self.weight is None:
            return f"{self.name}: the same weights, but not the same {' and '.join(self.other)}"
        largest = f"the largest difference of a weight is {self.largest:.3g}, in {self.weight}"
        return f"{self.name}: {largest}; in all {self.relative:.3g} of their norm"


@dataclass(frozen=True)
class Comparison:
    """Records that were compared, the first value that differs, and every checkpoint that was compared."""

    records: int
    difference: Difference | None
    checkpoints: tuple[Tensors, ...]

    @property
    def same(self) -> bool:
        """Whether all that both have is the same to the bit, and both have come to the same step."""
        return self.difference is None and bool(self.checkpoints) and all(each.same for each in self.checkpoints)


def compare(run: RunDirectory, again: RunDirectory) -> Comparison:
    """All that a run and its repetition both have.

    Raises:
        NetlabError: the metrics or a checkpoint of one is damaged.
    """
    pairs = _pairs(history.read(run).records, history.read(again).records)
    difference = next((found for pair in pairs for found in _differences(*pair)), None)
    return Comparison(len(pairs), difference, tuple(_checkpoints(run, again)))


def _pairs(
    records: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The records of the same epoch and step; the one of the final test is a record of its own."""
    known = {_place(other): other for other in others}
    return [(record, known[_place(record)]) for record in records if _place(record) in known]


def _place(record: Mapping[str, Any]) -> tuple[Any, Any, bool]:
    return record.get("epoch"), record.get("step"), "test" in record


def _differences(record: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    """Of what both have; what only one measured, because it ended there, is left out."""
    first, second = _flat(record), _flat(other)
    for name, value in first.items():
        if name in second and repr(value) != repr(
            second[name]
        ):  # which also tells 0.0 from -0.0, and equal NaNs as such
            yield Difference(int(record["epoch"]), int(record["step"]), name, value, second[name])


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            values |= {f"{name}.{each}": part for each, part in value.items()}
        elif name not in CLOCK:
            values[name] = value
    return values


def _checkpoints(run: RunDirectory, again: RunDirectory) -> Iterator[Tensors]:
    """The last and the best one of the run, where its repetition has kept one of the same step."""
    named = [pointers.pointed(run, pointer) for pointer in ("latest", "best")]
    for path in dict.fromkeys(path for path in named if path is not None):
        other = again.checkpoints / name_of(step_of(path) or 0)
        if other.is_dir():
            yield _compared(path, other)


def _compared(path: Path, other: Path) -> Tensors:
    first, second = checkpoint.read(path), checkpoint.read(other)
    then, now = checkpoint.entries_of(path), checkpoint.entries_of(other)
    unlike = [group for group in GROUPS if then.get(file_of(group)) != now.get(file_of(group))]
    if not unlike:
        return Tensors(path.name, same=True)
    weights, others = first.groups["model"], second.groups["model"]
    sizes = {name: _distance(array, others.get(name)) for name, array in weights.items()}
    worst = max(sizes, key=lambda name: sizes[name][0], default=None)
    if "model" not in unlike or worst is None:
        return Tensors(path.name, same=False, other=tuple(unlike))
    norm = math.sqrt(sum(float(np.sum(np.square(array.astype(np.float64)))) for array in weights.values()))
    whole = math.sqrt(sum(square for _, square in sizes.values()))
    return Tensors(path.name, False, tuple(unlike), worst, sizes[worst][0], whole / norm if norm else math.inf)


def _distance(array: np.ndarray, other: np.ndarray | None) -> tuple[float, float]:
    """The largest difference of two arrays, and the sum of the squares of all; infinite where they have not one shape."""
    if other is None or array.shape != other.shape:
        return math.inf, math.inf
    gaps = np.abs(array.astype(np.float64) - other.astype(np.float64))
    return float(gaps.max(initial=0.0)), float(np.sum(np.square(gaps)))
