"""The values of tables, held against polars and Python by hand. What is wrong with files: test_table_errors.py."""

from __future__ import annotations

import csv
import gzip
import math
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.load import load
from netlib.data.sources import table_contents
from netlib.data.sources.tables import read
from netlib.spec.data import DataSpec
from netlib.spec.sources.tables import Csv, JsonLines, Parquet

TABLE = pl.DataFrame(
    {
        "age": [20, None, 40, 50],
        "income": [1.5, None, 3.0, -0.1],
        "city": ["Ulm", None, "Oslo, N", 'a "b"'],
        "member": [True, False, True, True],
        "since": ["2024-01-01", None, "2024-01-03", "2024-02-29"],
        "count": [1, 2, 1, 5],
        "price": [9.5, 8.0, 7.25, 1e-3],
    }
).with_columns(pl.col("since").str.to_date())
KINDS = {"csv": Csv, "parquet": Parquet, "jsonl": JsonLines}


def stored(folder: Path, form: str, table: pl.DataFrame = TABLE, name: str = "t") -> Path:
    path = folder / f"{name}.{form}"
    if form == "jsonl":
        table.with_columns(pl.selectors.date().cast(pl.String())).write_ndjson(path)
    else:
        getattr(table, f"write_{form}")(path)
    return path


def arrays(path: object, kind: type = Csv, beside: tuple[str, ...] = (), **parameters: object):
    written = [str(each) for each in path] if isinstance(path, list) else path if isinstance(path, dict) else str(path)
    return read(kind.parse({"path": written, "targets": "price", **parameters}).apart(beside), 0)


def row_by_row(monkeypatch):
    """As if polars could not read the file."""
    monkeypatch.setattr(table_contents, "csv", lambda *_: None)
    monkeypatch.setattr(table_contents, "json_lines", lambda *_: None)


@pytest.mark.parametrize("slowly", [False, True])
@pytest.mark.parametrize("form", KINDS)
def test_values(tmp_path, monkeypatch, form, slowly):
    if slowly:
        row_by_row(monkeypatch)
    found = arrays(stored(tmp_path, form), KINDS[form], columns={"since": "datetime"} if form == "jsonl" else {})
    assert list(found.inputs) == ["age", "income", "city", "member", "since", "count"]
    np.testing.assert_array_equal(found.inputs["age"], np.array([20, np.nan, 40, 50], np.float32))
    np.testing.assert_array_equal(found.inputs["income"], np.array([[1.5], [np.nan], [3], [-0.1]], np.float32))
    assert found.inputs["city"].to_list() == ["Ulm", None, "Oslo, N", 'a "b"']
    np.testing.assert_array_equal(found.inputs["member"], np.array([1, 0, 1, 1], np.int32))
    assert found.inputs["since"].to_list() == [datetime(2024, 1, 1), None, datetime(2024, 1, 3), datetime(2024, 2, 29)]
    np.testing.assert_array_equal(found.targets["price"], np.array([[9.5], [8], [7.25], [1e-3]], np.float32))
    assert [values.dtype.name for values in found.inputs.values() if isinstance(values, np.ndarray)] == [
        "float32",
        "float32",
        "int32",
        "int32",
    ]
    assert found.inputs["since"].dtype == pl.Datetime("us")
    assert (found.weights, found.rows, found.parts, found.notes, found.beside) == (None, None, None, (), {})


def test_uses(tmp_path):
    found = arrays(
        stored(tmp_path, "csv"),
        beside=("city",),
        inputs={"when": "since", "x": ["age", "member"]},
        targets={"one": "count", "two": ["price", "count"]},
        weights="count",
    )
    assert list(found.inputs) == ["when", "age", "member"]
    np.testing.assert_array_equal(found.targets["one"], np.array([1, 2, 1, 5], np.int32))
    np.testing.assert_array_equal(found.targets["two"], np.array([[9.5, 1], [8, 2], [7.25, 1], [1e-3, 5]], np.float32))
    assert found.targets["two"].dtype == found.weights.dtype == np.float32
    np.testing.assert_array_equal(found.weights, [1, 2, 1, 5])
    assert found.beside["city"].to_list() == TABLE["city"].to_list()


@pytest.mark.parametrize("form", KINDS)
def test_many_files_follow_one_another(tmp_path, form):
    first = stored(tmp_path, form, TABLE, "a")
    stored(tmp_path, form, TABLE.select(reversed(TABLE.columns)).with_columns(pl.lit(7).alias("age")), "b")
    found = arrays(tmp_path, KINDS[form], inputs=["age", "city"])
    np.testing.assert_array_equal(found.inputs["age"], np.array([20, np.nan, 40, 50, 7, 7, 7, 7], np.float32))
    assert found.inputs["city"].to_list() == TABLE["city"].to_list() * 2
    assert len(found.targets["price"]) == 2 * TABLE.height
    assert len(arrays([first], KINDS[form], inputs=["age"])) == TABLE.height


