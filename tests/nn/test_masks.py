"""Masks in code that does not pass them on: from what gave a tensor to what is called on it, as between Keras's layers."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError, UsageError

TOKENS = tf.constant([[1, 2, 0], [3, 0, 0]])
REAL = np.array([[True, True, False], [True, False, False]])


class Seen(nn.Layer[Any]):
    """Gives its input, and keeps the mask that it was given."""

    supports_masking = True

    def call(self, x: tf.Tensor, mask: Any = None) -> tf.Tensor:
        self.__dict__["seen"] = mask
        return x * 1.0


class Hand(nn.Layer[Any]):
    """Code between an embedding and what looks at its mask."""

    def __init__(self, *layers: Any, embedding: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.embedding = embedding or nn.Embedding(5, output_dim=4, mask_zero=True)
        self.layers = list(layers)
        self.last = Seen()

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.last(x)


def seen(layer: Hand) -> Any:
    layer(TOKENS)
    return layer.last.seen


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [nn.Dense(3), nn.Activation("relu"), nn.Dropout(0.5), nn.LayerNormalization()],
        [nn.Identity()],
        [nn.Sequential([nn.Dense(3), {"Dense": 2}])],
        [nn.Compute("x * 2")],
        [nn.While(nn.Compute("x / 2"), max_iterations=2)],
        [keras.layers.Dense(3)],
        [nn.Foreign(keras.layers.Dense(3))],
    ],
    ids=["at once", "layers", "identity", "a network", "an expression", "a loop", "Keras", "Keras, wrapped"],
)
def test_a_mask_goes_along(layers: list[Any]) -> None:
    np.testing.assert_array_equal(seen(Hand(*layers)), REAL)


@pytest.mark.parametrize("layer", [nn.Flatten(), nn.Compute("sum(x, axis=1)"), lambda x: x + 1.0])
def test_what_drops_a_mask_drops_it(layer: Any) -> None:
    assert seen(Hand(layer)) is None


def test_one_of_keras_s_embedding_reaches_ours_and_ours_reaches_keras_s() -> None:
    np.testing.assert_array_equal(seen(Hand(embedding=keras.layers.Embedding(5, 4, mask_zero=True))), REAL)
    np.testing.assert_array_equal(seen(Hand(embedding=nn.Embedding(5, output_dim=4))) is None, True)
    lstm, embedding = keras.layers.LSTM(3), nn.Embedding(5, output_dim=4, mask_zero=True)
    embedded = embedding(TOKENS)
    np.testing.assert_allclose(lstm(embedded), lstm(tf.identity(embedded), mask=tf.constant(REAL)))


def test_several_inputs() -> None:
    class Both(Hand):
        def call(self, tokens: tf.Tensor) -> tf.Tensor:
            x = self.embedding(tokens)
            return self.last(nn.Add()(x, tf.identity(x)))

    np.testing.assert_array_equal(seen(Both()), REAL)


def test_a_masked_statistic_in_code_is_that_of_a_graph() -> None:
    class ByHand(nn.Layer[Any]):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.norm = nn.Embedding(5, output_dim=4, mask_zero=True), nn.BatchNormalization()

        def call(self, tokens: tf.Tensor) -> tf.Tensor:
            return self.norm(self.embedding(tokens))

    hand = ByHand()
    graph = nn.Sequential([nn.Embedding(5, output_dim=4, mask_zero=True), nn.BatchNormalization()])
    for each in (hand, graph):
        each(TOKENS)
    graph["embedding"].embeddings.assign(hand.embedding.embeddings)
    for execution in (False, True):
        np.testing.assert_allclose(hand(TOKENS, training=True), graph(TOKENS, training=True), rtol=1e-6)
        np.testing.assert_allclose(hand.norm.moving_mean, graph["batch_normalization"].moving_mean, rtol=1e-6)
        tf.function(lambda: hand(TOKENS, training=True), jit_compile=execution, autograph=False)()
        graph(TOKENS, training=True)
    np.testing.assert_allclose(hand.norm.moving_mean, graph["batch_normalization"].moving_mean, rtol=1e-6)


def test_a_layer_by_hand_in_a_graph_is_given_the_mask_and_gives_it_on() -> None:
    class Inside(nn.Layer[Any]):
        def __init__(self) -> None:
            super().__init__()
            self.dense, self.last = nn.Dense(3), Seen()

        def call(self, x: tf.Tensor) -> tf.Tensor:
            return self.last(self.dense(x))

    inside = Inside()
    network = nn.Sequential(
        [nn.Input([3], "int32"), nn.Embedding(5, output_dim=4, mask_zero=True), inside, nn.Dense(2)]
    )
    network(TOKENS)
    np.testing.assert_array_equal(inside.last.seen, REAL)
    np.testing.assert_array_equal(network.output_masks["output"], REAL)


def test_the_callers_tensors_are_left_alone() -> None:
    x = tf.ones([2, 3, 4])
    for layer in (nn.Dropout(0.5), nn.Identity(), Seen(), nn.Sequential([nn.Identity()])):
        layer(x, mask=tf.constant(REAL))
        assert not hasattr(x, "_keras_mask")
    last = Seen()
    last(x)
    assert last.seen is None


def test_a_mask_may_be_whatever_becomes_a_tensor():
    layer, x = nn.LSTM(2, return_sequences=True), tf.ones([2, 3, 4])
    real = [[True, True, False], [True, False, False]]
    expected = layer(x, mask=tf.constant(real))["output"]
    np.testing.assert_array_equal(layer(x, mask=np.array(real))["output"], expected)
    np.testing.assert_array_equal(layer(x, mask=real)["output"], expected)


@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        (np.ones([2, 3]), UsageError, "{}: a mask is true or false for each place, bool [batch, time], got float64"),
        (np.ones([2, 4], bool), SpecError, "{}'s mask has a value for each place, (2, 3), got (2, 4)"),
        (np.ones([5, 3], bool), SpecError, "{}'s mask has a value for each place, (2, 3), got (5, 3)"),
        (np.ones([2, 3, 1], bool), SpecError, "{}'s mask has a value for each place, (2, 3), got (2, 3, 1)"),
    ],
    ids=["numbers", "time", "batch", "rank"],
)
def test_a_mask_that_does_not_fit_is_refused(mask, error, message):
    for layer in (nn.LSTM(2), nn.Sequential([nn.LSTM(2)])):
        name = layer.name if error is UsageError else type(layer).__name__
        with pytest.raises(error, match=re.escape(message.format(name))):
            layer(tf.ones([2, 3, 4]), mask=mask)


def test_one_mask_for_each_input():
    layer, x = nn.MultiHeadAttention(1, 2), tf.ones([2, 3, 4])
    with pytest.raises(SpecError, match=re.escape("has a value for each place, (2, 3), got (2, 2)")):
        layer(x, x, mask=(None, np.ones([2, 2], bool)))


def test_in_a_chain_a_bidirectional_layer_passes_on_what_it_joins():
    chain = nn.Sequential([nn.Bidirectional(nn.LSTM(3, return_sequences=True)), nn.Dense(2)])
    assert chain(tf.ones([2, 4, 5])).shape == (2, 4, 2)


def test_a_networks_masks_are_those_of_its_inputs():
    block = nn.TransformerDecoderBlock(4, 1)
    given = {"sequence": tf.ones([2, 3, 4]), "memory": tf.ones([2, 2, 4])}
    with pytest.raises(SpecError, match="has no input 'memry' for the mask; it has sequence, memory"):
        block(given, mask={"memry": REAL})
    np.testing.assert_array_equal(block(given, mask=(REAL, None)), block(given, mask={"sequence": REAL}))
