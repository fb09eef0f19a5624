"""Reads the source `npz`."""

from __future__ import annotations

from typing import Any

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.spec.errors import NetlabError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.npz import UNREADABLE, Header, Npz, damaged, open_archive


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Reads the arrays that the source names: floats as float32, integers as int32 or narrower, booleans as they are.

    Narrow integers (the bytes of images) stay narrow until they are preprocessed, which saves time and memory.

    Raises:
        SpecError: the file has no such arrays.
        NetlabError: the file is damaged, or has numbers that float32 or int32 cannot hold.
    """
    assert isinstance(source, Npz)
    headers = source.headers()
    with open_archive(source.path) as archive:
        arrays = {name: _values(archive, header, source.path, name) for name, header in headers.items()}
    return Arrays(
        {name: arrays[array] for name, array in source.inputs.items()},
        {name: arrays[array] for name, array in source.targets.items()},
    )


def _values(archive: Any, header: Header, path: str, name: str) -> Array:
    try:
        with archive.open(header.member) as file:
            values: Array = np.lib.format.read_array(file, allow_pickle=False)
            file.read(1)  # at the end of the member its checksum is verified
    except MemoryError:
        size = f"{header.member.file_size / 2**30:.1f} GiB"
        raise NetlabError(f"{path}: array '{name}' takes {size}, more memory than there is") from None
    except UNREADABLE as error:
        raise damaged(path, f"array '{name}' cannot be read ({error})") from None
    where = f"{path}: array '{name}'"
    return _as_float32(values, where) if values.dtype.kind == "f" else _as_int32_at_most(values, where)


def _as_float32(values: Array, where: str) -> Array:
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(values, dtype=np.float32)
    _refuse(values, np.isinf(converted) & np.isfinite(values), where, "float32")
    return converted if converted.ndim > 1 else converted[:, None]


def _as_int32_at_most(values: Array, where: str) -> Array:
    if values.dtype.itemsize < 4:
        return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))
    limits = np.iinfo(np.int32)
    _refuse(values, (values < limits.min) | (values > limits.max), where, "int32")
    return np.ascontiguousarray(values, dtype=np.int32)


def _refuse(values: Array, too_large: Array, where: str, dtype: str) -> None:
    if too_large.any():
        index = np.unravel_index(int(too_large.argmax()), too_large.shape)
        raise NetlabError(f"{where} has {values[index]} in row {index[0]}, which {dtype} cannot hold")
