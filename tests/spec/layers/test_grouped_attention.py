from __future__ import annotations

import inspect
from typing import Any

import keras
import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.grouped_attention import GroupedQueryAttention
from netlib.spec.tensors import Shape

SHAPE: Shape = (None, 8, 64)


def attention(**parameters: Any) -> GroupedQueryAttention:
    return GroupedQueryAttention.parse({"head_dim": 16, "num_query_heads": 4, "num_key_value_heads": 2, **parameters})


def test_heads_of_key_and_value_are_shared() -> None:
    assert {w.name: w.shape for w in attention().weights(SHAPE, SHAPE)} == {
        "query_kernel": (64, 4, 16), "query_bias": (4, 16),
        "key_kernel": (64, 2, 16), "key_bias": (2, 16),
        "value_kernel": (64, 2, 16), "value_bias": (2, 16),
        "output_kernel": (4, 16, 64), "output_bias": (64,),
    }  # fmt: skip
    assert attention().output_shape(SHAPE, SHAPE) == {"output": SHAPE, "scores": (None, 4, 8, 8)}


def test_costs() -> None:
    assert attention().macs(SHAPE, SHAPE) == 2 * (8 * 64 * 64) + 2 * (8 * 64 * 32) + 2 * (8 * 8 * 4 * 16)
    assert attention().kept(SHAPE, SHAPE) == 8 * (64 + 32 + 32 + 64)
    assert attention().macs((None, None, 64), SHAPE) is None


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"num_key_value_heads": 3},
            r"num_query_heads \(= 4\) must be divisible by num_key_value_heads \(= 3\)",
        ),
        ({"head_dim": 5, "rotary": {}}, r"rotary turns pairs of features: head_dim \(= 5\) must be even"),
        ({"rotary": {"max_wavelength": 0}}, "a number greater than 0"),
        ({"rotary": {"wavelength": 10}}, "has no .* 'wavelength'; did you mean 'max_wavelength'"),
        ({"sliding_window": 4}, "takes no 'sliding_window': it attends to all places"),
        ({"use_gate": True}, "takes no 'use_gate': multiply its output by a Dense"),
    ],
    ids=["shared", "odd", "zero", "misspelt", "window", "gate"],
)
def test_what_it_cannot_be(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        attention(**parameters)


def test_rotary_is_null_or_a_mapping() -> None:
    assert attention().rotary is None
    assert attention(rotary=None).to_plain()["rotary"] is None
    assert attention(rotary={}).to_plain()["rotary"] == {"max_wavelength": 10000.0, "scaling_factor": 1.0}
    assert attention(rotary={}) == attention(rotary=attention(rotary={}).to_plain()["rotary"])


def test_parameters_and_defaults_are_those_of_keras_s_group_query_attention() -> None:
    signature = inspect.signature(keras.layers.GroupQueryAttention.__init__).parameters.values()
    theirs = {p.name: p.default for p in signature if p.name != "self" and p.kind is not p.VAR_KEYWORD}
    fields = GroupedQueryAttention.model_fields
    assert [name for name in theirs if name not in GroupedQueryAttention.refused] == list(fields)[:-3]
    assert list(fields)[-3:] == ["use_causal_mask", "output_initializer", "rotary"]
    for name, field in fields.items():
        if not field.is_required() and name in theirs:
            assert getattr(attention(**{name: theirs[name]}), name) == getattr(attention(), name)
