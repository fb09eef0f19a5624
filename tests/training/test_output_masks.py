from __future__ import annotations

import numpy as np
import pytest

from netlib import nn
from netlib.data.arrays import Arrays
from netlib.training.model import Model
from netlib.training.output_masks import OutputMasks

TOKENS = np.random.default_rng(8).integers(0, 4, (10, 5)).astype(np.int32)


@pytest.mark.parametrize("rows", [4, 10, 32])
def test_a_mask_that_reaches_the_output_is_found_for_all_samples(rows: int) -> None:
    model = Model([nn.Embedding(4, 3, mask_zero=True), nn.Dense(2)], seed=2)
    model(TOKENS)
    (found,) = OutputMasks(model).of(Arrays({"input": TOKENS}, {}), rows).values()
    assert found.tolist() == (TOKENS != 0).tolist()


def test_an_output_without_places_has_none() -> None:
    model = Model([nn.Embedding(4, 3, mask_zero=True), nn.GlobalAveragePooling1D(), nn.Dense(2)], seed=2)
    model(TOKENS)
    assert OutputMasks(model).of(Arrays({"input": TOKENS}, {}), 4) == {}
