"""The records of a CSV file with their lines, and what is wrong with those that are none."""

from __future__ import annotations

import csv
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.errors import NetlabError
from netlib.spec.sources.csv_records import LONGEST, opened, records

NO_SEPARATOR = "a quote ends a value, but no ',' follows: double a quote that belongs to the value"


def read(content: bytes, separator: str = ",") -> list[tuple[int, list[str], str]]:
    return [tuple(record) for record in records(io.BytesIO(content), separator)]


def test_lines_count_from_one_and_quotes_may_span_several():
    assert read(b'\xef\xbb\xbfa,b\r\n1,"x\r\ny"\r\n\r\n2,"say ""z"", so"\n3,5" pipe') == [
        (1, ["a", "b"], ""),
        (2, ["1", "x\r\ny"], ""),
        (4, [], ""),
        (5, ["2", 'say "z", so'], ""),
        (6, ["3", '5" pipe'], ""),
    ]


def test_another_separator():
    assert read(b"a\tb,c\n", "\t") == [(1, ["a", "b,c"], "")]


def test_a_quote_that_is_never_closed_takes_one_line():
    assert read(b'a,b\n1,"x\n2,y\n3,"z\n4,w\n') == [
        (1, ["a", "b"], ""),
        (2, [], NO_SEPARATOR),
        (3, ["2", "y"], ""),
        (4, [], "a quote is opened and never closed"),
        (5, ["4", "w"], ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'"5"x,1', NO_SEPARATOR),
        (b'"open,1', "a quote is opened and never closed"),
        (b"caf\xe9,1", "the byte 0xe9 is no UTF-8: save the file as UTF-8"),
        (b"1\r2,1", "a line ends in a carriage return alone"),
        (b'"' + b"x" * (LONGEST + 1) + b'",1', "a value has more than 131,072 characters: is a quote not closed?"),
    ],
)
def test_what_is_no_record_takes_one_line(line, problem):
    found = read(b"a,b\n" + line + b"\n2,3\n")
    assert [record[:2] for record in found] == [(1, ["a", "b"]), (2, []), (3, ["2", "3"])]
    assert found[1][2].startswith(problem)


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6), min_size=2, max_size=3)
    )
)
def test_what_was_written_is_read(rows):
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    found = read(b"a,b\n" + stream.getvalue().encode())
    assert [values for _, values, problem in found[1:] if not problem] == rows


def test_unpacked(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    with opened(tmp_path / "a.csv.gz") as stream:
        assert stream.read() == b"a,b\n1,2\n"


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"a,b\n" * 1000, mtime=0)[:30], b"a,b\n1,2\n", gzip.compress(b"a" * 99, mtime=0)[:-8] + bytes(8)],
    ids=["cut off", "not packed", "of another checksum"],
)
def test_what_cannot_be_unpacked(tmp_path, content):
    (tmp_path / "a.csv.gz").write_bytes(content)
    with (
        pytest.raises(NetlabError, match=r"a\.csv\.gz is damaged: it cannot be unpacked"),
        opened(tmp_path / "a.csv.gz") as stream,
    ):
        stream.read()
