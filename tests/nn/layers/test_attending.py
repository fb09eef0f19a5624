"""Everything that attends, against Keras over random parameters, shapes and masks."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib import nn

HEADS = ("MultiHeadAttention", "GroupedQueryAttention")
SIZES = st.integers(1, 4)
LENGTHS = st.integers(2, 4)
"""Of heads: Keras adds a bias [heads, 1] along the axis of time, where that is as long as there are heads."""


@st.composite
def parameters(draw: Any) -> tuple[str, dict[str, Any]]:
    """A layer's name, and what Keras's layer is made with."""
    name = draw(st.sampled_from([*HEADS, "Attention", "AdditiveAttention"]))
    if name == "MultiHeadAttention":
        sizes = {"num_heads": draw(SIZES), "key_dim": draw(LENGTHS), "value_dim": draw(st.none() | LENGTHS)}
        return name, {**sizes, "use_bias": draw(st.booleans())}
    if name == "GroupedQueryAttention":
        groups = draw(SIZES)
        sizes = {"head_dim": draw(LENGTHS), "num_query_heads": groups * draw(SIZES), "num_key_value_heads": groups}
        return name, {**sizes, "use_bias": draw(st.booleans())}
    mode = {"score_mode": draw(st.sampled_from(["dot", "concat"]))} if name == "Attention" else {}
    return name, {"use_scale": draw(st.booleans()), **mode}


def layers(name: str, given: dict[str, Any], causal: bool, inputs: list[Any]) -> tuple[Any, Any]:
    """Ours, and Keras's with the same weights."""
    ours = getattr(nn, name)(**given, use_causal_mask=causal)
    ours(*inputs)
    theirs = getattr(keras.layers, name.replace("Grouped", "Group"))(**given)
    theirs(*inputs) if name in HEADS else theirs(inputs)
    rng = np.random.default_rng(5)
    for mine, variable in zip(ours.variables, theirs.variables, strict=True):
        mine.assign(rng.normal(size=mine.shape))
        variable.assign(mine)
    return ours, theirs


def of_keras(layer: Any, inputs: list[Any], masks: list[Any], causal: bool) -> list[Any]:
    """Output and scores."""
    options = {"return_attention_scores": True, "use_causal_mask": causal}
    if not isinstance(layer, keras.layers.MultiHeadAttention | keras.layers.GroupQueryAttention):
        given = masks[:2] if any(mask is not None for mask in masks[:2]) else None
        return list(layer(inputs, mask=given, **options))
    named = dict(zip(("query_mask", "value_mask", "key_mask"), masks, strict=False))
    return list(layer(*inputs, **named, **options))


def seen(masks: list[Any], causal: bool, shape: tuple[int, int, int]) -> Any:
    """Where a place of the query sees at least one of the value: [batch, query's time]."""
    visible = np.ones(shape, bool)
    for mask, axis in zip(masks, (2, 1, 1), strict=False):
        visible &= True if mask is None else np.expand_dims(mask, axis)
    return (visible & np.tri(*shape[1:], dtype=bool) if causal else visible).any(-1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
@settings(max_examples=20)
@given(
    layer=parameters(),
    places=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    features=st.tuples(SIZES, SIZES),
    form=st.sampled_from(["self", "cross", "key"]),
    causal=st.booleans(),
    masked=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    seed=st.integers(0, 2**16),
)
def test_output_scores_and_gradients_are_keras_s(
    layer: Any, places: Any, features: Any, form: str, causal: bool, masked: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    name, made_with = layer
    (asked, answered), (length, other) = places, features
    shapes = {"self": [(asked, length)], "cross": [(asked, length), (answered, length)]}.get(
        form, [(asked, length), (answered, length if name == "GroupedQueryAttention" else other), (answered, length)]
    )
    inputs = [tf.constant(rng.normal(size=(2, *shape)), tf.float32) for shape in shapes]
    inputs = inputs * 2 if form == "self" else inputs
    used = [*masked[:2], masked[2] and name in HEADS][: len(inputs)]
    masks = [
        tf.constant(rng.random(each.shape[:2]) < 0.6) if is_used else None
        for each, is_used in zip(inputs, used, strict=True)
    ]
    ours, theirs = layers(name, made_with, causal, inputs)
    real = tf.constant(seen(masks, causal, (2, inputs[0].shape[1], inputs[1].shape[1])))

    def run(function: Any, weights: list[Any]) -> list[Any]:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output, scores = function()
            output = tf.where(real[:, :, tf.newaxis], output, 0)
            scores = tf.where(real[:, tf.newaxis, :, tf.newaxis] if name in HEADS else real[..., tf.newaxis], scores, 0)
            loss = tf.reduce_sum(tf.sin(output)) + tf.reduce_sum(tf.sin(3 * scores))
        return [output, scores, *tape.gradient(loss, [*inputs, *weights], unconnected_gradients="zero")]

    mask = tuple(masks) if any(each is not None for each in masks) else None
    actual = run(lambda: list(ours(*inputs, mask=mask).values()), list(ours.trainable_variables))
    weights = [variable.value for variable in theirs.trainable_variables]
    expected = run(lambda: of_keras(theirs, inputs, masks, causal), weights)
    for one, two in zip(actual, expected, strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=2e-5 * max(1.0, np.abs(two).max(initial=0)))
