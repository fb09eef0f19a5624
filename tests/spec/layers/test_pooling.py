from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.layers.pooling import (
    AdaptiveAveragePooling2D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling2D,
)


def test_the_window_may_stand_alone_and_its_strides_are_its_size() -> None:
    assert MaxPooling2D.parse(3).output_shape((None, 9, 7, 2)) == (None, 3, 2, 2)
    assert AveragePooling2D.parse([1, 2]).output_shape((None, 9, 7, 2)) == (None, 9, 3, 2)
    assert MaxPooling2D.parse({"pool_size": 3, "strides": 1}).output_shape((None, 9, 7, 2)) == (None, 7, 5, 2)


def test_unknown_axes_stay_unknown() -> None:
    assert MaxPooling2D.parse({}).output_shape((None, None, 8, 2)) == (None, None, 4, 2)


def test_a_window_larger_than_the_image_is_refused() -> None:
    message = r"MaxPooling2D's window of 2 x 2 is larger than its input \(batch, 4, 1, 8\)"
    with pytest.raises(SpecError, match=message):
        MaxPooling2D.parse({}).output_shape((None, 4, 1, 8))


def test_resnet_s_and_alexnet_s_pooling() -> None:
    resnet = MaxPooling2D.parse({"pool_size": 3, "strides": 2, "padding": 1})
    assert resnet.output_shape((None, 112, 112, 64)) == (None, 56, 56, 64)
    alexnet = MaxPooling2D.parse({"pool_size": 3, "strides": 2})
    assert alexnet.output_shape((None, 55, 55, 64)) == (None, 27, 27, 64)


@pytest.mark.parametrize("cls", [MaxPooling2D, AveragePooling2D])
def test_every_window_meets_the_image(cls: type[LayerSpec]) -> None:
    message = (
        r"padding \(= \[0, 3\] along the width\) must be less than pool_size \(= 3 there\), so that every window meets"
    )
    with pytest.raises(SpecError, match=message):
        cls.parse({"pool_size": [4, 3], "padding": [3, [0, 3]]})


@pytest.mark.parametrize("cls", [GlobalAveragePooling2D, GlobalMaxPooling2D])
def test_all_of_an_image(cls: type[LayerSpec]) -> None:
    assert cls.parse({}).output_shape((None, None, 5, 3)) == (None, 3)
    assert cls.parse({"keepdims": True}).output_shape((None, 4, 5, 3)) == (None, 1, 1, 3)
    message = rf"{cls.__name__} needs an input of rank 4, \(batch, height, width, channels\), got \(batch, 5\)"
    with pytest.raises(SpecError, match=message):
        cls.parse({}).output_shape((None, 5))


@pytest.mark.parametrize("cls", [GlobalAveragePooling1D, GlobalMaxPooling1D])
def test_all_of_a_sequence(cls: type[LayerSpec]) -> None:
    assert cls.parse({}).output_shape((None, None, 3)) == (None, 3)
    assert cls.parse({"keepdims": True}).output_shape((None, 4, 3)) == (None, 1, 3)
    assert cls.uses_mask
    assert not cls.supports_masking
    with pytest.raises(SpecError, match=rf"{cls.__name__} needs an input of rank 3, \(batch, time, features\), got"):
        cls.parse({}).output_shape((None, 4, 5, 3))


def test_adaptive_pooling_gives_its_size_from_any() -> None:
    for shape in ((None, 6, 6, 256), (None, 1, 13, 256), (None, None, None, 256)):
        assert AdaptiveAveragePooling2D.parse(6).output_shape(shape) == (None, 6, 6, 256)
    assert AdaptiveAveragePooling2D.parse([1, 7]).output_shape((None, 9, 9, 4)) == (None, 1, 7, 4)
    with pytest.raises(SpecError, match="AdaptiveAveragePooling2D needs an input of rank 4"):
        AdaptiveAveragePooling2D.parse(6).output_shape((None, 9, 4))


def test_xla_has_no_gradient_of_the_largest() -> None:
    assert not MaxPooling2D.xla
    assert AveragePooling2D.xla


def test_average_pooling_needs_a_window() -> None:
    with pytest.raises(SpecError, match="AveragePooling2D needs 'pool_size': height and width of the window"):
        AveragePooling2D.parse({})
