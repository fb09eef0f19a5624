from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layer import Weight
from netlib.spec.precision import POLICIES, policy, stored


@pytest.mark.parametrize(
    ("name", "compute"), [("float32", "float32"), ("mixed_bfloat16", "bfloat16"), ("mixed_float16", "float16")]
)
def test_mixed_policies_keep_their_weights_in_float32(name: str, compute: str) -> None:
    assert policy(name) == (name, compute, "float32")


def test_in_float64_weights_are_as_wide() -> None:
    assert policy("float64") == ("float64", "float64", "float64")
    assert set(POLICIES) == {"float32", "mixed_bfloat16", "mixed_float16", "float64"}


def test_weights_are_stored_as_the_policy_says_unless_they_have_a_dtype_of_their_own() -> None:
    weights = [Weight("kernel", (3,), None), Weight("steps", (), None, dtype="int32")]
    assert stored(weights, "bfloat16") == stored(weights, "float32") == tuple(weights)
    assert [weight.dtype for weight in stored(weights, "float64")] == ["float64", "int32"]


def test_another_name() -> None:
    with pytest.raises(SpecError, match=r"there is no dtype policy 'mixed_float_16'; did you mean 'mixed_float16'"):
        policy("mixed_float_16")
    with pytest.raises(
        SpecError, match=r"there is no dtype policy 7 \(known: float32, mixed_bfloat16, mixed_float16, float64\)"
    ):
        policy(7)
    with pytest.raises(SpecError, match=r"there is no dtype policy nothing"):
        policy(None)
