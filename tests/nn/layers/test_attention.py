from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.layers.attention import MultiHeadAttention
from netlib.nn.random import forward_pass

RNG = np.random.default_rng(7)
QUERY, VALUE, KEY = (RNG.normal(size=shape).astype("float32") for shape in [(3, 4, 6), (3, 5, 7), (3, 5, 8)])
QUERY_MASK = tf.constant(RNG.random((3, 4)) < 0.7)
VALUE_MASK = tf.constant([[True, True, False, True, False], [False, True, True, True, True], [True] * 5])
KEY_MASK = tf.constant([[True] * 5, [True, True, False, True, True], [False, True, True, True, False]])
PARTS = ("query", "key", "value", "attention_output")


def pair(*inputs: Any, **parameters: Any) -> tuple[MultiHeadAttention, Any]:
    """Ours, and Keras's with the same weights."""
    ours = MultiHeadAttention(num_heads=2, key_dim=3, **parameters)
    ours(*inputs)
    length = parameters.pop("output_dim", None)
    causal = parameters.pop("use_causal_mask", False)
    theirs = keras.layers.MultiHeadAttention(num_heads=2, key_dim=3, output_shape=length, **parameters)
    theirs(*inputs, use_causal_mask=causal)
    for mine, variable in zip(ours.variables, theirs.variables, strict=True):
        mine.assign(RNG.normal(size=mine.shape))
        variable.assign(mine)
    return ours, theirs


@pytest.mark.parametrize("parameters", [{}, {"value_dim": 5}, {"output_dim": 9}, {"use_bias": False, "value_dim": 2}])
def test_it_computes_what_keras_computes(parameters: dict[str, Any]) -> None:
    for inputs in ([QUERY, VALUE], [QUERY, VALUE, KEY]):
        ours, theirs = pair(*inputs, **parameters)
        np.testing.assert_allclose(ours(*inputs)["output"], theirs(*inputs), atol=1e-4)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    "masks",
    [(QUERY_MASK, VALUE_MASK, KEY_MASK), (None, VALUE_MASK, None), (None, None, KEY_MASK), (QUERY_MASK, None, None)],
)
def test_masks_are_keras_s(masks: Any, causal: bool) -> None:
    ours, theirs = pair(QUERY, VALUE, KEY, use_causal_mask=causal)
    named = dict(zip(("query_mask", "value_mask", "key_mask"), masks, strict=True))
    expected = theirs(QUERY, VALUE, KEY, use_causal_mask=causal, return_attention_scores=True, **named)[0]
    real = np.ones((3, 4), bool) if masks[0] is None else masks[0].numpy()
    np.testing.assert_allclose(ours(QUERY, VALUE, KEY, mask=masks)["output"][real], expected[real], atol=1e-4)
    np.testing.assert_array_equal(ours.compute_mask(QUERY, VALUE, KEY, mask=masks) is not None, masks[0] is not None)


def test_one_mask_alone() -> None:
    ours, theirs = pair(QUERY, VALUE)
    each = tf.constant(RNG.random((3, 4, 5)) < 0.6)
    expected = theirs(QUERY, VALUE, attention_mask=each)
    seen = np.any(each, axis=-1)
    np.testing.assert_allclose(ours(QUERY, VALUE, mask=each)["output"][seen], expected[seen], atol=1e-4)
    alone, named = (ours(QUERY, VALUE, mask=mask)["output"] for mask in (VALUE_MASK, (None, VALUE_MASK)))
    np.testing.assert_array_equal(alone, named)
    assert ours.compute_mask(QUERY, VALUE, mask=VALUE_MASK) is None


def test_what_sees_nothing_is_finite_and_so_are_its_gradients() -> None:
    ours, _ = pair(QUERY, VALUE)
    nothing = tf.zeros([3, 5], tf.bool)
    with tf.GradientTape() as tape:
        outputs = ours(QUERY, VALUE, mask=(None, nothing))["output"]
        total = tf.reduce_sum(outputs**2)
    np.testing.assert_array_equal(outputs, np.broadcast_to(ours.output_bias, outputs.shape))
    gradients = tape.gradient(total, ours.trainable_variables)
    assert all(np.all(np.isfinite(gradient)) for gradient in gradients)


