"""Tables that are converted block by block have the values, the flaws and the notes that they have when they are read at once."""

from __future__ import annotations

import csv
import gc
import gzip
import io
import shutil
import tempfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.arrays import Arrays
from netlib.data.sources import table_blocks, unread
from netlib.data.sources.table_stream import TableReader
from netlib.data.sources.tables import read, reader
from netlib.data.unconverted import Unconverted
from netlib.spec.errors import NetlabError
from netlib.spec.sources.tables import Csv, JsonLines, Parquet

KINDS = {"csv": Csv, "gz": Csv, "jsonl": JsonLines, "parquet": Parquet}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_blocks, "BLOCK", 300)
    monkeypatch.setattr(unread, "AHEAD", 50)


def spec(path: object, **parameters: object):
    first = path if isinstance(path, str | Path) else next(iter(path.values()))
    written = str(path) if isinstance(path, Path) else path
    kind = KINDS[Path(str(first)).suffix[1:]]
    return kind.parse({"path": written, "targets": "y", **parameters})


def opened(source: Any) -> TableReader:
    found = reader(source)
    assert isinstance(found, Unconverted)
    made = found.converted()
    assert isinstance(made, TableReader)
    return made


def streamed(source: Any) -> tuple[TableReader, Arrays]:
    """All rows, read again in another order."""
    made = opened(source)
    order = np.random.default_rng(1).permutation(made.rows)
    return made, made.take(order).take(np.argsort(order))


def need_equal(source: Any, blocks: bool = True) -> TableReader:
    """The values, rows, parts and notes that memory has."""
    made, found = streamed(source)
    expected = read(source, 0)
    if blocks:
        assert made.conversion is not None
        assert len(made.conversion.store.files) > 1, "there are several blocks"
    for role in ("inputs", "targets", "beside"):
        ours, theirs = getattr(found, role), getattr(expected, role)
        assert list(ours) == list(theirs)
        for name, values in theirs.items():
            assert ours[name].dtype == values.dtype
            if isinstance(values, np.ndarray):
                np.testing.assert_array_equal(ours[name], values, strict=True)
            else:
                assert ours[name].to_list() == values.to_list()
            column = made.some(name, np.arange(made.rows))
            np.testing.assert_array_equal(np.asarray(column), np.asarray(values))
    assert (found.weights is None) == (expected.weights is None)
    if expected.weights is not None:
        np.testing.assert_array_equal(found.weights, expected.weights, strict=True)
    numbers = np.arange(len(expected)) if expected.rows is None else expected.rows
    np.testing.assert_array_equal(made.row_of(np.arange(made.rows)), numbers)
    if expected.parts is None:
        assert made.parts() is None
    else:
        np.testing.assert_array_equal(made.parts(), expected.parts, strict=True)
    assert tuple(made.notes())[1:] == expected.notes
    return made


def table(rows: int = 200) -> pl.DataFrame:
    random = np.random.default_rng(0)
    late = np.arange(rows) > rows - 20
    return pl.DataFrame(
        {
            "x": pl.Series(random.normal(size=rows)).set(pl.Series(random.random(rows) < 0.1), None),
            "count": pl.Series(random.integers(0, 9, rows)).set(pl.Series(late), None),
            "whole": random.integers(-(2**31), 2**31, rows),
            "flag": pl.Series(random.random(rows) < 0.5).set(pl.Series(late), None),
            "city": pl.Series(random.choice(["Århus", 'a "b"', "two\nlines", "NA"], rows)),
            "when": pl.Series([f"2024-01-{1 + i % 28:02}" for i in range(rows)]),
            "y": random.normal(size=rows),
        }
    )


def stored(path: Path, frame: pl.DataFrame) -> Path:
    if path.suffix == ".jsonl":
        frame.write_ndjson(path)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(frame.write_csv(separator="\t" if "tsv" in path.name else ",").encode()))
    else:
        getattr(frame, f"write_{path.suffix[1:]}")(path)
    return path


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.tsv.gz", "t.jsonl"])
def test_values(tmp_path, name):
    path = stored(tmp_path / name, table())
    declared = {"when": {"dtype": "datetime", "format": "%Y-%m-%d"}, "flag": "int32"}
    made = need_equal(spec(path, columns=declared).apart(("when",)))
    assert made.take(np.array([3])).inputs["count"].dtype == np.float32, "for some that are missing in other blocks"
    assert need_equal(spec(path, columns=declared, weights="whole", inputs=["x"], on_error="skip")).rows < 200


def test_parquet_of_which_rows_are_left_out(tmp_path):
    path = stored(tmp_path / "t.parquet", table().with_columns(pl.when(pl.col("x") < 1).then(pl.col("y")).alias("y")))
    made = need_equal(spec(path, on_error="skip"))
    assert made.rows < 200


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_files_of_each_split(tmp_path, form):
    whole = table().with_columns(pl.when(pl.col("count") != 3).then(pl.col("y")).alias("y"))
    files = {
        split: str(stored(tmp_path / f"{split}.{form}", part))
        for split, part in (("train", whole[:90]), ("validation", whole[90:91]), ("test", whole[91:]))
    }
    made = need_equal(spec(files, on_error="skip"))
    assert np.bincount(made.parts()).tolist() == [
        part.filter(pl.col("y").is_not_null()).height for part in (whole[:90], whole[90:91], whole[91:])
    ]


BAD = {
    "csv": ["3", "3,4,5", "", "abc,1", "1,", '"3"x,4', '5" pipe,3', '"open,3', ",1", "7,\xe9"],
    "jsonl": ['{"x": 2, "y":', "[2, 3]", "", '{"x": "abc", "y": 1}', '{"x": 1}', '{"x": 9e99, "y": 2}'],
}
GOOD = {"csv": "{},1", "jsonl": '{{"x": {}, "y": 1}}'}


