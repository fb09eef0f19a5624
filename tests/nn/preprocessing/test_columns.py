"""Columns to inputs in a graph: how they are called, which are joined, and what is left to whoever calls."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.data.preprocessing import Preprocessing
from netlib.nn.preprocessing.columns import GraphPreprocessing
from netlib.spec.choice import parse_choice
from netlib.spec.errors import UsageError
from netlib.spec.features import DataSignature, Feature, PreprocessingSpec, numbers, text, times
from netlib.spec.pipeline import Pipeline
from netlib.spec.preprocessing.numbers import Standardize
from netlib.spec.tensors import TensorSpec

COLUMN = Feature(TensorSpec((None, 1), "float32"))
INTEGER = Feature(TensorSpec((None,), "int32"))
IMAGE = Feature(TensorSpec((None, 4, 4, 3), "int32"), minimum=0, maximum=255)


class OfAPlugin(Standardize):
    """A step that somebody else wrote."""


def steps(*choices: Any) -> tuple[PreprocessingSpec, ...]:
    return tuple(parse_choice("preprocessing", each) for each in choices)  # type: ignore[misc]


def graph_of(inputs: dict[str, Feature], joins: Any = None, single: bool = True, **given: Any) -> GraphPreprocessing:
    pipeline = Pipeline(DataSignature(inputs, {}, None, joins or {}), given)
    learned = {name: [{"mean": np.zeros(1), "deviation": np.ones(1), "filling": np.zeros(1)}] * 3 for name in given}
    return GraphPreprocessing(pipeline, learned, single=single)


def test_names_that_tensorflow_does_not_take():
    names = ["a b", "a_b", "a.b", "3d", "_x", "self", "größe", "ok"]
    graph = graph_of(dict.fromkeys(names, COLUMN), {"x": tuple(names)})
    arguments = [each.argument for each in graph.taken]
    assert arguments == ["a_b", "a_b_2", "a_b_3", "column_3d", "column__x", "column_self", "gr__e", "ok"]
    function = tf.function(lambda **values: graph(values), autograph=False)
    concrete = function.get_concrete_function(**{each.argument: each.tensor for each in graph.taken})
    given = {name: tf.constant([float(i), -1.0]) for i, name in enumerate(arguments)}
    assert concrete(**given)["x"].numpy().tolist() == [[*map(float, range(8))], [-1.0] * 8]


@pytest.mark.parametrize(
    ("feature", "single", "choices", "shape", "dtype"),
    [
        (COLUMN, True, [], (None,), "float32"),
        (COLUMN, False, [], (None, 1), "float32"),
        (numbers(5), True, ["Standardize"], (None, 5), "float32"),
        (INTEGER, True, ["Standardize"], (None,), "int32"),
        (INTEGER, True, ["Impute", "Standardize"], (None,), "float64"),
        (IMAGE, False, [], (None, 4, 4, 3), "uint8"),
        (text(), True, [{"Hash": 5}], (None,), "string"),
        (times(), True, [{"DateParts": ["year", "month"]}, "Standardize"], (None, 2), "float32"),
        (COLUMN, True, [{"Hash": 5}], (None,), "int32"),
    ],
)
def test_what_is_taken_of_a_column(feature, single, choices, shape, dtype):
    (taken,) = graph_of({"x": feature}, single=single, x=steps(*choices)).taken
    assert (tuple(taken.tensor.shape), taken.tensor.dtype.name) == (shape, dtype)
    assert len(taken.done) + len(taken.steps) == len(choices)
    assert bool(taken.done) == bool(taken.why)


def test_what_a_step_makes_of_a_column_is_taken_in_its_shape():
    graph = graph_of({"x": COLUMN}, x=steps({"Hash": 5}))
    assert graph({"x": tf.constant([3, 1])})["x"].numpy().tolist() == [3, 1]
    assert graph_of({"x": COLUMN})({"x": tf.constant([3.0, 1.0])})["x"].numpy().tolist() == [[3.0], [1.0]]


def test_a_step_of_a_plugin_is_left_to_whoever_calls():
    (taken,) = graph_of({"x": COLUMN}, x=(OfAPlugin(), *steps({"Rescale": 2}))).taken
    assert [step.type_name() for step in (*taken.done, *taken.steps)] == ["OfAPlugin", "Rescale"]
    assert taken.why == "it is a plugin's"


def test_a_step_over_joined_columns_that_has_no_graph():
    match = r"OfAPlugin over input 'x', which is joined of columns, has no graph form \(it is a plugin's\); give it to"
    with pytest.raises(UsageError, match=match):
        graph_of({"a": COLUMN, "b": COLUMN}, {"x": ("a", "b")}, x=(OfAPlugin(),))


def test_columns_of_every_kind_as_on_the_host():
    inputs = {"b": INTEGER, "image": IMAGE, "a": COLUMN}
    joins = {"x": ("a", "b")}
    given = {"x": steps("Standardize"), "a": steps({"Rescale": 2})}
    columns = {"b": np.array([1, 2], np.int32), "image": np.ones((2, 4, 4, 3), np.uint8), "a": np.array([[3.5], [-1]])}
    host = Preprocessing.fit(given, columns, joins)
    pipeline = Pipeline(DataSignature(inputs, {}, None, joins), given)
    graph = GraphPreprocessing(pipeline, host.learned(), single=True)
    found = graph({"b": tf.constant([1, 2]), "image": tf.ones((2, 4, 4, 3), tf.uint8), "a": tf.constant([3.5, -1])})
    expected = host.apply(columns)
    assert list(found) == list(expected) == ["x", "image"]
    for name, values in expected.items():
        assert found[name].dtype.name == values.dtype.name
        np.testing.assert_array_equal(found[name].numpy(), values)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(number):
    with pytest.raises(tf.errors.InvalidArgumentError, match="input x has numbers that are not finite"):
        graph_of({"x": COLUMN})({"x": tf.constant([1.0, number])})
