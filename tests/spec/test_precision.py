from __future__ import annotations

from typing import get_args

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layer import Weight
from netlib.spec.precision import POLICIES, Precision, at_least_float32, compute_of, policy, stored
from netlib.spec.training import TrainSpec


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


def test_a_config_has_the_names_of_the_policies() -> None:
    assert get_args(Precision) == tuple(POLICIES)


@pytest.mark.parametrize("name", POLICIES)
def test_a_network_computes_as_it_is_trained(name: str) -> None:
    train = TrainSpec.parse({"epochs": 1, "loss": "mse", "precision": name})
    assert compute_of(train) == POLICIES[name].compute
    assert compute_of(None) == "float32"


def test_what_must_not_be_narrower_than_float32() -> None:
    wide = {policy.compute: at_least_float32(policy.compute) for policy in POLICIES.values()}
    assert wide == {"float32": "float32", "bfloat16": "float32", "float16": "float32", "float64": "float64"}
