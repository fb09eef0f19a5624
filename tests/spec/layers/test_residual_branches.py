from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.residual_branches import LayerScale, StochasticDepth


def test_what_may_stand_alone() -> None:
    assert StochasticDepth.parse(0.2).rate == 0.2
    assert LayerScale.parse(1e-6).initial_value == 1e-6
    assert LayerScale.parse({}).weights((None, 3, 4))[0].shape == (4,)


def test_limits() -> None:
    with pytest.raises(SpecError, match="rate: expected a number less than 1"):
        StochasticDepth.parse(1)
    with pytest.raises(
        SpecError, match=r"LayerScale needs to know the length of axis -1 of its input, got \(batch, \?\)"
    ):
        LayerScale.parse({}).output_shape((None, None))
