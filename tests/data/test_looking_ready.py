from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from netlib.data.arrays import Arrays
from netlib.data.columns import numbered
from netlib.data.load import parts, prepared
from netlib.data.looking_ready import classes, ready, rows
from netlib.spec.data import DataSpec
from netlib.spec.looks import ClassLook, ReadyLook


def read(tmp_path, text: str, **section: object):
    (tmp_path / "a.csv").write_text(text)
    spec = DataSpec.parse({"source": "csv", "path": str(tmp_path / "a.csv"), "split": "Contiguous", **section})
    raw = parts(spec, 0)
    return raw, prepared(raw)


CITIES = "age,city,kind\n1,Rome,b\n3,Bonn,a\n5,Rome,b\n9,Rome,a\n"


def test_what_each_column_goes_through_and_what_comes_out(tmp_path):
    steps = {"age": ["Impute", {"MinMax": {"maximum": 4}}], "city": {"OneHot": 3}}
    raw, splits = read(tmp_path, CITIES, targets="kind", preprocess=steps)
    assert list(ready(splits, raw.pipeline)) == [
        ReadyLook("age", "input", "features", ("Impute", "MinMax: {maximum: 4.0}")),
        ReadyLook("city", "input", "features", ("OneHot: {maximum: 3}",)),
        ReadyLook("features", "input", "", (), (5,), "float32", 0.0, 4.0),
        ReadyLook("kind", "target", "", ("Labels",), (), "int32", 0.0, 1.0),
    ]


def test_a_column_without_steps_is_told_beside_those_that_have_some(tmp_path):
    raw, splits = read(tmp_path, CITIES, targets="kind", preprocess={"city": "OneHot"})
    found = list(ready(splits, raw.pipeline))
    assert found[:2] == [
        ReadyLook("age", "input", "features", ()),
        ReadyLook("city", "input", "features", ("OneHot",)),
    ]
    raw, splits = read(tmp_path, "a,b,y\n1,2,3\n4,5,6\n", targets="y")
    assert [look.name for look in ready(splits, raw.pipeline)] == ["features", "y"]


def test_classes_by_split(tmp_path):
    _, splits = read(tmp_path, CITIES, targets="kind", preprocess={"city": "OneHot"}, stratify=False, test=0.25)
    assert classes(splits) == {
        "kind": (ClassLook(0, "a", {"train": 1, "test": 1}), ClassLook(1, "b", {"train": 2, "test": 0}))
    }


def test_classes_that_no_sample_has_are_there_where_the_source_names_them():
    found = classes(prepared(parts(DataSpec.parse({"source": "blobs", "samples": 10, "classes": 3, "test": 0.3}), 0)))
    assert [each.number for each in found["label"]] == [0, 1, 2]
    assert sum(each.counts["train"] for each in found["label"]) == 7


def test_numbers_are_no_classes(tmp_path):
    many = "".join(f"{i},{3 * i}\n" for i in range(1100))
    _, splits = read(tmp_path, f"x,y\n{many}", targets="y", stratify=False)
    assert classes(splits) == {}


def test_samples_before_and_behind(tmp_path):
    raw, splits = read(tmp_path, CITIES, targets="kind", preprocess={"city": "OneHot"})
    first, second = rows(raw.samples["train"], splits.train, 2, numbered)
    assert (first.row, first.raw) == (0, {"age": 1, "city": "Rome", "kind": "b"})
    assert first.ready == {"features[0]": 1, "features[1]": 0, "features[2]": 1, "features[3]": 0, "kind": 1}
    assert (second.row, second.ready["features[3]"]) == (1, 1)


def test_values_of_every_form():
    arrays = Arrays(
        {
            "image": np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2),
            "tokens": np.array([[3, 1, 2]], np.int32),
            "gone": np.array([[np.nan]], np.float32),
            "tenth": np.array([[0.1]], np.float32),
            "no_text": pl.Series([None], dtype=pl.String()),
            "day": pl.Series([datetime(2024, 2, 29)]),
            "wide": np.ones((1, 100), np.float32),
        },
        {},
        weights=np.array([0.5], np.float32),
        rows=np.array([41]),
    )
    numbers = Arrays({"x": np.zeros((1, 1), np.float32)}, {})
    (found,) = rows(arrays, numbers, 9, numbered)
    assert found.row == 41
    assert found.raw == {
        "image": {"shape": [2, 2, 2], "low": 0, "high": 7},
        "tokens": [3, 1, 2],
        "gone": None,
        "tenth": 0.1,
        "no_text": None,
        "day": "2024-02-29",
        "wide": {"shape": [100], "low": 1, "high": 1},
        "weights": 0.5,
    }
