from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.precision import POLICIES, policy


@pytest.mark.parametrize(
    ("name", "compute"), [("float32", "float32"), ("mixed_bfloat16", "bfloat16"), ("mixed_float16", "float16")]
)
def test_every_policy_keeps_its_weights_in_float32(name: str, compute: str) -> None:
    assert policy(name) == (name, compute, "float32")
    assert set(POLICIES) == {"float32", "mixed_bfloat16", "mixed_float16"}


def test_another_name() -> None:
    with pytest.raises(SpecError, match=r"there is no dtype policy 'mixed_float_16'; did you mean 'mixed_float16'"):
        policy("mixed_float_16")
    with pytest.raises(
        SpecError, match=r"there is no dtype policy 7 \(known: float32, mixed_bfloat16, mixed_float16\)"
    ):
        policy(7)
    with pytest.raises(SpecError, match=r"there is no dtype policy nothing"):
        policy(None)
