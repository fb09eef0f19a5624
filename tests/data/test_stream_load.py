"""Samples that are read from their files in each epoch are those that would be in memory."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from netlib.data import portions
from netlib.data.arrays import Arrays
from netlib.data.load import Splits, load
from netlib.data.streaming import Streamed
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError

ROWS = 6000
STEPS = {"age": ["Impute", "Standardize"], "count": "Impute", "city": "OneHot", "when": "DateParts"}


def table(rows: int = ROWS) -> pl.DataFrame:
    random = np.random.default_rng(0)
    age, count = random.normal(40, 10, rows), random.integers(0, 9, rows)
    return pl.DataFrame(
        {
            "age": pl.Series(age).set(pl.Series(random.random(rows) < 0.1), None),
            "count": pl.Series(count).set(pl.Series(np.arange(rows) == rows - 7), None),
            "city": random.choice(["Århus", "Bonn", "Cork"], rows),
            "when": pl.Series(np.arange(rows)).cast(pl.Datetime("us")),
            "flag": random.random(rows) < 0.5,
            "kind": random.choice(["low", "high"], rows),
            "patient": random.integers(0, 400, rows),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables")
    whole = table()
    whole[:2500].write_parquet(path / "a.parquet", row_group_size=700)
    whole[2500:].write_parquet(path / "b.parquet", row_group_size=512)
    return path


def loaded(folder: Path, memory: str | None = "64KB", **section: Any) -> Any:
    """The splits, streamed if so much memory is allowed."""
    plain = {"source": "parquet", "path": f"{folder}/*.parquet", "targets": "kind", "preprocess": STEPS, **section}
    plain = {"validation": 0.2, "test": 0.1, "ignore": [] if "inputs" in plain else ["patient"], **plain}
    return load(DataSpec.parse({**plain, **({"memory": memory} if memory else {})}), 5)


def both(folder: Path, **section: Any) -> tuple[Splits, Splits]:
    """The splits in memory, and streamed."""
    return loaded(folder, None, **section), loaded(folder, **section)


def gathered(split: Any) -> Arrays:
    assert isinstance(split, Streamed)
    assert 1 < split.window < len(split), "it is read in several windows"
    parts = list(split.windows(split.window))
    assert all(len(part) <= split.window for part in parts)
    return Arrays(
        {name: np.concatenate([part.inputs[name] for part in parts]) for name in parts[0].inputs},
        {name: np.concatenate([part.targets[name] for part in parts]) for name in parts[0].targets},
        rows=np.concatenate([part.rows for part in parts if part.rows is not None]),
    )


def need_equal(streamed: Splits, memory: Splits) -> None:
    for name in ("train", "validation", "test"):
        found, expected = gathered(getattr(streamed, name)), getattr(memory, name)
        np.testing.assert_array_equal(found.rows, expected.rows)
        for role in ("inputs", "targets"):
            ours, theirs = getattr(found, role), getattr(expected, role)
            assert list(ours) == list(theirs)
            for key, values in theirs.items():
                assert ours[key].dtype == values.dtype
                np.testing.assert_array_equal(ours[key], values)


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"split": {"Grouped": {"by": "patient"}}, "ignore": []},
        {"split": "Contiguous"},
        {"inputs": {"numbers": ["age", "count"], "place": "city"}, "preprocess": {**STEPS, "place": "Lookup"}},
        {"preprocess": "auto"},
    ],
    ids=["stratified", "grouped", "contiguous", "inputs", "auto"],
)
def test_they_are_those_that_would_be_in_memory(folder, section):
    if "inputs" in section:
        section["preprocess"] = {
            key: value for key, value in section["preprocess"].items() if key in ("age", "count", "place")
        }
    memory, streamed = both(folder, **section)
    need_equal(streamed, memory)
    assert streamed.preprocessing.state()[0] == memory.preprocessing.state()[0]
    assert streamed.signature.inputs == memory.signature.inputs
    assert streamed.signature.targets == memory.signature.targets
    assert re.search(r"6,000 samples of about .* MB in all are read from their files in each epoch", streamed.notes[0])


@pytest.fixture
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a split has many."""
    monkeypatch.setattr(portions, "NUMBERS", 700)
    monkeypatch.setattr(portions, "TEXTS", 300)


