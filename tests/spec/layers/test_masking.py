from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.masking import Masking


def test_the_shape_stays() -> None:
    assert Masking.parse({}).output_shape((None, None, 3)) == (None, None, 3)
    assert Masking.parse(-1).mask_value == -1.0


def test_without_time_there_is_nothing_to_leave_out() -> None:
    with pytest.raises(SpecError, match=r"Masking needs an input of rank 3 or more, got \(batch, 4\)"):
        Masking.parse({}).output_shape((None, 4))
