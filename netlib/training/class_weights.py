"""Weights of classes, as weights of the samples that belong to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.spec.errors import UsageError
from netlib.spec.heads import BoundLoss, Heads, encoding
from netlib.spec.tensors import TensorSpec


class ClassWeights:
    """Multiplies each sample's weight by that of its class; a class without one has weight 1.

    Args:
        weights: a mapping from class to weight.
        heads: must have one loss, and that classifies.
        outputs: the network's, by name.

    Raises:
        UsageError: there is no single classification target, or the weights are not those of its classes.
    """

    def __init__(self, weights: Any, heads: Heads, outputs: Mapping[str, TensorSpec]) -> None:
        if not isinstance(weights, Mapping):
            form = "expected a mapping from class to weight, such as {0: 1.0, 1: 5.0}"
            raise UsageError(f"class_weight is {weights!r}, {form}")
        self._loss = _only_loss(heads)
        self._output = outputs[self._loss.output]
        units = self._output.shape[-1]
        self._table = np.ones(max(units or 1, 2), np.float32)
        for number, weight in weights.items():
            if not (_is_number(number) and number in range(len(self._table))):
                classes = f"the classes are 0 to {len(self._table) - 1}"
                given = f"class_weight has the class {number!r}, but {classes}"
                raise UsageError(f"{given}: output '{self._loss.output}' has {units} unit{'' if units == 1 else 's'}")
            if not (_is_number(weight) and 0 <= weight < float("inf")):
                wanted = "expected a number that is not negative"
                raise UsageError(f"class_weight of class {number} is {weight!r}, {wanted}")
            self._table[number] = weight

    def apply(self, samples: Arrays) -> Arrays:
        """The samples with the weights of their classes.

        Raises:
            UsageError: a target has more than one class for each sample.
        """
        weights = self._table[self._classes(samples)]
        return replace(samples, weights=weights if samples.weights is None else weights * samples.weights)

    def _classes(self, samples: Arrays) -> Array:
        target = {**samples.inputs, **samples.targets}[self._loss.target]
        form = encoding(self._loss.spec.target, self._output, TensorSpec((None, *target.shape[1:]), target.dtype.name))
        one_hot = form == "like output" and target.shape[1:] == self._output.shape[1:] and target.shape[-1] > 1
        labels = target.argmax(axis=-1) if one_hot and self._loss.spec.logits_link != "sigmoid" else target
        if labels.size != len(samples):
            raise UsageError(
                f"class_weight needs one class for each sample; target '{self._loss.target}' has the shape {target.shape}"
            )
        numbers = labels.reshape(-1)
        classes = numbers.astype(np.int64)
        if (classes != numbers).any() or classes.min() < 0 or classes.max() >= len(self._table):
            raise UsageError(
                f"class_weight needs classes from 0 to {len(self._table) - 1}, but target '{self._loss.target}' has values from"
                f" {numbers.min()} to {numbers.max()}"
            )
        return classes


def need_weight(samples: Arrays, what: str) -> None:
    """Raises UsageError if no sample counts."""
    if samples.weights is not None and not samples.weights.any():
        raise UsageError(
            f"every sample_weight of {what} is 0, with class_weight where it is given; nothing is left to learn from or to"
            " measure"
        )


def _only_loss(heads: Heads) -> BoundLoss:
    losses = heads.losses
    if len(heads.all_losses) != 1 or not (losses and losses[0].spec.classifies):
        kinds = ", ".join(loss.spec.type_name() for loss in heads.all_losses) or "none"
        raise UsageError(f"class_weight is for one loss that tells classes apart, got {kinds}; use sample_weight")
    return losses[0]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
