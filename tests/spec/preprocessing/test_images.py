"""Steps over images: parameters, and what is known of their result."""

from __future__ import annotations

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.features import DataSignature, Feature, labels, numbers
from netlib.spec.pipeline import Pipeline
from netlib.spec.preprocessing.images import CenterCrop, Resize
from netlib.spec.tensors import TensorSpec

BYTES = Feature(TensorSpec((None, 28, 20, 3), "int32"), minimum=0, maximum=255)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"Resize": {"height": 4, "width": 5}}, Resize(height=4, width=5, interpolation="bilinear", antialias=False)),
        ({"CenterCrop": [4, 5]}, CenterCrop(size=(4, 5))),
        ({"CenterCrop": 4}, CenterCrop(size=(4, 4))),
    ],
)
def test_forms(written, meant):
    assert parse_choice("preprocessing", written) == meant
    assert parse_choice("preprocessing", meant.to_choice()) == meant


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"Resize": {"height": 4}}, "Resize needs 'width': width of the result"),
        ({"Resize": {"height": 0, "width": 3}}, "height: expected"),
        ({"Resize": {"height": 2, "width": 3, "interpolation": "cubic"}}, "interpolation: expected .*'bicubic'"),
        ({"CenterCrop": [1, 2, 3]}, r"size: expected a positive integer or a pair of them, got \[1, 2, 3\]"),
    ],
)
def test_mistakes(written, message):
    with pytest.raises(SpecError, match=message):
        parse_choice("preprocessing", written)


def test_what_is_known_of_the_result():
    assert Resize(height=8, width=6).feature(BYTES) == numbers(8, 6, 3, minimum=0, maximum=255)
    assert Resize(height=8, width=6, interpolation="bicubic").feature(BYTES) == numbers(8, 6, 3)
    small = Feature(TensorSpec((None, 8, 6, 3), "int32"), minimum=0, maximum=255)
    assert Resize(height=8, width=6, interpolation="nearest").feature(BYTES) == small
    assert CenterCrop(size=(8, 6)).feature(BYTES) == small
    unknown = Feature(TensorSpec((None, None, None, 3), "float32"))
    assert CenterCrop(size=(8, 6)).feature(unknown) == numbers(8, 6, 3)


@pytest.mark.parametrize(
    ("steps", "place", "message"),
    [
        (
            {"x": [{"Resize": {"height": 2, "width": 2}}]},
            ("preprocess", "x", 0),
            r"Resize is for images, .* have \(4\)",
        ),
        ({"image": [{"CenterCrop": [28, 21]}]}, ("preprocess", "image", 0), "cannot cut a width of 21 out of 20"),
        (
            {"image": ["Standardize", {"CenterCrop": 20}, {"CenterCrop": 21}]},
            ("preprocess", "image", 2),
            "cannot cut a height of 21 out of 20",
        ),
    ],
)
def test_what_it_cannot_take_is_a_mistake_at_its_place(steps, place, message):
    written = {name: tuple(parse_choice("preprocessing", step) for step in given) for name, given in steps.items()}
    raw = DataSignature({"image": BYTES, "x": numbers(4)}, {"y": labels(2)}, 10)
    problem, *others = Pipeline.of(written, raw).problems("image_folder")
    assert problem.loc == place
    with pytest.raises(SpecError, match=message):
        raise SpecError([problem])
    assert others == []
