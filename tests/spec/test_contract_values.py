from __future__ import annotations

from typing import Any

import pytest

from netlib.config.load import read
from netlib.spec.contract_values import check_values
from netlib.spec.errors import Problem
from netlib.spec.features import Feature, numbers
from netlib.spec.language.analysis import analyse

BRIGHT = {"RandomBrightness": {"factor": 0.1}}
BRIGHT_1 = {"RandomBrightness": {"factor": 0.1, "value_range": [0, 1]}}
SHARES = numbers(8, 8, 3, minimum=0, maximum=1)
BYTES = numbers(8, 8, 3, minimum=0, maximum=255)


def problems(nodes: list[Any], image: Feature = SHARES) -> list[Problem]:
    graph, found = analyse(nodes, {"image": image.tensor}, {}, ("model",))
    assert not found
    assert graph is not None
    return check_values(graph, {"image": image})


def text(layer: str, expected: str, least: float, most: float) -> str:
    return (
        f"{layer} takes values from {expected} (value_range), but those of input 'image' come here from {least:g} to {most:g};"
        f" write value_range: [{least:g}, {most:g}]"
    )


@pytest.mark.parametrize(
    ("nodes", "image"),
    [
        ([BRIGHT], BYTES),
        ([BRIGHT_1], SHARES),
        ([BRIGHT], numbers(8, 8, 3)),
        ([BRIGHT], numbers(8, 8, 3, minimum=0, maximum=200)),
        ([{"Rescaling": 0.00392156862745098}, BRIGHT_1], BYTES),
        ([{"Rescaling": [1, 2, 3]}, BRIGHT], SHARES),
        ([{"Conv2D": {"filters": 3, "kernel_size": 1}}, BRIGHT], SHARES),
        ([{"RandomErasing": {"fill_value": 0}}], SHARES),
        ([{"RandomErasing": {"fill_value": [0, 0.5, 1]}}], SHARES),
    ],
    ids=["bytes", "shares", "unknown", "most of it", "rescaled", "by channel", "other values", "black", "colour"],
)
def test_ranges_that_may_be_meant(nodes: list[Any], image: Feature) -> None:
    assert problems(nodes, image) == []


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (BRIGHT, "0 to 255"),
        ({"RandomContrast": {"factor": 0.2}}, "0 to 255"),
        ({"RandomErasing": None}, "0 to 255"),
        ({"RandomErasing": {"fill_value": 2, "value_range": [-1, 0.5]}}, "-1 to 0.5"),
    ],
    ids=["brightness", "contrast", "erasing", "colour cut off"],
)
def test_a_range_of_other_values_is_told_with_the_right_one(layer: dict[str, Any], expected: str) -> None:
    (found,) = problems([layer])
    assert (found.severity, found.message) == ("warning", text(next(iter(layer)), expected, 0, 1))


def test_values_beyond_the_range_are_told_where_it_is_written() -> None:
    (found,) = problems([BRIGHT_1], BYTES)
    assert found.loc == ("model", 0, "RandomBrightness", "value_range")
    assert found.message == text("RandomBrightness", "0 to 1", 0, 255)


@pytest.mark.parametrize(
    "before",
    [
        [{"RandomFlip": {"mode": "horizontal"}}, "Identity"],
        [{"Sequential": [{"RandomCrop": {"height": 4, "width": 4}}, {"Cropping2D": 1}]}],
        [{"Rescaling": 255}, {"Rescaling": 0.00392156862745098}],
    ],
    ids=["beside", "inside", "there and back"],
)
def test_layers_that_keep_values_are_looked_through(before: list[Any]) -> None:
    (found,) = problems([*before, BRIGHT])
    assert found.message == text("RandomBrightness", "0 to 255", 0, 1)


def test_a_layer_inside_of_others_is_told_at_its_place() -> None:
    (found,) = problems([{"Sequential": [{"RandomFlip": {"mode": "horizontal"}}, BRIGHT]}])
    assert found.loc == ("model", 0, "Sequential", 1)


def test_preprocessing_is_known() -> None:
    text = """\
data: {source: digits, preprocess: {image: {Rescale: 255}}}
model: [{RandomContrast: {factor: 0.1, value_range: RANGE}}, Flatten, {Dense: 10}]
train: {epochs: 1, loss: sparse_categorical_crossentropy}
"""
    assert read(text.replace("RANGE", "[0, 255]"), "net.yaml").warnings == ()
    (found,) = read(text.replace("RANGE", "[0, 1]"), "net.yaml").warnings
    assert "write value_range: [0, 255]" in found.message