@pytest.mark.parametrize(
    "steps",
    [
        {"age": ["Impute", "Standardize"], "count": {"Impute": {"by": "mean"}}, "city": "OneHot"},
        {"age": [{"Impute": {"by": "mean", "flag": True}}, "MinMax"], "count": ["Impute", "OneHot"], "city": "Lookup"},
        {"age": [{"Impute": 1}, "RobustScale"], "count": [{"Impute": 0}, {"Bucketize": {"quantiles": 3}}]},
        {"age": ["Standardize", {"Impute": 0}], "when": ["DateParts", "Standardize"], "kind": "Labels"},
        {"city": {"Tokenize": {"by": "characters", "length": 4}}, "age": {"Impute": 0}, "count": {"Impute": 0}},
        {"city": {"Tokenize": {"by": "words", "length": 4}}, "age": {"Impute": 0}, "count": {"Impute": 0}},
    ],
    ids=["standardize", "min_max", "whole", "chains", "characters", "words"],
)
def test_what_is_learned_of_portions_is_learned_as_in_memory_to_the_bit(folder, small_portions, steps):
    inputs = [name for name in steps if name != "kind"]
    memory, streamed = both(folder, inputs={name: name for name in inputs}, preprocess=steps, ignore=[])
    need_equal(streamed, memory)
    (_, ours), (_, theirs) = streamed.preprocessing.state(), memory.preprocessing.state()
    assert {name: each.tobytes() for name, each in ours.items()} == {
        name: each.tobytes() for name, each in theirs.items()
    }


def test_what_takes_all_values_at_once_must_fit(folder):
    spec = {"inputs": ["age"], "ignore": [], "memory": "8KB"}
    message = (
        r"preprocess\.age\.1: RobustScale looks at all values of 'age' to train on at once, which take 0\.0 MB, more than the"
        r" 0\.0 MB of data\.memory: allow more, or take a step that looks at a part at a time: Standardize"
    )
    with pytest.raises(SpecError, match=message):
        loaded(folder, preprocess={"age": [{"Impute": 0}, "RobustScale"]}, **spec)
    assert isinstance(loaded(folder, preprocess={"age": [{"Impute": 0}, "Standardize"]}, **spec).train, Streamed)


def test_columns_whose_steps_are_chosen_must_fit(folder):
    with pytest.raises(SpecError, match=r"preprocess: auto looks at all values of 'age' at once, .* or say its steps"):
        loaded(folder, preprocess="auto", memory="8KB")


def test_a_value_that_a_step_cannot_take_is_named_by_its_row(tmp_path, small_portions):
    frame = table(3000).with_columns(age=pl.Series(np.where(np.arange(3000) == 2345, -1.0, 1.0)))
    frame.write_parquet(tmp_path / "t.parquet")
    plain = {
        "source": "parquet",
        "path": str(tmp_path / "t.parquet"),
        "targets": "kind",
        "inputs": ["age"],
        "validation": 1,
    }
    plain |= {"preprocess": {"age": ["Log", "Standardize"]}, "split": "Contiguous", "validation": 0.1}
    what = r"the training split: column 'age': row 2345 has -1\.0, of which there is no logarithm"
    for more in ({}, {"memory": "8KB"}):
        with pytest.raises(NetlabError, match=what):
            load(DataSpec.parse({**plain, **more}), 1)


def test_a_window_of_wide_samples_has_fewer(folder):
    narrow, wide = (
        loaded(folder, inputs=["city"], preprocess={"city": {"OneHot": {"categories": list(map(str, range(width)))}}})
        for width in (1, 999)
    )
    assert (narrow.train.row_bytes, wide.train.row_bytes) == (4 * 2 + 4, 4 * 1000 + 4)
    assert wide.train.window == 64_000 // (8 * 4004)