def test_integers_in_one_file_and_floats_in_another(tmp_path):
    (tmp_path / "a.csv").write_text("x,price\n1,2\n")
    (tmp_path / "b.csv").write_text("x,price\n1.5,2\n")
    np.testing.assert_array_equal(arrays(tmp_path).inputs["x"], np.array([[1], [1.5]], np.float32))


def test_files_of_each_split(tmp_path):
    files = {
        name: str(stored(tmp_path, "csv", TABLE.head(rows), name)) for rows, name in enumerate(("train", "test"), 1)
    }
    files["train"] = [files["train"], str(stored(tmp_path, "csv", TABLE, "more"))]
    found = arrays(files, inputs=["count"])
    np.testing.assert_array_equal(found.parts, np.array([0, 0, 0, 0, 0, 2, 2], np.int8))
    assert found.parts.dtype == np.int8
    np.testing.assert_array_equal(found.inputs["count"], [1, 1, 2, 1, 5, 1, 2])


def test_splits_of_files_are_the_splits(tmp_path):
    table = pl.DataFrame({"x": [float(i) for i in range(20)], "price": [1.0] * 20})
    files = {split: str(stored(tmp_path, "csv", table.with_columns(pl.col("x") + 100 * k), split))
             for k, split in enumerate(("train", "validation", "test"))}  # fmt: skip
    splits = load(DataSpec.parse({"source": "csv", "path": files, "targets": "price"}), 0)
    for k, part in enumerate((splits.train, splits.validation, splits.test)):
        np.testing.assert_array_equal(part.inputs["features"][:, 0], 100 * k + np.arange(20))
        np.testing.assert_array_equal(part.rows, 20 * k + np.arange(20))
    del files["validation"]
    splits = load(DataSpec.parse({"source": "csv", "path": files, "targets": "price", "validation": 0.25}), 0)
    np.testing.assert_array_equal(splits.test.inputs["features"][:, 0], 200 + np.arange(20))
    held_out = np.sort(splits.validation.inputs["features"][:, 0])
    assert len(held_out) == 5
    np.testing.assert_array_equal(
        np.sort(np.concatenate([held_out, splits.train.inputs["features"][:, 0]])), np.arange(20)
    )


@pytest.mark.parametrize("name", ["t.tsv", "t.csv.gz", "t.tsv.gz"])
def test_by_suffix(tmp_path, name):
    content = TABLE.write_csv(separator="\t" if "tsv" in name else ",").encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    found = arrays(tmp_path / name)
    assert found.inputs["city"].to_list() == TABLE["city"].to_list()
    np.testing.assert_array_equal(found.inputs["count"], TABLE["count"].to_numpy())


