"""Weights of classes, as weights of the samples that belong to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.spec.computed import beside
from netlib.spec.contract_classes import is_one_hot, only_loss, units_of
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.heads import Heads
from netlib.spec.tensors import TensorSpec


class ClassWeights:
    """Multiplies each sample's weight by that of its class; a class without one has weight 1.

    Args:
        weights: a mapping from class to weight.
        heads: must have one loss, and that classifies.
        outputs: the network's, by name.
        name: as messages call the weights.

    Raises:
        UsageError: there is no single classification target, or the weights are not those of its classes.
    """

    def __init__(
        self, weights: Any, heads: Heads, outputs: Mapping[str, TensorSpec], name: str = "class_weight"
    ) -> None:
        if not isinstance(weights, Mapping):
            form = "expected a mapping from class to weight, such as {0: 1.0, 1: 5.0}"
            raise UsageError(f"{name} is {weights!r}, {form}")
        self._name = name
        try:
            self._loss = only_loss(heads)
        except SpecError as error:
            raise UsageError(f"{name} is {error}; use sample_weight") from None
        self._output = outputs[self._loss.output]
        units = self._output.shape[-1]
        self._table = np.ones(units_of(self._output), np.float32)
        for number, weight in weights.items():
            if not (_is_number(number) and number in range(len(self._table))):
                classes = f"the classes are 0 to {len(self._table) - 1}"
                given = f"{name} has the class {number!r}, but {classes}"
                raise UsageError(f"{given}: output '{self._loss.output}' has {units} unit{'' if units == 1 else 's'}")
            if not (_is_number(weight) and 0 <= weight < float("inf")):
                wanted = "expected a number that is not negative"
                raise UsageError(f"{name} of class {number} is {weight!r}, {wanted}")
            self._table[number] = weight

    @property
    def target(self) -> str:
        """The target, or input, that says the class."""
        return self._loss.target

    @property
    def classes(self) -> int:
        """How many there are."""
        return len(self._table)

    def apply(self, samples: Arrays) -> Arrays:
        """The samples with the weights of their classes.

        Raises:
            UsageError: a target has more than one class for each sample.
        """
        values = beside(samples.inputs, samples.targets)[self._loss.target]
        weights = self._table[self._classes(values, len(samples))]
        return replace(samples, weights=weights if samples.weights is None else weights * samples.weights)

    def counts(self, values: Array) -> Array:
        """How many samples there are of each class, int64 [classes], of all values of the target.

        Raises:
            UsageError: they have more than one class for each sample.
        """
        return np.bincount(self._classes(values, len(values)), minlength=len(self._table))

    def _classes(self, target: Array, samples: int) -> Array:
        one_hot = is_one_hot(self._loss, self._output, TensorSpec((None, *target.shape[1:]), target.dtype.name))
        labels = target.argmax(axis=-1) if one_hot else target
        if labels.size != samples:
            raise UsageError(
                f"{self._name} needs one class for each sample; target '{self._loss.target}' has the shape {target.shape}"
            )
        numbers = labels.reshape(-1)
        classes = numbers.astype(np.int64)
        if (classes != numbers).any() or classes.min() < 0 or classes.max() >= len(self._table):
            raise UsageError(
                f"{self._name} needs classes from 0 to {len(self._table) - 1}, but target '{self._loss.target}' has values from"
                f" {numbers.min()} to {numbers.max()}"
            )
        return classes


def balanced(counts: Sequence[int], names: Sequence[str] = ()) -> dict[int, float]:
    """The weight of each class, so that each counts as much as any other: samples / (classes * samples of the class).

    Args:
        counts: samples of each class.
        names: of the classes, if they have any.

    Raises:
        SpecError: there are none of a class.
    """
    missing = [str(names[number] if names else number) for number, count in enumerate(counts) if not count]
    if missing:
        others = f" and {len(missing) - 1} more classes" if len(missing) > 1 else ""
        raise SpecError(
            f"cannot be balanced: the training split has no sample of class '{missing[0]}'{others}; hold out less, or give each"
            " class its weight"
        )
    return {number: sum(counts) / (len(counts) * count) for number, count in enumerate(counts)}


def need_weight(samples: Arrays, what: str) -> None:
    """Raises UsageError if no sample counts."""
    if samples.weights is not None and not samples.weights.any():
        raise UsageError(
            f"every sample_weight of {what} is 0, with class_weight where it is given; nothing is left to learn from or to"
            " measure"
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
