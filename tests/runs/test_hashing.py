from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest

from netlib.runs import checkpoint, manifest, tensors
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import CheckpointError, TensorFileError
from netlib.runs.hashing import at_once, sha256_of


def test_hashes_are_those_of_the_content_by_name(tmp_path: Path) -> None:
    contents = {"empty": b"", "small": b"abc", "large": bytes(3_000_000)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    expected = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    assert sha256_of([tmp_path / name for name in contents]) == expected
    assert sha256_of([]) == {}
    assert expected["small"].startswith("ba7816bf")  # of FIPS 180-2


def test_results_are_in_order_and_the_first_error_is_raised() -> None:
    assert at_once(lambda item: item * 2, range(50)) == list(range(0, 100, 2))
    later = threading.Event()

    def act(item: int) -> int:
        if item == 1:
            later.wait(5)
            raise ValueError(item)
        if item == 2:
            later.set()
            raise KeyError(item)
        return item

    later.set()
    with pytest.raises(ValueError, match="1"):
        at_once(act, range(4))


def test_the_writer_says_the_hash_of_what_is_in_the_file_and_so_does_the_reader(tmp_path: Path) -> None:
    arrays = {
        "a": np.arange(700_000, dtype=np.float32).reshape(1000, 700).T,
        "b": np.zeros((), np.int8),
        "c": np.ones(0),
    }
    said = tensors.save(tmp_path / "m", arrays, {"d": "a"})
    assert said == hashlib.sha256((tmp_path / "m").read_bytes()).hexdigest()
    digest = hashlib.sha256()
    tensors.load(tmp_path / "m", digest)
    assert digest.hexdigest() == said


def test_a_manifest_with_hashes_that_are_known_is_that_without(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a" * 10)
    (tmp_path / "b").write_bytes(b"b" * 10)
    manifest.write(tmp_path)
    without = (tmp_path / manifest.NAME).read_bytes()
    manifest.write(tmp_path, {"a": hashlib.sha256(b"a" * 10).hexdigest()})
    assert (tmp_path / manifest.NAME).read_bytes() == without


def test_a_changed_array_is_told_as_changed_whether_it_can_be_parsed_or_not(run: RunDirectory) -> None:
    path = checkpoint.write(run, 1, {"model": {"w": np.ones(1000)}, "optimizer": {"w": np.ones(1000)}}, {})
    whole = (path / "optimizer.safetensors").read_bytes()
    for place in (2, 20, len(whole) - 5):
        (path / "optimizer.safetensors").write_bytes(whole[:place] + b"\xfe" + whole[place + 1 :])
        with pytest.raises(CheckpointError, match=r"is damaged: optimizer\.safetensors has SHA-256 [0-9a-f]{64}, its"):
            checkpoint.read(path)


def test_a_type_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    header = b'{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}'
    (tmp_path / "m").write_bytes(len(header).to_bytes(8, "little") + header + b"12")
    message = r"m is damaged: array 'a' is of type F8_E4M3, expected one of BOOL, I8, .*BF16.*C64$"
    with pytest.raises(TensorFileError, match=message):
        tensors.load(tmp_path / "m")


def test_arrays_do_not_hold_each_other_in_memory(tmp_path: Path) -> None:
    tensors.save(tmp_path / "m", {"a": np.ones(1000), "b": np.ones(1000)})
    found = tensors.load(tmp_path / "m")
    assert not np.shares_memory(found["a"], found["b"])
    assert all(array.flags.writeable and array.flags.aligned for array in found.values())