@pytest.mark.parametrize("form", BAD)
@pytest.mark.parametrize("seed", range(4))
def test_rows_that_cannot_be_used(tmp_path, form, seed):
    random = np.random.default_rng(seed)
    lines = [GOOD[form].format(i) for i in range(300)]
    for place in random.choice(300, 20, replace=False):
        lines[place] = random.choice(BAD[form])
    path = tmp_path / f"t.{form}"
    content = "\n".join([*(["x,y"] if form == "csv" else []), *lines, "\n\n"])
    path.write_bytes(content.encode("latin-1"))
    columns = {"columns": {"x": "int32", "y": "int32"}}
    need_equal(spec(path, on_error="skip", **columns))
    with pytest.raises(NetlabError) as expected:
        read(spec(path, **columns), 0)
    with pytest.raises(NetlabError) as found:
        opened(spec(path, **columns))
    assert str(found.value) == str(expected.value)
    assert "such rows" in str(found.value)


VALUES = st.sampled_from(["", "1", "-2", "xy", "a,b", "two\nlines", 'say "x"', " ", "\n\n", 'in 5"'])
RAW = st.sampled_from(
    ["1,2,3\n", "\n", '"', 'a"b,c,d\n', '"a\nb",1,2\r\n', "x,", '"",,\n', ',,"', "\r\n", "\ufeff", '""\n']
)


@settings(max_examples=120)
@given(
    parts=st.lists(st.lists(VALUES, min_size=3, max_size=3) | RAW, min_size=1, max_size=25),
    end=st.sampled_from(["\n", "\r\n"]),
    block=st.integers(1, 60),
    columns=st.sampled_from([["a", "b", "y"], ["y"], ['a"', "b\nc", "y"]]),
)
def test_any_file_in_any_blocks(tmp_path_factory, parts, end, block, columns):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator=end)
    writer.writerow(columns)
    for part in parts:
        stream.write(part) if isinstance(part, str) else writer.writerow(part[: len(columns)])
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    path.write_bytes(stream.getvalue().encode())
    uses = {"inputs": {"all": columns[:-1]}} if len(columns) > 1 else {"inputs": ["y"], "targets": []}
    declared = dict.fromkeys(columns, "string")
    for on_error in ("skip", "fail"):
        source = spec(path, columns=declared, on_error=on_error, **uses)
        refused = said(lambda source=source: read(source, 0))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(table_blocks, "BLOCK", block)
            assert said(lambda source=source: opened(source)) == refused
            if not refused:
                need_equal(source, blocks=False)


def said(action: Callable[[], object]) -> str:
    """What is raised; nothing if it is done."""
    try:
        action()
    except NetlabError as error:
        return str(error)
    return ""


def test_no_row_is_left(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,\n")
    with pytest.raises(NetlabError, match=r"t\.csv: no row can be used; .*line 2: target 'y' is missing"):
        opened(spec(path, on_error="skip"))


def test_the_files_are_removed_with_the_reader(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    made = opened(spec(stored(tmp_path / "t.csv", table())))
    (folder,) = (tmp_path / "temporary").iterdir()
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    where = f"in {folder} ({size:,.1f} MB), which is removed at the end"
    assert list(made.notes()) == [f"200 samples of {tmp_path}/t.csv were converted to Parquet {where}"]
    del made
    gc.collect()
    assert not folder.exists()


def test_nothing_is_left_of_what_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1,1\n" * 1000 + "1\n")
    with pytest.raises(NetlabError, match="line 1002: 1 value"):
        opened(spec(path))
    gc.collect()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_disk_without_room(tmp_path, monkeypatch):
    Usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 9, 1000))
    message = (
        r"t\.csv is more than data\.memory: converted to Parquet it takes about 0\.0 MB, but .* has room for 0\.0 MB;"
        r" name a folder with more room in the variable TMPDIR, or allow more memory"
    )
    with pytest.raises(NetlabError, match=message):
        opened(spec(stored(tmp_path / "t.csv", table())))


def test_a_disk_that_is_full_all_the_same(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    path = stored(tmp_path / "t.csv", table())
    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(NetlabError, match=r"t\.csv cannot be converted to Parquet: .*No space left.*; name a folder"):
        opened(spec(path))


def test_a_packed_file_that_is_damaged(tmp_path):
    path = stored(tmp_path / "t.csv.gz", table(20_000))
    source = spec(path)
    source.signature()
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(NetlabError, match=r"t\.csv\.gz is damaged: it cannot be unpacked"):
        reader(source)


def test_the_fingerprint_is_that_of_the_source(tmp_path):
    path = stored(tmp_path / "t.csv", table())
    once, again = opened(spec(path)).fingerprint(), opened(spec(path)).fingerprint()
    stored(path, table(201))
    assert once == again != opened(spec(path)).fingerprint()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_how_large_it_is(tmp_path, form):
    path = stored(tmp_path / f"t.{form}", table())
    found: Any = reader(spec(path, inputs=["x", "count"]))
    assert abs(found.rows - 200) <= 1
    assert found.row_bytes == 12
    long = pl.DataFrame({"t": ["some words " * (3 + i % 5) for i in range(400)], "y": [1.0] * 400})
    texts: Any = reader(spec(stored(tmp_path / f"long.{form}", long)))
    in_memory = read(texts.converted.args[0], 0).bytes
    assert in_memory < texts.rows * texts.row_bytes < 1.6 * in_memory
    assert in_memory < texts.converted().row_bytes * 400 < 1.4 * in_memory
