"""One output that is scored: what kind of answers it gives, and their tally."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from netlib.data.arrays import Array
from netlib.data.predicted import Head, unit_name
from netlib.scoring.answers import Answers, class_answers, flag_answers, of_samples, value_answers
from netlib.scoring.errors import ErrorScores, ErrorTally
from netlib.scoring.losses import Kind, measure_of
from netlib.scoring.tallies import ClassTally, FlagTally
from netlib.scoring.worst import Worst
from netlib.spec.features import Feature
from netlib.spec.heads import BoundLoss
from netlib.tasks.scored import Mistake, Scored, ScoredClasses

_ANSWERS: dict[Kind, Callable[..., Answers]] = {
    "classes": class_answers,
    "flags": flag_answers,
    "values": value_answers,
}
MOST_UNITS = 32
"""Numbers of an output up to which each has errors of its own."""
ALL = "all"
"""What the errors of all of them are called."""


def why_not(head: Head, loss: BoundLoss | None) -> str:
    """Why an output cannot be scored; empty where it can."""
    if loss is None:
        return "no loss compares it with a target by itself"
    if not head.tensor.batched:
        return "it has no value for each sample"
    if loss.spec.margin:
        return f"{loss.spec.type_name()} gives margins, which are neither probabilities nor numbers to compare"
    return ""


class OutputTally:
    """Counts what an output that `why_not` has nothing against says of samples."""

    def __init__(self, head: Head, loss: BoundLoss, target: Feature | None, worst: int) -> None:
        self.target = loss.target
        self._head = head
        self._kind = _kind(head, loss, target)
        self._units = head.tensor.shape[-1] or 1 if len(head.tensor.shape) > 1 else 1
        self._classes = ClassTally(max(self._units, 2)) if self._kind == "classes" else None
        self._flags = FlagTally(self._units) if self._kind == "flags" else None
        self._values = ErrorTally(self._units) if self._kind == "values" else None
        self._worst = Worst(worst)
        self._measure = measure_of(loss.spec, self._kind)
        self._single = len(head.tensor.shape) <= 2
        self._most = worst

    def add(self, target: Array, output: Array, weights: Array | None, mask: Array | None, first: int) -> None:
        """Counts samples; `first` is the place of the first of them among all."""
        answers = _ANSWERS[self._kind](target, output, weights, mask, self._measure.loss)
        for tally in (self._classes, self._flags, self._values):
            if tally is not None:
                tally.add(answers.targets, answers.predicted, answers.weights)
        if self._most:
            self._look(answers, len(output), first)

    def scored(self, row_of: Callable[[Array], Array], file_of: Callable[[Array], list[str]]) -> Scored:
        """What was found. The arguments give the rows in the source of places among the samples, and the files of rows."""
        places = self._worst.places
        rows = row_of(places) if len(places) else places
        files = file_of(rows) if len(places) else []
        worst = [
            self._mistake(number, int(row), file) for number, (row, file) in enumerate(zip(rows, files, strict=True))
        ]
        measure = self._measure.name if self._most else ""
        return Scored(self._head.output, self.target, self._of_classes(), self._of_values(), tuple(worst), measure)

    def _look(self, answers: Answers, samples: int, first: int) -> None:
        losses, wrong, places = of_samples(answers, samples)
        chosen = np.flatnonzero(wrong)
        details = {"wrong": wrong[chosen], "of": places[chosen]}
        if self._single:  # a sample is a place, but those that weigh nothing are not among the answers
            at = np.searchsorted(answers.samples, chosen)
            details |= {"target": answers.targets[at], "predicted": answers.predicted[at]}
        self._worst.add(losses[chosen], first + chosen, **details)

    def _mistake(self, number: int, row: int, file: str) -> Mistake:
        place, loss = int(self._worst.places[number]), float(self._worst.losses[number])
        details = {name: each[number] for name, each in self._worst.details.items()}
        if not self._single:
            return Mistake(place, row, file, "", f"{details['wrong']} of {details['of']} places", None, loss)
        target, predicted = details["target"], details["predicted"]
        if self._kind == "values":
            return Mistake(place, row, file, _numbers(target), _numbers(predicted), None, loss)
        if self._kind == "flags":
            return Mistake(place, row, file, self._set(target), self._set(predicted > 0.5), None, loss)
        best = int(predicted.argmax())
        return Mistake(place, row, file, self._class(int(target)), self._class(best), float(predicted[best]), loss)

    def _of_classes(self) -> ScoredClasses | None:
        if self._classes is not None:
            names = tuple(map(self._class, range(len(self._classes.matrix))))
            tally = self._classes
            return ScoredClasses(names, tally.scores, tally.accuracy, tuple(tally.curves()), tally.matrix)
        if self._flags is not None:
            names = tuple(unit_name(self._head, number) for number in range(self._units))
            return ScoredClasses(names, self._flags.scores, self._flags.accuracy, tuple(self._flags.curves()))
        return None

    def _of_values(self) -> dict[str, ErrorScores]:
        if self._values is None:
            return {}
        if self._units == 1:
            return {self.target: self._values.all()}
        each = range(self._units) if self._units <= MOST_UNITS else ()
        return {**{unit_name(self._head, unit): self._values.unit(unit) for unit in each}, ALL: self._values.all()}

    def _class(self, number: int) -> str:
        names = self._head.classes
        return names[number] if number < len(names) else str(number)

    def _set(self, flags: Array) -> str:
        return ", ".join(unit_name(self._head, int(number)) for number in np.flatnonzero(flags)) or "none"


def _kind(head: Head, loss: BoundLoss, target: Feature | None) -> Kind:
    """As a prediction is told; and an output of several places whose target is of integers tells yes or no at each."""
    if head.kind in ("classes", "binary"):
        return "classes"
    if head.kind == "flags":
        return "flags"
    if loss.spec.probabilities and target is not None and target.tensor.dtype == "int32":
        return "classes" if head.tensor.shape[-1] == 1 else "flags"
    return "values"


def _numbers(values: Array) -> str:
    few = 4
    shown = ", ".join(f"{value:.5g}" for value in values[:few])
    return shown if len(values) <= few else f"{shown}, ..."
