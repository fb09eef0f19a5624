"""Preprocessing steps: parameters, and what is known of their result."""

from __future__ import annotations

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.features import Feature, PreprocessingSpec, labels, numbers
from netlib.spec.preprocessing.numbers import Rescale, Standardize
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
    ],
)
def test_mistakes(written, message):
    with pytest.raises(SpecError, match=message):
        parse_choice("preprocessing", written)


def test_standardize_keeps_the_shape_and_forgets_the_range():
    assert Standardize().feature(numbers(8, 8, 1, minimum=0.0, maximum=1.0)) == numbers(8, 8, 1)
    assert Standardize().feature(labels(10)) == numbers()
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
