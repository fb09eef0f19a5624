"""Recurrent layers: any sequence, mask and state against Keras; dropout in NumPy; states that stay from batch to batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib import nn
from netlib.nn.random import forward_pass
from netlib.spec.errors import SpecError, UsageError

LAYERS = ("SimpleRNN", "LSTM", "GRU")


def numbers(*shape: int, seed: int = 0) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).normal(0.2, 0.9, shape), tf.float32)


def results(layer: Any, read: list[tf.Tensor], weights: list[Any]) -> list[Any]:
    """All that it gives, and gradients of a nonlinear function of that by what it reads and by its weights."""
    with tf.GradientTape() as tape:
        tape.watch(read)
        given = list(layer(*read))
        loss = tf.add_n([tf.reduce_sum(tf.sin(part) * (i + 1.0)) for i, part in enumerate(given)])
    return [*given, *tape.gradient(loss, [*read, *weights], unconnected_gradients="zero")]


@st.composite
def situations(draw: Any) -> dict[str, Any]:
    name = draw(st.sampled_from(LAYERS))
    parameters = {key: draw(st.booleans()) for key in ("return_sequences", "go_backwards", "use_bias")}
    if name == "GRU":
        parameters["reset_after"] = draw(st.booleans())
    parameters["units"] = draw(st.integers(1, 5))
    return {
        "name": name,
        "parameters": parameters,
        "length": draw(st.integers(1, 4)),
        "features": draw(st.integers(1, 4)),
        "initial": draw(st.booleans()),
        "mask": draw(st.sampled_from(["none", "any", "left", "right"])),
        "seed": draw(st.integers(0, 99)),
    }


def mask_of(kind: str, batch: int, length: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    real = rng.integers(0, length + 1, batch)[:, np.newaxis]
    places = np.arange(length)
    masks = {"any": rng.random((batch, length)) > 0.4, "left": places >= length - real, "right": places < real}
    return None if kind == "none" else tf.constant(masks[kind])


@settings(max_examples=20)
@given(situations())
def test_it_computes_what_keras_computes(case: dict[str, Any]) -> None:
    batch, seed = 3, case["seed"]
    ours = getattr(nn, case["name"])(**case["parameters"])
    theirs = getattr(keras.layers, case["name"])(**case["parameters"], return_state=True)
    sequence = numbers(batch, case["length"], case["features"], seed=seed)
    ours(sequence)
    theirs(sequence)
    for one, other in zip(ours.variables, theirs.weights, strict=True):
        one.assign(numbers(*one.shape, seed=seed + 1))
        other.assign(one)
    mask = mask_of(case["mask"], batch, case["length"], seed)
    states = [numbers(batch, case["parameters"]["units"], seed=seed + 2 + i) for i in range(len(ours.spec.states))]
    read = [sequence, *(states if case["initial"] else [])]

    def keras_call(sequence: tf.Tensor, *initial: tf.Tensor) -> Any:
        return theirs(sequence, initial_state=list(initial) or None, mask=mask)

    actual = results(lambda *values: ours(*values, mask=mask).values(), read, list(ours.trainable_variables))
    expected = results(keras_call, read, [variable.value for variable in theirs.trainable_variables])
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


# Modes, lengths, and what gradients are taken of.


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["graph", "xla"])
def test_one_function_takes_sequences_of_any_length(name: str, jit_compile: bool) -> None:
    layer = getattr(nn, name)(3, return_sequences=True)
    layer(numbers(2, 4, 2))
    weights = list(layer.trainable_variables)

    @tf.function(input_signature=[tf.TensorSpec([None, None, 2])], jit_compile=jit_compile, autograph=False)
    def run(sequence: tf.Tensor) -> Any:
        return results(lambda *values: layer(*values).values(), [sequence], weights)

    for length in (1, 5, 2):
        sequence = numbers(3, length, 2)
        expected = results(lambda *values: layer(*values).values(), [sequence], weights)
        for one, other in zip(run(sequence), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_an_empty_sequence_leaves_the_state(name: str) -> None:
    layer = getattr(nn, name)(3)
    states = [numbers(2, 3, seed=i) for i in range(len(layer.spec.states))]
    given = layer(tf.zeros([2, 0, 4]), *states)
    np.testing.assert_array_equal(given["h"], states[0])
    whole = getattr(nn, name)(3, return_sequences=True)(tf.zeros([2, 0, 4]))
    assert whole["output"].shape == (2, 0, 3)


@pytest.mark.parametrize(
    "jit_compile",
    [None, *(pytest.param(each, marks=pytest.mark.slow) for each in (False, True))],
    ids=["eager", "graph", "xla"],
)
def test_second_derivatives(jit_compile: bool | None) -> None:
    """As a penalty on a gradient needs them."""
    ours, theirs = nn.LSTM(3, return_sequences=True), keras.layers.LSTM(3, return_sequences=True, use_cudnn=False)
    sequence = numbers(2, 4, 2)
    ours(sequence)
    theirs(sequence)
    for one, other in zip(ours.variables, theirs.weights, strict=True):
        other.assign(one)

    def penalty(layer: Any, weights: list[Any]) -> Any:
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(sequence)
                loss = tf.reduce_sum(tf.sin(layer(sequence)))
            slope = tf.reduce_sum(inner.gradient(loss, sequence) ** 2)
        return outer.gradient(slope, weights)

    def own() -> Any:
        return penalty(lambda x: ours(x)["output"], list(ours.trainable_variables))

    run = own if jit_compile is None else tf.function(own, jit_compile=jit_compile, autograph=False)
    expected = penalty(theirs, [variable.value for variable in theirs.trainable_variables])
    for one, other in zip(run(), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_in_a_chain_the_next_layer_reads_the_output() -> None:
    network = nn.Sequential([nn.LSTM(3, return_sequences=True), nn.GRU(2), nn.Dense(4)])
    assert network(numbers(2, 5, 3)).shape == (2, 4)


# Masks.


def test_backwards_the_mask_is_that_of_the_outputs() -> None:
    layer = nn.LSTM(3, return_sequences=True, go_backwards=True)
    sequence, mask = numbers(1, 4, 2), tf.constant([[True, True, False, False]])
    np.testing.assert_array_equal(layer.compute_mask(sequence, mask=mask), [[False, False, True, True]])
    outputs = layer(sequence, mask=mask)["output"]
    np.testing.assert_array_equal(outputs[0, :2], np.zeros([2, 3]))
    alone = layer(sequence[:, :2])["output"]
    np.testing.assert_allclose(outputs[0, 2:], alone[0], rtol=1e-6)


def test_before_the_first_real_place_the_output_is_zero_and_the_state_stays() -> None:
    layer = nn.GRU(3, return_sequences=True)
    state = numbers(2, 3, seed=4)
    mask = tf.constant([[False, False, False], [False, True, False]])
    given = layer(numbers(2, 3, 2), state, mask=mask)
    np.testing.assert_array_equal(given["output"][0], np.zeros([3, 3]))
    np.testing.assert_array_equal(given["h"][0], state[0])
    np.testing.assert_array_equal(given["output"][1, 0], np.zeros(3))
    np.testing.assert_array_equal(given["output"][1, 2], given["output"][1, 1])
    last = nn.GRU(3)
    np.testing.assert_array_equal(last(numbers(2, 3, 2), state, mask=mask)["output"][0], np.zeros(3))


# Dropout.


def test_dropout_is_one_for_all_steps() -> None:
    """With factors on features and state that are found by drawing them again."""
    layer = nn.SimpleRNN(3, activation=None, dropout=0.4, recurrent_dropout=0.5, return_sequences=True, seed=1)
    sequence = numbers(4, 5, 2)
    layer(sequence)
    with forward_pass(7, 3):
        given = layer(sequence, training=True)["output"]
    with forward_pass(7, 3):
        features = np.where(layer.random_uniform("dropout", (4, 2)) >= 0.4, 1 / 0.6, 0)
        state = np.where(layer.random_uniform("recurrent_dropout", (4, 3)) >= 0.5, 2.0, 0)
    kernel, recurrent, bias = (variable.numpy() for variable in layer.variables)
    h, expected = np.zeros([4, 3]), []
    for step in range(5):
        h = sequence.numpy()[:, step] * features @ kernel + h * state @ recurrent + bias
        expected.append(h)
    np.testing.assert_allclose(given, np.stack(expected, 1), rtol=1e-5, atol=1e-5)
    assert {0.0} < set(features.ravel())
    assert {0.0} < set(state.ravel())


def test_where_the_gate_comes_first_the_state_is_dropped_too() -> None:
    layer = nn.GRU(3, reset_after=False, recurrent_dropout=0.5, seed=1)
    sequence, begin = numbers(4, 1, 2), numbers(4, 3, seed=2)
    layer(sequence)
    with forward_pass(7, 3):
        given = layer(sequence, begin, training=True)["h"]
    with forward_pass(7, 3):
        keep = np.where(layer.random_uniform("recurrent_dropout", (4, 3)) >= 0.5, 2.0, 0)
    kernel, recurrent, bias = (variable.numpy() for variable in layer.variables)
    h, x = begin.numpy(), sequence.numpy()[:, 0] @ kernel + bias
    stay, reset = (1 / (1 + np.exp(-x[:, i : i + 3] - h * keep @ recurrent[:, i : i + 3])) for i in (0, 3))
    expected = stay * h + (1 - stay) * np.tanh(x[:, 6:] + (reset * h * keep) @ recurrent[:, 6:])
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-6)


# States that stay.


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    "jit_compile", [None, False, pytest.param(True, marks=pytest.mark.slow)], ids=["eager", "graph", "xla"]
)
def test_two_batches_are_one_sequence(name: str, jit_compile: bool | None) -> None:
    layer = getattr(nn, name)(3, stateful=True, batch_size=2, return_sequences=True, seed=1)
    whole = getattr(nn, name)(3, return_sequences=True, seed=1)
    sequence = numbers(2, 6, 4)
    layer.ensure_built(*layer.described_inputs([sequence]))
    run = layer if jit_compile is None else tf.function(layer, jit_compile=jit_compile, autograph=False)
    whole(sequence)
    whole.load_state_dict({path: value for path, value in layer.state_dict().items() if "state_" not in path})
    parts = [run(part)["output"] for part in tf.split(sequence, 2, 1)]
    np.testing.assert_allclose(tf.concat(parts, 1), whole(sequence)["output"], rtol=1e-5, atol=1e-6)
    assert not any("state_" in variable.name for variable in layer.trainable_variables)

    layer.reset_states()
    np.testing.assert_array_equal(run(sequence[:, :3])["output"], parts[0])


def test_the_state_that_stays_is_kept_in_float32() -> None:
    layer = nn.LSTM(3, stateful=True, batch_size=2, dtype="mixed_bfloat16")
    given = layer(numbers(2, 4, 3))
    assert given["c"].dtype == tf.bfloat16
    assert layer.state_c.dtype == tf.float32
    np.testing.assert_array_equal(layer.state_c, tf.cast(given["c"], tf.float32))


def test_a_batch_of_another_size_is_refused() -> None:
    layer = nn.LSTM(3, stateful=True, batch_size=2, name="memory")
    with pytest.raises(
        UsageError, match=r"memory is stateful with batch_size \(= 2\), but got a batch of 3; all batches must"
    ):
        layer(numbers(3, 4, 2))
    run = tf.function(layer, input_signature=[tf.TensorSpec([None, 4, 2])], autograph=False)
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(numbers(3, 4, 2))


def test_the_rows_of_a_stateful_layer_are_never_filled_up() -> None:
    assert nn.LSTM(3, stateful=True, batch_size=2).couples_rows
    assert not nn.LSTM(3).couples_rows


def test_without_states_there_are_none_to_reset() -> None:
    with pytest.raises(UsageError, match="memory keeps no states, so there are none to reset: it is not stateful"):
        nn.GRU(3, name="memory").reset_states()


def test_a_stateful_layer_reads_no_state() -> None:
    with pytest.raises(SpecError, match="a stateful GRU begins with the state that it kept, so it reads no h"):
        nn.GRU(3, stateful=True, batch_size=2)(numbers(2, 4, 2), numbers(2, 3))