def test_no_place_sees_what_is_behind_it() -> None:
    layer = MultiHeadAttention(num_heads=2, key_dim=3, use_causal_mask=True)
    before = layer(QUERY, QUERY)["output"]
    changed = QUERY.copy()
    changed[:, 2:] += 1
    after = layer(changed, changed)["output"]
    np.testing.assert_array_equal(after[:, :2], before[:, :2])
    assert np.all(np.any(np.not_equal(after[:, 2:], before[:, 2:]), axis=-1))


def test_dropout_leaves_out_weights_in_training_alone() -> None:
    layer = MultiHeadAttention(num_heads=1, key_dim=2, dropout=0.5, use_bias=False)
    places = tf.ones([50, 40, 6])
    for part in ("query", "key"):
        layer(places, places)
        getattr(layer, f"{part}_kernel").assign(tf.zeros([6, 1, 2]))  # so that all weights are 1 / 40
    with forward_pass(3, tf.constant(11)):
        dropped = layer(places, places, training=True)
    trained = dropped["output"] / layer(places, places)["output"]
    np.testing.assert_array_equal(dropped["scores"], layer(places, places)["scores"])
    shares = np.unique(np.round(np.asarray(trained)[..., 0] * 20, 3))
    np.testing.assert_allclose(
        shares, np.round(shares), atol=1e-2
    )  # whole numbers of the 40 places, each counted twice
    np.testing.assert_allclose(np.mean(trained), 1, atol=0.01)
    np.testing.assert_allclose(np.var(trained), 1 / 40, rtol=0.15)


def test_masks_come_along_the_edges() -> None:
    inputs = nn.Input([None, 6])
    words = nn.Masking()(inputs)
    attended = nn.MultiHeadAttention(num_heads=2, key_dim=3)(words, words)
    network = nn.Network(inputs, nn.GlobalAveragePooling1D()(attended["output"]))
    values = QUERY.copy()
    values[:, 2:] = 0
    np.testing.assert_allclose(network(values), network(values[:, :2]), atol=1e-6)


def test_the_scores_are_nobody_s_in_time() -> None:
    """Their first axes are batch and heads: the query's mask would not fit."""
    inputs = nn.Input([None, 6])
    words = nn.Masking()(inputs)
    network = nn.Network(inputs, nn.MultiHeadAttention(num_heads=2, key_dim=3)(words, words))
    network(QUERY)
    assert list(network.output_masks) == ["output"]


def test_scores_that_nothing_reads_cost_nothing() -> None:
    def operations(*read: str) -> int:
        layer = MultiHeadAttention(num_heads=2, key_dim=3)
        layer(QUERY, VALUE)
        mixed = MultiHeadAttention(num_heads=2, key_dim=3, dtype="mixed_bfloat16")
        mixed(QUERY, VALUE)
        traced = tf.function(
            lambda *values: [each(*values)[port] for each in (layer, mixed) for port in read], autograph=False
        )
        graph = traced.get_concrete_function(QUERY, VALUE).graph
        pruned = tf.compat.v1.graph_util.extract_sub_graph(
            graph.as_graph_def(), [output.op.name for output in graph.outputs]
        )
        return len(pruned.node)

    assert operations("output") < operations("output", "scores")


def test_the_output_s_kernel_begins_by_itself() -> None:
    """GPT-2: as the others, divided by the square root of how many residual branches there are."""
    start = {"RandomNormal": {"stddev": 0.02}}
    layer = MultiHeadAttention(
        num_heads=8,
        key_dim=32,
        kernel_initializer=start,
        output_initializer={"RandomNormal": {"stddev": 0.02 / 24**0.5}},
    )
    layer.ensure_built(*[nn.Input([None, 256]).tensor] * 2)
    spreads = [float(tf.math.reduce_std(layer[f"{part}_kernel"])) for part in ("query", "key", "value", "output")]
    np.testing.assert_allclose(spreads, [0.02, 0.02, 0.02, 0.02 / 24**0.5], rtol=0.02)


def test_a_network_in_yaml_reads_the_output_or_the_scores() -> None:
    attention = {"MultiHeadAttention": {"num_heads": 2, "key_dim": 3}, "name": "look", "from": ["input", "input"]}
    first = nn.Network([attention, {"Dense": 2}])
    assert first(QUERY).shape == (3, 4, 2)
    both = nn.Network([attention], outputs={"mean": "look", "weights": "look.scores"})
    given = both(QUERY)
    np.testing.assert_allclose(tf.reduce_sum(given["weights"], -1), np.ones([3, 2, 4]), rtol=1e-6)
    assert given["mean"].shape == (3, 4, 6)
