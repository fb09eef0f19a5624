"""Files of records: where each record begins, found in one pass, and the data of any of them."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from netlib.data.arrays import Array
from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.sources.images import said
from netlib.spec.sources.tfrecord_framing import (
    FOOT,
    FRAME,
    HEAD,
    WRONG_DATA,
    WRONG_LENGTH,
    Compression,
    blocks_of,
    checksum,
    cut_off,
    damaged,
    place,
    refuse_other,
)


class DamagedRecord(NetlabError):
    """A record whose data cannot be had; the text says why, behind the record's place."""


class Shard(Protocol):
    """A file of records."""

    @property
    def count(self) -> int:
        """Records that are whole."""
        ...

    @property
    def record_bytes(self) -> int:
        """Bytes of a record in the file, on an average."""
        ...

    @property
    def rest(self) -> str | None:
        """What is wrong with a last record that is cut off, if there is one."""
        ...

    def place(self, number: int) -> str:
        """Where a record is, for messages."""
        ...

    def opened(self) -> AbstractContextManager[Callable[[int], bytes]]:
        """Gives the data of a record by its number, or raises `DamagedRecord`; from several threads at once."""
        ...


@dataclass(frozen=True)
class TfrecordShard:
    """A TFRecord file.

    Attributes:
        file: the file.
        compression: how it is compressed as a whole.
        starts: the byte at which each record begins, of what is unpacked; and where the last one ends.
        rest: see `Shard.rest`.
    """

    file: Path
    compression: Compression
    starts: Array
    rest: str | None

    @classmethod
    def indexed(cls, file: Path, compression: Compression, title: str) -> TfrecordShard:
        """Looks through the file; of a record only the length is read.

        Raises:
            SpecError: it is no TFRecord file.
            NetlabError: the checksum of a length is wrong.
        """
        with _contents(file, compression, title) as contents:
            size, position, starts = len(contents), 0, [0]
            if size:
                refuse_other(file, contents[: HEAD.size], compression, title)
            while size - position >= HEAD.size:
                length, expected = HEAD.unpack_from(contents, position)
                if checksum(contents[position : position + 8]) != expected:
                    raise damaged(file, len(starts) - 1, position, WRONG_LENGTH)
                if length > size - position - FRAME:
                    break
                position += length + FRAME
                starts.append(position)
            left, rest = size - position, None
            if left >= HEAD.size:
                rest = cut_off(HEAD.unpack_from(contents, position)[0], left)
            elif left:
                rest = f"it is cut off: {left} bytes are there, and its length alone takes {HEAD.size}"
        return cls(file, compression, np.array(starts, np.int64), rest)

    @property
    def count(self) -> int:
        """See `Shard.count`."""
        return len(self.starts) - 1

    @property
    def record_bytes(self) -> int:
        """See `Shard.record_bytes`."""
        return int(self.starts[-1]) // max(self.count, 1)

    def place(self, number: int) -> str:
        """See `Shard.place`."""
        return place(self.file, number, int(self.starts[number]))

    @contextmanager
    def opened(self) -> Iterator[Callable[[int], bytes]]:
        """See `Shard.opened`."""
        with _contents(self.file, self.compression, "") as contents:

            def record(number: int) -> bytes:
                end = int(self.starts[number + 1]) - FOOT.size
                data = contents[int(self.starts[number]) + HEAD.size : end]
                if len(contents) < end + FOOT.size or checksum(data) != FOOT.unpack_from(contents, end)[0]:
                    raise DamagedRecord(WRONG_DATA)
                return data

            yield record


@contextmanager
def _contents(file: Path, compression: Compression, title: str) -> Iterator[bytes | mmap.mmap]:
    """What a file holds, unpacked: mapped where that takes no unpacking."""
    if compression != "none":
        yield b"".join(blocks_of(file, compression, title))
        return
    try:
        stream = file.open("rb")
    except OSError as error:
        raise SpecError([Problem(("path",), f"{said(file)} cannot be read: {error.strerror}")], title) from None
    with stream:
        if not file.stat().st_size:
            yield b""
            return
        try:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise NetlabError(f"{said(file)} cannot be read: {error}") from None
        with mapped:
            yield mapped
