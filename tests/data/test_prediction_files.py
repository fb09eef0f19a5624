from __future__ import annotations

import io
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from netlib.data.prediction_files import FORMS, Lines, writing

TEXTS = ["plain", 'a "quote", and\na line', "", None, "Łódź"]


def parts() -> list[dict[str, object]]:
    return [
        {
            "file": pl.Series(TEXTS, dtype=pl.String()),
            "number": np.arange(5) + 5 * part,
            "share": np.array([0.1, np.nan, 1e-30, 1, 2], np.float32),
            "": pl.Series([1, None, 3, 4, 5]),
            "on": pl.Series([datetime(2024, 1, 2, 3, 4)] * 5),
            "yes": pl.Series([True, False, None, True, True]),
        }
        for part in range(3)
    ]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_parts_are_one_below_the_other(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with writing(path, FORMS[suffix]) as writer:
        for part in parts():
            writer.write(part)
    if suffix == ".csv":
        assert path.read_text().splitlines()[0] == 'file,number,share,"",on,yes'
        frame = pl.read_csv(path)
        assert frame["number"].to_list() == list(range(15))
        return
    frame = pl.read_parquet(path) if suffix == ".parquet" else pl.read_ndjson(path)
    assert frame["file"].to_list() == TEXTS * 3
    assert frame["number"].to_list() == list(range(15))
    assert frame[""].to_list() == [1, None, 3, 4, 5] * 3
    assert frame["yes"].to_list() == [True, False, None, True, True] * 3
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_arrays_need_no_pickle(tmp_path):
    with writing(tmp_path / "a.npz", "npz") as writer:
        for part in parts():
            writer.write({**part, "a/b": np.zeros((5, 2, 3)), "lists": pl.Series([[1], [], None, [2, 3], [4]])})
    with np.load(tmp_path / "a.npz", allow_pickle=False) as found:
        assert found["file"].tolist() == [text or "" for text in TEXTS] * 3
        assert found["number"].tolist() == list(range(15))
        assert found["a/b"].shape == (15, 2, 3)
        assert found["on"].dtype == "datetime64[us]"
        assert found["lists"].tolist() == ["[1]", "[]", "", "[2, 3]", "[4]"] * 3
        np.testing.assert_array_equal(found[""], [1, np.nan, 3, 4, 5] * 3)


def test_several_values_a_sample(tmp_path):
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    for suffix in (".parquet", ".jsonl"):
        with writing(tmp_path / f"a{suffix}", FORMS[suffix]) as writer:
            writer.write({"y": values})
    assert pl.read_parquet(tmp_path / "a.parquet")["y"].to_list() == values.tolist()
    assert pl.read_ndjson(tmp_path / "a.jsonl")["y"].to_list() == values.tolist()


def test_csv_has_lists_as_json_and_bytes_as_digits():
    stream = io.BytesIO()
    nested = {
        "a": pl.Series([[1, 2], None]),
        "b": pl.Series([{"x": "é"}, {"x": None}]),
        "c": pl.Series([b"\x00\xff", b""]),
    }
    Lines(stream, "csv").write(nested)
    frame = pl.read_csv(stream.getvalue(), infer_schema=False)
    assert frame["a"].to_list() == ["[1, 2]", None]
    assert frame["b"].to_list() == ['{"x": "é"}', '{"x": null}']
    assert frame["c"][0] == "00ff"
