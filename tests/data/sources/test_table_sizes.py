"""How large tables are, held against what is in them."""

from __future__ import annotations

import csv
import gzip
import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.data.sources import table_sizes
from netlib.data.sources.table_sizes import letters_of, records_in, row_bytes
from netlib.spec.sources.tables import Csv, JsonLines


@given(
    rows=st.lists(st.lists(st.sampled_from(["1", 'a"b', "two\nlines", "a,b"]), min_size=2, max_size=2), max_size=20),
    block=st.integers(1, 30),
    packed=st.booleans(),
)
def test_records(tmp_path_factory, rows, block, packed):
    path = tmp_path_factory.mktemp("sizes") / f"t.csv{'.gz' * packed}"
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([["x", "y"], *rows])
    content = stream.getvalue().encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_sizes, "BLOCK", block)
        assert records_in(Csv.parse({"path": str(path), "targets": "y"}), path) == len(rows) + 1


def test_a_quote_that_is_never_closed_is_none(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('x,y\n5" pipe,1\n6,2\n7,3\n')
    assert records_in(Csv.parse({"path": str(path), "targets": "y"}), path) == 4


def test_quotes_of_json_hold_no_line(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"y": "a\\"b"}\n{"y": "c"}\n')
    assert records_in(JsonLines.parse({"path": str(path), "targets": "y"}), path) == 2


def test_bytes_of_a_row():
    frame = pl.DataFrame({"n": [1, 2], "t": ["é", None], "u": ["abc", "d"]})
    assert letters_of(frame) == 6
    assert row_bytes(["int32", "string", "string"], 6 / 2) == 4 + 16 + 16 + 3
    assert row_bytes(["datetime", "float32", "boolean"]) == 8 + 4 + 4
