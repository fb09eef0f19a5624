from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.layers import pooling
from netlib.spec.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from netlib.spec.tensors import TensorSpec


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
    message = r"padding \(= \[0, 3\] along the width\) must be less than pool_size \(= 3 there\), so that every window meets the"
    with pytest.raises(SpecError, match=message):
        cls.parse({"pool_size": [4, 3], "padding": [3, [0, 3]]})


def test_xla_has_no_gradient_of_the_largest() -> None:
    for count in (1, 2, 3):
        assert not getattr(pooling, f"MaxPooling{count}D").xla
        assert getattr(pooling, f"AveragePooling{count}D").xla


def test_average_pooling_needs_a_window() -> None:
    with pytest.raises(SpecError, match="AveragePooling2D needs 'pool_size': height and width of the window"):
        AveragePooling2D.parse({})


@pytest.mark.parametrize(
    ("cls", "named"),
    [
        (MaxPooling1D, r"\(= \[2, 2\] along the time\)"),
        (AveragePooling3D, r"\(= \[2, 2\] along the depth\)"),
    ],
)
def test_the_axis_is_named(cls: type[LayerSpec], named: str) -> None:
    with pytest.raises(SpecError, match=rf"padding {named} must be less than pool_size \(= 2 there\)"):
        cls.parse({"pool_size": 2, "padding": 2})


@pytest.mark.parametrize("cls", [MaxPooling1D, AveragePooling1D, MaxPooling3D, AveragePooling3D])
def test_sequences_and_volumes(cls: type[LayerSpec]) -> None:
    count = int(cls.__name__[-2])
    pool = cls.parse({"pool_size": 3, "strides": 2, "padding": 1})
    assert pool.output_shape((None, *[7] * count, 2)) == (None, *[4] * count, 2)
    assert pool.output_shape((None, *[None] * count, 2)) == (None, *[None] * count, 2)
    with pytest.raises(SpecError, match=rf"{cls.__name__} needs an input of rank {count + 2}, \(batch, "):
        pool.output_shape((None, 8, 8, 2))
    with pytest.raises(SpecError, match=rf"{cls.__name__} needs floating-point input, got int32"):
        pool.outputs(TensorSpec((None, *[7] * count, 2), "int32"))
