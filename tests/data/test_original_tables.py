"""The rows that stand beside predictions, against the rows that netlab reads."""

from __future__ import annotations

import csv
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.original_tables import opened_table
from netlib.data.sources.tables import read
from netlib.spec.sources.tables import Csv, JsonLines, Parquet

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")) | st.sampled_from('",\n\t '), max_size=8)
CELLS = st.lists(st.tuples(st.integers(-9, 9), TEXT, st.sampled_from(["NA", "", "nan", "x"])), min_size=1, max_size=12)


@settings(max_examples=60)
@given(CELLS)
def test_every_row_of_csv_has_its_number_and_its_texts(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("a", "b", "c"), *cells])
    source = Csv.parse({"path": str(path), "inputs": "a", "targets": []})
    arrays = read(source, 0)
    rows = np.arange(len(arrays)) if arrays.rows is None else arrays.rows
    table = opened_table(source, typed=False)
    found = table.columns(rows)
    assert table.names == ("a", "b", "c")
    assert [int(each) for each in found["a"]] == arrays.inputs["a"].tolist() == [a for a, _, _ in cells]
    assert [each or "" for each in found["b"]] == [b for _, b, _ in cells]
    assert [each or "" for each in found["c"]] == [c for _, _, c in cells]


def test_rows_behind_one_that_is_broken_keep_their_numbers(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,x\n2\n3,z\n")
    (tmp_path / "b.csv").write_text("a,b\n4,x\n5,\n")
    source = Csv.parse({"path": str(tmp_path / "*.csv"), "inputs": "a", "targets": [], "on_error": "skip"})
    arrays = read(source, 0)
    assert arrays.rows is not None
    found = opened_table(source, typed=True).columns(arrays.rows)
    assert found["a"].to_list() == arrays.inputs["a"].tolist() == [1, 3, 4, 5]


def test_values_of_csv_are_what_they_look_like_if_all_are(tmp_path):
    rows = ["1,1.5,true,2024-01-02,x,NA,1", "NA, 2 ,false,2024-01-03 04:05,,NA,2", ",nan,True,null,NA,NA,3"]
    (tmp_path / "a.csv").write_text("\n".join(["i,f,b,t,s,m,o", *rows]) + "\n")
    found = opened_table(Csv.parse({"path": str(tmp_path / "a.csv"), "targets": []}), typed=True).columns(np.arange(3))
    assert {name: str(each.dtype) for name, each in found.items()} == {
        "i": "Int64",
        "f": "Float64",
        "b": "Boolean",
        "t": "Datetime(time_unit='us', time_zone=None)",
        "s": "String",
        "m": "String",
        "o": "Int64",
    }
    assert found["i"].to_list() == [1, None, None]
    assert found["f"].to_list() == [1.5, 2.0, None]
    assert found["b"].to_list() == [True, False, True]
    assert found["s"].to_list() == ["x", None, "NA"]


def test_a_late_value_leaves_the_texts(tmp_path):
    (tmp_path / "a.csv").write_text("i,j\n" + "1,1\n" * 10_001 + "a,1\n")
    found = opened_table(Csv.parse({"path": str(tmp_path / "a.csv"), "targets": []}), typed=True).columns(
        np.arange(10_002)
    )
    assert (found["i"].dtype, found["i"][-1], found["j"].dtype) == (pl.String(), "a", pl.Int64())


def test_any_rows_of_parquet_files(tmp_path):
    frame = pl.DataFrame({"a": range(50), "b": [[i, i] for i in range(50)], "c": [None, "x"] * 25})
    frame[:20].write_parquet(tmp_path / "1.parquet", row_group_size=7)
    frame[20:].write_parquet(tmp_path / "2.parquet")
    table = opened_table(Parquet.parse({"path": str(tmp_path), "inputs": "a", "targets": []}), typed=False)
    for rows in ([0], [3, 19, 20, 49], list(range(50)), [20, 21]):
        found = pl.DataFrame(dict(table.columns(np.array(rows))))
        assert found.equals(frame[rows])


@pytest.mark.parametrize("mixed", [False, True])
def test_fields_of_json_lines(tmp_path, mixed):
    lines = [{"a": 1, "b": [1]}, {"a": 2, "b": "x" if mixed else None}, {"a": 3, "b": [2, 3]}]
    (tmp_path / "a.jsonl").write_text("\n\n".join(map(json.dumps, lines)) + "\n")
    source = JsonLines.parse({"path": str(tmp_path / "a.jsonl"), "inputs": "a", "targets": []})
    found = opened_table(source, typed=True).columns(np.array([1, 2]))
    assert [int(each) for each in found["a"]] == [2, 3]
    assert [str(each) for each in found["b"].to_list()][1] == "[2, 3]"
