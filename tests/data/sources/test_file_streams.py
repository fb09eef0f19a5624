"""Samples of files and arrays that are read in each epoch are those that would be in memory, whatever the source is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from netlib.data.arrays import Arrays
from netlib.data.load import Splits, load
from netlib.data.streaming import Streamed
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError

Make = Callable[[Path], dict[str, Any]]
RESCALE = {"Rescale": 1 / 255}


def picture(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (4, 5, 3), dtype=np.uint8)


def image_folder(path: Path) -> dict[str, Any]:
    for number in range(200):
        folder = path / "abc"[number * number % 3]
        folder.mkdir(exist_ok=True)
        Image.fromarray(picture(number)).save(folder / f"{number:03}.png")
    return {"source": "image_folder", "path": str(path), "preprocess": {"image": RESCALE}, "memory": "20KB"}


def image_folder_with_damage(path: Path) -> dict[str, Any]:
    section = image_folder(path)
    for file in sorted(path.rglob("*.png"))[5::17]:
        file.write_bytes(file.read_bytes()[:60])
    return {**section, "on_error": "skip"}


def image_table(path: Path) -> dict[str, Any]:
    names = [f"{number}.png" for number in range(150)]
    for number, name in enumerate(names):
        Image.fromarray(picture(number)).save(path / name)
    (path / "7.png").write_bytes(b"no image")
    random = np.random.default_rng(0)
    table = pl.DataFrame({"image": names, "age": random.normal(size=150), "kind": random.choice(["u", "v"], 150)})
    table = table.with_columns(image=pl.when(pl.int_range(150) != 20).then("image"), patient=pl.int_range(150) % 40)
    table.write_parquet(path / "t.parquet")
    return {
        "source": "image_table", "path": str(path / "t.parquet"), "targets": "kind", "inputs": ["age"],
        "on_error": "skip", "split": {"Grouped": {"by": "patient"}}, "preprocess": {"age": "Standardize", "image": RESCALE},
        "memory": "20KB",
    }  # fmt: skip


def npy(path: Path) -> dict[str, Any]:
    random = np.random.default_rng(0)
    np.save(path / "x.npy", random.normal(size=(2000, 3)))
    np.save(path / "image.npy", random.integers(0, 256, (2000, 2, 2, 1), dtype=np.uint8))
    np.save(path / "y.npy", random.integers(0, 3, 2000))
    inputs = {name: str(path / f"{name}.npy") for name in ("x", "image")}
    steps = {"x": "Standardize", "image": RESCALE}
    return {
        "source": "npy",
        "inputs": inputs,
        "targets": {"y": str(path / "y.npy")},
        "preprocess": steps,
        "memory": "20KB",
    }


def text_folder(path: Path) -> dict[str, Any]:
    random = np.random.default_rng(0)
    for number in range(300):
        (path / f"class {number % 3}").mkdir(exist_ok=True)
        words = random.choice(["öl", "tree", "it's", "of", "Å"], random.integers(1, 30))
        (path / f"class {number % 3}" / f"{number}.txt").write_text(" ".join(words), encoding="utf-8")
    steps = {"text": {"Tokenize": {"by": "words", "length": 8}}}
    return {"source": "text_folder", "path": str(path), "preprocess": steps, "memory": "6KB"}


def corpus(path: Path, by: str) -> dict[str, Any]:
    random = np.random.default_rng(0)
    for number in range(3):
        words = random.choice(["öl", "trëe", "it's", "of", "a\u030a", "\n"], 400 + 7 * number)
        (path / f"{number}.txt").write_text(" ".join(words), encoding="utf-8")
    return {
        "source": "corpus",
        "path": f"{path}/*.txt",
        "by": by,
        "length": 9,
        "stride": 4,
        "split": "Contiguous",
        "memory": "6KB",
    }


def time_series(path: Path, **extra: Any) -> dict[str, Any]:
    random = np.random.default_rng(0)
    rows = {
        "who": np.arange(900) % 3,
        "at": np.arange(900) // 3,
        "load": random.normal(size=900),
        "rain": random.integers(0, 5, 900),
    }
    pl.DataFrame(rows).with_columns(kind=pl.when(pl.int_range(900) != 1).then("rain")).write_parquet(path / "t.parquet")
    section = {
        "source": "time_series",
        "path": str(path / "t.parquet"),
        "inputs": ["load", "rain"],
        "length": 6,
        "memory": "10KB",
    }
    steps = {"window": "Standardize"}
    return {**section, "targets": ["load"], "split": "Contiguous", "preprocess": steps, **extra}


CASES: dict[str, Make] = {
    "image_folder": image_folder,
    "image_folder, some damaged": image_folder_with_damage,
    "image_table": image_table,
    "npy": npy,
    "text_folder": text_folder,
    "corpus of bytes": lambda path: corpus(path, "bytes"),
    "corpus of characters": lambda path: corpus(path, "characters"),
    "corpus of words": lambda path: corpus(path, "words"),
    "time_series": time_series,
    "time_series, grouped": lambda path: time_series(path, group="who", time="at", targets="kind", split={"Time": {"by": "at"}}),
    "time_series, several steps": lambda path: time_series(path, steps=3, stride=2, horizon=2, targets={"y": ["load", "rain"]}),
}  # fmt: skip


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def section(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    plain: dict[str, Any] = request.param(tmp_path)
    return {"validation": 0.2, "test": 0.15, **plain}


def streamed(section: dict[str, Any]) -> Splits[Any]:
    return load(DataSpec.parse(section), 5)


def in_memory(section: dict[str, Any]) -> Splits[Any]:
    return load(DataSpec.parse({name: value for name, value in section.items() if name != "memory"}), 5)


def gathered(split: Any) -> Arrays:
    assert isinstance(split, Streamed)
    assert 1 < split.window < len(split), "it is read in several windows"
    parts = list(split.windows(split.window))
    return Arrays(
        {name: np.concatenate([part.inputs[name] for part in parts]) for name in parts[0].inputs},
        {name: np.concatenate([part.targets[name] for part in parts]) for name in parts[0].targets},
        rows=np.concatenate([part.rows for part in parts if part.rows is not None]),
    )


def test_they_are_those_that_would_be_in_memory(section):
    found, expected = streamed(section), in_memory(section)
    for name in ("train", "validation", "test"):
        ours, theirs = gathered(getattr(found, name)), getattr(expected, name)
        np.testing.assert_array_equal(ours.rows, theirs.rows)
        for role in ("inputs", "targets"):
            mine, his = getattr(ours, role), getattr(theirs, role)
            assert list(mine) == list(his)
            for key, values in his.items():
                assert mine[key].dtype == values.dtype
                np.testing.assert_array_equal(mine[key], values)
    assert found.preprocessing.state()[0] == expected.preprocessing.state()[0]
    assert found.signature.inputs == expected.signature.inputs
    assert found.signature.targets == expected.signature.targets
    assert found.notes[0].startswith(f"{found.signature.samples:,} samples of about ")
    assert set(expected.notes) <= set(found.notes)


def test_no_sample_is_in_two_splits(section):
    splits = in_memory(section)
    rows = [set(part.rows.tolist()) for part in (splits.train, splits.validation, splits.test)]
    assert all(rows)
    assert sum(map(len, rows)) == len(splits.train) + len(splits.validation) + len(splits.test) == len(set.union(*rows))


def test_an_epoch_has_every_sample_once_in_an_order_of_its_own(section):
    train = streamed(section).train
    epochs = [np.concatenate([part.rows for part in train.mixed(3, epoch, train.window)]) for epoch in (0, 1)]
    for rows in epochs:
        np.testing.assert_array_equal(np.sort(rows), np.sort(np.concatenate([part.rows for part in train.windows(50)])))
    assert epochs[0].tolist() != epochs[1].tolist()


@pytest.mark.parametrize("make", [image_folder, image_table, npy, text_folder, CASES["corpus of bytes"]])
def test_a_file_that_changes_while_it_is_read_is_an_error(make, tmp_path):
    train = streamed({"validation": 0.2, "cache": "none", **make(tmp_path)}).train
    assert sum(len(part) for part in train.mixed(1, 0, train.window)) == len(train)
    for file in tmp_path.rglob("*"):
        if file.suffix in (".png", ".npy", ".txt"):
            file.write_bytes(file.read_bytes())
    message = r"has changed while it was read; put it back, or begin anew with what it is now"
    with pytest.raises(NetlabError, match=message):
        next(train.mixed(1, 1, train.window))


def test_the_fingerprint_is_of_the_files_and_of_how_they_are_read(section, tmp_path):
    first = streamed(section).fingerprint
    assert streamed(section).fingerprint == first
    file = next(file for file in sorted(tmp_path.rglob("*")) if file.suffix in (".png", ".npy", ".txt", ".parquet"))
    stat = file.stat()
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 10**9))
    assert streamed(section).fingerprint != first
