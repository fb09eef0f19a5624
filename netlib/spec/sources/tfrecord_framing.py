"""How records lie in a TFRecord file: the length of each, its checksum, the data and its checksum; the first record is read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import google_crc32c

from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.sources.images import said

Compression = Literal["none", "gzip", "zlib"]
HEAD = struct.Struct("<QI")
"""Length of the data and its checksum, in front of each record."""
FOOT = struct.Struct("<I")
"""Checksum of the data, behind it."""
FRAME = HEAD.size + FOOT.size
"""Bytes of a record beside its data."""
_DELTA = 0xA282EAD8
_BLOCK = 1 << 16
_WINDOW_BITS: dict[str, int] = {"gzip": 31, "zlib": 15}
_BEGINNINGS = {
    b"PK\x03\x04": "a zip archive",
    b"\x93NUMPY": "an array (source: npy reads those)",
    b"PAR1": "a Parquet file (source: parquet reads those)",
    b"\x89HDF": "an HDF5 file",
    b"Obj\x01": "an Avro file",
    b"BZh": "a bzip2 archive",
}


def checksum(data: bytes) -> int:
    """The CRC-32C of the data as TFRecord files store it: rotated by 15 bits, plus a constant."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _DELTA) & 0xFFFFFFFF


def damaged(file: Path, number: int, start: int, what: str) -> NetlabError:
    """The exception for a record, which begins at a byte of the file or of what is unpacked from it."""
    return NetlabError(f"{place(file, number, start)}: {what}: the file is damaged")


def place(file: Path, number: int, start: int | None) -> str:
    """Where a record is, for messages."""
    return f"{said(file)}, record {number}" + (f" (at byte {start})" if start is not None else "")


def first_record(file: Path, compression: Compression, title: str) -> bytes | None:
    """The data of the first record; None where the file has none.

    Raises:
        SpecError: it is no TFRecord file, or compressed otherwise.
        NetlabError: the record is cut off, or its checksum is wrong.
    """
    blocks, found = blocks_of(file, compression, title), bytearray()

    def need(length: int) -> bool:
        while len(found) < length:
            block = next(blocks, None)
            if block is None:
                return False
            found.extend(block)
        return True

    if not need(HEAD.size) and not found:
        return None
    refuse_other(file, bytes(found[: HEAD.size]), compression, title)
    length, _ = HEAD.unpack_from(found)
    if not need(length + FRAME):
        raise damaged(file, 0, 0, cut_off(length, len(found)))
    data = bytes(found[HEAD.size : HEAD.size + length])
    if checksum(data) != FOOT.unpack_from(found, HEAD.size + length)[0]:
        raise damaged(file, 0, 0, WRONG_DATA)
    return data


WRONG_LENGTH = "the checksum of its length is wrong, and so it is not known where the next one begins"
WRONG_DATA = "the checksum of its data is wrong"


def cut_off(length: int, there: int) -> str:
    """What is wrong with a record that takes more bytes than are there."""
    return f"it is cut off: with {length} bytes of data it takes {length + FRAME}, and {there} are there"


def blocks_of(file: Path, compression: Compression, title: str) -> Iterator[bytes]:
    """What a file holds, unpacked, in blocks.

    Raises:
        SpecError: it cannot be read, or is not compressed so.
        NetlabError: what is compressed is damaged.
    """
    try:
        with file.open("rb") as stream:
            blocks = iter(lambda: stream.read(_BLOCK), b"")
            yield from blocks if compression == "none" else _unpacked(file, blocks, compression, title)
    except OSError as error:
        raise SpecError([Problem(("path",), f"{said(file)} cannot be read: {error.strerror}")], title) from None


def _unpacked(file: Path, blocks: Iterator[bytes], compression: Compression, title: str) -> Iterator[bytes]:
    engine, given = None, False
    try:
        for block in blocks:
            rest = block
            while rest:
                engine = engine or zlib.decompressobj(_WINDOW_BITS[compression])
                if found := engine.decompress(rest):
                    given = True
                    yield found
                rest = engine.unused_data
                engine = None if engine.eof else engine
    except zlib.error as error:
        if given:
            raise NetlabError(f"{said(file)} is damaged: it cannot be unpacked ({error})") from None
        message = f"{said(file)} is not compressed with {compression}; say how it is: compression: none, gzip or zlib"
        raise SpecError([Problem(("compression",), message)], title) from None
    if engine is not None:
        raise NetlabError(f"{said(file)} is damaged: what is compressed with {compression} is cut off")


def refuse_other(file: Path, start: bytes, compression: Compression, title: str) -> None:
    """Refuses a file that does not begin with a length and the checksum of it.

    Raises:
        SpecError: so it is.
    """
    if len(start) >= HEAD.size and checksum(start[:8]) == HEAD.unpack_from(start)[1]:
        return
    if compression == "none" and start[:2] == b"\x1f\x8b":
        message = f"{said(file)} is compressed with gzip; say so: compression: gzip"
        raise SpecError([Problem(("compression",), message)], title)
    if compression == "none" and start[:1] == b"\x78" and start[1:2] and not int.from_bytes(start[:2], "big") % 31:
        message = f"{said(file)} seems to be compressed with zlib; say so: compression: zlib"
        raise SpecError([Problem(("compression",), message)], title)
    what = next((kind for beginning, kind in _BEGINNINGS.items() if start.startswith(beginning)), "")
    seen = f", but {what}" if what else ": it does not begin with a length and the checksum of that"
    remedy = "tf.io.TFRecordWriter writes them"
    raise SpecError([Problem(("path",), f"{said(file)} is no TFRecord file{seen}; {remedy}")], title)
