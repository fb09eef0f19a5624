"""The values of a safetensors file, read once from front to end, and hashed on the way where that is asked for.

The library reads the header and checks it against the file; it maps the file into memory and copies from there, so that a file
that was hashed before is read twice and counts twice as memory of the process.
"""

from __future__ import annotations

import errno
import mmap
import os
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from hashlib import _Hash
    from io import FileIO

    import numpy.typing as npt

_PIECE = 1 << 20
"""Bytes that are read, and hashed while they are in the processor's cache."""
_LENGTH = 8
"""Bytes at the front of the file, which say how long the header is."""


def read_values(
    path: Path, header: Any, dtypes: Mapping[str, str], digest: _Hash | None = None
) -> dict[str, npt.NDArray[Any]]:
    """The arrays of the file `path`, in the order of the file.

    Args:
        path: the file.
        header: the same file as the library has opened it.
        dtypes: the format's name of each type that can be read -> NumPy's.
        digest: told every byte of the file.

    Raises:
        ValueError: the file has a type that cannot be read, or another size than its header says.
        OSError: the system refuses.
    """
    import numpy as np

    found: dict[str, npt.NDArray[Any]] = {}
    with path.open("rb", buffering=0) as file:
        length = bytearray(_LENGTH)
        _fill(file, memoryview(length), digest)
        _fill(file, memoryview(bytearray(int.from_bytes(length, "little"))), digest)
        for name in header.offset_keys():
            part = header.get_slice(name)
            if part.get_dtype() not in dtypes:
                raise ValueError(f"array '{name}' is of type {part.get_dtype()}, expected one of {', '.join(dtypes)}")
            # On the disk the bytes of a number are in little-endian order, whatever the machine's is.
            dtype = np.dtype(dtypes[part.get_dtype()]).newbyteorder("<")
            room = _room(prod(part.get_shape()) * dtype.itemsize)
            array = np.frombuffer(room, dtype).reshape(part.get_shape())
            _fill(file, memoryview(room), digest)
            found[name] = array.astype(array.dtype.newbyteorder("="), copy=False)
        if file.read(1):
            raise ValueError("it has more than its header says")
    return found


def _room(size: int) -> mmap.mmap | bytearray:
    """Memory that may be written to. NumPy would ask the system for huge pages, whose first touch costs a virtual machine, which
    is given its memory only then, three times as much as reading and hashing; a bytearray is filled with zeros before.
    """
    try:
        return mmap.mmap(-1, size, access=mmap.ACCESS_COPY) if size >= _PIECE else bytearray(size)
    except (MemoryError, OSError):  # by its header, the file has as many bytes: it is not damaged
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)) from None


def _fill(file: FileIO, room: memoryview, digest: _Hash | None) -> None:
    """Reads until `room` is full."""
    begin = 0
    while begin < len(room):
        count = file.readinto(room[begin : begin + _PIECE])
        if not count:
            raise ValueError("it ends before its header says")
        if digest is not None:
            digest.update(room[begin : begin + count])
        begin += count
