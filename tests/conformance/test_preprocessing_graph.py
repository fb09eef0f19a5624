"""Every preprocessing step in a graph, over the rows of the table: what the host gives, or a reason why there is no graph."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from importlib import import_module
from typing import Any

import numpy as np
import polars as pl
import pytest
import tensorflow as tf
from preprocessing_table import CASES, applied, fitted, raw, step, texts

from netlib.data.arrays import Array, Values
from netlib.data.preprocessing import Preprocessing
from netlib.nn.preprocessing import graph_form, no_graph
from netlib.spec.choice import parse_choice
from netlib.spec.errors import NetlabError
from netlib.spec.features import Feature, PreprocessingSpec, numbers, text, times
from netlib.spec.preprocessing.categories import CATEGORIES
from netlib.spec.registry import TABLES, names, spec_class
from netlib.spec.schema.examples import example_choice
from netlib.spec.tensors import TensorSpec

INTEGER = Feature(TensorSpec((None,), "int32"))
WITHOUT = {"DateParts": times(), "Labels": text()}
"""Steps that never have a graph form, with what they take."""
NO_CATEGORY = "\0 no category"


def in_graph(preprocessing: Preprocessing, feature: Feature, values: Any) -> Array:
    """The only step over values, traced for any number of rows."""
    ((fitted_step,),) = preprocessing.steps.values()
    form = graph_form(fitted_step.spec, fitted_step.learned, feature)
    tensor = tf.constant(values)
    signature = [tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)]
    return np.asarray(tf.function(form, signature, autograph=False)(tensor).numpy())


def as_given(values: Values, learned: Any) -> Any:
    """As a tensor can have them: a missing text is an empty one, or where that is a category, one that is none."""
    if isinstance(values, np.ndarray):
        return values
    return values.fill_null(NO_CATEGORY if "" in learned.get(CATEGORIES, ()) else "").to_list()


def assert_same(found: Array, expected: Array) -> None:
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if expected.dtype.kind == "f":
        smallest = np.finfo(np.float32).tiny  # TensorFlow's results below it are 0
        np.testing.assert_allclose(found, expected, rtol=2e-7, atol=float(smallest))
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", names("preprocessing"))
def test_a_step_has_a_graph_form_or_says_why_not(name):
    module = TABLES["preprocessing"][name].removeprefix("netlib.spec.preprocessing")
    if name in WITHOUT:
        spec = parse_choice("preprocessing", example_choice(spec_class("preprocessing", name)))
        assert isinstance(spec, PreprocessingSpec)
        assert len(no_graph(spec, WITHOUT[name])) > 10
    else:
        assert spec_class("preprocessing", name) in import_module(f"netlib.nn.preprocessing{module}").FORMS


@pytest.mark.parametrize(("name", "row"), [case for case in CASES if case.values[0] not in WITHOUT])
def test_the_graph_gives_what_the_host_gives(name, row):
    preprocessing, feature, values = fitted(name, row), raw(row.values), row.values
    if no_graph(step(name, row), feature):
        assert name == "Hash"
        assert feature.tensor.dtype == "float32"
        return
    if name == "Hash" and isinstance(values, pl.Series):
        values = values.filter(values.ne_missing(""))  # which stands for a missing one
    given = as_given(values, preprocessing.learned()["x"][0])
    assert_same(in_graph(preprocessing, feature, given), applied(preprocessing, values))


@pytest.mark.parametrize("choice", [{"OneHot": {}}, {"Lookup": {}}, {"Hash": 50}, {"Impute": "mean"}])
def test_integers_that_may_be_missing_are_float64(choice):
    spec = parse_choice("preprocessing", choice)
    numbers = [7, -(2**31), 2**31 - 1, 0, 5, 16_777_217]
    train = np.array([*numbers, 7], np.int32)
    preprocessing = Preprocessing.fit({"x": (spec,)}, {"x": train})
    expected = applied(preprocessing, np.array([*numbers, 6], np.int32))
    missing = applied(preprocessing, np.array([np.nan], np.float32))
    given = np.array([*numbers, 6, np.nan])
    assert_same(in_graph(preprocessing, INTEGER, given), np.concatenate([expected, missing]))


def test_numbers_that_are_no_category():
    spec = parse_choice(
        "preprocessing", {"Lookup": {"categories": ["1", "1.0", "01", "1e3", "0.1", "1e-40", "-0", "x"]}}
    )
    preprocessing = Preprocessing.fit({"x": (spec,)}, {"x": np.zeros(1, np.float32)})
    floats = np.array([1, 0.1, 1000, 1e-40, -0.0, np.inf, -np.inf, np.nan, 0.1 + 1e-9], np.float32)
    assert in_graph(preprocessing, numbers(), floats).tolist() == applied(preprocessing, floats).tolist()
    assert applied(preprocessing, floats).tolist() == [1, 5, 0, 6, 0, 0, 0, 0, 5]
    assert in_graph(preprocessing, INTEGER, np.array([1, 0, 1000], np.int32)).tolist() == [1, 0, 0]
    assert in_graph(preprocessing, INTEGER, np.array([1.0, 1.5, np.inf, 1e300])).tolist() == [1, 0, 0, 0]


def test_an_empty_text_is_a_missing_one_for_hash():
    preprocessing = Preprocessing.fit({"x": (parse_choice("preprocessing", {"Hash": 9}),)}, {"x": texts("a")})
    assert in_graph(preprocessing, text(), ["", "a"]).tolist() == applied(preprocessing, texts(None, "a")).tolist()


@pytest.mark.parametrize(
    ("choice", "values", "message"),
    [
        ("Log", [1.0, -2.0, 0.0], r"Log with offset 0 has no logarithm of a value:.*\[-2 0\]"),
        ({"Bucketize": {"boundaries": [1]}}, [1.0, np.nan], "Bucketize takes no missing value"),
    ],
)
def test_what_the_host_refuses_the_graph_refuses(choice, values, message):
    preprocessing = Preprocessing.fit({"x": (parse_choice("preprocessing", choice),)}, {"x": np.ones(3, np.float32)})
    given = np.array(values, np.float32)
    with pytest.raises(NetlabError):
        applied(preprocessing, given)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        in_graph(preprocessing, numbers(), given)


IMAGES = np.random.default_rng(4).integers(0, 256, (3, 7, 10, 2))
SIZES = [
    *({"height": h, "width": w, "interpolation": kind} for h, w in ((5, 13), (7, 10)) for kind in ("nearest", "bilinear")),
    *({"height": 3, "width": 21, "interpolation": kind} for kind in ("bicubic", "lanczos3", "lanczos5")),
    {"height": 3, "width": 4, "antialias": True},
    {"height": 3, "width": 4, "antialias": True, "interpolation": "bicubic"},
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
@pytest.mark.parametrize("choice", [*({"Resize": size} for size in SIZES), *({"CenterCrop": s} for s in (4, [7, 3]))])
def test_images(choice, dtype):
    preprocessing = Preprocessing.fit({"x": (parse_choice("preprocessing", choice),)}, {"x": IMAGES.astype(dtype)})
    values = IMAGES.astype(dtype)
    found = in_graph(preprocessing, raw(values), values)
    expected = preprocessing.apply_steps("x", values)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=1e-5, atol=2e-4)
