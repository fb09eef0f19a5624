from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.data.columns import is_table, listed, names_of_axis, numbered, sampled, single_columns
from netlib.spec.features import DataSignature, labels, numbers, text
from netlib.spec.pipeline import Pipeline


def test_the_columns_of_every_form_of_values():
    arrays = {
        "age": np.array([1, 2], np.int32),
        "size": np.array([[1.5], [2.5]], np.float32),
        "city": pl.Series(["a", None]),
        "many": np.array([[1, 2], [3, 4]], np.float32),
        "image": np.zeros((2, 3, 3, 1), np.float32),
        "wide": np.zeros((2, 2000), np.float32),
    }
    found = {name: list(values) for name, values in single_columns(arrays)}
    assert found == {"age": [1, 2], "size": [1.5, 2.5], "city": ["a", None], "many[0]": [1, 3], "many[1]": [2, 4]}


@given(rows=st.integers(1, 300), width=st.integers(1, 20), most=st.integers(1, 400))
def test_a_sample_is_of_the_samples_evenly_and_no_larger_than_asked(rows, width, most):
    values = np.arange(rows * width).reshape(rows, width)
    found = sampled(values, most)
    assert found.size <= max(most, width)
    assert len(found) >= min(rows, most // width) // 2
    taken = found[:, 0] // width
    assert taken[0] == 0
    assert len(set(np.diff(taken))) <= 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.zeros((2, 3), np.float32), True),
        (np.zeros((2, 1), np.float32), False),
        (np.zeros((2, 3), np.int32), False),
        (np.zeros((2, 41), np.float32), False),
        (pl.Series(["a"]), False),
    ],
)
def test_floats_side_by_side_are_a_table(values, expected):
    assert is_table(values) is expected


def test_the_parts_of_a_joined_input_have_the_names_of_their_columns():
    columns = {"age": numbers(1), "city": text(), "size": numbers(3)}
    raw = DataSignature(columns, {"y": labels(2)}, 9, {"features": ("age", "city", "size")})
    pipeline = Pipeline.of(_steps(city="OneHot"), raw)
    learned = {"city": [{"categories": ("Rome", "Bonn")}]}
    assert names_of_axis(pipeline, learned, "features", 7) == [
        "age", "city=?", "city=Rome", "city=Bonn", "size[0]", "size[1]", "size[2]",
    ]  # fmt: skip


def test_other_inputs_have_numbers():
    raw = DataSignature({"x": numbers(2)}, {}, 9, {"features": ("x",)})
    assert names_of_axis(Pipeline.of({}, raw), {}, "x", 2) == ["x[0]", "x[1]"] == numbered("x", 2)
    assert names_of_axis(Pipeline.of({}, raw), {}, "features", 5)[4] == "features[4]"  # a step changed the width


def _steps(**given: str):
    from netlib.spec.choice import parse_choice

    return {name: (parse_choice("preprocessing", step),) for name, step in given.items()}


def test_a_long_list_is_cut():
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
