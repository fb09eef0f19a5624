"""Reads files of text."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from netlib.data.arrays import Array
from netlib.spec.errors import NetlabError

_BOM = b"\xef\xbb\xbf"


def text_of(file: Path) -> str:
    """What the file holds, with every line's end as one character.

    Raises:
        NetlabError: it is empty, not UTF-8 or cannot be read.
    """
    return decoded(without_mark(contents_of(file)), file)


def without_mark(contents: bytes) -> bytes:
    """Without the mark of UTF-8 that some programs begin a file with."""
    return contents.removeprefix(_BOM)


def decoded(contents: bytes, file: Path, first: int = 1) -> str:
    """Contents of the file, from line `first` on, as a text with every line's end as one character.

    Raises:
        NetlabError: they are not UTF-8.
    """
    try:
        return contents.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = first + contents.count(b"\n", 0, error.start)
        wrong = f"has the byte 0x{contents[error.start]:02x}, which is no UTF-8 there; save the file as UTF-8"
        raise NetlabError(f"{file}, line {line} {wrong}") from None


def contents_of(file: Path) -> bytes:
    """The bytes of the file.

    Raises:
        NetlabError: there are none, or they cannot be read.
    """
    try:
        contents = file.read_bytes()
    except OSError as error:
        raise NetlabError(f"{file} cannot be read: {error.strerror}") from None
    if not contents:
        raise NetlabError(f"{file} is empty: a text is needed")
    return contents


def mapped_bytes(file: Path) -> Array:
    """The same as uint8, which are in memory only as they are looked at."""
    try:
        return np.memmap(file, np.uint8, "r")
    except (OSError, ValueError):  # whoever reads it says what is wrong
        return np.frombuffer(contents_of(file), np.uint8)
