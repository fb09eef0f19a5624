"""The first records of a CSV file are the same whether its lines are split at separators or read by Python's `csv`."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netlib.spec.sources import table_types
from netlib.spec.sources.csv_records import records
from netlib.spec.sources.table_types import first_records

PIECES = [
    b"a",
    b",",
    b",",
    b"\n",
    b"\n",
    b"\r\n",
    b"\r",
    b'"',
    b"\0",
    b" ",
    "é".encode(),
    b"\xff",
    b"\x85",
    b"\x1c",
    b";",
]


@given(st.lists(st.sampled_from(PIECES), max_size=14), st.sampled_from(",;"))
@example([b"a,b\n", b"\n", b"c,d"], ",")
@example([b"a\xc2\x85b,c\n", b"d"], ",")
def test_however_they_are_read(pieces, separator):
    content = b"".join(pieces)
    found = [(each.values, each.problem) for each in first_records(io.BytesIO(content), separator)]
    assert found == [(each.values, each.problem) for each in records(io.BytesIO(content), separator)]


@pytest.mark.parametrize("text", [b"1,2\n", b'1,"2"\n'])
def test_no_more_than_are_needed(text, monkeypatch):
    monkeypatch.setattr(table_types, "SCANNED_ROWS", 7)
    assert [each.values for each in first_records(io.BytesIO(text * 30), ",")] == [["1", "2"]] * 7
