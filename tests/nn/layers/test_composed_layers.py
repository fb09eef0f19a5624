"""Layers that are composed of others, against the same of Keras's layers with copied weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError


def values(*shape: int, seed: int = 3) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).normal(0.2, 1.0, shape).astype("float32"))


def randomised(layer: nn.Layer[Any]) -> nn.Layer[Any]:
    draw = np.random.default_rng(11)
    for variable in layer.variables:
        variable.assign(draw.normal(0.1, 0.5, variable.shape))
    return layer


def take(theirs: Any, ours: Any, prefix: str) -> Any:
    """Keras's layer, built, with the weights of ours at a path."""
    theirs.set_weights([ours[f"{prefix}.{variable.name}"].numpy() for variable in theirs.weights])
    return theirs


def attention(ours: Any, name: str, heads: int, size: int, query: Any, value: Any, causal: bool) -> Any:
    theirs = keras.layers.MultiHeadAttention(heads, size)
    theirs(query, value)
    state = []
    for variable in theirs.weights:
        *_, part, kind = variable.path.split("/")
        state.append(ours[f"{name}.{part.removeprefix('attention_')}_{kind}"].numpy())
    theirs.set_weights(state)
    return theirs(query, value, use_causal_mask=causal)


def normalised(ours: Any, name: str, x: Any, epsilon: float) -> Any:
    theirs = keras.layers.LayerNormalization(epsilon=epsilon)
    theirs(x)
    return take(theirs, ours, name)(x)


def dense(ours: Any, name: str, x: Any, units: int, activation: str | None = None) -> Any:
    theirs = keras.layers.Dense(units, activation)
    theirs(x)
    return take(theirs, ours, name)(x)


def block(ours: Any, x: Any, memory: Any, *, first: bool, causal: bool, activation: str) -> Any:
    """A transformer's block of Keras's layers, as its authors draw it."""

    def sublayer(x: Any, name: str, compute: Any) -> Any:
        if first:
            return x + compute(normalised(ours, f"{name}_norm", x, 1e-3))
        return normalised(ours, f"{name}_norm", x + compute(x), 1e-3)

    x = sublayer(x, "attention", lambda q: attention(ours, "attention", 2, 3, q, q, causal))
    if memory is not None:
        x = sublayer(x, "cross_attention", lambda q: attention(ours, "cross_attention", 2, 3, q, memory, False))
    return sublayer(
        x, "feed_forward", lambda q: dense(ours, "feed_forward", dense(ours, "intermediate", q, 7, activation), 6)
    )


