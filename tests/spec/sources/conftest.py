"""Files of records, written without TensorFlow."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from netlib.spec.sources.tfrecord_framing import checksum


def _field(number: int, contents: bytes) -> bytes:
    length, size = b"", len(contents)
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + contents


def _feature(values: list[object]) -> bytes:
    if isinstance(values[0], float):
        return _field(2, _field(1, struct.pack(f"<{len(values)}f", *values)))
    if isinstance(values[0], int):
        return _field(3, _field(1, bytes(values)))  # type: ignore[arg-type]  # each from 0 to 127
    return _field(1, b"".join(_field(1, value) for value in values))  # type: ignore[arg-type]


def example(features: Mapping[str, list[object]]) -> bytes:
    """The bytes of an Example: floats, integers from 0 to 127, or byte strings for each feature."""
    entries = (_field(1, name.encode()) + _field(2, _feature(values)) for name, values in features.items())
    return _field(1, b"".join(_field(1, entry) for entry in entries))


@pytest.fixture
def records(tmp_path: Path) -> Callable[..., Path]:
    """Writes examples, or bytes as they are, to a file: `records("a.tfrecord", [{"x": [1.0]}, b"..."])`."""

    def write(name: str, contents: Iterable[Mapping[str, list[object]] | bytes]) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            for each in contents:
                data = each if isinstance(each, bytes) else example(each)
                length = struct.pack("<Q", len(data))
                stream.write(length + struct.pack("<I", checksum(length)) + data + struct.pack("<I", checksum(data)))
        return file

    return write
