from __future__ import annotations

from math import prod
from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.attention import MultiHeadAttention
from netlib.spec.tensors import Shape

QUERY, VALUE, KEY = (None, 4, 6), (None, 5, 7), (None, 5, 8)


def attention(**parameters: Any) -> MultiHeadAttention:
    return MultiHeadAttention.parse({"num_heads": 2, "key_dim": 3, **parameters})


def test_the_output_has_the_places_of_the_query() -> None:
    assert attention().output_shape(QUERY, VALUE) == {"output": (None, 4, 6), "scores": (None, 2, 4, 5)}
    assert attention(output_dim=9).output_shape(QUERY, VALUE, KEY)["output"] == (None, 4, 9)
    unknown = attention().output_shape((None, None, 6), (None, None, 7))
    assert unknown == {"output": (None, None, 6), "scores": (None, 2, None, None)}
    assert attention().output_shape(QUERY, (None, None, 7), KEY)["scores"] == (None, 2, 4, 5)


def test_weights() -> None:
    assert {w.name: w.shape for w in attention(value_dim=5).weights(QUERY, VALUE, KEY)} == {
        "query_kernel": (6, 2, 3), "query_bias": (2, 3),
        "key_kernel": (8, 2, 3), "key_bias": (2, 3),
        "value_kernel": (7, 2, 5), "value_bias": (2, 5),
        "output_kernel": (2, 5, 6), "output_bias": (6,),
    }  # fmt: skip
    without = attention(use_bias=False, kernel_regularizer="l2").weights(QUERY, VALUE)
    assert [weight.name for weight in without] == ["query_kernel", "key_kernel", "value_kernel", "output_kernel"]
    assert all(weight.regularizer is not None for weight in without)


def test_a_block_of_vit_b() -> None:
    """4 matrices of 768 x 768, with biases; 197 places, 12 heads of 64."""
    block = attention(num_heads=12, key_dim=64)
    shape: Shape = (None, 197, 768)
    assert sum(prod(weight.shape) for weight in block.weights(shape, shape)) == 4 * (768 * 768 + 768)
    assert block.macs(shape, shape) == 197 * 4 * 768 * 768 + 2 * 12 * 197 * 197 * 64


def test_multiply_accumulates_of_unequal_sides() -> None:
    made = attention(value_dim=5, output_dim=9).macs(QUERY, VALUE, KEY)
    projections = 4 * 6 * 2 * 3 + 5 * 8 * 2 * 3 + 5 * 7 * 2 * 5 + 4 * 2 * 5 * 9
    assert made == projections + 4 * 5 * 2 * (3 + 5)
    assert attention().macs((None, None, 6), VALUE) is None
    assert attention().macs(QUERY, (None, None, 7)) is None
    assert attention().macs(QUERY, (None, None, 7), KEY) == attention().macs(QUERY, VALUE, KEY)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (
            [(None, 6), VALUE],
            r"MultiHeadAttention needs an input of rank 3, \(batch, time, features\), got \(batch, 6\)",
        ),
        ([QUERY, (None, 5, 5, 7)], r"MultiHeadAttention needs an input of rank 3, .* got \(batch, 5, 5, 7\)"),
        ([QUERY, VALUE, (None, 5)], r"MultiHeadAttention needs an input of rank 3, .* got \(batch, 5\)"),
        (
            [QUERY, VALUE, (None, 4, 8)],
            r"needs a key for each place of the value, got a value \(batch, 5, 7\) and a key \(batch, 4, 8\)",
        ),
        ([(None, 4, None), VALUE], r"needs to know the length of axis -1 of its input, got \(batch, 4, \?\)"),
    ],
)
def test_what_it_cannot_read(shapes: list[Shape], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        attention().output_shape(*shapes)


def test_what_keras_has_besides() -> None:
    with pytest.raises(SpecError, match="MultiHeadAttention takes no 'output_shape': write output_dim"):
        attention(output_shape=4)


def test_how_the_output_begins() -> None:
    def begins(**parameters: Any) -> list[str]:
        made = attention(use_bias=False, **parameters).weights(QUERY, VALUE)
        return [weight.initializer.type_name() for weight in made if weight.initializer]

    assert begins(kernel_initializer="he_normal") == ["HeNormal"] * 4
    assert begins(output_initializer="zeros") == ["GlorotUniform"] * 3 + ["Zeros"]
    assert attention(output_initializer="zeros").to_plain()["output_initializer"] == "Zeros"


def test_what_is_kept_for_the_backward_pass() -> None:
    """Queries, keys, values and means of the heads; the weights are the port `scores` already."""
    projected = 4 * 6 + 5 * 6 + 5 * 6 + 4 * 6
    assert attention().kept(QUERY, VALUE) == projected
    assert attention(dropout=0.1).kept(QUERY, VALUE) == projected + 2 * (2 * 4 * 5)
    assert attention().kept((None, None, 6), VALUE) is None
