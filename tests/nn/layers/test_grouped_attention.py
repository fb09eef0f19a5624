from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn

RNG = np.random.default_rng(3)
X = RNG.normal(size=(2, 5, 8)).astype("float32")


def by_hand(weights: dict[str, Any], x: Any, *, rotary: bool, causal: bool) -> tuple[Any, Any]:
    """As LLaMA computes it, one head after the other in float64: pairs are `i` and `i + size / 2`."""
    query, key, value, out = (
        weights[f"{part}_kernel"].astype("float64") for part in ("query", "key", "value", "output")
    )
    heads, size = query.shape[1:]
    share = heads // key.shape[1]
    angles = np.outer(np.arange(x.shape[1]), 10000.0 ** (-2 * np.arange(size // 2) / size))

    def turn(vectors: Any) -> Any:
        first, second = np.split(vectors, 2, axis=-1)
        turned = [first * np.cos(angles) - second * np.sin(angles), second * np.cos(angles) + first * np.sin(angles)]
        return np.concatenate(turned, -1) if rotary else vectors

    total, all_weights = np.zeros((*x.shape[:2], out.shape[-1])), []
    for head in range(heads):
        q, k, v = turn(x @ query[:, head]), turn(x @ key[:, head // share]), x @ value[:, head // share]
        scores = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(size))
        scores *= np.tri(x.shape[1]) if causal else 1.0
        all_weights.append(scores / scores.sum(-1, keepdims=True))
        total += all_weights[-1] @ v @ out[head]
    return total, np.stack(all_weights, 1)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("rotary", [None, {}], ids=["plain", "rotary"])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_closed_form(groups: int, rotary: Any, causal: bool) -> None:
    layer = nn.GroupedQueryAttention(
        head_dim=6, num_query_heads=4, num_key_value_heads=groups, use_bias=False, rotary=rotary, use_causal_mask=causal
    )
    given = layer(X, X)
    expected = by_hand(layer.state_dict(), X, rotary=rotary is not None, causal=causal)
    np.testing.assert_allclose(given["output"], expected[0], atol=3e-6)
    np.testing.assert_allclose(given["scores"], expected[1], atol=2e-6)


def test_turned_heads_see_distances_alone() -> None:
    """With the same vector at each place, a score depends on how far query and key are from each other."""
    layer = nn.GroupedQueryAttention(
        head_dim=8, num_query_heads=2, num_key_value_heads=1, rotary={"max_wavelength": 20}
    )
    layer(X, X)
    everywhere = np.repeat(X[:, :1], 9, axis=1)
    logits = np.log(layer(everywhere, everywhere)["scores"])
    differences = logits - np.take(logits, [4], axis=-1)  # without the softmax's sum, which is a row's own
    for shift in range(1, 4):
        row, moved = differences[..., 4, 4 - shift], differences[..., 4 + 1, 5 - shift] - differences[..., 5, 5]
        np.testing.assert_allclose(row, moved, atol=1e-5)
    assert np.ptp(logits, axis=-1).min() > 1e-3


def test_as_many_heads_of_each_are_multi_head_attention() -> None:
    grouped = nn.GroupedQueryAttention(head_dim=4, num_query_heads=3, num_key_value_heads=3)
    heads = nn.MultiHeadAttention(num_heads=3, key_dim=4)
    grouped(X, X), heads(X, X)
    heads.load_state_dict(grouped.state_dict())
    np.testing.assert_array_equal(grouped(X, X)["output"], heads(X, X)["output"])


def test_a_block_of_a_llama_in_yaml() -> None:
    block = nn.Network(
        [
            {"RMSNormalization": None, "name": "normal"},
            {
                "GroupedQueryAttention": {
                    "head_dim": 4, "num_query_heads": 4, "num_key_value_heads": 2, "use_bias": False,
                    "use_causal_mask": True, "rotary": {"max_wavelength": 10000},
                },
                "from": ["normal", "normal"],
                "name": "attention",
            },
            {"Add": None, "from": ["attention", "input"]},
        ]
    )  # fmt: skip
    before = block(X)
    changed = X.copy()
    changed[:, 3:] += 1
    np.testing.assert_allclose(block(changed)[:, :3], before[:, :3], atol=1e-6)
    assert before.shape == (2, 5, 8)


def test_half_precision_is_near_and_its_softmax_wide() -> None:
    options = {"head_dim": 6, "num_query_heads": 4, "num_key_value_heads": 2, "rotary": {}, "seed": 3, "path": "a"}
    wide, narrow = (nn.GroupedQueryAttention(**options, dtype=dtype) for dtype in ("float32", "mixed_bfloat16"))
    exact, rounded = wide(X, X), narrow(X, X)
    assert {port: tensor.dtype for port, tensor in rounded.items()} == dict.fromkeys(exact, tf.bfloat16)
    for port, tensor in exact.items():
        np.testing.assert_allclose(tf.cast(rounded[port], tf.float32), tensor, atol=0.03)