@pytest.mark.parametrize("first", [False, True], ids=["norm behind", "norm in front"])
@pytest.mark.parametrize("causal", [False, True], ids=["all", "causal"])
def test_an_encoder_block(first: bool, causal: bool) -> None:
    ours = nn.TransformerEncoderBlock(
        7, num_heads=2, normalize_first=first, use_causal_mask=causal, activation="gelu", layer_norm_epsilon=1e-3
    )
    x = values(2, 5, 6)
    ours(x)
    randomised(ours)
    expected = block(ours, x, None, first=first, causal=causal, activation="gelu")
    np.testing.assert_allclose(ours(x), expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("first", [False, True], ids=["norm behind", "norm in front"])
@pytest.mark.parametrize("with_memory", [False, True], ids=["alone", "memory"])
def test_a_decoder_block(first: bool, with_memory: bool) -> None:
    ours = nn.TransformerDecoderBlock(7, num_heads=2, normalize_first=first, layer_norm_epsilon=1e-3)
    x, memory = values(2, 5, 6), values(2, 4, 8, seed=5) if with_memory else None
    given = {"sequence": x, "memory": memory} if with_memory else x
    ours(given)
    randomised(ours)
    expected = block(ours, x, memory, first=first, causal=True, activation="relu")
    np.testing.assert_allclose(ours(given), expected, rtol=2e-5, atol=2e-5)


def test_padding_is_not_attended_to_nor_is_the_memorys() -> None:
    block = randomised_block()
    x, memory = values(1, 5, 6), values(1, 4, 8, seed=5)
    real = {"sequence": tf.constant([[True] * 3 + [False] * 2]), "memory": tf.constant([[True, True, False, False]])}
    first = block({"sequence": x, "memory": memory}, mask=real)
    other = {
        "sequence": tf.where(real["sequence"][..., None], x, 9.0),
        "memory": tf.where(real["memory"][..., None], memory, 9.0),
    }
    np.testing.assert_allclose(block(other, mask=real)[:, :3], first[:, :3], rtol=1e-6, atol=1e-6)
    assert not np.allclose(block(other)[:, :3], first[:, :3])


def randomised_block() -> Any:
    block = nn.TransformerDecoderBlock(7, num_heads=2)
    block({"sequence": values(1, 5, 6), "memory": values(1, 4, 8)})
    return randomised(block)


def test_squeeze_and_excite() -> None:
    ours, x = nn.SqueezeExcite(3, activation="tanh", gate="hard_sigmoid"), values(2, 4, 5, 6)
    ours(x)
    randomised(ours)
    means = np.mean(x, axis=(1, 2))
    factors = np.tanh(means @ ours["reduce.kernel"].numpy() + ours["reduce.bias"].numpy())
    factors = factors @ ours["expand.kernel"].numpy() + ours["expand.bias"].numpy()
    factors = np.clip(factors / 6 + 0.5, 0, 1)
    np.testing.assert_allclose(ours(x), x * factors[:, None, None, :], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("token", [False, True], ids=["patches", "token"])
def test_patches(token: bool) -> None:
    ours, x = nn.PatchEmbedding([2, 3], embed_dim=4, class_token=token), values(2, 4, 6, 3)
    ours(x)
    randomised(ours)
    kernel, bias = ours["projection.kernel"].numpy(), ours["projection.bias"].numpy()
    cut = np.reshape(x, [2, 2, 2, 2, 3, 3]).transpose([0, 1, 3, 2, 4, 5]).reshape([2, 4, 18])
    expected = cut @ kernel.reshape([18, 4]) + bias
    if token:
        front = np.broadcast_to(ours.state_dict()["token"], [2, 1, 4])
        expected = np.concatenate([front, expected], axis=1)
    np.testing.assert_allclose(ours(x), expected, rtol=1e-5, atol=1e-5)


def test_the_parameters_of_the_weights_are_handed_on() -> None:
    block = nn.TransformerEncoderBlock(7, 2, kernel_regularizer={"L2": 0.5}, bias_initializer="ones", seed=1)
    block(values(1, 3, 6))
    assert np.all(block["intermediate.bias"].numpy() == 1)
    kernels = [variable for path, variable, *_ in block.named_variables() if path.endswith("kernel")]
    assert len(kernels) == 6
    penalty = sum(float(tf.reduce_sum(kernel**2)) for kernel in kernels) / 2
    np.testing.assert_allclose(float(tf.add_n(block.losses)), penalty, rtol=1e-5)


def test_what_it_was_made_with_makes_another() -> None:
    block = nn.TransformerEncoderBlock(7, num_heads=2, dropout=0.1, name="first", trainable=False)
    again = nn.TransformerEncoderBlock.from_config(block.get_config())
    assert again.get_config() == block.get_config()
    assert (again.name, again.trainable) == ("first", False)


def test_shapes_that_do_not_fit_are_told() -> None:
    with pytest.raises(
        SpecError, match=r"num_heads \(= 4\) must divide the features \(= 6\) of its input \(batch, 5, 6\)"
    ):
        nn.TransformerEncoderBlock(7, num_heads=4)(values(2, 5, 6))
    with pytest.raises(SpecError, match=r"needs an input of rank 3, \(batch, time, features\), got \(batch, 6\)"):
        nn.TransformerEncoderBlock(7, num_heads=2)(values(2, 6))
    with pytest.raises(SpecError, match="patches of width 3 do not fill its input"):
        nn.PatchEmbedding([2, 3], embed_dim=4)(values(2, 4, 5, 3))
    with pytest.raises(SpecError, match=r"SqueezeExcite needs an input of rank 4, \(batch, height, width, channels\)"):
        nn.SqueezeExcite(2)(values(2, 4, 5))


# Bidirectional and Flip.


def test_a_bidirectional_layer_reads_real_places_alone() -> None:
    layer, x = nn.Bidirectional({"LSTM": {"units": 3, "return_sequences": True}}), values(1, 5, 2)
    layer(x)
    randomised(layer)
    real = tf.constant([[True, True, True, False, False]])
    masked, other = (layer(each, mask=real)["output"] for each in (x, tf.where(real[..., None], x, 9.0)))
    np.testing.assert_array_equal(masked[:, :3], other[:, :3])
    assert not np.allclose(layer(x)["output"][:, :3], masked[:, :3])


def test_the_backward_layer_is_the_forward_one_on_the_flipped_sequence() -> None:
    layer, x = nn.Bidirectional(nn.GRU(3, return_sequences=True), merge_mode=None), values(2, 5, 4)
    layer(x)
    randomised(layer)
    for part in ("kernel", "recurrent_kernel", "bias"):
        layer[f"backward.{part}"].assign(layer[f"forward.{part}"])
    given, flipped = layer(x), layer(nn.Flip(1)(x))
    np.testing.assert_allclose(given["backward"], flipped["forward"][:, ::-1], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(given["backward_h"], flipped["forward_h"], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"layer": {"Dense": 3}}, "layer goes through a sequence, as SimpleRNN, LSTM, GRU and ConvLSTM2D do, got Dense"),
        ({"layer": {"LSTM": 3}, "backward_layer": {"LSTM": 3}}, "layers go opposite ways, got two with go_backwards: false"),
        (
            {"layer": {"LSTM": 3}, "backward_layer": {"LSTM": {"units": 3, "go_backwards": True, "return_sequences": True}}},
            "layers give alike, got return_sequences: false and true",
        ),
        ({"layer": {"LSTM": {"unit": 3}}}, "LSTM has no parameter 'unit'; did you mean 'units'?"),
        ({"layer": {"LSTM": 3}, "weights": 1}, "Bidirectional takes no 'weights': load weights into the network afterwards"),
    ],
    ids=["no sequence", "one way", "unlike", "misspelt", "weights"],
)  # fmt: skip
def test_what_cannot_go_both_ways(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message.replace("?", r"\?")):
        nn.Bidirectional(**parameters)


def test_flip() -> None:
    x = values(2, 3, 4)
    np.testing.assert_array_equal(nn.Flip(1)(x), np.flip(x, 1))
    np.testing.assert_array_equal(nn.Flip(axis=-1)(x), np.flip(x, 2))
    with pytest.raises(SpecError, match=r"Flip has axis \(= 0\), which is the batch of its input \(batch, 3, 4\)"):
        nn.Flip(0)(x)
