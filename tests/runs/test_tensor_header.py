"""What a safetensors file says of itself, against the library that defines the format."""

from __future__ import annotations

import json
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
from safetensors import safe_open

from netlib.runs import tensors
from netlib.runs.errors import TensorFileError
from netlib.runs.tensor_header import read_header

ARRAYS = {
    "a.kernel": np.ones((3, 4), np.float32),
    "b": np.ones((), np.float64),
    "empty": np.ones((2, 0), np.int8),
    "half": np.ones(5, ml_dtypes.bfloat16),
    **{name: np.ones(3).astype(name) for name in tensors.DTYPES if name not in ("bfloat16", "complex64")},
}


def written(path: Path, header: Any, data: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def entry(**changes: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}


@pytest.mark.parametrize("save", [tensors.save, lambda path, arrays: safetensors.numpy.save_file(arrays, path)])
def test_it_says_what_the_library_says(tmp_path: Path, save: Any) -> None:
    file = tmp_path / "a.safetensors"
    save(file, ARRAYS)
    found = read_header(file)
    assert {name: (each.shape, each.dtype) for name, each in found.arrays.items()} == {
        name: (array.shape, array.dtype.name) for name, array in ARRAYS.items()
    }
    assert found.aliases == {}
    with safe_open(file, framework="np") as opened:
        assert set(opened.keys()) == set(found.arrays)


def test_every_type_that_is_saved_can_be_read(tmp_path: Path) -> None:
    content = {name: np.zeros(2, ml_dtypes.bfloat16 if name == "bfloat16" else name) for name in tensors.DTYPES}
    tensors.save(tmp_path / "a.safetensors", content)
    assert {n: each.dtype for n, each in read_header(tmp_path / "a.safetensors").arrays.items()} == {
        n: n for n in content
    }


def test_aliases_are_told(tmp_path: Path) -> None:
    tensors.save(tmp_path / "a.safetensors", {"a": np.ones(2, np.float32)}, {"b": "a"})
    assert read_header(tmp_path / "a.safetensors").aliases == {"b": "a"}


def test_a_file_that_is_cut_anywhere_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    tensors.save(file, {"a": np.ones(2, np.float32), "b": np.ones((2, 2), np.float16)}, {"c": "a"})
    content = file.read_bytes()
    for length in range(len(content)):
        file.write_bytes(content[:length])
        with pytest.raises(TensorFileError, match="is damaged, or no safetensors file"):
            read_header(file)
    file.write_bytes(content + b"\0")
    with pytest.raises(TensorFileError, match="its arrays have 16 bytes, and it holds 17"):
        read_header(file)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"{", "Expecting property name"),
        (b"[" * 200_000, "recursion"),
        (b"[]", "its header is no mapping"),
        (b'{"a": 1, "a": 2}', "a name stands in its header twice"),
        ({"a": 3}, "its header does not give type, shape and place of 'a'"),
        ({"a": entry(dtype="F8_E4M3")}, "array 'a' is of type F8_E4M3, expected one of BOOL"),
        ({"a": entry(shape=[-2])}, "shape and place of 'a' are not what they must be"),
        ({"a": entry(shape=[True])}, "shape and place of 'a' are not what they must be"),
        ({"a": entry(shape=[2**62, 2**62])}, "has 8 bytes"),
        ({"a": entry(shape=[2] * 65)}, "shape and place of 'a' are not what they must be"),
        ({"a": entry(), "b": entry()}, "an array begins at byte 0, expected 8"),
        ({"a": entry(data_offsets=[8, 16])}, "an array begins at byte 8, expected 0"),
        ({"a": entry(), "__metadata__": {"aliases": '{"b": "c"}'}}, "'b' cannot be an alias of 'c'"),
        ({"a": entry(), "__metadata__": {"aliases": "[]"}}, "its aliases are not a mapping"),
    ],
)
def test_a_header_that_is_not_what_it_must_be_is_told(tmp_path: Path, header: Any, reason: str) -> None:
    file = written(tmp_path / "a.safetensors", header, b"\0" * 8)
    with pytest.raises(TensorFileError, match=reason):
        read_header(file)


def test_an_absurd_length_makes_no_large_allocation(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    file.write_bytes(struct.pack("<Q", 2**63 - 1) + b"{}")
    with file.open("r+b") as opened:
        opened.truncate(2**32)  # as sparse as the disk lets it be
    tracemalloc.start()
    try:
        with pytest.raises(TensorFileError, match="its header would have 9223372036854775807 bytes"):
            read_header(file)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_what_is_not_there_or_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(TensorFileError, match="there is no file"):
        read_header(tmp_path / "a.safetensors")
    with pytest.raises(TensorFileError, match="cannot read"):
        read_header(tmp_path)
