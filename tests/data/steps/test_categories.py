"""Categories, step by step, where the table in tests/conformance/test_preprocessing.py does not reach."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.data.arrays import Arrays
from netlib.data.load import load
from netlib.data.preprocessing import Preprocessing
from netlib.data.row_error import RowError
from netlib.data.steps.categories import as_texts
from netlib.spec.choice import parse_choice
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError

TEXTS = st.lists(st.none() | st.text(max_size=3), min_size=1, max_size=30)


def fitted(written: object, train: object) -> Preprocessing:
    return Preprocessing.fit({"x": (parse_choice("preprocessing", written),)}, {"x": train})


@given(TEXTS, TEXTS)
def test_lookup_and_one_hot_say_the_same(train, values):
    columns = [pl.Series(each, dtype=pl.String()) for each in (train, values)]
    numbers = fitted("Lookup", columns[0]).apply({"x": columns[1]})["x"]
    hot = fitted("OneHot", columns[0]).apply({"x": columns[1]})["x"]
    np.testing.assert_array_equal(hot.argmax(axis=1), numbers)
    np.testing.assert_array_equal(hot.sum(axis=1), 1)
    assert ((numbers == 0) == [text is None or text not in train for text in values]).all()


@given(TEXTS, st.integers(2, 50))
def test_equal_texts_have_equal_hashes_in_range(values, bins):
    column = pl.Series(values, dtype=pl.String())
    numbers = fitted({"Hash": bins}, column).apply({"x": column})["x"]
    found = dict(zip(values, numbers.tolist(), strict=True))
    assert [found[text] for text in values] == numbers.tolist()
    assert all((number == 0) == (text is None) and number < bins for text, number in found.items())


def test_a_hash_is_that_of_another_process_and_version():
    texts = ["", "a", "Zürich", "日本", "42"]
    code = f"""
import polars as pl
from netlib.data.steps import step_of
from netlib.spec.preprocessing.categories import Hash
spec = Hash(bins=1000)
print(*step_of(spec).apply(spec, {{}}, pl.Series({texts!r})).tolist())
"""
    expected = "520 78 243 982 460"
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert told.stdout.strip() == expected


def test_hashes_are_spread_evenly():
    column = pl.Series([f"customer {i}" for i in range(50_000)])
    counts = np.bincount(fitted({"Hash": 101}, column).apply({"x": column})["x"], minlength=101)[1:]
    assert np.abs(counts - 500).max() < 5 * np.sqrt(500)


def test_numbers_are_their_digits():
    values = np.array([3.0, -0.0, np.nan, 0.1, 1e30, -7, 2**31], np.float32)
    assert as_texts(values).to_list() == ["3", "0", None, "0.1", str(int(np.float32(1e30))), "-7", "2147483648"]
    assert as_texts(np.array([[3], [-(2**31)]], np.int32)).to_list() == ["3", "-2147483648"]
    assert as_texts(np.array([0, 255], np.uint8)).to_list() == ["0", "255"]
    assert as_texts(values[:0]).to_list() == []


class TestLabels:
    def test_integers_are_sorted_by_size(self):
        values = np.array([10, 9, -1, 9], np.int32)
        samples = Arrays({"z": np.zeros(4)}, {"x": values})
        assert fitted("Labels", values).apply_to(samples).targets["x"].tolist() == [2, 1, 0, 1]

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            (
                ["a", "c", "d"],
                "row 80 has the class 'c', which is none of those to train on ('a', 'b'); 2 rows have such",
            ),
            (["b", None, "a"], "row 80 has no class, which is none of those to train on ('a', 'b')"),
        ],
    )
    def test_an_unknown_class(self, values, said):
        labels = fitted("Labels", pl.Series(["b", "a"]))
        part = Arrays({"z": np.zeros(3)}, {"x": pl.Series(values)}, rows=np.array([7, 80, 9]))
        with pytest.raises(RowError) as caught:
            labels.apply_to(part)
        assert str(caught.value) == f"target 'x': {said}"

    def test_of_many_classes_some_are_shown(self):
        labels = fitted("Labels", np.arange(30, dtype=np.int32))
        with pytest.raises(RowError, match=r"\('0', '1', .*'9' and 20 more\)"):
            labels.apply_to(Arrays({"z": np.zeros(1)}, {"x": np.array([99], np.int32)}))

    def test_the_split_is_named(self, tmp_path):
        rows = [f"{i},{'rare' if i == 33 else 'often'}" for i in range(40)]
        (tmp_path / "a.csv").write_text("\n".join(["number,kind", *rows]))
        section = {"source": "csv", "path": str(tmp_path / "a.csv"), "targets": "kind", "test": 0.5, "stratify": False}
        said = []
        for seed in range(6):
            try:
                load(DataSpec.parse(section), seed)
            except NetlabError as error:
                said.append(str(error))
        wrong = "row 33 has the class 'rare', which is none of those to train on ('often')"
        assert set(said) == {f"the test split: target 'kind': {wrong}"}
        assert len(said) < 6
