from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.base import Spec
from netlib.spec.errors import SpecError
from netlib.spec.layers.erasing import RandomErasing
from netlib.spec.layers.geometric import RandomCrop, RandomFlip, RandomRotation, RandomTranslation, RandomZoom
from netlib.spec.layers.photometric import RandomBrightness, RandomContrast


@pytest.mark.parametrize(
    ("spec", "name", "value", "bounds"),
    [
        (RandomRotation, "factor", 0.2, (-0.2, 0.2)),
        (RandomRotation, "factor", -0.2, (-0.2, 0.2)),
        (RandomRotation, "factor", [0, 1], (0, 1)),
        (RandomZoom, "height_factor", 0, (0, 0)),
        (RandomBrightness, "factor", [-1, -0.5], (-1, -0.5)),
        (RandomContrast, "factor", 0.3, (0.3, 0.3)),
        (RandomContrast, "factor", [0.3, 0.1], (0.3, 0.1)),
        (RandomErasing, "factor", 0.4, (0, 0.4)),
        (RandomErasing, "scale", [0.1, 0.4], (0.1, 0.4)),
    ],
)
def test_a_number_stands_for_a_pair(spec: type[Spec], name: str, value: Any, bounds: tuple[float, float]) -> None:
    made = spec.parse({name: value})
    assert getattr(made, name) == bounds
    assert spec.parse(made.to_plain()) == made


@pytest.mark.parametrize(
    ("spec", "name", "value", "message"),
    [
        (RandomRotation, "factor", 1.5, "expected a number or a pair of them, from -1 to 1, got 1.5"),
        (RandomRotation, "factor", [0.5, 0.2], r"expected the lower bound first, got \[0.5, 0.2\]"),
        (RandomRotation, "factor", "a", "expected a number or a pair of them, from -1 to 1, got 'a'"),
        (RandomRotation, "factor", True, "expected a number or a pair of them, from -1 to 1, got true"),
        (RandomRotation, "factor", [0.1], r"expected a number or a pair of them, from -1 to 1, got \[0.1\]"),
        (
            RandomRotation,
            "factor",
            [0.1, None],
            r"expected a number or a pair of them, from -1 to 1, got \[0.1, None\]",
        ),
        (RandomRotation, "factor", float("nan"), "expected a number or a pair of them, from -1 to 1, got nan"),
        (RandomTranslation, "width_factor", 2, "expected a number or a pair of them, from -1 to 1, got 2"),
        (RandomZoom, "height_factor", [-1, 0], r"greater than -1 and at most 1, got \[-1, 0\]"),
        (RandomContrast, "factor", -0.1, "expected a number or a pair of them, from 0 to 1, got -0.1"),
        (RandomErasing, "scale", [0.1, 1.1], r"from 0 to 1, got \[0.1, 1.1\]"),
        (
            RandomErasing,
            "value_range",
            [1, 1],
            r"expected the least and the greatest value of the images, .* got \[1, 1\]",
        ),
        (RandomErasing, "value_range", 1, "expected the least and the greatest value of the images, .* got 1"),
        (
            RandomErasing,
            "fill_value",
            "red",
            r"expected a number, a list of numbers \(one for each channel\) or null, got",
        ),
        (
            RandomErasing,
            "fill_value",
            [],
            r"expected a number, a list of numbers \(one for each channel\) or null, got \[\]",
        ),
        (RandomZoom, "fill_mode", "mirror", "fill_mode: expected .*'reflect'.*, got 'mirror'"),
        (RandomFlip, "mode", "diagonal", "mode: expected .*'horizontal'.*, got 'diagonal'"),
        (RandomCrop, "height", 0, "height: expected .*greater than 0, got 0"),
        (RandomFlip, "seed", 1, "set the top-level `seed`"),
    ],
)
def test_what_is_refused(spec: type[Spec], name: str, value: Any, message: str) -> None:
    least: dict[str, Any] = {
        key: 1 if key in ("height", "width") else 0.1 for key, field in spec.model_fields.items() if field.is_required()
    }
    with pytest.raises(SpecError, match=message):
        spec.parse({**least, name: value})


def test_the_shape_of_images() -> None:
    assert RandomFlip.parse({}).output_shape((None, None, 5, 3)) == (None, None, 5, 3)
    assert RandomCrop.parse({"height": 4, "width": 9}).output_shape((None, None, 5, 3)) == (None, 4, 9, 3)
    for spec in (RandomFlip.parse({}), RandomCrop.parse({"height": 4, "width": 9})):
        message = r"needs an input of rank 4, \(batch, height, width, channels\), got \(\?, 5, 3\)"
        with pytest.raises(SpecError, match=message.replace(r"\?", ".*")):
            spec.output_shape((None, 5, 3))


def test_a_colour_fits_the_channels() -> None:
    spec = RandomErasing.parse({"fill_value": [1, 2]})
    assert spec.output_shape((None, 4, 4, 2)) == (None, 4, 4, 2)
    assert spec.output_shape((None, 4, 4, None)) == (None, 4, 4, None)
    message = r"RandomErasing's fill_value \(= \[1.0, 2.0\]\) has 2 numbers, but its input .* has 3 channels"
    with pytest.raises(SpecError, match=message):
        spec.output_shape((None, 4, 4, 3))
