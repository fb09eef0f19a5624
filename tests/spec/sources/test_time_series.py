"""The source time_series: what its parameters and the columns of its table say, before values are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.features import MissingFileError
from netlib.spec.sources.time_series import TimeSeries

TABLE = "time,temp,wind,day,place\n" + "".join(
    f"2024-01-01T{hour:02}:00,{hour}.5,{hour / 2},{hour},{'ab'[hour % 2]}\n" for hour in range(20)
)


@pytest.fixture
def table(tmp_path: Path) -> str:
    (tmp_path / "weather.csv").write_text(TABLE)
    return str(tmp_path / "weather.csv")


def source(path: str, **parameters: object) -> TimeSeries:
    return TimeSeries.parse({"path": path, "inputs": ["temp"], "targets": ["temp"], "length": 4, **parameters})


def shapes(spec: TimeSeries) -> dict[str, str]:
    signature = spec.signature()
    return {name: str(feature.tensor) for name, feature in {**signature.inputs, **signature.targets}.items()}


class TestParameters:
    @pytest.mark.parametrize(
        ("inputs", "expected"),
        [
            ("temp", {"window": ("temp",)}),
            (["temp", "wind"], {"window": ("temp", "wind")}),
            ({"a": "temp", "b": ["wind", "day"]}, {"a": ("temp",), "b": ("wind", "day")}),
        ],
    )
    def test_forms_of_inputs(self, inputs, expected):
        spec = source("a.csv", inputs=inputs)
        assert spec.inputs == expected
        assert TimeSeries.parse(spec.to_plain()) == spec

    @pytest.mark.parametrize(
        ("inputs", "loc", "message"),
        [
            (3, ("inputs",), "expected the name of a column, or a list of them, got 3"),
            ([], ("inputs",), "expected the name of a column, or a list of them, got []"),
            (["a", "a"], ("inputs",), "a column is listed twice"),
            ({"x": ["a", 1]}, ("inputs", "x"), "expected the name of a column, or a list of them, got ['a', 1]"),
            ({"a b": "c"}, ("inputs", "a b"), "expected a name of letters, digits and '_'"),
        ],
    )
    def test_mistakes_in_inputs(self, inputs, loc, message):
        with pytest.raises(SpecError) as caught:
            source("a.csv", inputs=inputs)
        (problem,) = caught.value.problems
        assert problem.loc == loc
        assert message in problem.message

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"length": 0}, "length: expected a number greater than 0, got 0"),
            ({"horizon": -1}, "horizon: expected a number not less than 0, got -1"),
            ({"gaps": "fill"}, "gaps: expected 'keep' or 'drop', got 'fill'"),
        ],
    )
    def test_numbers_that_make_no_windows(self, parameters, message):
        with pytest.raises(SpecError, match=message):
            source("a.csv", **parameters)

    @pytest.mark.parametrize(
        ("parameters", "reach"),
        [({}, 5), ({"horizon": 0}, 4), ({"horizon": 3, "steps": 2}, 8), ({"targets": [], "horizon": 3}, 4)],
    )
    def test_the_reach_of_a_window(self, parameters, reach):
        assert source("a.csv", **parameters).reach == reach


class TestSignature:
    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [
            ({}, {"window": "(batch, 4, 1) float32", "temp": "(batch, 1) float32"}),
            ({"steps": 3}, {"window": "(batch, 4, 1) float32", "temp": "(batch, 3) float32"}),
            ({"targets": ["day"]}, {"window": "(batch, 4, 1) float32", "day": "(batch) int32"}),
            ({"targets": ["day"], "steps": 2}, {"window": "(batch, 4, 1) float32", "day": "(batch, 2) int32"}),
            ({"targets": "place"}, {"window": "(batch, 4, 1) float32", "place": "(batch) string"}),
            ({"targets": {"y": ["temp", "day"]}}, {"window": "(batch, 4, 1) float32", "y": "(batch, 2) float32"}),
            (
                {"targets": {"y": ["temp", "day"]}, "steps": 3},
                {"window": "(batch, 4, 1) float32", "y": "(batch, 3, 2) float32"},
            ),
            (
                {"inputs": {"a": "temp", "b": ["wind", "day"]}, "targets": []},
                {"a": "(batch, 4, 1) float32", "b": "(batch, 4, 2) float32"},
            ),
        ],
    )
    def test_shapes(self, table, parameters, expected):
        assert shapes(source(table, **parameters)) == expected

    def test_how_many_windows_there_are_is_not_said_before_they_are_cut(self, table):
        assert source(table).signature().samples is None

    @pytest.mark.parametrize(
        ("parameters", "key", "message"),
        [
            ({"inputs": ["tmp"]}, "inputs", r"weather\.csv has no column 'tmp'; did you mean 'temp'\?"),
            ({"targets": "rain"}, "targets", r"has no column 'rain' \(it has: time, temp, wind, day, place\)"),
            ({"time": "hour"}, "time", "has no column 'hour'"),
            ({"group": "city"}, "group", "has no column 'city'"),
            ({"columns": {"hour": "int32"}}, r"columns\.hour", "has no column 'hour'"),
            ({"inputs": ["place"]}, "inputs", "column 'place' holds text; a window is of numbers"),
            ({"inputs": ["time"]}, "inputs", "column 'time' holds times; a window is of numbers"),
            ({"targets": "time"}, "targets", "column 'time' holds times; numbers or classes are needed"),
            ({"targets": "place", "steps": 2}, "targets", "column 'place' holds text; numbers are needed"),
            ({"targets": {"y": ["place", "temp"]}}, "targets", "column 'place' holds text; numbers are needed"),
            (
                {"time": "place"},
                "time",
                "column 'place' holds text; times or numbers .* columns: {place: {dtype: datetime",
            ),
            ({"horizon": 0}, "targets", "column 'temp' is an input and a target with horizon 0: .* show the answer"),
            (
                {"gaps": "drop"},
                "gaps",
                "gaps are found by the times of the rows: say in which column they are, in `time`",
            ),
            ({"inputs": {}}, "inputs", "at least one column is needed as an input"),
        ],
    )
    def test_columns_that_do_not_fit(self, table, parameters, key, message):
        with pytest.raises(SpecError, match=rf"{key}: .*{message}|{key}: {message}") as caught:
            source(table, **parameters).signature()
        assert caught.value.exit_code == 2

    def test_the_columns_of_the_split_are_looked_for_too(self, table):
        with pytest.raises(SpecError, match=r"split: .* has no column 'year'"):
            source(table).apart(("year",)).signature()
        assert source(table).apart(("day",)).beside == ("day",)

    def test_a_column_that_is_not_used_may_hold_anything(self, tmp_path):
        (tmp_path / "a.jsonl").write_text('{"temp": 1.5, "tags": [1, 2]}\n' * 9)
        assert shapes(source(str(tmp_path / "a.jsonl")))["window"] == "(batch, 4, 1) float32"
        with pytest.raises(SpecError, match=r"inputs: .* column 'tags' holds neither numbers nor texts nor times"):
            source(str(tmp_path / "a.jsonl"), inputs=["tags"]).signature()


class TestTable:
    def test_the_kind_is_told_by_the_suffix(self, tmp_path, table):
        import polars as pl

        frame = pl.read_csv(table)
        frame.write_parquet(tmp_path / "a.parquet")
        frame.write_ndjson(tmp_path / "a.jsonl")
        frame.write_csv(tmp_path / "a.TSV", separator="\t")
        frame.write_csv(tmp_path / "b.csv", separator=";")
        for name in ("a.parquet", "a.jsonl", "a.TSV"):
            assert shapes(source(str(tmp_path / name)))["temp"] == "(batch, 1) float32"
        assert shapes(source(str(tmp_path / "b.csv"), separator=";"))["temp"] == "(batch, 1) float32"

    def test_a_suffix_that_tells_nothing(self, tmp_path):
        with pytest.raises(SpecError, match=r"path: .*a\.dat does not tell by its end what it is; .*\.csv.*\.parquet"):
            source(str(tmp_path / "a.dat")).signature()

    def test_a_separator_is_for_csv(self, tmp_path):
        with pytest.raises(SpecError, match=r"separator: separator is for CSV files, and .*a\.parquet is none"):
            source(str(tmp_path / "a.parquet"), separator=";").signature()

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(MissingFileError, match=r"path: there is no file .*nothing\.csv"):
            source(str(tmp_path / "nothing.csv")).signature()

    def test_the_stamp_changes_with_the_file(self, table):
        before = source(table).stamp()
        Path(table).write_text(TABLE + "2024-01-02T00:00,1.5,1,1,a\n")
        assert source(table).stamp() != before
