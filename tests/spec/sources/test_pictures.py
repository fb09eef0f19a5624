"""Pictures: shapes with a label or a mask, and views with two targets."""

from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.features import labels, numbers
from netlib.spec.heads import encoding
from netlib.spec.sources.pictures import Shapes, Views
from netlib.spec.tensors import TensorSpec


def test_shapes():
    image = numbers(16, 16, 3, minimum=0.0, maximum=1.0)
    labelled, masked = (Shapes(size=16, channels=3, target=target).signature() for target in ("label", "mask"))
    assert labelled.inputs == masked.inputs == {"image": image}
    assert labelled.targets == {"label": labels(3, ("circle", "square", "triangle"))}
    assert masked.targets == {"mask": numbers(16, 16, 1, minimum=0.0, maximum=1.0)}
    one_filter = TensorSpec((None, 16, 16, 1))
    assert encoding("like output", one_filter, masked.targets["mask"].tensor) == "like output"


def test_views():
    signature = Views(classes=6, size=5, features=7).signature()
    assert signature.inputs == {"image": numbers(5, 5, 1), "features": numbers(7)}
    assert signature.targets == {"kind": labels(6), "position": numbers(1, minimum=-1.0, maximum=1.0)}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"size": 7}, "size: expected a number not less than 8, got 7"),
        ({"size": 513}, "size: expected a number not greater than 512, got 513"),
        ({"channels": 17}, "channels: expected a number not greater than 16, got 17"),
        ({"noise": 1.5}, "noise: expected a number not greater than 1, got 1.5"),
        ({"target": "box"}, "target: expected 'label' or 'mask', got 'box'"),
    ],
)
def test_mistakes(parameters, message):
    with pytest.raises(SpecError, match=message):
        Shapes.parse(parameters)
