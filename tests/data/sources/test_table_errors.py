"""What is said of rows of a table that cannot be used, and what is left out where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.load import load
from netlib.data.sources.tables import read
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.spec.sources.table_types import SCANNED_ROWS
from netlib.spec.sources.tables import Csv, JsonLines, Parquet

KINDS = {"csv": Csv, "parquet": Parquet, "jsonl": JsonLines}
LATE = SCANNED_ROWS + 10_000
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str | bytes, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def arrays(path: Path, **parameters: object):
    return read(KINDS[path.suffix[1:]].parse({"path": str(path), "targets": "y", **parameters}), 0)


def refused(path: Path, message: str, **parameters: object) -> None:
    with pytest.raises(NetlabError, match=message) as caught:
        arrays(path, **parameters)
    assert caught.value.exit_code == 1
    assert "leave them out with on_error: skip" in str(caught.value)


def skipped(path: Path, notes: list[str], rows: list[int], **parameters: object):
    found = arrays(path, on_error="skip", **parameters)
    assert [note.replace(f"{path.parent}/", "") for note in found.notes] == notes
    assert found.rows.tolist() == rows
    assert all(len(values) == len(rows) for values in (*found.inputs.values(), *found.targets.values()))
    return found


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("3", "1 value, where 2 values are expected"),
        ("3,4,5", "3 values, where 2 values are expected"),
        ("3,4,", "3 values, where 2 values are expected"),
        ("", "an empty line, where 2 values are expected"),
        ('"3,4', "a quote is opened and never closed"),
        ('"3"x,4', "a quote ends a value, but no ',' follows"),
    ],
)
@pytest.mark.parametrize("number", [0, 1, LATE])
def test_a_row_of_another_length(write, row, what, number):
    rows = [f"{i},1" for i in range(number + 3)]
    rows[number] = row
    path = write("x,y\n" + "\n".join(rows) + "\n")
    refused(path, rf"t\.csv, line {number + 2}: {what}")
    found = arrays(path, on_error="skip")
    np.testing.assert_array_equal(found.inputs["x"], [i for i in range(number + 3) if i != number])
    assert found.notes[0] == f"1 of {number + 3:,} rows are left out (on_error: skip)"
    assert f"t.csv, line {number + 2}: {what}" in found.notes[1]


def test_a_long_row_shows_even_if_its_end_is_not_read(write):
    refused(write("x,y,z\n1,2,3\n1,2,3,4\n"), "line 3: 4 values, where 3 values", inputs="x")


def test_a_short_and_a_long_row_do_not_make_up_for_each_other(write):
    path = write("x,y\n1,2\n1\n1,2,3\n1,2\n")
    refused(path, r"line 3: 1 value, where 2 values are expected\n.*line 4: 3 values, where 2")
    skipped(
        path,
        [
            "2 of 4 rows are left out (on_error: skip)",
            "left out: t.csv, line 3: 1 value, where 2 values are expected",
            "left out: t.csv, line 4: 3 values, where 2 values are expected",
        ],
        [0, 3],
    )


def test_empty_lines_at_the_end_are_no_rows(write):
    assert len(arrays(write("x,y\n1,2\n3,4\n\n\r\n\n"))) == 2


def test_lines_are_those_of_the_file(write):
    refused(
        write('x,t,y\n1,"two\nlines",1\n2,"three\n\nlines",1\nabc,t,1\n'),
        "line 7: column 'x' holds 'abc'",
        columns={"x": "int32"},
    )


@pytest.mark.parametrize(
    ("late", "what"),
    [
        ("abc", "column 'x' holds 'abc', where an integer is expected"),
        ("1.5", "column 'x' holds '1.5', where an integer is expected"),
        ("2147483648", "column 'x' holds '2147483648', which int32 cannot hold"),
        ("-99999999999999999999999", "column 'x' holds '-99999999999999999999999', which int32 cannot hold"),
        ("inf", "column 'x' holds 'inf', which int32 cannot hold"),
    ],
)
def test_a_value_of_another_type_behind_the_rows_that_are_scanned(write, late, what):
    path = write("x,y\n" + "".join(f"{i},1\n" for i in range(LATE)) + f"{late},1\n5,2\n{late},1\n")
    refused(path, rf"t\.csv, line {LATE + 2}: {what} \(2 such rows\)")
    found = arrays(path, on_error="skip")
    assert found.inputs["x"].dtype == np.int32
    np.testing.assert_array_equal(found.inputs["x"], [*range(LATE), 5])
    assert found.row(LATE) == LATE + 1


@pytest.mark.parametrize(
    ("values", "late", "what"),
    [
        ("1.5", "abc", "'abc', where a number is expected"),
        ("1.5", "1e39", r"'1e39', which float32 cannot hold"),
        ("1.5", "-1e400", "'-1e400', which is no finite number"),
        ("1.5", "inf", "'inf', which is no finite number"),
        ("true", "yes", "'yes', where true or false is expected"),
        ("true", "2", "'2', where true or false is expected"),
        ("2024-01-01", "31.12.2024", r"'31\.12\.2024', where a date is expected, as in 2024-12-31"),
        ("2024-01-01", "2024-13-01", "'2024-13-01', where a date is expected"),
    ],
)
def test_other_values_that_are_none(write, values, late, what):
    path = write("x,y\n" + f"{values},1\n" * LATE + f"{late},1\n")
    refused(path, rf"t\.csv, line {LATE + 2}: column 'x' holds {what}")
    assert len(arrays(path, on_error="skip")) == LATE


def test_a_float_that_is_too_large_is_found_by_polars_too(write):
    refused(write("x,y\n0.5,1\n1e39,1\n"), r"line 3: column 'x' holds '1e39', which float32 cannot hold")


def test_labels_that_are_texts_where_integers_are_declared(write):
    path = write("x,y\n1,0\n2,cat\n3,dog\n4,1\n")
    refused(
        path, r"line 3: column 'y' holds 'cat', where an integer is expected \(2 such rows\)", columns={"y": "int32"}
    )
    skipped(
        path,
        [
            "2 of 4 rows are left out (on_error: skip)",
            "left out: t.csv, line 3: column 'y' holds 'cat', where an integer is expected (2 such rows)",
        ],
        [0, 3],
        columns={"y": "int32"},
    )


def test_a_date_that_is_not_written_as_declared(write):
    columns = {"x": {"dtype": "datetime", "format": "%d.%m.%Y"}}
    what = r"line 3: column 'x' holds '2024-01-01', where a date is expected, written as %d\.%m\.%Y"
    refused(write("x,y\n31.12.2024,1\n2024-01-01,1\n"), what, columns=columns)


@pytest.mark.parametrize("form", KINDS)
@pytest.mark.parametrize("value", [None, 1.5, "t"])
def test_a_missing_target(tmp_path, form, value):
    labels = [0, 1, None, 1, None] if value is None else [value, value, None, value, None]
    table = pl.DataFrame({"x": [1, 2, 3, 4, 5], "y": labels})
    path = tmp_path / f"t.{form}"
    table.write_ndjson(path) if form == "jsonl" else getattr(table, f"write_{form}")(path)
    place = {"csv": "line 4", "jsonl": "line 3", "parquet": "row 2 (from 0)"}[form]
    told = f"{place}: target 'y' is missing (2 such rows)"
    refused(path, told.replace("(", r"\(").replace(")", r"\)"))
    found = skipped(path, ["2 of 5 rows are left out (on_error: skip)", f"left out: t.{form}, {told}"], [0, 1, 3])
    np.testing.assert_array_equal(found.inputs["x"], [1, 2, 4])
    if value is None:
        np.testing.assert_array_equal(found.targets["y"], np.array([0, 1, 1], np.int32))


def test_a_missing_part_of_a_joined_target(write):
    path = write("x,a,b\n1,1,1\n2,,1\n3,1,\n")
    refused(path, r"line 3: target 'a' is missing\n.*line 4: target 'b' is missing", targets={"y": ["a", "b"]})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["1", "", "", "2"], r"line 3: weight 'w' is missing \(2 such rows\)"),
        (["1", "-1", "2", "-0.5"], r"line 3: weight 'w' is -1, but none may be negative \(2 such rows\)"),
        (["0.5", "inf", "2", "2"], "line 3: column 'w' holds 'inf', which is no finite number"),
    ],
)
def test_weights(write, values, message):
    path = write("x,y,w\n" + "".join(f"1,1,{value}\n" for value in values))
    refused(path, message, weights="w")
    assert (arrays(path, weights="w", on_error="skip").weights >= 0).all()


def test_a_row_with_two_faults_is_left_out_once(write):
    path = write("x,y\n1,1\nabc,\n2,2\n")
    skipped(
        path,
        [
            "1 of 3 rows are left out (on_error: skip)",
            "left out: t.csv, line 3: column 'x' holds 'abc', where an integer is expected",
        ],
        [0, 2],
        columns={"x": "int32"},
    )


def test_bytes_that_are_no_utf_8(write):
    path = write(b"x,y\n1,a\n2,caf\xe9\n3,b\n")
    refused(path, r"t\.csv, line 3: the byte 0xe9 is no UTF-8: save the file as UTF-8")
    assert arrays(path, on_error="skip").targets["y"].to_list() == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"x": 2, "y":', r"it is no JSON \(Expecting value\): is it cut off\?"),
        ('{"x": 2} {"y": 3}', r"it is no JSON \(Extra data\)"),
        ("[2, 3]", r"an object with fields is expected"),
        ('{"x": "abc", "y": 1}', "column 'x' holds 'abc', where an integer is expected"),
        ('{"x": 1.5, "y": 1}', r"column 'x' holds '1\.5', where an integer is expected"),
        ('{"x": 99999999999999999999, "y": 1}', "column 'x' holds '99999999999999999999', which int32 cannot hold"),
        ('{"x": [1], "y": 1}', r"column 'x' holds '\[1\]', where an integer is expected"),
        (b'{"x": 1, "y": "caf\xe9"}', "the byte 0xe9 is no UTF-8"),
    ],
)
def test_lines_that_are_no_json(write, line, what):
    line = line if isinstance(line, bytes) else line.encode()
    good = b"".join(b'{"x": %d, "y": 1}\n' % i for i in range(LATE))
    path = write(good + b"\n" + line + b'\n{"x": 7, "y": 1}\n', "t.jsonl")
    refused(path, rf"t\.jsonl, line {LATE + 2}: {what}")
    found = arrays(path, on_error="skip")
    np.testing.assert_array_equal(found.inputs["x"], [*range(LATE), 7])
    assert found.row(LATE) == LATE + 1


def test_parquet_says_the_row(tmp_path):
    pl.DataFrame({"x": [0.5, float("inf"), 1e39], "n": [1, 2, 2**31], "y": [1, 2, 3]}).write_parquet(
        tmp_path / "t.parquet"
    )
    message = (
        r"row 1 \(from 0\): column 'x' holds inf, which is no finite number\n"
        r".*row 2 \(from 0\): column 'x' holds 1e\+39, which float32 cannot hold\n"
        r".*row 2 \(from 0\): column 'n' holds 2147483648, which int32 cannot hold"
    )
    refused(tmp_path / "t.parquet", message)
    assert arrays(tmp_path / "t.parquet", on_error="skip").rows.tolist() == [0]


def test_damage_within_parquet_is_no_traceback(tmp_path):
    pl.DataFrame({"x": [f"text {i}" for i in range(3000)], "y": range(3000)}).write_parquet(tmp_path / "t.parquet")
    content = bytearray((tmp_path / "t.parquet").read_bytes())
    content[4:200] = bytes(196)
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(NetlabError, match=r"t\.parquet cannot be read: "):
        arrays(tmp_path / "t.parquet")


def test_the_numbers_of_rows_count_through_all_files(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,1\n2,\n3,3\n")
    (tmp_path / "b.csv").write_text("x,y\n4,4\n5,5\n")
    (tmp_path / "c.csv").write_text("x,y\n6,\n7,7\n")
    files = {
        split: str(tmp_path / f"{name}.csv") for split, name in (("train", "a"), ("validation", "b"), ("test", "c"))
    }
    found = read(Csv.parse({"path": files, "targets": "y", "on_error": "skip"}), 0)
    assert found.rows.tolist() == [0, 2, 3, 4, 6]
    assert found.parts.tolist() == [0, 0, 1, 1, 2]
    assert found.notes[0] == "2 of 7 rows are left out (on_error: skip)"
    assert [note.rpartition("/")[2] for note in found.notes[1:]] == [
        "a.csv, line 3: target 'y' is missing",
        "c.csv, line 2: target 'y' is missing",
    ]


def test_many_reasons_are_told_up_to_ten(write):
    path = write("x,y\n1,1\n" + "".join(f"1{',1' * i}\n" for i in range(2, 15)))
    with pytest.raises(NetlabError, match=r"line 12: 12 values.*\nand 3 more\ncorrect such rows"):
        arrays(path)
    notes = arrays(path, on_error="skip").notes
    assert (len(notes), notes[-1]) == (12, "left out for 3 more reasons")


def test_no_row_is_left(write):
    with pytest.raises(NetlabError, match=r"t\.csv: no row can be used; .*line 2: target 'y' is missing"):
        arrays(write("x,y\n1,\n"), on_error="skip")


def test_notes_are_told_when_the_training_starts(write):
    path = write("x,y\n" + "1,1.5\n" * 20 + "1,\n")
    splits = load(DataSpec.parse({"source": "csv", "path": str(path), "targets": "y", "on_error": "skip"}), 0)
    assert splits.notes[0] == "1 of 21 rows are left out (on_error: skip)"


GOOD = {
    "csv": b'x,t,y\n1,"a ""b""",1.5\n2,,2.5\n3,"c\nd",0.5\n',
    "jsonl": b'{"x": 1, "t": "a", "y": 1.5}\n{"x": 2, "t": null, "y": 2.5}\n{"x": 3, "y": 0.5}\n',
}


@settings(max_examples=200)
@given(st.data())
def test_no_damage_gives_anything_but_a_message_or_whole_rows(tmp_path_factory, data):
    form = data.draw(st.sampled_from(sorted(GOOD)))
    content = bytearray(GOOD[form])
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=3)):
        content[place] = data.draw(st.sampled_from([*b'",\n\r1x{}[]:', 0, 255]))
    path = tmp_path_factory.mktemp("tables") / f"t.{form}"
    path.write_bytes(content)
    with suppress(NetlabError):
        found = arrays(path, on_error=data.draw(st.sampled_from(["fail", "skip"])))
        assert len({len(found), *(len(values) for values in (*found.inputs.values(), *found.targets.values()))}) == 1
