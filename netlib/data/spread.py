"""How far apart the draws of a random network are, as columns beside its mean prediction."""

from __future__ import annotations

from typing import Any

import numpy as np

from netlib.data.arrays import Array
from netlib.data.predicted import Head, Wanted, columns, unit_name


def spread_columns(head: Head, mean: Array, std: Array, wanted: Wanted) -> dict[str, Any]:
    """Name -> values, a row for each sample: of numbers the standard deviation over the draws, of classes the entropy.

    The entropy is that of the mean probabilities, in nats: 0 where all draws are sure of one class, log(classes) where nothing
    is known.

    Args:
        head: says what the output is.
        mean: of its values over the draws.
        std: of the same.
        wanted: what is asked for beside the prediction.
    """
    if head.kind == "numbers":
        return {f"{name}_std": values for name, values in columns(head, std, wanted).items()}
    if head.kind == "classes":
        return {f"{head.name}_entropy": _entropy(mean)}
    of_both = _entropy(np.stack([1 - mean, mean], axis=-1))
    if head.kind == "binary":
        return {f"{head.name}_entropy": of_both.reshape(len(mean))}
    if wanted.arrays:
        return {f"{head.name}_entropy": of_both}
    return {f"{head.name}_{unit_name(head, number)}_entropy": of_both[:, number] for number in range(mean.shape[1])}


def _entropy(probabilities: Array) -> Array:
    """Over the last axis; what has probability 0 adds nothing."""
    p = probabilities.astype(np.float64)
    terms = p * np.log(p, out=np.zeros_like(p), where=p > 0)
    return np.asarray(np.maximum(-terms.sum(axis=-1), 0), np.float32)
