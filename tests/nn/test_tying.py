"""Weights that are another layer's, transposed or as they are: one variable, found once, trained once, saved once."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import UsageError
from netlib.training.model import Model

Make = Callable[..., Any]
Check = Callable[[Any], None]


def paths(module: Any) -> list[str]:
    return [named.path for named in module.named_variables()]


TOKENS = tf.constant([[1, 2, 0], [3, 4, 4]])
TEXT = {"text": {"shape": [3], "dtype": "int32"}}


def language_model(**head: Any) -> nn.Network:
    made = nn.Network(
        [
            {"Embedding": {"input_dim": 5, "output_dim": 4, "embeddings_regularizer": "l2"}, "name": "tokens"},
            {"Dense": 4, "name": "hidden"},
            {"Dense": {"units": 5, "kernel_regularizer": "l2"}, "name": "head",
             "tie": {"kernel": {"to": "tokens.embeddings", "transpose": True}}, **head},
        ],
        inputs=TEXT,
        seed=3,
    )  # fmt: skip
    made(TOKENS)
    return made


def test_a_transposed_tie_is_one_variable(tmp_path: Path) -> None:
    made = language_model()
    assert paths(made) == ["tokens.embeddings", "hidden.kernel", "hidden.bias", "head.bias"]
    assert made.graph.parameters().total == made.num_parameters() == 20 + 20 + 5
    table = made["tokens.embeddings"]
    hidden = made["hidden"](tf.gather(table, TOKENS))
    np.testing.assert_allclose(made(TOKENS), hidden @ tf.transpose(table) + made["head.bias"], atol=1e-6)

    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(made(TOKENS) ** 2)
    with tf.GradientTape() as other_tape:
        kernel = tf.transpose(table)
        other = tf.reduce_sum((made["hidden"](tf.gather(table, TOKENS)) @ kernel + made["head.bias"]) ** 2)
    gradient, expected = tape.gradient(loss, table), other_tape.gradient(other, table)
    np.testing.assert_allclose(tf.convert_to_tensor(gradient), tf.convert_to_tensor(expected), rtol=1e-4)

    made.run = tf.function(lambda x: made(x), input_signature=[tf.TensorSpec([None, 3], tf.int32)])
    tf.saved_model.save(made, str(tmp_path / "saved"))
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_allclose(loaded.run(TOKENS), made(TOKENS), atol=1e-6)


def test_a_tied_copy_is_tied_to_the_copy() -> None:
    made = language_model()
    expected = made(TOKENS)
    for other in (copy.deepcopy(made), nn.Network.from_config(json.loads(json.dumps(made.get_config())))):
        other.load_state_dict(made.state_dict())
        np.testing.assert_array_equal(other(TOKENS), expected)
        other["tokens.embeddings"].assign(tf.zeros([5, 4]))
        np.testing.assert_array_equal(other(TOKENS), tf.broadcast_to(other["head.bias"], [2, 3, 5]))
        np.testing.assert_array_equal(made(TOKENS), expected)
        assert paths(other) == paths(made)
        assert other.graph.node("head").ties == made.graph.node("head").ties


def test_only_the_owner_is_penalised() -> None:
    made = language_model()
    (penalty,) = made.losses
    assert float(penalty) == pytest.approx(0.01 * np.sum(made["tokens.embeddings"].numpy() ** 2), rel=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_tie_compiles_and_has_few_bits(jit_compile: bool) -> None:
    made = language_model(dtype="mixed_bfloat16")
    run = tf.function(lambda x: made(x), jit_compile=jit_compile, autograph=False)
    assert run(TOKENS).dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(run(TOKENS), tf.float32), tf.cast(made(TOKENS), tf.float32), atol=1e-2)


def test_a_tie_as_it_is_across_containers(rows: tf.Tensor, network: Make, assert_can_be_saved: Check) -> None:
    second = {"Dense": {"units": 3, "use_bias": False}, "name": "second", "tie": {"kernel": "a.first.kernel"}}
    made = network({"Sequential": [{"Dense": 3, "name": "first"}], "name": "a"}, {"Sequential": [second], "name": "b"})
    assert [(named.path, named.aliases) for named in made.named_variables()] == [
        ("a.first.kernel", ("b.second.kernel",)),
        ("a.first.bias", ()),
    ]
    kernel = made["a.first.kernel"]
    np.testing.assert_allclose(made(rows), (rows @ kernel + made["a.first.bias"]) @ kernel, atol=1e-6)
    assert made.graph.parameters().total == made.num_parameters() == 12
    copied = copy.deepcopy(made)
    assert copied["b.second.kernel"] is copied["a.first.kernel"]
    assert_can_be_saved(made)
    with pytest.raises(
        UsageError, match=r"cannot be described by plain values: a and b share what is at 'a\.first\.kernel'"
    ):
        made.get_config()


def test_a_tie_as_it_is_comes_back(network: Make, assert_comes_back: Check) -> None:
    made = network({"Dense": 3, "name": "a"}, {"Dense": 3, "name": "b", "tie": {"kernel": "a.kernel"}})
    assert_comes_back(made)


def test_a_transposed_tie_across_containers_cannot_be_described(rows: tf.Tensor, network: Make) -> None:
    made = network(
        {"Dense": 2, "name": "a"},
        {"Sequential": [{"Dense": 3, "name": "back", "tie": {"kernel": {"to": "a.kernel", "transpose": True}}}], "name": "b"},
    )  # fmt: skip
    np.testing.assert_allclose(
        made(rows), made["a"](rows) @ tf.transpose(made["a.kernel"]) + made["b.back.bias"], atol=1e-6
    )
    with pytest.raises(UsageError, match=r"cannot be described by plain values: b\.back share what is at 'a\.kernel'"):
        made.get_config()


def test_a_variable_serves_as_a_weight(rows: tf.Tensor, network: Make) -> None:
    made = network(
        {"Variable": {"value": [[1.0], [2.0], [3.0]]}, "name": "v"},
        {"Dense": {"units": 1, "use_bias": False}, "tie": {"kernel": "v"}, "from": "input"},
    )
    assert paths(made) == ["v"]
    np.testing.assert_allclose(made(rows), rows @ [[1.0], [2.0], [3.0]], atol=1e-6)


def test_a_model_with_values_and_ties_is_saved_and_loaded(tmp_path: Path, rows: tf.Tensor, network: Make) -> None:
    made = network(
        {"Variable": [3], "name": "scale"},
        {"Compute": "input * scale"},
        {"Dense": 3, "name": "a"},
        {"Dense": 3, "name": "b", "tie": {"kernel": {"to": "a.kernel", "transpose": True}}},
        {"Dense": 3, "name": "c", "tie": {"kernel": "a.kernel"}},
        {"While": {"condition": "sum(abs(x)) > 1", "body": "x / 2"}},
        kind=Model,
    )
    made.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    assert paths(loaded) == paths(made)
    np.testing.assert_array_equal(loaded(rows), made(rows))


@pytest.mark.parametrize("execution", ["eager", "graph", "xla"])
def test_the_guard_knows_a_tied_variable(execution: str, rows: tf.Tensor, network: Make) -> None:
    nodes = [
        {"Dense": 2, "name": "a"},
        {"Dense": 3, "name": "b", "tie": {"kernel": {"to": "a.kernel", "transpose": True}}},
    ]
    made = network(*nodes, kind=Model)
    kernel, bias, other = map(tf.Variable, made.trainable_variables)
    made.compile("MeanSquaredError", {"SGD": {"learning_rate": 0.1}}, execution=execution)
    made.fit(rows, rows, epochs=1, batch_size=4, verbose=False)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(((rows @ kernel + bias) @ tf.transpose(kernel) + other - rows) ** 2)
    gradients = tape.gradient(loss, [kernel, bias, other])
    for variable, gradient, now in zip((kernel, bias, other), gradients, made.trainable_variables, strict=True):
        np.testing.assert_allclose(now, variable - 0.1 * gradient, atol=1e-5)
