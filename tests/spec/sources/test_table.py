"""What a table's signature says of its columns, and what is said of uses that cannot be. Files: test_table_files.py."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.features import text, times
from netlib.spec.sources.tables import Csv, JsonLines, Parquet

TABLE = pl.DataFrame(
    {
        "age": [20, 30, None],
        "income": [1.5, None, 3.0],
        "city": ["Ulm", None, "Oslo"],
        "member": [True, False, True],
        "since": [f"2024-01-0{day}" for day in (1, 2, 3)],
        "counts": [1, 2, 1],
        "price": [9.5, 8.0, 7.25],
    }
).with_columns(pl.col("since").str.to_date())


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    TABLE.write_csv(tmp_path / "t.csv")
    return tmp_path / "t.csv"


def signature(path: Path, kind: type = Csv, **parameters: object):
    return kind.parse({"path": str(path), "targets": "price", **parameters}).signature()


def shapes(features) -> dict[str, tuple]:
    return {name: (feature.tensor.shape, feature.tensor.dtype) for name, feature in features.items()}


COLUMNS = {
    "age": ((None,), "int32"),
    "income": ((None, 1), "float32"),
    "city": ((None,), "string"),
    "member": ((None,), "int32"),
    "since": ((None,), "datetime"),
    "counts": ((None,), "int32"),
}


def test_all_columns_that_nothing_else_uses_are_the_input_features(csv):
    found = signature(csv)
    assert shapes(found.inputs) == COLUMNS
    assert found.joins == {"features": tuple(COLUMNS)}
    assert shapes(found.targets) == {"price": ((None, 1), "float32")}
    assert found.samples is None


def test_parquet_knows_its_rows(tmp_path):
    TABLE.write_parquet(tmp_path / "t.parquet")
    found = signature(tmp_path / "t.parquet", Parquet)
    assert shapes(found.inputs) == COLUMNS
    assert found.samples == 3
    assert signature(tmp_path / "t.parquet", Parquet, on_error="skip").samples is None


def test_json_lines(tmp_path):
    TABLE.with_columns(pl.col("since").cast(pl.String())).write_ndjson(tmp_path / "t.jsonl")
    found = signature(tmp_path / "t.jsonl", JsonLines, columns={"since": "datetime"})
    assert shapes(found.inputs) == COLUMNS


def test_weights_ignored_columns_and_those_of_the_split_are_no_inputs(csv):
    source = Csv.parse({"path": str(csv), "targets": "price", "weights": "counts", "ignore": ["city", "since"]})
    assert list(source.apart(("member",)).signature().inputs) == ["age", "income"]
    assert list(source.signature().inputs) == ["age", "income", "member"]


@pytest.mark.parametrize(
    ("inputs", "columns", "joins"),
    [
        ("age", {"age": "age"}, {}),
        (["age", "city"], {"age": "age", "city": "city"}, {}),
        ({"a": "age"}, {"a": "age"}, {}),
        ({"a": "city", "both": ["age", "income"]}, {"a": "city", "age": "age", "income": "income"}, {"both": ("age", "income")}),
    ],
)  # fmt: skip
def test_inputs(csv, inputs, columns, joins):
    found = signature(csv, inputs=inputs)
    assert shapes(found.inputs) == {name: COLUMNS[column] for name, column in columns.items()}
    assert found.joins == joins


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("price", {"price": ((None, 1), "float32")}),
        (["price", "member"], {"price": ((None, 1), "float32"), "member": ((None,), "int32")}),
        ({"cost": "price"}, {"cost": ((None, 1), "float32")}),
        ({"both": ["price", "counts"]}, {"both": ((None, 2), "float32")}),
        ([], {}),
    ],
)
def test_targets(csv, targets, expected):
    found = signature(csv, targets=targets, inputs="age")
    assert shapes(found.targets) == expected


def test_declared_columns(csv):
    declared = {"age": "string", "income": {"dtype": "float32"}, "counts": "float32", "member": "string"}
    found = signature(csv, columns=declared).inputs
    assert found["age"] == found["member"] == text()
    assert found["counts"].tensor.dtype == "float32"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", "+3"], "int32"),
        (["1", "2.5"], "float32"),
        (["1", "1e3"], "float32"),
        (["1", "", "NA"], "int32"),
        (["true", "false"], "int32"),
        (["true", "1"], "string"),
        (["a", "1"], "string"),
        (["", ""], "string"),
        (["2024-01-01", "2024-02-30"], "string"),
        (["2024-01-01", "2024-02-29 10:30"], "datetime"),
        (["2024-01-01T10:30:00Z", "2024-01-01T10:30:00+02:00"], "datetime"),
        (["01/02/2024"], "string"),
    ],
)
def test_what_a_column_is_by_its_values(tmp_path, values, kind):
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{value},1\n" for value in values))
    assert signature(tmp_path / "t.csv", targets="y").inputs["x"].tensor.dtype == kind


def test_what_a_column_is_by_all_files(tmp_path):
    for name, values in (("a", ["1", "2"]), ("b", ["1.5", ""]), ("c", ["", ""])):
        (tmp_path / f"{name}.csv").write_text("x,y\n" + "".join(f"{value},1\n" for value in values))
    assert signature(tmp_path, targets="y").inputs["x"].tensor.dtype == "float32"


@pytest.mark.parametrize(
    ("parameters", "loc", "message"),
    [
        ({"targets": "prices"}, ("targets",), r"t\.csv has no column 'prices'; did you mean 'price'\?"),
        ({"inputs": ["xyz"]}, ("inputs",), r"has no column 'xyz' \(it has: age, income, city"),
        ({"weights": "count"}, ("weights",), "has no column 'count'; did you mean 'counts'"),
        ({"weights": "city"}, ("weights",), "column 'city' holds string; weights are numbers"),
        ({"ignore": ["zip"]}, ("ignore",), "has no column 'zip'"),
        ({"columns": {"zip": "string"}}, ("columns", "zip"), "has no column 'zip'"),
        ({"inputs": ["price"]}, ("inputs",), "column 'price' is a target"),
        ({"ignore": [*COLUMNS]}, ("inputs",), "has no column that is left to be an input"),
        ({"targets": "since"}, ("targets",), "target 'since' is 'since', which holds datetime; only numbers can be learned"),
        ({"targets": {"y": ["price", "city"]}}, ("targets",), "target 'y' is joined of columns, one is 'city', which holds str"),
        ({"inputs": {"age": ["age", "income"]}}, ("inputs",), "input 'age' is joined of column 'age', and an input has that"),
        ({"inputs": {"age": "income", "b": ["age"]}}, ("inputs",), "input 'b' is joined of column 'age', and an input has that"),
    ],
)  # fmt: skip
def test_uses_that_cannot_be(csv, parameters, loc, message):
    with pytest.raises(SpecError, match=message) as caught:
        signature(csv, **parameters)
    assert [problem.loc for problem in caught.value.problems] == [loc]


def test_the_split_looks_at_a_column_that_is_not_there(csv):
    with pytest.raises(SpecError, match="has no column 'patient'") as caught:
        Csv.parse({"path": str(csv), "targets": "price"}).apart(("patient",)).signature()
    assert caught.value.problems[0].loc == ("split",)


@pytest.mark.parametrize(
    ("parameters", "loc", "message"),
    [
        ({"targets": 3}, ("targets",), "expected a column's name, a list of names or a mapping from name to columns, got 3"),
        ({"inputs": ["a", "a"]}, ("inputs",), "a column is listed twice"),
        ({"inputs": {"x": ["a", "a"]}}, ("inputs", "x"), "a column is listed twice"),
        ({"inputs": {"x": []}}, ("inputs", "x"), r"expected the name of a column, or a list of them, got \[\]"),
        ({"inputs": [3]}, ("inputs", 0), "expected the name of a column, or a list of them, got 3"),
        ({"columns": {"a": "int64"}}, ("columns", "a", "dtype"), "float32"),
        ({"on_error": "ignore"}, ("on_error",), "'fail' or 'skip'"),
        ({"separator": ";;"}, ("separator",), "1"),
        ({"separator": "é"}, ("separator",), "separator must be one ASCII character, no quote and no line end, got 'é'"),
        ({"separator": '"'}, ("separator",), "separator must be one ASCII character"),
    ],
)  # fmt: skip
def test_parameters_that_are_none(parameters, loc, message):
    with pytest.raises(SpecError, match=message) as caught:
        Csv.parse({"path": "t.csv", "targets": "y", **parameters})
    assert [problem.loc for problem in caught.value.problems] == [loc]


def test_columns_that_no_network_can_read(tmp_path):
    pl.DataFrame({"x": [[1, 2]], "y": [1], "z": [2]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(SpecError, match=r"column 'x' holds List\(Int64\); .*leave it out with ignore: \[x\]"):
        signature(tmp_path / "t.parquet", Parquet, targets="y")
    assert list(signature(tmp_path / "t.parquet", Parquet, targets="y", ignore=["x"]).inputs) == ["z"]


def test_a_column_without_a_name(tmp_path):
    (tmp_path / "t.csv").write_text(",x,price\n0,1,2\n")
    with pytest.raises(SpecError, match=r'column 1 has no name \(is it an index\?\): leave it out with ignore: \[""\]'):
        signature(tmp_path / "t.csv")
    assert list(signature(tmp_path / "t.csv", ignore=[""]).inputs) == ["x"]


@pytest.mark.parametrize(("name", "separator"), [("t.tsv", None), ("t.TAB", None), ("t.csv", "\t"), ("t.tsv", ",")])
def test_separators(tmp_path, name, separator):
    between = separator or "\t"
    (tmp_path / name).write_text(f"x{between}y\n1{between}2\n")
    source = Csv.parse({"path": str(tmp_path / name), "targets": "y", "separator": separator})
    assert list(source.signature().inputs) == ["x"]


def test_another_separator_is_suspected(tmp_path):
    (tmp_path / "t.csv").write_text("x;price\n1;2\n")
    with pytest.raises(SpecError, match="its first line, 'x;price', is one name; is ';' the separator"):
        signature(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"t\.csv is empty"),
        (b"\n\n", r"t\.csv has no columns: there are only empty lines"),
        (b"x,y\n", r"t\.csv has no rows, only the names of the columns"),
        (b"x,y\n\n\n", r"t\.csv has no rows, only the names of the columns"),
        (b"x,x,y\n1,2,3\n", r"t\.csv, line 1: 'x' is the name of 2 columns; each needs a name of its own"),
        (b"\nx,,y,\n1,2,3,4\n", r"t\.csv, line 2: no name is that of 2 columns"),
        (b"caf\xe9,y\n1,2\n", r"t\.csv, line 1: the byte 0xe9 is no UTF-8: save the file as UTF-8"),
        ("x,y\n1,2\n".encode("utf-16"), r"t\.csv, line 1: this is UTF-16: save the file as UTF-8"),
        (b"x,y\r1,2\r", r"t\.csv, line 1: a line ends in a carriage return alone"),
        (b'"x,y\n1,2\n', r"t\.csv, line 1: a quote is opened and never closed"),
    ],
)
def test_damaged_csv(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(NetlabError, match=message) as caught:
        signature(tmp_path / "t.csv", targets="y")
    assert caught.value.exit_code == 1


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfx,y\n1,2\n")
    assert list(signature(tmp_path / "t.csv", targets="y").inputs) == ["x"]


@pytest.mark.parametrize(
    ("content", "message", "code"),
    [
        (b"", r"t\.parquet is empty", 1),
        (b"no table at all", r"t\.parquet is no Parquet file: it does not begin with PAR1", 2),
        (b"PAR1" + bytes(30), r"begins like a Parquet file, but its schema cannot be read: was it cut off\?", 1),
    ],
)
def test_no_parquet(tmp_path, content, message, code):
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(NetlabError, match=message) as caught:
        signature(tmp_path / "t.parquet", Parquet)
    assert caught.value.exit_code == code


def test_parquet_that_is_cut_off(tmp_path):
    TABLE.write_parquet(tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(NetlabError, match="its schema cannot be read: was it cut off"):
        signature(tmp_path / "t.parquet", Parquet)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"t\.jsonl is empty"),
        ("\n \n", r"t\.jsonl has no rows: there are only empty lines"),
        ("[1, 2]\n", r"t\.jsonl, line 1: an object with fields is expected"),
        ("{}\n", r"t\.jsonl, line 1: the object has no fields"),
        ('{"x": 1, "y": 2}\n{"x": 1, "x": 3, "y": 2}\n', r"t\.jsonl, line 2: the field 'x' is there twice"),
    ],
)
def test_damaged_json_lines(tmp_path, content, message):
    (tmp_path / "t.jsonl").write_text(content)
    with pytest.raises(NetlabError, match=message):
        signature(tmp_path / "t.jsonl", JsonLines, targets="y")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ("1 2", "int32"),
        ("1 2.5 null", "float32"),
        ("true false", "int32"),
        ('"a" 1', "string"),
        ('"a" null', "string"),
        ("null null", "string"),
    ],
)
def test_what_a_field_is_by_its_values(tmp_path, values, kind):
    (tmp_path / "t.jsonl").write_text("".join(f'{{"x": {value}, "y": 1}}\n' for value in values.split()))
    assert signature(tmp_path / "t.jsonl", JsonLines, targets="y").inputs["x"].tensor.dtype == kind


@pytest.mark.parametrize(("value", "kind"), [("[1]", "lists"), ('{"a": 1}', "objects")])
def test_fields_that_no_network_can_read(tmp_path, value, kind):
    (tmp_path / "t.jsonl").write_text(f'{{"x": {value}, "y": 1}}\n')
    with pytest.raises(SpecError, match=f"column 'x' holds {kind}; numbers, texts or times are needed"):
        signature(tmp_path / "t.jsonl", JsonLines, targets="y")


@pytest.mark.parametrize("kind", [Csv, Parquet, JsonLines])
def test_plain_form(kind):
    source = kind.parse(
        {
            "path": ["a", "b"],
            "targets": {"y": ["p", "q"]},
            "inputs": {"x": "a", "z": ["b", "c"]},
            "weights": "w",
            "ignore": ["i"],
            "columns": {"a": "string", "t": {"dtype": "datetime", "format": "%d.%m.%Y"}},
            "on_error": "skip",
        }
    )
    assert kind.parse(source.to_plain()) == source


def test_times_are_times(csv):
    assert signature(csv).inputs["since"] == times()


def section(path: Path, **parameters: object) -> DataSpec:
    files = {split: str(path) for split in ("train", "validation")}
    return DataSpec.parse({"source": "csv", "path": files, "targets": "price", **parameters})


def test_a_split_with_a_file_is_there(csv):
    data = section(csv)
    assert data.has("train")
    assert data.has("validation")
    assert not data.has("test")
    assert section(csv, test=0.5).has("test")
    assert data.sizes(100) is None


@pytest.mark.parametrize(
    ("parameters", "loc", "message"),
    [
        ({"validation": 0.2}, ("validation",), r"validation \(=0\.2\) cannot be given: the source has samples of its own"),
        ({"folds": 5, "fold": 1}, ("folds",), r"folds \(=5\) cannot be given: the source has samples of its own to validate on"),
        ({"split": {"Column": {"column": "c", "train": "a"}}}, ("split",), "says what is held out, and so do the files"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_beside_files_of_splits(csv, parameters, loc, message):
    with pytest.raises(SpecError, match=message) as caught:
        section(csv, **parameters)
    assert [problem.loc for problem in caught.value.problems] == [loc]
