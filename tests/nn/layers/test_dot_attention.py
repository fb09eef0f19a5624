from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.random import forward_pass

RNG = np.random.default_rng(11)
QUERY, VALUE, KEY = (RNG.normal(size=shape).astype("float32") for shape in [(3, 4, 6), (3, 5, 7), (3, 5, 6)])
KEY_MASK = np.array([[True, True, False, True, False], [False] * 5, [True] * 5])

KINDS: dict[str, Callable[[], Any]] = {
    "dot": nn.Attention,
    "concat": lambda: nn.Attention(score_mode="concat", use_scale=True),
    "additive": nn.AdditiveAttention,
}
kinds = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


def softmax(scores: Any) -> Any:
    raised = np.exp(scores - scores.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def test_closed_form() -> None:
    pairs = QUERY[:, :, None] + KEY[:, None]
    dot, concat, additive = (make() for make in KINDS.values())
    for layer in (dot, concat, additive):
        layer(QUERY, VALUE, KEY)
    concat["scale"].assign(0.7), concat["concat_score_weight"].assign(-1.3)
    expected = {
        dot: np.einsum("btf,bsf->bts", QUERY, KEY),
        concat: -1.3 * np.tanh(0.7 * pairs).sum(-1),
        additive: np.tanh(pairs) @ np.asarray(additive.scale),
    }
    for layer, scores in expected.items():
        given = layer(QUERY, VALUE, KEY)
        np.testing.assert_allclose(given["scores"], softmax(scores), atol=1e-6)
        np.testing.assert_allclose(given["output"], softmax(scores) @ VALUE, atol=1e-5)


@kinds
def test_a_key_s_mask_counts_too_and_nothing_to_see_gives_zero(make: Any) -> None:
    layer = make()
    masked = layer(QUERY, VALUE, KEY, mask=(None, None, tf.constant(KEY_MASK)))
    assert np.all(np.asarray(masked["scores"])[:, :, :][np.broadcast_to(~KEY_MASK[:, None], (3, 4, 5))] == 0)
    np.testing.assert_array_equal(masked["output"][1], np.zeros((4, 7)))
    np.testing.assert_array_equal(masked["output"][2], layer(QUERY, VALUE, KEY)["output"][2])


@kinds
def test_no_place_sees_what_is_behind_it(make: Any) -> None:
    parameters = make().spec.to_plain()
    layer = type(make())(**{**parameters, "use_causal_mask": True})
    scores = layer(QUERY, VALUE, KEY)["scores"]
    assert np.all(np.triu(scores, 1) == 0)
    np.testing.assert_allclose(tf.reduce_sum(scores, -1), np.ones((3, 4)), atol=1e-6)


def test_dropout_leaves_the_scores() -> None:
    layer = nn.Attention(dropout=0.5)
    with forward_pass(3, tf.constant(11)):
        trained = layer(QUERY, VALUE, KEY, training=True)
    given = layer(QUERY, VALUE, KEY)
    np.testing.assert_array_equal(trained["scores"], given["scores"])
    assert np.any(np.not_equal(trained["output"], given["output"]))
