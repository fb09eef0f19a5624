"""Preprocessing steps: parameters, and what is known of their result."""

from __future__ import annotations

import math

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.features import Feature, PreprocessingSpec, labels, numbers
from netlib.spec.preprocessing.numbers import Bucketize, Clip, Impute, Log, MinMax, Rescale, Standardize
from netlib.spec.registry import names, spec_class
from netlib.spec.tensors import TensorSpec


def test_every_step_has_a_documented_spec():
    for name in names("preprocessing"):
        cls = spec_class("preprocessing", name)
        assert issubclass(cls, PreprocessingSpec)
        assert cls.__doc__
        assert all(field.description for field in cls.model_fields.values())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Standardize", Standardize(per="channel")),
        ("standardize", Standardize(per="channel")),
        ({"Standardize": "element"}, Standardize(per="element")),
        ({"Rescale": 0.5}, Rescale(scale=0.5)),
        ({"Rescale": {"scale": 2, "offset": -1}}, Rescale(scale=2.0, offset=-1.0)),
        ("MinMax", MinMax(minimum=0.0, maximum=1.0, clip=False, per="channel")),
        ({"MinMax": {"minimum": -1}}, MinMax(minimum=-1.0)),
        ({"Log": 1}, Log(offset=1.0)),
        ({"Clip": {"maximum": 5}}, Clip(maximum=5.0)),
        ({"Bucketize": {"boundaries": [1, 2.5]}}, Bucketize(boundaries=(1.0, 2.5))),
        ({"Impute": {"by": 0, "flag": True}}, Impute(by=0.0, flag=True)),
    ],
)
def test_forms(written, meant):
    assert parse_choice("preprocessing", written) == meant
    assert parse_choice("preprocessing", meant.to_choice()) == meant


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"Standardize": "row"}, "per: expected 'channel' or 'element', got 'row'"),
        ({"Rescale": {"scale": 0}}, "scale: a scale of 0 makes every value the same"),
        ("Rescale", "Rescale needs 'scale': what every value is multiplied by"),
        ({"Rescale": float("inf")}, "scale: expected a finite number, got inf"),
        ("Normalise", "there is no preprocessing 'Normalise'"),
        ({"MinMax": {"minimum": 2}}, r"minimum \(=2\) must be less than maximum \(=1\)"),
        ("Clip", "Clip needs 'minimum', 'maximum' or both"),
        ({"Clip": {"minimum": 2, "maximum": 2}}, r"minimum \(=2\) must be less than maximum \(=2\)"),
        ({"Clip": {"minimum": -1e39}}, "minimum: expected a number not less than -3.40282"),
        ("Bucketize", "Bucketize needs either 'boundaries' or 'quantiles'"),
        ({"Bucketize": {"boundaries": [1], "quantiles": 2}}, "Bucketize needs either 'boundaries' or 'quantiles'"),
        ({"Bucketize": {"boundaries": [1, 3, 3]}}, r"boundaries must rise, got \[1.0, 3.0, 3.0\]"),
        ({"Bucketize": {"boundaries": []}}, "boundaries: expected at least 1 values"),
        ({"Bucketize": {"quantiles": 1}}, "quantiles: expected a number not less than 2, got 1"),
        ({"Impute": "mode"}, "expected 'median', 'mean' or 'most_frequent'"),
    ],
)
def test_mistakes(written, message):
    with pytest.raises(SpecError, match=message):
        parse_choice("preprocessing", written)


def test_standardize_keeps_the_shape_and_forgets_the_range():
    assert Standardize().feature(numbers(8, 8, 1, minimum=0.0, maximum=1.0)) == numbers(8, 8, 1)
    assert Standardize().feature(labels(10)) == numbers(1)
    unknown = Feature(TensorSpec((None, None, 3), "int32"))
    assert Standardize().feature(unknown) == Feature(TensorSpec((None, None, 3), "float32"))


def test_rescale_moves_the_range():
    assert Rescale(scale=2.0, offset=-1.0).feature(numbers(4, minimum=0.0, maximum=1.0)) == numbers(
        4, minimum=-1.0, maximum=1.0
    )
    assert Rescale(scale=-1.0).feature(numbers(4, minimum=-3.0, maximum=1.0)) == numbers(4, minimum=-1.0, maximum=3.0)
    assert Rescale(scale=-1.0).feature(numbers(4)) == numbers(4)
    bytes_of_an_image = Feature(TensorSpec((None, 28, 28), "int32"))
    assert Rescale(scale=1 / 255).feature(bytes_of_an_image) == numbers(28, 28)


def test_ranges_that_are_known():
    assert MinMax(minimum=-1.0, clip=True).feature(numbers(3)) == numbers(3, minimum=-1.0, maximum=1.0)
    assert MinMax().feature(numbers(3, minimum=0.0, maximum=1.0)) == numbers(3)
    assert Clip(minimum=0.0).feature(numbers(3, minimum=-5.0, maximum=9.0)) == numbers(3, minimum=0.0, maximum=9.0)
    assert Clip(minimum=0.0).feature(numbers(3, maximum=-2.0)) == numbers(3, minimum=0.0, maximum=0.0)
    assert Clip(maximum=2.0).feature(numbers(3)) == numbers(3, maximum=2.0)
    assert Log(offset=1.0).feature(numbers(1, minimum=0.0, maximum=math.e - 1)) == numbers(1, minimum=0.0, maximum=1.0)
    assert Log().feature(numbers(1, minimum=0.0, maximum=1.0)) == numbers(1, maximum=0.0)


def test_buckets_are_indices():
    assert Bucketize(boundaries=(1.0, 2.0)).feature(numbers(1)) == indices(2)
    assert Bucketize(quantiles=10).feature(labels(100)) == indices(9)


def indices(maximum: int) -> Feature:
    return Feature(TensorSpec((None,), "int32"), minimum=0, maximum=maximum)


def test_flags_stand_beside_the_values():
    assert Impute().feature(labels(10)) == numbers(1, minimum=0, maximum=9)
    assert Impute(by=-1.0).feature(numbers(4, minimum=0.0, maximum=3.0)) == numbers(4, minimum=-1.0, maximum=3.0)
    assert Impute(flag=True).feature(numbers(4, minimum=5.0, maximum=8.0)) == numbers(8, minimum=0.0, maximum=8.0)
    assert Impute(flag=True).feature(Feature(TensorSpec((None, None)))).tensor.shape == (None, None)
