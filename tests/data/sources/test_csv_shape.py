"""Whether all records have as many values as there are columns; the oracle is Python's `csv` module."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.sources import csv_shape, table_frames
from netlib.data.sources.csv_shape import rows_of
from netlib.spec.sources.tables import Csv


def found(content: str, columns: int, missing: list[bool] | None = None) -> int | None:
    """What is found where polars gives null for every last value that is empty or not there."""
    if missing is None:
        records = list(csv.reader(io.StringIO(content)))[1:]
        missing = [len(record) < columns or record[columns - 1] == "" for record in records]
    return rows_of(np.frombuffer(content.encode(), np.uint8), ",", columns, np.array(missing, bool))


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a,b\n1,2\n3,4\n", 2),
        ("a,b\n1,2\n3,4", 2),
        ("a,b\r\n1,2\r\n3,4\r\n\r\n", 2),
        ("a,b\n1,\n,4\n\n\n", 2),
        ("a,b\n1,2\n3\n", None),
        ("a,b\n1,2\n3,4,5\n", None),
        ("a,b\n1\n3,4,5\n", None),
        ("a,b\n3,4,5\n1\n", None),
        ("a,b\n1,2\n\n3,4\n", None),
        ('a,b\n"1,1",2\n"x\ny",4\n', 2),
        ('a,b\n"1,""1",2\n', 1),
        ('a,b\n"1,1",2\n3\n', None),
        ('a,b\n"1,1"\n3,4,5\n', None),
        ('a,b\n1,"2\n', None),
    ],
)
@pytest.mark.parametrize("block", [2, 3, 5, 1 << 18])
def test_examples(content, rows, block, monkeypatch):
    monkeypatch.setattr(csv_shape, "BLOCK", block)
    assert found(content, 2) == rows


VALUES = st.sampled_from(["", "1", "xy", "a,b", "two\nlines", 'say "x"', " "])


@settings(max_examples=300)
@given(
    records=st.lists(st.lists(VALUES, min_size=1, max_size=4), min_size=1, max_size=12),
    columns=st.integers(2, 3),
    end=st.sampled_from(["\n", "\r\n"]),
    block=st.integers(1, 40),
    together=st.integers(1, 5),
)
def test_any_file(records, columns, end, block, together):
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator=end).writerows([["x"] * columns, *records])
    content = stream.getvalue()
    missing = [len(record) < columns or record[columns - 1] == "" for record in records]
    expected = len(records) if all(len(record) == columns for record in records) else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_shape, "BLOCK", block)
        patch.setattr(csv_shape, "SUSPECTS", together)
        assert found(content, columns, missing) == expected


@settings(max_examples=150)
@given(
    records=st.lists(st.lists(st.sampled_from(["", "1", "xy"]), min_size=1, max_size=5), min_size=1, max_size=9),
    many=st.sampled_from([0, 300]),
    end=st.sampled_from(["\n", "\r\n"]),
    ended=st.booleans(),
    last_line=st.integers(1, 9),
)
def test_polars_and_the_totals_find_every_record_that_is_too_long_or_short(
    records, many, end, ended, last_line, tmp_path_factory
):
    records = [*[["1", "xy", "0.5"]] * many, *records, ["1", "xy", "0.5"][: 2 + len(records) % 3]]
    lines = [",".join(record) for record in (["a", "b", "c"], *records)]
    path = tmp_path_factory.mktemp("ragged") / "t.csv"
    path.write_text(end.join(lines) + end * ended, newline="")
    source = Csv.parse({"path": str(path), "targets": "c"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_shape, "LINE", last_line)
        frame = table_frames.csv(source, path, dict.fromkeys("abc", "string"))
    assert (frame is not None) == all(len(record) == 3 for record in records)
    assert frame is None or frame.height == len(records)


@pytest.mark.parametrize("last", ["1,2,", "1", "1,", ",", ""])
@pytest.mark.parametrize("line", [1, 2, 5, 1 << 12])
def test_a_last_record_without_a_line_end(last, line, monkeypatch):
    monkeypatch.setattr(csv_shape, "LINE", line)
    content, missing = f"a,b\n3,4\n{last}", [False, last != "1,2,"][: 1 + bool(last)]
    found = rows_of(np.frombuffer(content.encode(), np.uint8), ",", 2, np.array(missing), all_read=True)
    assert found == {"1,": 2, ",": 2, "": 1}.get(last)


@pytest.mark.parametrize(
    ("lines", "records"),
    [
        ("", ""),
        ("1,2\n3,4\n", "1,2\n3,4\n"),
        ('1,2\n"3,4\n', "1,2\n"),
        ('"3,4\n5,6\n', ""),
        ('1,"a\nb"\n3,"c\n', '1,"a\nb"\n'),
        ("1,2\r\n\r\n\n", "1,2\r\n"),
        ('1,"a\n\n"\n\n', '1,"a\n\n"\n'),
        ("\n\n", ""),
    ],
)
def test_where_records_end(lines, records):
    assert csv_shape.end_of_records(lines.encode()) == len(records.encode())


@pytest.mark.parametrize("block", [1, 2, 3, 1 << 18])
@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('a,b\n"1","2"\n', 1),
        ('\ufeff"a","b"\r\n"1","2"\r\n', 1),
        ('a,b\n"""",""\n', 1),
        ('a,b\n5",6"\n', None),
        ('a,b\n1, "2"\n', None),
        ('a,b\n"1"x,2\n', None),
        ('a,b\n""1"",2\n', None),
    ],
)
def test_quotes_that_are_not_in_their_places(content, rows, block, monkeypatch):
    monkeypatch.setattr(csv_shape, "BLOCK", block)
    assert found(content, 2, [False]) == rows
