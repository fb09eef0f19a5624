"""Splits that the source says itself, as where there is a file for each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.rows import rows_where
from netlib.spec.features import SPLITS


def with_parts(
    arrays: Arrays, classes: Array | None, split: Callable[[Arrays, Array | None], dict[str, Array]]
) -> dict[str, Array]:
    """The samples' numbers by split: those that the source says, and of those to train on what else is to be held out.

    Args:
        arrays: All samples.
        classes: The class of each, where they are to be stratified.
        split: Divides samples, by their classes.
    """
    if arrays.parts is None:
        return split(arrays, classes)
    said = {name: rows_where(arrays.parts == number) for number, name in enumerate(SPLITS)}
    trained = said["train"]
    divided = split(arrays.take(trained), None if classes is None else classes[trained])
    return {name: np.sort(np.concatenate([trained[divided[name]], *_held_out(said, name)])) for name in SPLITS}


def _held_out(said: dict[str, Array], name: str) -> list[Array]:
    return [] if name == "train" else [said[name]]
