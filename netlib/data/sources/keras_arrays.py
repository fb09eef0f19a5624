"""Arrays and labels of Keras's files, held against what the sets are known to have."""

from __future__ import annotations

from array import array
from typing import Any
from zipfile import ZipFile

import numpy as np

from netlib.data.arrays import Array, parts_of
from netlib.data.sources.npz import values_of
from netlib.data.sources.pickled_arrays import PickleProblem
from netlib.data.sources.plain_pickles import load
from netlib.spec.sources.keras_sets import KerasDataset
from netlib.spec.sources.npz import SUFFIX, UNREADABLE, damaged, declared, header_of


def numbers_of(archive: ZipFile, path: str, name: str) -> Array:
    """An array of numbers from an npz file.

    Raises:
        NetlabError: it is not there, or damaged.
    """
    header = header_of(archive, _member(archive, path, name), path, "name")
    return values_of(archive, header, path, name)


def lists_of(archive: ZipFile, path: str, name: str) -> list[Any]:
    """An array of lists from an npz file, where it is pickled; raises as `numbers_of`."""
    try:
        with archive.open(_member(archive, path, name)) as file:
            declared(file)
            found = load(file.read())
    except (*UNREADABLE, PickleProblem) as error:
        raise damaged(path, f"array '{name}' cannot be read: {error}") from None
    if not isinstance(found, list):
        raise damaged(path, f"array '{name}' does not hold lists")
    return found


def integers(values: Any, where: str) -> Array:
    """A list of integers as int64; raises NetlabError about `where` if it is none."""
    try:
        if isinstance(values, list):
            return np.array(array("q", values), np.int64)
    except (TypeError, OverflowError):
        pass
    raise damaged(where, "it has no list of integers where one is expected")


def expect(path: str, what: str, values: Any, shape: tuple[int, ...]) -> Array:
    """The array if it has that shape; raises NetlabError if it has another, or is none."""
    if isinstance(values, np.ndarray) and values.shape == shape:
        return values
    found = f"the shape {values.shape}" if isinstance(values, np.ndarray) else "no shape"
    raise damaged(path, f"{what} has {found}, expected {shape}")


def labels_of(source: KerasDataset, labels: Array, where: str) -> Array:
    """Labels as int32; raises NetlabError if one is that of no class."""
    most = len(source.class_names)
    if labels.min() < 0 or labels.max() >= most:
        raise damaged(where, f"it has labels from {labels.min()} to {labels.max()}, expected 0 to {most - 1}")
    return labels.astype(np.int32)


def keras_parts(source: KerasDataset) -> Array:
    """The splits of samples of which those to train on come first."""
    return parts_of(("train", "test"), [source.set.train, source.set.test])


def _member(archive: ZipFile, path: str, name: str) -> Any:
    try:
        return archive.getinfo(name + SUFFIX)
    except KeyError:
        raise damaged(path, f"it has no array '{name}'") from None
