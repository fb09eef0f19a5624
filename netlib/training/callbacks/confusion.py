"""The confusion matrices of the validation split, for `TensorBoard`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.report.drawing import new_figure
from netlib.report.matrix_picture import matrix_figure
from netlib.scoring.answers import class_answers
from netlib.scoring.confusion import confusion_matrix
from netlib.spec.callbacks import NO_VALIDATION
from netlib.spec.errors import UsageError
from netlib.spec.heads import BoundLoss, Heads
from netlib.training.callbacks.callback import Training

DOTS_PER_INCH = 100


class Picture(NamedTuple):
    """A PNG and its size in dots."""

    png: bytes
    height: int
    width: int


class ConfusionMatrices:
    """Predicts the validation split, and counts what is taken for what: for each output that gives one class for a sample.

    Raises:
        UsageError: there is no validation split or no such output, or matplotlib is not there.
    """

    def __init__(self, training: Training) -> None:
        from netlib.training.prediction import Predictor  # which imports what callbacks take part in

        if training.validation is None:
            raise UsageError(f"TensorBoard: {NO_VALIDATION}")
        self._training = training
        self._validation = training.validation
        self._predictor = Predictor(training.model, training.train)
        new_figure(1, 1)

    def matrices(self) -> dict[str, Array]:
        """By output: [target, predicted], weighted as the samples are.

        Raises:
            UsageError: no output gives one class for a sample.
        """
        found: dict[str, Array] = {}
        with self._training.measured():
            for samples in self._pieces():
                predicted = self._predictor.run([samples], self._training.batch_size)
                for output, loss in _classified(self._heads(samples), predicted).items():
                    answers = class_answers(samples.targets[loss.target], predicted[output], samples.weights)
                    classes = answers.predicted.shape[-1]
                    counted = confusion_matrix(
                        answers.targets, answers.predicted.argmax(-1), classes, _uneven(answers.weights)
                    )
                    found[output] = found[output] + counted if output in found else counted
        if not found:
            raise UsageError("TensorBoard: no output gives one class for a sample; leave 'confusion' out")
        return found

    def pictures(self, title: str) -> dict[str, Picture]:
        """The matrices, drawn."""
        return {output: self._drawn(output, matrix, title) for output, matrix in self.matrices().items()}

    def _drawn(self, output: str, matrix: Array, title: str) -> Picture:
        figure = matrix_figure(matrix, self._names(output, len(matrix)), title)
        file = BytesIO()
        figure.savefig(file, format="png", dpi=DOTS_PER_INCH)
        width, height = (round(inches * DOTS_PER_INCH) for inches in figure.get_size_inches())
        return Picture(file.getvalue(), height, width)

    def _pieces(self) -> Iterator[Arrays]:
        for piece in self._validation.pieces():
            tensors, end = piece.tensors, piece.length
            inputs, targets = (
                {name: value.numpy()[:end] for name, value in tensors[kind].items()} for kind in ("inputs", "targets")
            )
            weights = tensors["weights"]
            yield Arrays(inputs, targets, None if weights is None else weights.numpy()[:end])

    def _heads(self, samples: Arrays) -> Heads:
        from netlib.training.setup import heads_of

        assert self._training.train is not None
        return heads_of(self._training.model, self._training.train, samples)

    def _names(self, output: str, classes: int) -> list[str]:
        """Of the classes, as the run has them; their numbers where they have none."""
        run = self._training.run
        if run is not None and run.data.is_file():
            targets = json.loads(run.read(run.data.name)).get("targets", {})
            only = next(iter(targets.values())) if len(targets) == 1 else {}
            names = targets.get(output, only).get("class_names") or []
            if len(names) == classes:
                return [str(name) for name in names]
        return [str(number) for number in range(classes)]


def _classified(heads: Heads, predicted: dict[str, Array]) -> dict[str, BoundLoss]:
    """The outputs that give one class for a sample: probabilities of several, or of the second of two."""
    losses = {output: heads.loss_of(output) for output, values in predicted.items() if values.ndim == 2}
    return {
        output: loss
        for output, loss in losses.items()
        if loss
        and (loss.spec.logits_link == "softmax" or (loss.spec.probabilities and predicted[output].shape[1] == 1))
    }


def _uneven(weights: Array) -> Array | None:
    """The weights, None where all are 1: whole samples are counted then."""
    return None if bool(np.all(weights == 1)) else weights
