from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.gaussian import GaussianDropout, GaussianNoise


def test_what_may_stand_alone() -> None:
    assert GaussianNoise.parse(2.5).stddev == 2.5  # Keras takes no more than 1
    assert GaussianDropout.parse(0.25).rate == 0.25
    assert (
        GaussianNoise.parse(0).output_shape((None, 3)) == GaussianDropout.parse(0).output_shape((None, 3)) == (None, 3)
    )


def test_limits() -> None:
    with pytest.raises(SpecError, match=r"stddev: expected a number not less than 0, got -0\.1"):
        GaussianNoise.parse(-0.1)
    with pytest.raises(SpecError, match="rate: expected a number less than 1"):
        GaussianDropout.parse(1)
