"""Which samples of a stream are kept as they are decoded, where the config does not say it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from netlib.data import disk_cache, keeping, temporary_folder
from netlib.data.disk_cache import DiskCache
from netlib.data.load import Splits, load
from netlib.data.streaming import Streamed
from netlib.data.temporary_folder import free_room
from netlib.spec import launched
from netlib.spec.data import DataSpec


def table(path: Path, **columns: Any) -> dict[str, Any]:
    random = np.random.default_rng(0)
    pl.DataFrame({**columns, "x": random.normal(size=500), "y": random.normal(size=500)}).write_parquet(
        path / "t.parquet"
    )
    return {"source": "parquet", "path": str(path / "t.parquet"), "targets": "y", "memory": "1KB"}


def numbers(path: Path) -> dict[str, Any]:
    return table(path)


def images(path: Path) -> dict[str, Any]:
    for number in range(20):
        folder = path / "ab"[number % 2]
        folder.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 4), number, np.uint8)).save(folder / f"{number:03}.png")
    return {"source": "image_folder", "path": str(path), "memory": "1KB"}


def only_texts(path: Path) -> dict[str, Any]:
    pl.DataFrame({"a": ["u", "v"] * 300, "y": ["p", "q"] * 300}).write_parquet(path / "t.parquet")
    section = {"source": "parquet", "path": str(path / "t.parquet"), "targets": "y", "memory": "1KB"}
    return {**section, "preprocess": {"a": "OneHot"}}


def csv(path: Path) -> dict[str, Any]:
    section = numbers(path)
    pl.read_parquet(section["path"]).write_csv(path / "t.csv")
    return {**section, "source": "csv", "path": str(path / "t.csv")}


def loaded(section: dict[str, Any]) -> Splits[Any]:
    return load(DataSpec.parse(section), 1)


def is_kept(splits: Splits[Any]) -> bool:
    assert isinstance(splits.train, Streamed)
    return isinstance(splits.train.reader, DiskCache)


@pytest.mark.parametrize(("make", "kept"), [(numbers, True), (images, True), (only_texts, False), (csv, False)])
def test_what_takes_long_to_decode_is_kept(make, kept, tmp_path):
    section = make(tmp_path)
    splits = loaded(section)
    assert is_kept(splits) == kept
    assert any("what is decoded is kept in" in note for note in splits.notes) == kept
    assert not is_kept(loaded({**section, "cache": "none"}))


def test_none_needs_no_memory_to_be_said():
    assert DataSpec.parse({"source": "digits", "cache": "none"}).cache == "none"


def anew(size: str, most: str) -> str:
    return (
        f"samples are decoded anew in each epoch: kept they would take {size} MB, more than {most} MB;"
        " data.cache (disk, none) says whether they are kept"
    )


def test_too_many_are_not_kept_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_BYTES", 900)
    splits = loaded(numbers(tmp_path))
    assert not is_kept(splits)
    assert anew("0.0", "0.0") in splits.notes
    assert is_kept(loaded({**numbers(tmp_path), "cache": "disk"}))


def test_half_of_the_room_is_left(tmp_path, monkeypatch):
    section = numbers(tmp_path)
    for free, kept in ((2 * 500 * 8, True), (2 * 500 * 8 - 1, False)):
        monkeypatch.setattr(keeping, "free_room", lambda free=free: free)
        assert is_kept(loaded(section)) == kept


def test_workers_on_one_machine_share_the_room(tmp_path, monkeypatch):
    section, room = numbers(tmp_path), 2 * 500 * 8
    monkeypatch.setenv(launched.VARIABLE, "2")
    for free, kept in ((2 * room, True), (2 * room - 1, False)):
        monkeypatch.setattr(keeping, "free_room", lambda free=free: free)
        assert is_kept(loaded(section)) == kept


def test_a_disk_that_refuses_is_no_error(tmp_path, monkeypatch):
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk_cache.os, "posix_fallocate", full, raising=False)
    splits = loaded(numbers(tmp_path))
    assert not is_kept(splits)
    (note,) = (note for note in splits.notes if "anew" in note and "decoded" in note)
    assert "samples are decoded anew in each epoch: decoded samples cannot be kept (data.cache): [Errno 28]" in note


@pytest.mark.parametrize(
    ("mounts", "room"),
    [
        ("/dev/a / ext4 rw 0 0\n", 77),
        ("/dev/a / ext4 rw 0 0\ntmpfs {} tmpfs rw 0 0\n", 0),
        ("tmpfs / tmpfs rw 0 0\n/dev/b {} xfs rw 0 0\n", 77),
        ("/dev/a / ext4 rw 0 0\ntmpfs {}/deeper tmpfs rw 0 0\n", 77),
        (None, 77),
    ],
)
def test_there_is_no_room_where_files_are_in_memory(mounts, room, tmp_path, monkeypatch):
    monkeypatch.setattr(temporary_folder.tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(temporary_folder.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 23, 77))
    monkeypatch.setattr(temporary_folder, "MOUNTS", tmp_path / "mounts")
    if mounts:
        (tmp_path / "mounts").write_text(mounts.format(tmp_path / "tmp"))
    assert free_room() == room
