"""Layers that compute an expression, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.tensors import TensorSpec

X = tf.constant(np.random.default_rng(3).normal(size=[4, 3]), tf.float32)
W = tf.constant(np.random.default_rng(4).normal(size=[3, 2]), tf.float32)


def network(*nodes: Any, inputs: Any = None, outputs: Any = None, **options: Any) -> nn.Network:
    return nn.Network(list(nodes), outputs, inputs=inputs, seed=3, **options)


def test_compute_by_itself() -> None:
    layer = nn.Compute("relu(x @ w + 1)", names=["x", "w"])
    np.testing.assert_allclose(layer(X, W), np.maximum(X.numpy() @ W.numpy() + 1, 0), rtol=1e-6)
    assert layer(X[:2], W).shape == (2, 2)
    assert layer.variables == ()


def test_several_results_are_ports() -> None:
    given = nn.Compute(["x * 2", "sum(x, axis=-1)"])(X)
    assert list(given) == ["0", "1"]
    np.testing.assert_array_equal(given["0"], 2 * X)
    np.testing.assert_allclose(given["1"], X.numpy().sum(-1), rtol=1e-6)


def test_what_it_reads_is_counted() -> None:
    with pytest.raises(SpecError, match="Compute reads x, w, got 1 inputs"):
        nn.Compute("x @ w", names=["x", "w"])(X)


@pytest.mark.parametrize("execution", ["eager", "graph", "xla"])
def test_every_execution_agrees(execution: str) -> None:
    made = network({"Variable": [3, 2], "name": "w"}, {"Compute": "softmax(input @ w)"})
    run = (
        made
        if execution == "eager"
        else tf.function(lambda x: made(x), jit_compile=execution == "xla", autograph=False)
    )
    made(X)
    scores = np.exp(X.numpy() @ made["w"].value.numpy())
    np.testing.assert_allclose(run(X), scores / scores.sum(-1, keepdims=True), rtol=1e-5)


def test_mixed_precision_computes_in_few_bits() -> None:
    made = network({"Variable": [3, 2], "name": "w"}, {"Compute": "input @ w"}, dtype="mixed_bfloat16")
    output = made(X)
    assert output.dtype == tf.bfloat16
    assert made["w"].value.dtype == tf.float32
    narrow = [tf.cast(each, tf.bfloat16) for each in (X, made["w"].value)]
    np.testing.assert_array_equal(output, tf.matmul(*narrow))
    assert made.static(TensorSpec((None, 3))).outputs["output"].dtype == "bfloat16"
    assert nn.Compute("x + w", names=["x", "w"], dtype="mixed_float16")(X, X).dtype == tf.float16


def test_integers_stay_integers() -> None:
    output = nn.Compute("x * 2", dtype="mixed_bfloat16")(tf.constant([[1, 2]]))
    assert output.dtype == tf.int32


# What an unbatched tensor of the same length as the batch must not be taken for.


def test_a_variable_is_no_batch() -> None:
    made = network({"Variable": [4, 3], "name": "v"}, {"Compute": "input + sum(v, axis=0)"})
    assert made(X).shape == (4, 3)
    assert made(X[:1]).shape == (1, 3)
    traced = tf.function(lambda x: made(x), input_signature=[tf.TensorSpec([None, 3])], autograph=False)
    np.testing.assert_array_equal(traced(X), made(X))


# Masks.

SEQUENCE = tf.constant([[1, 2, 0], [3, 0, 0]])
REAL = [[True, True, False], [True, False, False]]
EMBEDDING = {"Embedding": {"input_dim": 5, "output_dim": 4, "mask_zero": True}, "name": "tokens"}
TEXT = {"text": {"shape": [3], "dtype": "int32"}}


@pytest.mark.parametrize(
    ("expression", "kept"),
    [
        ("tokens * 2", True),
        ("sum(tokens, axis=-1)", True),
        ("tokens[:, 1:]", False),
        ("sum(tokens, axis=1)", False),
        ("tokens + position", True),
        ("tokens + tokens", True),
        ("concatenate([tokens, tokens], axis=1)", False),
    ],
)
def test_a_mask_is_kept_where_the_leading_axes_stay(expression: str, kept: bool) -> None:
    position = {"Variable": [3, 4], "name": "position"}
    made = network(EMBEDDING, *([position] if "position" in expression else []), {"Compute": expression}, inputs=TEXT)
    made(SEQUENCE)
    assert list(made.output_masks) == (["output"] if kept else [])
    if kept:
        np.testing.assert_array_equal(made.output_masks["output"], REAL)


def test_two_masks_are_dropped() -> None:
    other = {**EMBEDDING, "name": "other", "from": "text"}
    made = network(EMBEDDING, other, {"Compute": "tokens + other"}, inputs=TEXT)
    made(SEQUENCE)
    assert made.output_masks == {}


def test_each_result_has_its_own_mask() -> None:
    made = network(
        EMBEDDING,
        {"Compute": ["tokens * 2", "sum(tokens, axis=1)"], "name": "both"},
        inputs=TEXT,
        outputs={"a": "both.0", "b": "both.1"},
    )
    made(SEQUENCE)
    assert list(made.output_masks) == ["a"]


def test_a_merge_of_masked_and_unmasked_keeps_the_mask_that_is_there() -> None:
    plain = {"Embedding": {"input_dim": 5, "output_dim": 4}, "name": "plain", "from": "text"}
    for kind in ("Add", "Concatenate", "Multiply"):
        made = network(EMBEDDING, plain, {kind: {}, "from": ["plain", "tokens"]}, inputs=TEXT)
        made(SEQUENCE)
        np.testing.assert_array_equal(made.output_masks["output"], REAL)


def test_compute_mask_of_a_layer_by_itself() -> None:
    layer = nn.Compute("x * 2")
    np.testing.assert_array_equal(layer.compute_mask(tf.ones([2, 3, 4]), mask=tf.constant(REAL)), REAL)
    assert nn.Compute("sum(x, axis=1)").compute_mask(tf.ones([2, 3, 4]), mask=tf.constant(REAL)) is None
    assert layer.compute_mask(tf.ones([2, 3, 4])) is None


# What is added besides the outputs.


def test_a_loss_is_added_though_nothing_reads_it() -> None:
    made = network(
        {"Dense": 2, "name": "hidden"},
        {"AddLoss": "0.5 * mean(square(x))"},
        {"Dense": 1, "name": "last"},
        outputs="last",
    )
    assert made(X).shape == (4, 1)
    hidden = made["hidden"](X).numpy()
    made(X)
    (term,) = made.added_losses
    assert float(term) == pytest.approx(0.5 * np.mean(hidden**2), rel=1e-6)


def test_a_metric_is_logged_under_the_nodes_name() -> None:
    made = network({"Dense": 2, "name": "hidden"}, {"AddMetric": "abs(x)", "name": "activity"}, outputs="hidden")
    output = made(X)
    assert {name: float(value) for name, value in made.added_metrics.items()} == pytest.approx(
        {"activity": np.mean(np.abs(output))}, rel=1e-6
    )


def test_copies_of_a_metric_have_names_of_their_own() -> None:
    made = network(
        {"Dense": 2, "name": "hidden"}, {"AddMetric": "x * $index", "name": "at", "each": 2}, outputs="hidden"
    )
    made(X)
    assert list(made.added_metrics) == ["at_0", "at_1"]


def test_a_loss_in_a_description_and_in_every_execution() -> None:
    made = network({"Dense": 2, "name": "hidden"}, {"AddLoss": "mean(square(x))"}, outputs="hidden")
    made(X)
    expected = float(made.added_losses[0])
    again = nn.Network.from_config(made.get_config())
    assert [node.name for node in again.graph.nodes] == ["hidden", "add_loss"]
    for jit_compile in (False, True):

        @tf.function(jit_compile=jit_compile, autograph=False)
        def run() -> Any:
            again(X)
            return again.added_losses

        assert float(run()[0]) == pytest.approx(expected, rel=1e-5)


def test_a_loss_by_itself_is_a_number() -> None:
    with pytest.raises(SpecError, match="AddLoss needs one floating-point number for the whole batch, got"):
        nn.AddLoss("square(x)")(X)
    loss, metric = nn.AddLoss("mean(x)"), nn.AddMetric("x", name="size")
    assert loss(X) == {}
    assert metric(X) == {}
    assert loss.static(TensorSpec((None, 3))).couples_rows
    with pytest.raises(UsageError, match="a network needs outputs, got none"):
        nn.Network(nn.Input([3]), loss(nn.Input([3])))


def test_what_gives_nothing_is_a_part_of_the_network_of_what_it_reads() -> None:
    x, other = nn.Input([3], name="x"), nn.Input([3], name="other")
    hidden = nn.Dense(2, name="hidden")(x)
    nn.AddLoss("mean(square(x))", name="penalty")(hidden)
    nn.AddMetric("x", name="level")(x)
    nn.AddMetric("mean(x)", name="further")(nn.Dense(1, name="aside")(hidden))
    nn.AddLoss("mean(x)", name="elsewhere")(other)
    network = nn.Network(x, nn.Dense(1, name="last")(hidden))
    assert [node.name for node in network.graph.nodes] == ["hidden", "last", "level", "penalty"]
    network(X)
    assert list(network.added_metrics) == ["level"]
    assert float(network.added_losses[0]) == pytest.approx(np.mean(network["hidden"](X).numpy() ** 2), rel=1e-6)


def test_no_gradient_goes_back() -> None:
    layer = nn.StopGradient()
    with tf.GradientTape() as tape:
        tape.watch(X)
        value = tf.reduce_sum(layer(X) * X)
    np.testing.assert_array_equal(tape.gradient(value, X), X)
    assert layer(tf.constant([[1]])).dtype == tf.int32


def test_rows_that_depend_on_each_other_are_known() -> None:
    x = nn.Input([3])
    assert not nn.Network(x, nn.Compute("x * 2")(x)).graph.couples_rows
    assert nn.Network(x, nn.Compute("x - mean(x, axis=0)")(x)).graph.couples_rows


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_what_is_added_is_computed_in_float32(dtype: str) -> None:
    """The square is more than float16 has, and 3 more than a bfloat16 of that size can tell from nothing."""
    wide = tf.constant([300.0])
    loss, metric = nn.AddLoss("mean(square(x) + 3)", dtype=dtype), nn.AddMetric("square(x) + 3", name="s", dtype=dtype)
    loss(wide)
    metric(wide)
    assert [float(each) for each in loss.losses] == [90003]
    assert float(metric.added_metrics["s"]) == 90003
    made = network({"Dense": 1, "name": "h"}, {"AddLoss": "mean(square(h))"}, outputs="h", dtype=dtype)
    made(X)
    assert made.losses[0].dtype == tf.float32
