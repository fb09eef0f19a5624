from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from netlib.data.arrays import Arrays
from netlib.data.missing import refuse_gaps
from netlib.spec.errors import SpecError
from netlib.spec.features import DataSignature, numbers, text
from netlib.spec.pipeline import Pipeline

GAPS = np.array([[1.0], [np.nan], [3.0], [np.nan]], np.float32)
ARRAYS = Arrays({"age": GAPS, "city": pl.Series(["a", None, "b", "c"])}, {})
COLUMNS = {"age": numbers(1), "city": text()}


def pipeline(written, joins=None):
    from netlib.spec.data import DataSpec

    spec = DataSpec.parse({"source": "digits", "preprocess": written})
    return Pipeline.of(spec.preprocess, DataSignature(COLUMNS, {}, 4, joins or {}))


@pytest.mark.parametrize(
    ("written", "place", "steps"),
    [
        ({}, "age", "Impute"),
        ({"age": "Standardize"}, "age", "[Impute, Standardize]"),
        ({"age": ["Standardize", {"Rescale": 2}]}, "age", "[Impute, Standardize, Rescale]"),
        ({"*": "Standardize", "city": "Lookup"}, "*", "[Impute, Standardize]"),
    ],
)
def test_a_gap_that_no_step_fills_is_a_mistake_of_the_config(written, place, steps):
    with pytest.raises(SpecError) as error:
        refuse_gaps(ARRAYS, pipeline(written))
    (problem,) = error.value.problems
    assert problem.loc == ("preprocess", place)
    assert problem.message == (
        "column 'age' has no value in row 1 (2 values are missing), and no step fills it in: put Impute first"
        f" (preprocess: {{age: {steps}}})"
    )


def test_one_gap_is_counted_as_one():
    arrays = Arrays({"age": GAPS[:3]}, {})
    with pytest.raises(SpecError, match=r"in row 1 \(1 value is missing\)"):
        refuse_gaps(arrays, pipeline({}))


@pytest.mark.parametrize("written", [{"age": "Impute"}, {"age": "auto"}, "auto", {"age": ["Impute", "Standardize"]}])
def test_gaps_that_are_filled_in_are_none(written):
    refuse_gaps(ARRAYS, pipeline(written))


def test_they_may_be_filled_in_behind_the_join():
    refuse_gaps(ARRAYS, pipeline({"all": "Impute"}, {"all": ("age",)}))


def test_whole_numbers_and_texts_are_not_looked_at():
    refuse_gaps(Arrays({"n": np.arange(3, dtype=np.int32), "city": pl.Series([None, "a", "b"])}, {}), pipeline({}))
