"""The files of a prepared set: TFRecord, or ArrayRecord, which the package `array_record` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.sources.images import said
from netlib.spec.sources.tfds_folder import INSTALL
from netlib.spec.sources.tfrecord_framing import first_record


def first_of(file: Path, form: str) -> bytes:
    """The first record of a file that has some.

    Raises:
        UsageError: the package that reads it is not installed.
        NetlabError: it is damaged.
    """
    if form == "array_record":
        return record_of(array_record(file), file, 0)
    found = first_record(file, "none", "tfds")
    if found is None:
        raise NetlabError(f"{said(file)} is empty: prepare the set again")
    return found


def array_record(file: Path) -> Any:
    """What reads records of an ArrayRecord file.

    Raises:
        UsageError: the package is not installed.
        NetlabError: the file is damaged.
    """
    try:
        from array_record.python.array_record_module import ArrayRecordReader
    except ImportError:
        raise UsageError(
            f"{said(file)} is an ArrayRecord file, which the package array_record reads: {INSTALL}"
        ) from None
    try:
        reader = ArrayRecordReader(str(file))
        if not reader.ok():
            reader.read([0])  # says why
        return reader
    except (RuntimeError, ValueError, OSError) as error:
        raise NetlabError(f"{said(file)} is damaged: {error}") from None


def record_of(reader: Any, file: Path, number: int) -> bytes:
    """The data of a record; raises `NetlabError` where it is damaged."""
    try:
        return bytes(reader.read([number])[0])
    except (RuntimeError, ValueError, OSError, IndexError) as error:
        raise NetlabError(f"{said(file)} is damaged: record {number} cannot be read: {error}") from None
