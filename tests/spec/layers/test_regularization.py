from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.regularization import (
    AlphaDropout,
    Dropout,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)


def test_the_rate_may_stand_alone() -> None:
    assert Dropout.parse(0.25).rate == 0.25
    assert Dropout.parse(0).output_shape((None, 3)) == (None, 3)


@pytest.mark.parametrize(
    ("rate", "message"), [(1, "less than 1, got 1"), (-0.1, r"not less than 0, got -0\.1"), ("x", "a number, got 'x'")]
)
def test_the_rate_is_a_share(rate: Any, message: str) -> None:
    with pytest.raises(SpecError, match=f"rate: expected .*{message}"):
        Dropout.parse(rate)


@pytest.mark.parametrize("noise_shape", [[], [None, 0], [None, -1], [None, "a"], [None, True], 3])
def test_a_noise_shape_is_a_list_of_lengths(noise_shape: Any) -> None:
    with pytest.raises(SpecError, match="noise_shape: expected a list of positive integers and nulls, the batch first"):
        Dropout.parse({"rate": 0.5, "noise_shape": noise_shape})


def test_the_mask_is_each_samples_own() -> None:
    message = r"noise_shape: the first entry is the batch and must be null \(a mask for each sample\), got 1"
    with pytest.raises(SpecError, match=message):
        Dropout.parse({"rate": 0.5, "noise_shape": [1, 4]})


@pytest.mark.parametrize("shape", [(None, 4), (None, 4, 5, 6), (None, 3, 5)])
def test_a_noise_shape_must_fit(shape: tuple[int | None, ...]) -> None:
    layer = Dropout.parse({"rate": 0.5, "noise_shape": [None, 4, 1]})
    assert layer.output_shape((None, None, 5)) == (None, None, 5)
    message = r"Dropout's noise_shape \(= \[None, 4, 1\]\) does not fit its input .*: each entry must be null, 1 or the axis's"
    with pytest.raises(SpecError, match=message):
        layer.output_shape(shape)
    with pytest.raises(SpecError, match=message.replace("Dropout", "AlphaDropout", 1)):
        AlphaDropout.parse({"rate": 0.5, "noise_shape": [None, 4, 1]}).output_shape(shape)


def test_it_draws_random_numbers() -> None:
    assert Dropout.random


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (SpatialDropout1D, r"SpatialDropout1D needs an input of rank 3, \(batch, time, channels\), got \(batch, 4\)"),
        (SpatialDropout2D, r"SpatialDropout2D needs an input of rank 4, \(batch, height, width, channels\), got"),
        (
            SpatialDropout3D,
            r"SpatialDropout3D needs an input of rank 5, \(batch, depth, height, width, channels\), got",
        ),
    ],
)
def test_spatial_dropout_needs_its_axes(kind: Any, message: str) -> None:
    assert kind.parse(0.3).noise_shape[0] is None
    with pytest.raises(SpecError, match=message):
        kind.parse(0.3).output_shape((None, 4))
