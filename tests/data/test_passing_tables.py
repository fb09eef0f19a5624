"""Rows that are read from front to back, a block at a time: what is read of all at once, whatever the blocks are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netlib.data import original_blocks
from netlib.data.original_tables import opened_table
from netlib.data.passing_tables import passing_table
from netlib.data.sources import table_blocks
from netlib.data.sources.table_passing import Passing
from netlib.data.sources.tables import read
from netlib.spec.errors import NetlabError
from netlib.spec.sources.tables import Csv, JsonLines

ROWS = 300


@pytest.fixture(autouse=True, params=[200, 1 << 24], ids=["small blocks", "one block"])
def _block(request, monkeypatch):
    monkeypatch.setattr(table_blocks, "BLOCK", request.param)
    monkeypatch.setattr(original_blocks, "BLOCK", request.param)


def written(folder: Path) -> Path:
    """A CSV file with awkward values: quotes, line breaks, gaps in integers, an empty text that is none."""
    draw = np.random.default_rng(0)
    texts = ['"a ""b"""', '"two\nlines"', "", '""', "Zürich", "NA"]
    lines = [
        f"{i},{draw.normal():.3f},{'' if i % 50 == 7 else i % 9},{texts[i % len(texts)]},2024-01-{i % 28 + 1:02d}"
        for i in range(ROWS)
    ]
    path = folder / "a.csv"
    path.write_text("\n".join(["id,x,n,text,when", *lines]) + "\n", encoding="utf-8")
    return path


def table(path: Path, **keys: object) -> Csv:
    return Csv.parse({"path": str(path), "inputs": ["x", "n", "text"], "targets": [], **keys})


@pytest.mark.parametrize("count", [7, 64, 1000])
def test_samples_are_those_that_are_read_at_once(tmp_path, count):
    source = table(written(tmp_path))
    whole, parts = read(source, 0), list(Passing(source).samples(count))
    assert [len(part) for part in parts] == [min(count, ROWS - start) for start in range(0, ROWS, count)]
    np.testing.assert_array_equal(np.concatenate([part.rows for part in parts]), np.arange(ROWS))
    for name in ("x", "n"):
        found = np.concatenate([part.inputs[name].reshape(-1) for part in parts])
        np.testing.assert_array_equal(found, whole.inputs[name].reshape(-1))
    assert pl.concat([part.inputs["text"] for part in parts]).equals(whole.inputs["text"])


def test_rows_that_cannot_be_used(tmp_path):
    lines = [f"{i},x" if i % 40 != 3 else f"{i}" for i in range(ROWS)]
    (tmp_path / "a.csv").write_text("\n".join(["a,b", *lines]) + "\n")
    source = Csv.parse({"path": str(tmp_path / "a.csv"), "inputs": "a", "targets": []})
    with pytest.raises(NetlabError, match=r"a\.csv, line 5: 1 value, where 2 values are expected \(8 such rows\)"):
        list(Passing(source).samples(16))
    skipping = Passing(source.model_copy(update={"on_error": "skip"}))
    rows = np.concatenate([part.rows for part in skipping.samples(16)])
    assert rows.tolist() == [i for i in range(ROWS) if i % 40 != 3]
    assert skipping.notes() == read(skipping.source, 0).notes
    beside = passing_table(source, typed=False).columns(rows)
    assert beside["a"].to_list() == [str(row) for row in rows]


def test_no_row_can_be_used(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1\n2\n")
    source = Csv.parse({"path": str(tmp_path / "a.csv"), "inputs": "a", "targets": [], "on_error": "skip"})
    with pytest.raises(NetlabError, match=r"a\.csv: no row can be used; .*line 2: 1 value"):
        list(Passing(source).samples(16))


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("files", [1, 2])
def test_columns_are_those_of_a_table_in_memory(tmp_path, typed, files):
    path = written(tmp_path)
    for number in range(1, files):
        (tmp_path / f"b{number}.csv").write_bytes(path.read_bytes())
    source = table(tmp_path / "*.csv")
    kept, passing = opened_table(source, typed=typed), passing_table(source, typed=typed)
    assert passing.names == kept.names
    every = np.arange(files * ROWS)
    for rows in (every[:5], every[5:200], every[200::3], every[::-7], every[[0, 299, 3]]):
        found, expected = (pl.DataFrame(dict(each.columns(rows))) for each in (passing, kept))
        assert found.equals(expected)
        assert found.schema == expected.schema


def test_a_late_value_leaves_the_texts(tmp_path):
    (tmp_path / "a.csv").write_text("i,j\n" + "1,1\n" * 10_001 + "a,1\n")
    found = passing_table(Csv.parse({"path": str(tmp_path / "a.csv"), "targets": []}), typed=True).columns(
        np.array([0, 10_001])
    )
    assert (found["i"].to_list(), found["j"].to_list()) == (["1", "a"], [1, 1])


@pytest.mark.parametrize("odd", [None, "x", 0.5, {"c": 1}])
def test_fields_of_json_lines(tmp_path, odd):
    lines = [{"a": i, "b": odd if i == 250 else i % 3, "c": [i], "d": {"e": i}} for i in range(ROWS)]
    (tmp_path / "a.jsonl").write_text("\n\n".join(map(json.dumps, lines)) + "\n")
    source = JsonLines.parse({"path": str(tmp_path / "a.jsonl"), "inputs": "a", "targets": []})
    rows = np.array([0, 249, 250, 251, 299])
    found = passing_table(source, typed=True).columns(rows)
    assert [int(each) for each in found["a"]] == rows.tolist()
    if not isinstance(odd, dict):
        expected = opened_table(source, typed=True).columns(rows)
        assert [str(each) for each in found["b"]] == [str(each) for each in expected["b"]]
        assert found["c"].to_list() == expected["c"].to_list()


def test_a_file_that_is_cut_while_it_is_read(tmp_path):
    path = written(tmp_path)
    table_of = passing_table(table(path), typed=False)
    with pytest.raises(NetlabError, match="a file has fewer rows than before: it was changed while it was read"):
        table_of.columns(np.array([0, ROWS]))