def test_missing_values_that_are_only_held_out_are_filled_as_in_memory(tmp_path):
    frame = table(3000).with_columns(age=pl.Series([*([1.5] * 2000), *([2.5] * 999), None]))
    frame.write_parquet(tmp_path / "t.parquet")
    plain = {"source": "parquet", "path": str(tmp_path / "t.parquet"), "targets": "kind", "preprocess": "auto"}
    plain |= {"split": "Contiguous", "validation": 0.1}
    memory, streamed = (load(DataSpec.parse({**plain, **more}), 1) for more in ({}, {"memory": "32KB"}))
    assert streamed.preprocessing.specs() == memory.preprocessing.specs()
    assert [step.type_name() for step in memory.preprocessing.specs()["age"]] == ["Impute", "Standardize"]


def test_they_are_preprocessed_as_before(folder):
    memory, _ = both(folder)
    again = load(
        DataSpec.parse(
            {"source": "parquet", "path": f"{folder}/*.parquet", "targets": "kind", "preprocess": STEPS,
             "validation": 0.2, "test": 0.1, "ignore": ["patient"], "memory": "64KB"}
        ),
        5,
        memory.preprocessing,
    )  # fmt: skip
    need_equal(again, memory)


def test_what_fits_the_memory_is_in_memory(folder):
    plain = {"source": "parquet", "path": f"{folder}/*.parquet", "targets": "kind", "preprocess": "auto"}
    assert isinstance(load(DataSpec.parse({**plain, "memory": "64MB"}), 1).train, Arrays)


def test_an_epoch_has_every_row_once(folder):
    _, streamed = both(folder)
    train: Any = streamed.train
    rows = [part.rows.tolist() for part in train.mixed(3, 0, train.window)]
    assert sorted(row for part in rows for row in part) == train.numbers.tolist()
    assert rows[2:] == [part.rows.tolist() for part in train.mixed(3, 0, train.window, 2)]


def test_the_fingerprint_follows_the_files(folder, tmp_path):
    table(3000).write_parquet(tmp_path / "t.parquet")
    plain = {
        "source": "parquet",
        "path": f"{tmp_path}/*.parquet",
        "targets": "kind",
        "preprocess": "auto",
        "memory": "32KB",
    }
    first = load(DataSpec.parse(plain), 1).fingerprint
    assert load(DataSpec.parse(plain), 1).fingerprint == first
    table(3001).write_parquet(tmp_path / "t.parquet")
    assert load(DataSpec.parse(plain), 1).fingerprint != first


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            {"preprocess": {**STEPS, "features": "Standardize"}},
            r"preprocess\.features: 'features' is joined of columns, .* give its steps to the columns",
        ),
        ({"split": "Hash"}, r"split: a hash of whole rows takes all of them in memory, .* name a column \(by\)"),
    ],
)
def test_what_takes_all_samples_at_once(folder, section, message):
    with pytest.raises(SpecError, match=message):
        both(folder, **section)


def test_a_value_that_cannot_be_used_is_named_when_it_is_read(tmp_path):
    frame = table(3000).with_columns(age=pl.Series(np.where(np.arange(3000) == 1234, np.inf, 1.0)))
    frame.write_parquet(tmp_path / "t.parquet")
    spec = DataSpec.parse(
        {
            "source": "parquet",
            "path": str(tmp_path / "t.parquet"),
            "targets": "kind",
            "inputs": ["age"],
            "memory": "4KB",
        }
    )
    with pytest.raises(NetlabError, match=r"t\.parquet, row 1234 \(from 0\): column 'age' holds inf"):
        gathered(load(spec, 1).train)


def test_what_can_only_be_read_whole_must_fit():
    assert len(load(DataSpec.parse({"source": "digits", "memory": "1MB"}), 1).train) == 1797
    with pytest.raises(
        SpecError, match=r"memory: the samples take 0\.\d MB, more than the 0\.1 MB .* write it as Parquet"
    ):
        load(DataSpec.parse({"source": "digits", "memory": "64KB"}), 1)
