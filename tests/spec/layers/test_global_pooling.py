from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.layers.global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
)


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


@pytest.mark.parametrize("cls", [GlobalAveragePooling3D, GlobalMaxPooling3D])
def test_all_of_a_volume(cls: type[LayerSpec]) -> None:
    assert cls.parse({}).output_shape((None, None, 5, 4, 3)) == (None, 3)
    assert cls.parse({"keepdims": True}).output_shape((None, 4, None, 5, 3)) == (None, 1, 1, 1, 3)
    with pytest.raises(
        SpecError, match=rf"{cls.__name__} needs an input of rank 5, \(batch, depth, height, width, channels\)"
    ):
        cls.parse({}).output_shape((None, 4, 5, 3))
