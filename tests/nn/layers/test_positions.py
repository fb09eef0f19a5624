from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib import nn

RNG = np.random.default_rng(3)


def sinusoids(length: int, features: int) -> Any:
    """Vaswani and others, 2017, section 3.5, entry by entry."""
    table = np.zeros([length, features])
    for place in range(length):
        for feature in range(features):
            angle = place / 10000 ** (2 * (feature // 2) / features)
            table[place, feature] = np.cos(angle) if feature % 2 else np.sin(angle)
    return table


def turned(x: Any, sequence: int, features: int, wavelength: float, factor: float) -> Any:
    """Su and others, 2021: each pair as a complex number, turned by its angle."""
    x = np.moveaxis(np.asarray(x, float), (sequence, features), (-2, -1))
    length, count = x.shape[-2:]
    pairs = x[..., : count // 2] + 1j * x[..., count // 2 :]
    angles = np.arange(length)[:, None] / factor / wavelength ** (2 * np.arange(count // 2) / count)
    pairs = pairs * np.exp(1j * angles)
    return np.moveaxis(np.concatenate([pairs.real, pairs.imag], -1), (-2, -1), (sequence, features))


def test_a_learned_vector_is_added_at_each_place() -> None:
    layer, values = nn.PositionalEmbedding(max_length=5), RNG.normal(size=(2, 3, 4)).astype("float32")
    outputs = layer(values)
    np.testing.assert_array_equal(outputs, values + layer.embeddings.numpy()[:3])


@pytest.mark.parametrize(("length", "features"), [(1, 1), (7, 6), (50, 5)])
def test_sines_and_cosines_are_added(length: int, features: int) -> None:
    layer = nn.PositionalEmbedding(max_length=60, encoding="sinusoidal")
    outputs = layer(tf.zeros([2, length, features]))
    np.testing.assert_allclose(outputs, [sinusoids(length, features)] * 2, atol=4e-6)
    assert layer.num_parameters() == 0


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("encoding", ["learned", "sinusoidal"])
@pytest.mark.parametrize("max_length", [1, 4])
def test_an_unknown_time_that_is_too_long_is_an_error(jit_compile: bool, encoding: str, max_length: int) -> None:
    layer = nn.PositionalEmbedding(max_length, encoding)
    signature = [tf.TensorSpec([None, None, 3])]
    run = tf.function(layer, input_signature=signature, jit_compile=jit_compile, autograph=False)
    assert run(tf.ones([2, max_length, 3])).shape == (2, max_length, 3)
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match=r"[Ss]lice|size\[0\]|begin|in_range"):
        run(tf.ones([2, max_length + 1, 3]))


@given(st.data())
@settings(max_examples=30)
def test_pairs_are_turned_as_in_closed_form(data: st.DataObject) -> None:
    rank = data.draw(st.integers(3, 5))
    sequence, features = data.draw(st.permutations(range(1, rank)))[:2]
    shape = [2, *(data.draw(st.integers(1, 5)) for _ in range(rank - 1))]
    shape[features] *= 2
    wavelength, factor = (
        data.draw(st.sampled_from([100.0, 10000.0, 500000.0])),
        data.draw(st.sampled_from([0.5, 1.0, 4.0])),
    )
    values = np.random.default_rng(5).normal(size=shape)
    layer = nn.RotaryEmbedding(wavelength, factor, sequence - rank, features, dtype="float64")
    np.testing.assert_allclose(layer(values), turned(values, sequence, features, wavelength, factor), atol=1e-12)


def test_the_product_of_two_depends_on_their_distance_alone() -> None:
    query, key = (np.tile(RNG.normal(size=8), (1, 10, 1)) for _ in range(2))
    layer = nn.RotaryEmbedding(dtype="float64")
    products = np.einsum("btf,bsf->ts", layer(query), layer(key))
    for distance in range(-9, 10):
        diagonal = np.diagonal(products, distance)
        np.testing.assert_allclose(diagonal, diagonal[0], atol=1e-12)
    assert abs(products[0, 0] - products[0, 1]) > 1e-3


def test_in_mixed_precision_angles_are_exact() -> None:
    values = RNG.normal(size=(1, 3000, 4)).astype("float32")
    narrow = nn.RotaryEmbedding(dtype="mixed_bfloat16")(values)
    assert narrow.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(narrow, tf.float32), turned(values, 1, 2, 10000.0, 1.0), atol=0.06)