def test_packed_json_lines(tmp_path):
    path = stored(tmp_path, "jsonl")
    (tmp_path / "p.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(arrays(tmp_path / "p.jsonl.gz", JsonLines).inputs["count"], TABLE["count"].to_numpy())


@pytest.mark.parametrize("slowly", [False, True])
def test_declared_columns(tmp_path, monkeypatch, slowly):
    if slowly:
        row_by_row(monkeypatch)
    (tmp_path / "t.csv").write_text(
        "zip,whole,number,day,iso,price\n01067,3.0,7,31.12.2023 10:30,2024-01-01T10:00:00+02:00,1\n"
        "80331, 4,8,01.01.2024 00:00,2024-01-01,2\n"
    )
    columns = {
        "zip": "string",
        "whole": "int32",
        "number": "float32",
        "day": {"dtype": "datetime", "format": "%d.%m.%Y %H:%M"},
        "iso": "datetime",
    }
    found = arrays(tmp_path / "t.csv", columns=columns).inputs
    assert found["zip"].to_list() == ["01067", "80331"]
    np.testing.assert_array_equal(found["whole"], np.array([3, 4], np.int32))
    np.testing.assert_array_equal(found["number"], np.array([[7], [8]], np.float32))
    assert found["day"].to_list() == [datetime(2023, 12, 31, 10, 30), datetime(2024, 1, 1)]
    assert found["iso"].to_list() == [datetime(2024, 1, 1, 8), datetime(2024, 1, 1)]


def test_declared_columns_of_parquet(tmp_path):
    table = pl.DataFrame({"label": ["3", "4"], "id": [3_000_000_000, 1], "price": [1, 2]})
    found = arrays(
        stored(tmp_path, "parquet", table), Parquet, columns={"label": "int32", "id": "string", "price": "float32"}
    )
    np.testing.assert_array_equal(found.inputs["label"], np.array([3, 4], np.int32))
    assert found.inputs["id"].to_list() == ["3000000000", "1"]
    assert found.targets["price"].shape == (2, 1)


def test_parquet_of_other_types(tmp_path):
    table = pl.DataFrame(
        {
            "category": pl.Series(["a", "b"], dtype=pl.Categorical()),
            "small": pl.Series([1, 255], dtype=pl.UInt8()),
            "half": pl.Series([0.5, 2], dtype=pl.Float32()),
            "money": pl.Series(["1.25", "2.50"]).str.to_decimal(scale=2),
            "zoned": pl.Series([datetime(2024, 1, 1, 12)] * 2).dt.replace_time_zone("Europe/Berlin"),
            "milli": pl.Series([datetime(2024, 1, 1, 12)] * 2, dtype=pl.Datetime("ms")),
            "price": [1.0, 2.0],
        }
    )
    found = arrays(stored(tmp_path, "parquet", table), Parquet).inputs
    assert found["category"].to_list() == ["a", "b"]
    np.testing.assert_array_equal(found["small"], np.array([1, 255], np.int32))
    np.testing.assert_array_equal(found["money"], np.array([[1.25], [2.5]], np.float32))
    assert found["half"].dtype == np.float32
    assert found["zoned"].to_list() == [datetime(2024, 1, 1, 11)] * 2
    assert found["milli"].to_list() == [datetime(2024, 1, 1, 12)] * 2
    assert found["zoned"].dtype == found["milli"].dtype == pl.Datetime("us")


@pytest.mark.parametrize("slowly", [False, True])
def test_missing_values(tmp_path, monkeypatch, slowly):
    if slowly:
        row_by_row(monkeypatch)
    (tmp_path / "t.csv").write_text('a,b,c,price\nNA,nan,"",1\n1,null,NATO,2\n"",0.5,NA,3\n2,?,-,4\n')
    default = {"missing": ["NA", "NaN", "nan", "null", "?"]}
    found = arrays(tmp_path / "t.csv", **default).inputs
    np.testing.assert_array_equal(found["a"], np.array([np.nan, 1, np.nan, 2], np.float32))
    np.testing.assert_array_equal(found["b"], np.array([[np.nan], [np.nan], [0.5], [np.nan]], np.float32))
    assert found["c"].to_list() == [None, "NATO", None, "-"]


@pytest.mark.parametrize("row", [3, 20_000])
def test_texts_of_missing_values_wherever_they_are(tmp_path, monkeypatch, row):
    monkeypatch.setattr("netlib.data.sources.table_frames.HEAD", 1000)
    rows = [f"{i},{i}.5,t{i % 3},1" for i in range(20_010)]
    rows[row] = "NA,NaN,NA,1"
    (tmp_path / "t.csv").write_text("a,b,c,price\n" + "\n".join(rows))
    found = arrays(tmp_path / "t.csv").inputs
    assert np.flatnonzero(np.isnan(found["a"])).tolist() == [row]
    assert np.flatnonzero(np.isnan(found["b"][:, 0])).tolist() == [row]
    assert found["c"].is_null().arg_true().to_list() == [row]


def test_json_fields_that_are_not_there_are_missing(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"a": 1, "price": 1}\n\n{"price": 2, "c": "x"}\n{"a": null, "price": 3}\n')
    found = arrays(tmp_path / "t.jsonl", JsonLines).inputs
    np.testing.assert_array_equal(found["a"], np.array([1, np.nan, np.nan], np.float32))
    assert found["c"].to_list() == [None, "x", None]


def test_what_polars_takes_for_damage_but_others_write(tmp_path):
    (tmp_path / "t.csv").write_text('size,price\n5" pipe,1\n6 in,2\n')
    assert arrays(tmp_path / "t.csv").inputs["size"].to_list() == ['5" pipe', "6 in"]


NUMBERS = st.one_of(
    st.none(), st.floats(width=32, allow_nan=False, allow_infinity=False), st.integers(-(2**31), 2**31 - 1)
)
TEXTS = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=8))


@settings(max_examples=60)
@given(st.lists(st.tuples(NUMBERS, TEXTS, st.booleans()), min_size=1, max_size=20))
def test_polars_and_row_by_row_give_the_same(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([["x", "t", "b", "price"], *([*row, 1] for row in rows)])
    declared = {"columns": {"x": "float32", "t": "string"}}
    one = arrays(path, **declared)
    with pytest.MonkeyPatch.context() as patch:
        row_by_row(patch)
        other = arrays(path, **declared)
    assert one.fingerprint() == other.fingerprint()
    expected = [math.nan if x is None else x for x, _, _ in rows]
    np.testing.assert_array_equal(one.inputs["x"][:, 0], np.array(expected, np.float64).astype(np.float32))
    written = [None if t in (None, "NA", "NaN", "nan", "null") else t for _, t, _ in rows]
    assert one.inputs["t"].to_list() == written
    assert one.inputs["b"].tolist() == [int(b) for _, _, b in rows]


def test_integers_keep_all_their_digits(tmp_path):
    limits = np.iinfo(np.int32)
    (tmp_path / "t.csv").write_text(f"x,price\n{limits.min},1\n{limits.max},2\n")
    np.testing.assert_array_equal(arrays(tmp_path / "t.csv").inputs["x"], [limits.min, limits.max])
