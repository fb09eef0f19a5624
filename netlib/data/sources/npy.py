"""Reads the source `npy`."""

from __future__ import annotations

import math

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.sources.blocks import converted
from netlib.data.sources.opened_files import OpenedFiles
from netlib.data.streaming import Reader
from netlib.spec.features import SourceSpec
from netlib.spec.sources.npy import Npy
from netlib.spec.sources.npz import UNREADABLE, damaged

NUMBER_BYTES = 4
"""Of a number as the network reads it."""


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Maps the files that the source names; arrays of float32, int32 or narrower integers stay mapped, others are converted.

    Raises:
        SpecError: a file is no such array.
        NetlabError: a file is damaged, or has numbers that float32 or int32 cannot hold.
    """
    assert isinstance(source, Npy)
    arrays = {path: converted(mapped(path), path) for path in source.headers()}
    return Arrays(
        {name: arrays[path] for name, path in source.inputs.items()},
        {name: arrays[path] for name, path in source.targets.items()},
    )


def reader(source: SourceSpec) -> Reader | None:
    """Copies rows from the files when they are wanted; see `netlib.data.streaming`."""
    from netlib.data.sources.array_stream import ArrayReader

    assert isinstance(source, Npy)
    headers = source.headers()
    shapes = [header.shape for header in headers.values()]
    return ArrayReader(
        source, OpenedFiles.of(headers), shapes[0][0], sum(NUMBER_BYTES * math.prod(shape[1:]) for shape in shapes)
    )


def mapped(path: str) -> Array:
    """The values of a file, which are in memory only as they are looked at.

    Raises:
        NetlabError: it is damaged.
    """
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
    except UNREADABLE as error:
        raise damaged(path, f"its values cannot be mapped ({error})") from None
