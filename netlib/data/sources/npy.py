"""Reads the source `npy`."""

from __future__ import annotations

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.sources.blocks import converted
from netlib.spec.features import SourceSpec
from netlib.spec.sources.npy import Npy
from netlib.spec.sources.npz import UNREADABLE, damaged


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Maps the files that the source names; arrays of float32, int32 or narrower integers stay mapped, others are converted.

    Raises:
        SpecError: a file is no such array.
        NetlabError: a file is damaged, or has numbers that float32 or int32 cannot hold.
    """
    assert isinstance(source, Npy)
    arrays = {path: _values(path) for path in source.headers()}
    return Arrays(
        {name: arrays[path] for name, path in source.inputs.items()},
        {name: arrays[path] for name, path in source.targets.items()},
    )


def _values(path: str) -> Array:
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except UNREADABLE as error:
        raise damaged(path, f"its values cannot be mapped ({error})") from None
    return converted(mapped, path)
