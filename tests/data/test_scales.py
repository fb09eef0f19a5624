from __future__ import annotations

import numpy as np
import pytest

from netlib.data.columns import numbered
from netlib.data.scales import RATIO, scales

RNG = np.random.default_rng(0)


def found(values: np.ndarray) -> list[str]:
    return [each.message for each in scales({"x": values.astype(np.float32)}, numbered)]


def test_the_widest_and_the_narrowest_column_are_named():
    values = RNG.normal(size=(1000, 3)) * [1, 500, 0.02] + [0, 1e4, 3]
    assert found(values) == [
        (
            "input 'x' has numbers of wildly different sizes: 'x[1]' has a deviation of"
            f" {values[:, 1].std():.3g}, 'x[2]' of {values[:, 2].std():.3g}, which will hardly count beside it;"
            " preprocess: {x: Standardize} makes them alike"
        )
    ]


@pytest.mark.parametrize(("factor", "expected"), [(0.9 * RATIO, 0), (1.1 * RATIO, 1)])
def test_from_which_ratio_on(factor, expected):
    column = np.linspace(-1, 1, 500)
    assert len(found(np.stack([column, factor * column], axis=1))) == expected


def test_channels_of_images_and_series():
    images = RNG.uniform(size=(50, 6, 6, 2))
    assert not found(images)
    assert "'x[..., 1]'" not in (message := found(images * [1, 1000])[0])
    assert "'x[1]' has a deviation of" in message


@pytest.mark.parametrize(
    "values",
    [
        np.stack([np.ones(500), RNG.normal(size=500) * 1000], axis=1),
        np.stack([np.arange(500) == 3, RNG.normal(size=500)], axis=1),
        np.stack([(np.arange(5000) < 2) * 0.005, RNG.uniform(size=5000)], axis=1),
        RNG.normal(size=(500, 1)),
        RNG.normal(size=500),
    ],
    ids=["a constant", "a rare category", "a pixel at the edge", "one column", "no columns"],
)
def test_what_is_no_matter_of_scales(values):
    assert not found(values)


def test_integers_are_not_looked_at():
    values = np.stack([np.arange(500), np.arange(500) * 1000], axis=1).astype(np.int32)
    assert not list(scales({"x": values}, numbered))
