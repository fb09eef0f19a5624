"""Samples that are kept decoded on the disk are those of the files, and no file is decoded twice."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from netlib.data import disk_cache, temporary_folder
from netlib.data.arrays import Arrays
from netlib.data.disk_cache import DiskCache
from netlib.data.load import load
from netlib.data.sources import image_stream
from netlib.data.streaming import Reader, Streamed
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError

IMAGES = 60


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, random = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    for number in range(IMAGES):
        folder = path / "ab"[number % 2]
        folder.mkdir(exist_ok=True)
        Image.fromarray(random.integers(0, 256, (8, 8), np.uint8)).save(folder / f"{number:03}.png")
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, random = tmp_path_factory.mktemp("table") / "t.parquet", np.random.default_rng(0)
    pl.DataFrame(
        {
            "x": pl.Series(random.normal(size=3000).round(2)).set(pl.Series(random.random(3000) < 0.1), None),
            "n": random.integers(0, 9, 3000),
            "y": random.normal(size=3000),
            "w": random.random(3000),
            "who": random.integers(0, 40, 3000),
        }
    ).write_parquet(path, row_group_size=500)
    return path


def section(kind: str, path: Path, **more: Any) -> dict[str, Any]:
    of_images = {"source": "image_folder", "preprocess": {"image": "Standardize"}, "memory": "4KB"}
    of_table = {
        "source": "parquet",
        "targets": "y",
        "weights": "w",
        "split": {"Grouped": "who"},
        "preprocess": {"x": {"Impute": 0}},
        "memory": "8KB",
    }
    return {**(of_images if kind == "images" else of_table), "path": str(path), "validation": 0.3, **more}


def trained_on(plain: dict[str, Any]) -> Streamed:
    train = load(DataSpec.parse(plain), 3).train
    assert isinstance(train, Streamed)
    assert isinstance(train.reader, DiskCache) == (plain["cache"] == "disk")
    return train


def need_equal(found: Arrays, expected: Arrays) -> None:
    for role in ("inputs", "targets"):
        ours, theirs = getattr(found, role), getattr(expected, role)
        assert ours.keys() == theirs.keys()
        for name, values in theirs.items():
            assert ours[name].dtype == values.dtype
            np.testing.assert_array_equal(ours[name], values)
    np.testing.assert_array_equal(found.rows, expected.rows)
    if expected.weights is None:
        assert found.weights is None
    else:
        np.testing.assert_array_equal(found.weights, expected.weights)


@pytest.mark.parametrize("kind", ["images", "table"])
def test_the_samples_come_as_without_it_and_in_the_same_order(kind, request):
    path = request.getfixturevalue(kind)
    plain, kept = trained_on(section(kind, path, cache="none")), trained_on(section(kind, path, cache="disk"))
    assert kept.window == plain.window < len(plain)
    for epoch in range(3):
        windows = zip(kept.mixed(1, epoch, kept.window), plain.mixed(1, epoch, plain.window), strict=True)
        for found, expected in windows:
            need_equal(found, expected)


def test_no_image_is_decoded_twice(images, monkeypatch):
    train = trained_on(section("images", images, preprocess={}, cache="disk"))
    decoded: list[Path] = []
    original = image_stream.decoded

    def counted(spec: Any, files: Any, **more: Any) -> Any:
        decoded.extend(files)
        return original(spec, files, **more)

    monkeypatch.setattr(image_stream, "decoded", counted)
    for epoch in range(3):
        for _ in train.mixed(1, epoch, train.window):
            pass
    assert len(decoded) == len(set(decoded)) <= len(train)
    train.reader.some("image", train.numbers)
    assert len(set(decoded)) == len(decoded)


def test_a_column_that_was_not_read_yet_comes_from_the_files(table):
    reader = trained_on(section("table", table, cache="disk")).reader
    fresh = DiskCache.of(reader.reader)
    numbers = np.arange(5, 400, 3)
    np.testing.assert_array_equal(fresh.some("n", numbers), reader.reader.some("n", numbers))
    np.testing.assert_array_equal(fresh.some("who", numbers), reader.reader.some("who", numbers))


def test_it_says_where_it_is_and_is_gone_at_the_end(images, tmp_path, monkeypatch):
    monkeypatch.setattr(temporary_folder.tempfile, "tempdir", str(tmp_path))
    splits = load(DataSpec.parse(section("images", images, cache="disk")), 3)
    (made,) = tmp_path.iterdir()
    size = IMAGES * (8 * 8 * 3 + 4) / 1e6
    assert f"what is decoded is kept in {made} ({size:,.1f} MB), which is removed at the end" in splits.notes
    assert sum(file.stat().st_size for file in made.iterdir()) == IMAGES * (8 * 8 * 3 + 4)
    del splits
    assert not list(tmp_path.iterdir())


def test_a_disk_without_room_is_told(images, tmp_path, monkeypatch):
    monkeypatch.setattr(temporary_folder.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    message = r"what is decoded \(data\.cache\) takes about 0\.0 MB, but .* has room for 0\.0 MB; name a folder with more room"
    with pytest.raises(NetlabError, match=message):
        load(DataSpec.parse(section("images", images, cache="disk")), 3)


def test_a_disk_that_fills_up_is_told(images, monkeypatch):
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk_cache.os, "posix_fallocate", full, raising=False)
    message = r"decoded samples cannot be kept \(data\.cache\): .*No space left on device; name a folder"
    with pytest.raises(NetlabError, match=message):
        load(DataSpec.parse(section("images", images, cache="disk")), 3)


def test_where_room_cannot_be_kept_the_file_grows(images, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    train = trained_on(section("images", images, cache="disk"))
    need_equal(train.raw(np.arange(9)), trained_on(section("images", images, cache="none")).raw(np.arange(9)))


class _Growing:
    """Samples of which later ones are wider."""

    rows, chunk, row_bytes = 4, 1, 8

    def take(self, numbers: np.ndarray) -> Arrays:
        return Arrays({"x": np.zeros((len(numbers), 1 + numbers.max() // 2), np.float32)}, {})


def test_samples_of_another_form_are_told():
    reader: Reader = _Growing()  # type: ignore[assignment]
    cache = DiskCache.of(reader)
    message = r"cannot be kept \(data\.cache\): row 2 is float32 \(2,\), the first is float32 \(1,\)"
    with pytest.raises(NetlabError, match=message):
        cache.take(np.array([2, 3]))


@pytest.mark.parametrize("texts", [["city"], ["city", "x"]])
def test_texts_are_read_from_the_files(texts, tmp_path):
    random = np.random.default_rng(0)
    x, city = random.normal(size=900).astype(np.float32), random.choice(["a", "b", "c"], 900)
    frame = pl.DataFrame({"x": x, "city": city, "day": pl.Series([date(2024, 1, 1)] * 900), "y": city})
    frame.with_columns(pl.col(each).cast(pl.String()) for each in texts).write_parquet(tmp_path / "t.parquet")
    section = {"source": "parquet", "path": str(tmp_path / "t.parquet"), "targets": "y", "memory": "1KB"}
    section["preprocess"] = {"day": {"DateParts": ["year"]}, **dict.fromkeys(texts, "OneHot")}
    plain, kept = (trained_on({**section, "cache": cache}) for cache in ("none", "disk"))
    for epoch in range(2):
        for found, expected in zip(kept.mixed(1, epoch, 70), plain.mixed(1, epoch, 70), strict=True):
            need_equal(found, expected)


def test_without_a_stream_there_is_nothing_to_keep():
    with pytest.raises(SpecError, match=r"what is in memory is decoded once: leave cache out, or say .*memory: 512MB"):
        DataSpec.parse({"source": "digits", "cache": "disk"})
