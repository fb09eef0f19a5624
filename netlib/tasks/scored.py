"""What is found out about each output of a network over some samples, beside the metrics of its config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netlib.report import class_table, error_table
from netlib.scoring.classes import ClassScores
from netlib.scoring.confusion import Array
from netlib.scoring.curves import Curves
from netlib.scoring.errors import QUANTILES, ErrorScores


@dataclass(frozen=True)
class ScoredClasses:
    """Classes, or flags, which have no matrix: a sample may have several of them.

    Attributes:
        names: of the classes.
        scores: of each.
        accuracy: of all together.
        curves: of each against the rest, None where there is none of it; empty where the samples are too many to keep scores of.
        matrix: which class was taken for which.
    """

    names: tuple[str, ...]
    scores: ClassScores
    accuracy: float
    curves: tuple[Curves | None, ...]
    matrix: Array | None = None

    def to_plain(self) -> dict[str, Any]:
        """For JSON."""
        scores = self.scores
        each = zip(self.names, scores.precision, scores.recall, scores.f1, scores.support, strict=True)
        curves = self.curves or (None,) * len(self.names)
        found: dict[str, Any] = {
            "accuracy": self.accuracy,
            "classes": [
                {
                    "name": name,
                    "precision": float(precision),
                    "recall": float(recall),
                    "f1": float(f1),
                    "support": float(support),
                    "roc_auc": curve.roc_auc if curve else None,
                    "average_precision": curve.average_precision if curve else None,
                    "best_f1": curve.best._asdict() if curve else None,
                }
                for (name, precision, recall, f1, support), curve in zip(each, curves, strict=True)
            ],
            "macro": scores.macro._asdict(),
            "weighted": scores.weighted._asdict(),
        }
        return found if self.matrix is None else {**found, "confusion": self.matrix.tolist()}


@dataclass(frozen=True)
class Mistake:
    """A sample that was predicted badly.

    Attributes:
        place: among all samples.
        row: in the source, from 0.
        file: of it, where each sample has one.
        target: what is true.
        prediction: what was predicted.
        probability: that the prediction was given; None of numbers and of samples of several places.
        loss: how bad it is, by `Scored.measure`; of several places the mean.
    """

    place: int
    row: int
    file: str
    target: str
    prediction: str
    probability: float | None
    loss: float

    def to_plain(self) -> dict[str, Any]:
        """For JSON."""
        plain = {name: value for name, value in vars(self).items() if name != "place"}
        return plain if self.file else {name: value for name, value in plain.items() if name != "file"}


@dataclass(frozen=True)
class Scored:
    """Of one output: what was found of its classes or of its numbers, by name, and its worst mistakes, the worst first.

    `measure` is the loss by which they are the worst: the run's own where it has a value for each sample that is known without
    TensorFlow. `left_out` says why there is neither, where that is so.
    """

    output: str
    target: str = ""
    classes: ScoredClasses | None = None
    values: Mapping[str, ErrorScores] = field(default_factory=dict)
    worst: tuple[Mistake, ...] = ()
    measure: str = ""
    left_out: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not known, as too many samples would have to be kept for it."""
        areas = class_table.NOT_KEPT if self.classes and not self.classes.curves else ""
        quantiles = error_table.NOT_KEPT if not all(each.quantiles for each in self.values.values()) else ""
        return tuple(filter(None, (areas, quantiles)))

    def to_plain(self, worst: bool) -> dict[str, Any]:
        """For JSON, with the mistakes if these were asked for."""
        if self.left_out:
            return {"left_out": self.left_out}
        found = self.classes.to_plain() if self.classes else {"values": {}}
        found |= {"values": {name: _plain(each) for name, each in self.values.items()}} if self.values else {}
        return {
            "target": self.target,
            **found,
            **({"notes": [*self.notes]} if self.notes else {}),
            **({"worst_by": self.measure, "worst": [each.to_plain() for each in self.worst]} if worst else {}),
        }


def _plain(scores: ErrorScores) -> dict[str, Any]:
    quantiles = {f"{at:g}": value for at, value in zip(QUANTILES, scores.quantiles, strict=False)}
    return {**vars(scores), "quantiles": quantiles or None}
