"""Noise: which shapes, dtypes and ranges can be asked for."""

from __future__ import annotations

import pytest

from netlib.spec.data import DataSpec
from netlib.spec.errors import SpecError
from netlib.spec.features import Feature
from netlib.spec.sources.noise import Noise, NoiseTensor
from netlib.spec.tensors import TensorSpec


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, Feature(TensorSpec((None,), "float32"))),
        ({"shape": [224, 224, 3]}, Feature(TensorSpec((None, 224, 224, 3), "float32"))),
        ({"shape": [2.0], "dtype": "float32"}, Feature(TensorSpec((None, 2), "float32"))),
        (
            {"shape": [4], "minimum": -1, "maximum": 3},
            Feature(TensorSpec((None, 4), "float32"), minimum=-1.0, maximum=3.0),
        ),
        ({"classes": 1000}, Feature(TensorSpec((None,), "int32"), 1000, minimum=0, maximum=999)),
        (
            {"shape": [16], "dtype": "int32", "classes": 9},
            Feature(TensorSpec((None, 16), "int32"), 9, minimum=0, maximum=8),
        ),
    ],
    ids=["one number", "image", "dtype", "limits", "label", "tokens"],
)
def test_features(asked, expected):
    spec = Noise.parse({"inputs": {"x": asked}, "targets": {"y": asked}, "samples": 3})
    signature = spec.signature()
    assert (signature.inputs, signature.targets, signature.samples) == ({"x": expected}, {"y": expected}, 3)
    assert Noise.parse(spec.to_plain()) == spec


def test_a_class_is_a_label_and_a_target_is_not_needed():
    assert NoiseTensor(classes=5).feature().is_label
    assert Noise.parse({"inputs": {"x": None}}).signature().targets == {}


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        ({"dtype": "int32"}, "int32 needs 'classes': the integers go from 0 to one less"),
        ({"dtype": "float32", "classes": 3}, r"classes \(=3\) are int32, got dtype float32: leave out one of the two"),
        ({"classes": 3, "maximum": 1.0}, r"classes \(=3\) go from 0 to 2: leave out maximum$"),
        ({"classes": 3, "minimum": 0, "maximum": 1}, r"go from 0 to 2: leave out minimum and maximum$"),
        ({"maximum": 1}, r"minimum and maximum belong together, got only maximum \(=1\)"),
        ({"minimum": 0}, r"minimum and maximum belong together, got only minimum \(=0\)"),
        ({"minimum": 2, "maximum": 2}, r"minimum \(=2\) must be less than maximum \(=2\)"),
        ({"shpe": [3]}, r"inputs\.x\.shpe: noise has no key 'shpe'; did you mean 'shape'\?"),
        ({"dtype": "float64"}, r"inputs\.x\.dtype: expected 'float32' or 'int32', got 'float64'"),
        ({"shape": 3}, r"inputs\.x\.shape: expected a list, got 3"),
        ({"shape": [3, 0]}, r"inputs\.x\.shape\.1: expected a number greater than 0, got 0"),
        ({"shape": [3, 10**10]}, r"inputs\.x\.shape\.1: expected a number not greater than 1000000000, got 10000000000"),
        ({"shape": [3, "a"]}, r"inputs\.x\.shape\.1: expected an integer, got 'a'"),
        ({"shape": [1] * 7}, r"inputs\.x\.shape: expected at most 6 values, got"),
        ({"classes": 0}, r"inputs\.x\.classes: expected a number greater than 0, got 0"),
        ({"classes": 2**31}, r"inputs\.x\.classes: expected a number not greater than 2147483647"),
        ({"minimum": -1e39, "maximum": 0}, r"inputs\.x\.minimum: expected a number not less than -1e\+38"),
        ([3], r"inputs\.x: expected a mapping of noise's keys, got \[3\]"),
    ],
)  # fmt: skip
def test_mistakes_in_a_tensor(tensor, message):
    with pytest.raises(SpecError, match=message):
        Noise.parse({"inputs": {"x": tensor}})


@pytest.mark.parametrize(
    ("parameters", "loc", "message"),
    [
        ({}, (), "noise needs 'inputs': input -> its `shape`"),
        ({"inputs": {}}, ("inputs",), "expected at least 1 values, got"),
        ({"inputs": {"a b": None}}, ("inputs", "a b"), "expected a name of letters, digits and '_'"),
        ({"inputs": {"x": None}, "targets": {"input": None}}, ("targets", "input"), "'input' has a meaning of its own"),
        (
            {"inputs": {"x": None}, "targets": {"x": None}},
            ("targets", "x"),
            "'x' is an input too: give the target another name (a loss may have an input as its target)",
        ),
    ],
    ids=["none", "empty", "no name", "reserved", "twice"],
)
def test_mistakes_in_the_names(parameters, loc, message):
    with pytest.raises(SpecError) as caught:
        DataSpec.parse({"source": "noise", **parameters})
    (problem,) = caught.value.problems
    assert problem.loc == loc
    assert message in problem.message
