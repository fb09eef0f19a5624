"""The files that a table's path stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.features import MissingFileError
from netlib.spec.sources.tables import Csv


def source(path: object, **parameters: object) -> Csv:
    return Csv.parse({"path": path, "targets": "y", **parameters})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.csv", "a.csv", "c.TSV", "deep/d.csv", "notes.txt", ".hidden.csv", "_temporary/e.csv"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x,y\n1,2\n")
    return tmp_path


def names(table: Csv, folder: Path) -> list[str]:
    return [str(file.relative_to(folder)) for file in table.files()]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.csv", ["a.csv"]),
        ("notes.txt", ["notes.txt"]),
        ("*.csv", [".hidden.csv", "a.csv", "b.csv"]),
        ("[ab].csv", ["a.csv", "b.csv"]),
        ("**/d.csv", ["deep/d.csv"]),
        ("de*/*.csv", ["deep/d.csv"]),
        (".", ["a.csv", "b.csv", "c.TSV", "deep/d.csv"]),
        (["b.csv", "a.csv"], ["b.csv", "a.csv"]),
        (["deep", "a.csv"], ["deep/d.csv", "a.csv"]),
    ],
)
def test_files(folder, path, expected):
    written = [str(folder / each) for each in path] if isinstance(path, list) else str(folder / path)
    assert names(source(written), folder) == expected


def test_a_folder_whose_name_looks_like_a_pattern(tmp_path):
    odd = tmp_path / "data[1]*"
    odd.mkdir()
    (odd / "a.csv").write_text("x,y\n1,2\n")
    (odd / "b?.csv").write_text("x,y\n1,2\n")
    assert names(source(str(odd / "a.csv")), odd) == ["a.csv"]
    assert names(source(str(odd / "*.csv")), odd) == ["a.csv", "b?.csv"]
    assert names(source(str(odd / "b?.csv")), odd) == ["b?.csv"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("aa.csv", r"there is no file .*aa\.csv; did you mean 'a\.csv'\?"),
        ("nowhere/x.csv", r"there is no file .*x\.csv \(nor a folder .*nowhere\)"),
        ("*.parquet", r"no file matches .*\*\.parquet$"),
        ("_temporary/none", r"there is no file .*none$"),
    ],
)
def test_a_file_that_is_not_there(folder, path, message):
    with pytest.raises(MissingFileError, match=message) as caught:
        source(str(folder / path)).signature()
    assert caught.value.problems[0].loc == ("path",)
    assert caught.value.exit_code == 2


def test_a_folder_without_tables(tmp_path):
    (tmp_path / "a.txt").write_text("x,y\n1,2\n")
    with pytest.raises(MissingFileError, match=r"the folder .* has no file that ends in \.csv or \.csv\.gz or \.tsv"):
        source(str(tmp_path)).files()


def test_files_of_each_split(folder):
    table = source({"test": str(folder / "c.TSV"), "train": [str(folder / "b.csv"), str(folder / "a.csv")]})
    assert table.parts == ("train", "test")
    assert {split: [file.name for file in files] for split, files in table.files_by_split().items()} == {
        "train": ["b.csv", "a.csv"],
        "test": ["c.TSV"],
    }
    assert names(table, folder) == ["b.csv", "a.csv", "c.TSV"]
    assert source(str(folder / "a.csv")).parts == ()


def test_a_missing_file_of_a_split(folder):
    with pytest.raises(MissingFileError, match="there is no file") as caught:
        source({"train": str(folder / "a.csv"), "test": str(folder / "none.csv")}).files()
    assert caught.value.problems[0].loc == ("path", "test")


def test_a_file_of_two_splits(folder):
    with pytest.raises(SpecError, match=r"a\.csv is named for train and for validation") as caught:
        source({"train": str(folder / "*.csv"), "validation": str(folder / "a.csv")}).files()
    assert caught.value.problems[0].loc == ("path", "validation")


def test_a_file_that_is_named_twice(folder):
    with pytest.raises(SpecError, match=r"a\.csv is named twice"):
        source([str(folder / "a.csv"), str(folder / "*.csv")]).files()


@pytest.mark.parametrize(
    ("path", "loc", "message"),
    [
        ("", ("path",), "expected a path or a list of paths, got ''"),
        ([], ("path",), "expected a path or a list of paths"),
        ([1], ("path",), "expected a path or a list of paths"),
        (3, ("path",), "expected a path or a list of paths, got 3"),
        (
            {"train": "a.csv", "valid": "b.csv"},
            ("path", "valid"),
            "there is no split 'valid'; did you mean 'validation'",
        ),
        (
            {"train": "a.csv", "x": "b.csv"},
            ("path", "x"),
            r"there is no split 'x' \(there are: train, validation, test\)",
        ),
        ({"test": "a.csv"}, ("path",), "files of the splits need 'train'"),
        ({"train": 3}, ("path", "train"), "expected a path or a list of paths, got 3"),
    ],
)
def test_paths_that_are_none(path, loc, message):
    with pytest.raises(SpecError, match=message) as caught:
        source(path)
    assert [problem.loc for problem in caught.value.problems] == [loc]


def test_the_stamp_changes_with_any_file(folder):
    table = source({"train": str(folder / "a.csv"), "test": str(folder / "b.csv")})
    before = table.stamp()
    assert [Path(name).name for name, *_ in before] == ["a.csv", "b.csv"]
    (folder / "b.csv").write_text("x,y\n1,2\n3,4\n")
    assert table.stamp()[0] == before[0]
    assert table.stamp()[1] != before[1]


@pytest.mark.parametrize(
    "path",
    ["a.csv", ["a.csv", "b.csv"], {"train": "a.csv"}, {"train": ["a.csv"], "validation": "b.csv", "test": "c.csv"}],
)
def test_the_plain_form_is_as_written(path):
    plain = source(path).to_plain()
    assert plain["path"] == path
    assert Csv.parse(plain) == source(path)


def test_files_with_other_columns_name_both(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("y,z\n1,2\n")
    with pytest.raises(
        SpecError, match=r"columns of .*a\.csv and .*b\.csv differ: 'x' only in .*a\.csv, 'z' only in .*b"
    ):
        source({"train": str(tmp_path / "a.csv"), "test": str(tmp_path / "b.csv")}).signature()


def test_a_column_that_holds_something_else_in_another_file(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("y,x\n2,big\n")
    with pytest.raises(
        SpecError, match=r"column 'x' holds int32 in .*a\.csv, but string in .*b\.csv; .* columns: \{x: string\}"
    ):
        source(str(tmp_path)).signature()
    assert source(str(tmp_path), columns={"x": "string"}).signature().inputs["x"].kind == "text"


def test_an_unreadable_file_is_no_traceback(tmp_path, monkeypatch):
    file = tmp_path / "a.csv"
    file.write_text("x,y\n1,2\n")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(NetlabError, match=r"a\.csv cannot be read: Permission denied"):
        source(str(file)).signature()
