from __future__ import annotations

import numpy as np
import pytest

from netlib.data.load import load
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.spec.plugins.loading import load_plugins

EVERYTHING = """\
@netlib.source
def everything(*, seed: int):
    rng = np.random.default_rng(seed)
    inputs = {
        "x": rng.standard_normal((6, 2)), "flat": np.arange(6.0), "image": np.full((6, 2, 2, 1), 200, np.uint8),
        "index": np.arange(6), "flag": np.arange(6) > 2,
    }
    return inputs, {"name": list("abcabc")}, np.arange(6)
"""


def section(**values: object) -> DataSpec:
    return DataSpec.parse({"source": "everything", "shuffle": False, "split": "Contiguous", **values})


def test_samples_are_what_the_function_returned(plugin):
    load_plugins([plugin(EVERYTHING)])
    splits = load(section(), 3)
    train = splits.train
    np.testing.assert_array_equal(
        train.inputs["x"], np.random.default_rng(3).standard_normal((6, 2)).astype(np.float32)
    )
    assert {name: (each.dtype.name, each.shape) for name, each in train.inputs.items()} == {
        "x": ("float32", (6, 2)), "flat": ("float32", (6, 1)), "image": ("int32", (6, 2, 2, 1)),
        "index": ("int32", (6,)), "flag": ("int32", (6,)),
    }  # fmt: skip
    np.testing.assert_array_equal(train.targets["name"], [0, 1, 2, 0, 1, 2])  # texts are classes, by Labels
    assert splits.signature.targets["name"].class_names == ("a", "b", "c")
    np.testing.assert_array_equal(train.weights, np.arange(6, dtype=np.float32))
    assert load(section(), 3).fingerprint == splits.fingerprint != load(section(), 4).fingerprint


def test_steps_and_splits_are_those_of_every_source(plugin):
    load_plugins([plugin(EVERYTHING)])
    splits = load(section(test=0.5, preprocess={"x": "Standardize"}), 3)
    assert (len(splits.train), splits.validation, len(splits.test)) == (3, None, 3)
    np.testing.assert_allclose(splits.train.inputs["x"].mean(axis=0), 0, atol=1e-6)


def test_texts_and_missing_values_are_filled_by_a_step(plugin):
    text = """\
@netlib.source
def gaps():
    return {"x": np.array([[1.0], [np.nan]]), "word": ["a", None]}, {"y": np.array([1.0, 2.0])}
"""
    load_plugins([plugin(text)])
    steps = {"x": "Impute", "word": "Lookup"}
    train = load(DataSpec.parse({"source": "gaps", "split": "Contiguous", "preprocess": steps}), 0).train
    np.testing.assert_array_equal(train.inputs["x"], [[1], [1]])
    with pytest.raises(NetlabError, match=r"source 'gaps' \(my_sources.py:5\): input 'x' has nan in row 1 at \[0\]"):
        load(DataSpec.parse({"source": "gaps", "preprocess": {"word": "Lookup"}}), 0)


def test_numbers_that_float32_cannot_hold(plugin):
    text = "@netlib.source\ndef large():\n    return {'x': np.full((3, 2), 1e300)}, {}\n"
    load_plugins([plugin(text)])
    with pytest.raises(
        NetlabError, match=r"my_sources.py:5: 'large': input 'x' has 1e\+300 in row 0, which float32 cannot"
    ):
        load(DataSpec.parse({"source": "large"}), 0)


def test_series_of_texts_and_times(plugin):
    text = """\
import polars as pl
@netlib.source
def timed():
    days = pl.Series(["2024-01-01", "2024-06-01"]).str.to_date()
    return {"day": days, "word": pl.Series(["a", "b"])}, {"y": np.array([1.0, 2.0])}
"""
    load_plugins([plugin(text)])
    steps = {"day": {"DateParts": {"parts": ["month"]}}, "word": "OneHot"}
    train = load(DataSpec.parse({"source": "timed", "split": "Contiguous", "preprocess": steps}), 0).train
    np.testing.assert_array_equal(train.inputs["day"], [[1], [6]])
    np.testing.assert_array_equal(train.inputs["word"], [[0, 1, 0], [0, 0, 1]])
