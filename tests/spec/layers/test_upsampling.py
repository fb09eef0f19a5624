from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.upsampling import UpSampling1D, UpSampling2D, UpSampling3D
from netlib.spec.tensors import TensorSpec


def test_an_image_is_enlarged() -> None:
    assert UpSampling2D.parse(2).output_shape((None, None, 4, 3)) == (None, None, 8, 3)
    assert UpSampling2D.parse([1, 3]).output_shape((None, 5, 4, 3)) == (None, 5, 12, 3)
    with pytest.raises(SpecError, match=r"interpolation: expected .*'nearest'.*, got 'area'"):
        UpSampling2D.parse({"interpolation": "area"})
    with pytest.raises(SpecError, match=r"UpSampling2D needs an input of rank 4, .* got \(batch, 4\)"):
        UpSampling2D.parse(2).output_shape((None, 4))


def test_sequences_and_volumes() -> None:
    assert UpSampling1D.parse(3).output_shape((None, 4, 2)) == (None, 12, 2)
    assert UpSampling1D.parse({}).outputs(TensorSpec((None, None, 2), "int32"))["output"] == TensorSpec(
        (None, None, 2), "int32"
    )
    assert UpSampling3D.parse([1, 2, 3]).output_shape((None, 4, None, 5, 2)) == (None, 4, None, 15, 2)
    with pytest.raises(SpecError, match=r"UpSampling3D needs an input of rank 5, .* got \(batch, 4, 5, 2\)"):
        UpSampling3D.parse({}).output_shape((None, 4, 5, 2))


def test_only_pixels_that_are_repeated_have_any_dtype() -> None:
    image = TensorSpec((None, 2, 2, 1), "uint8")
    assert UpSampling2D.parse(2).outputs(image)["output"].dtype == "uint8"
    message = (
        "UpSampling2D with interpolation bicubic needs floating-point input, got uint8; use interpolation: nearest"
    )
    with pytest.raises(SpecError, match=message):
        UpSampling2D.parse({"interpolation": "bicubic"}).outputs(image)
    wide = UpSampling2D.parse({"interpolation": "bilinear"}).outputs(TensorSpec((None, 2, 2, 1)), compute="bfloat16")
    assert wide["output"].dtype == "bfloat16"
