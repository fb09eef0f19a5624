from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.layers.normalization import BatchNormalization, LayerNormalization


def listed(layer: LayerSpec, shape: tuple[int | None, ...]) -> list[tuple[Any, ...]]:
    return [(weight.name, weight.shape, weight.trainable) for weight in layer.weights(shape)]


def test_weights_of_batch_normalization() -> None:
    statistics = [("moving_mean", (3,), False), ("moving_variance", (3,), False)]
    trained = [("gamma", (3,), True), ("beta", (3,), True)]
    assert listed(BatchNormalization.parse({}), (None, None, None, 3)) == trained + statistics
    assert listed(BatchNormalization.parse({"axis": 1, "scale": False}), (None, 3, None)) == trained[1:] + statistics
    assert listed(BatchNormalization.parse({"center": False}), (None, 3)) == trained[:1] + statistics


def test_weights_of_layer_normalization() -> None:
    assert listed(LayerNormalization.parse({}), (None, 4, 3)) == [("gamma", (3,), True), ("beta", (3,), True)]
    several = LayerNormalization.parse({"axis": [-1, 1], "center": False})
    assert listed(several, (None, 4, None, 3)) == [("gamma", (4, 3), True)]


@pytest.mark.parametrize("cls", [BatchNormalization, LayerNormalization])
@pytest.mark.parametrize(
    ("axis", "message"),
    [
        (3, r"{} has axis \(= 3\), which its input \(batch, 4, \?\) has not"),
        (-4, r"{} has axis \(= -4\), which its input \(batch, 4, \?\) has not"),
        (0, r"{} has axis \(= 0\), which is the batch of its input \(batch, 4, \?\)"),
        (-3, r"{} has axis \(= -3\), which is the batch of its input \(batch, 4, \?\)"),
        (-1, r"{} needs to know the length of axis 2 of its input, got \(batch, 4, \?\)"),
    ],
)
def test_an_axis_that_cannot_be(cls: type[LayerSpec], axis: int, message: str) -> None:
    layer = cls.parse({"axis": axis})
    for method in (layer.output_shape, layer.weights):
        with pytest.raises(SpecError, match=message.format(cls.__name__)):
            method((None, 4, None))


def test_an_axis_named_twice() -> None:
    message = r"LayerNormalization's axis \(= \[1, -2\]\) names an axis of \(batch, 4, 3\) twice"
    with pytest.raises(SpecError, match=message):
        LayerNormalization.parse({"axis": [1, -2]}).output_shape((None, 4, 3))


@pytest.mark.parametrize("axis", [[], "last", [1, "2"], True, 1.5])
def test_axes_are_integers(axis: Any) -> None:
    with pytest.raises(SpecError, match=r"axis: expected an axis or a list of axes, got"):
        LayerNormalization.parse({"axis": axis})


def test_limits() -> None:
    with pytest.raises(SpecError, match=r"momentum: expected a number not greater than 1\.0, got 1\.5"):
        BatchNormalization.parse({"momentum": 1.5})
    with pytest.raises(SpecError, match="epsilon: expected a number not less than 0, got -1"):
        LayerNormalization.parse({"epsilon": -1})
