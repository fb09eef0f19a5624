"""Reads the source `npz`."""

from __future__ import annotations

from typing import Any

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.sources.blocks import converted
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
        arrays = {name: values_of(archive, header, source.path, name) for name, header in headers.items()}
    return Arrays(
        {name: arrays[array] for name, array in source.inputs.items()},
        {name: arrays[array] for name, array in source.targets.items()},
    )


def values_of(archive: Any, header: Header, path: str, name: str) -> Array:
    """The values of one array, as netlab holds them.

    Raises:
        NetlabError: they are damaged, or float32 or int32 cannot hold them.
    """
    try:
        with archive.open(header.member) as file:
            values: Array = np.lib.format.read_array(file, allow_pickle=False)
            file.read(1)  # at the end of the member its checksum is verified
    except MemoryError:
        size = f"{header.member.file_size / 2**30:.1f} GiB"
        raise NetlabError(f"{path}: array '{name}' takes {size}, more memory than there is") from None
    except UNREADABLE as error:
        raise damaged(path, f"array '{name}' cannot be read ({error})") from None
    return converted(values, f"{path}: array '{name}'")
