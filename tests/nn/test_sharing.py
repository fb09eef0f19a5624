"""Nodes that run another one's layer again, and copies: one variable each, found once, trained once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError, UsageError
from netlib.training.model import Model

Make = Callable[..., Any]
Check = Callable[[Any], None]


def paths(module: Any) -> list[str]:
    return [named.path for named in module.named_variables()]


# Copies.

COPIES = [
    {"Sequential": [{"Dense": 3, "name": "conv"}, {"Activation": "tanh"}], "repeat": 3, "name": "stage"},
    {"Dense": 1},
]


def test_copies_are_found_by_their_paths(network: Make, assert_comes_back: Check) -> None:
    made = network(*COPIES)
    assert paths(made)[:4] == ["stage.0.conv.kernel", "stage.0.conv.bias", "stage.1.conv.kernel", "stage.1.conv.bias"]
    assert made["stage.1"] is made.layer("stage.1")
    assert made["stage.1.conv.kernel"].name == "stage.1.conv.kernel:0"
    assert made["stage.1"].name == "stage_1"
    assert_comes_back(made)
    assert made.freeze("stage.*") == paths(made)[:6]
    assert made.unfreeze("stage.2.**") == paths(made)[4:6]
    assert [named.path for named in made.named_variables() if not named.trainable] == paths(made)[:4]


def test_copies_have_weights_of_their_own(rows: tf.Tensor, network: Make) -> None:
    made = network(*COPIES)
    state = made.state_dict()
    assert np.any(state["stage.0.conv.kernel"] != state["stage.1.conv.kernel"])
    values = rows
    for index in range(3):
        values = tf.tanh(values @ state[f"stage.{index}.conv.kernel"] + state[f"stage.{index}.conv.bias"])
    np.testing.assert_allclose(made(rows), values @ state["dense.kernel"] + state["dense.bias"], atol=1e-6)


def test_copies_side_by_side_are_named_by_their_keys(rows: tf.Tensor, network: Make) -> None:
    made = network({"Dense": "$item", "each": {"small": 2, "large": 5}, "name": "tower"}, {
        "Concatenate": {}, "from": "tower.*"})  # fmt: skip
    assert paths(made)[::2] == ["tower.small.kernel", "tower.large.kernel"]
    assert made(rows).shape == (4, 7)


def test_a_chain_keeps_the_names_of_copies_when_it_grows(rows: tf.Tensor) -> None:
    made = nn.Sequential([{"Sequential": [{"Dense": 3, "repeat": 2, "name": "step"}]}], seed=3)
    made(rows)
    made.insert(0, nn.Dense(3, name="first"))
    assert paths(made)[::2] == ["first.kernel", "sequential.step.0.kernel", "sequential.step.1.kernel"]


# Sharing.


def test_a_layer_runs_again(rows: tf.Tensor, network: Make, assert_comes_back: Check) -> None:
    made = network({"Dense": 3, "name": "step"}, {"Activation": "tanh"}, {"share": "step", "repeat": 2}, {"Dense": 1})
    assert paths(made) == ["step.kernel", "step.bias", "dense.kernel", "dense.bias"]
    step = made["step"]
    np.testing.assert_allclose(made(rows), made["dense"](step(step(tf.tanh(step(rows))))), atol=1e-6)
    assert made.graph.parameters().total == made.num_parameters() == 16
    assert_comes_back(made)


TWICE_MORE: dict[str, Any] = {"Sequential": [{"share": "step", "repeat": 2}]}
SHARED_INSIDE: list[dict[str, Any]] = [
    {"Dense": 3, "name": "step"},
    {"Sequential": [{"Activation": "tanh"}, {"share": "step"}, TWICE_MORE], "name": "inner"},
    {"Dense": 1, "name": "last"},
]


def test_a_layer_among_layers_is_not_shared_by_its_name() -> None:
    with pytest.raises(SpecError, match=r"nodes\.1: a layer among layers is shared by listing it twice"):
        nn.Sequential([nn.Dense(3, name="step"), {"share": "step"}])(tf.ones([2, 3]))


def test_a_layer_of_the_network_around_runs_again_inside(
    rows: tf.Tensor, network: Make, assert_can_be_saved: Check
) -> None:
    made = network(*SHARED_INSIDE)
    assert paths(made) == ["step.kernel", "step.bias", "last.kernel", "last.bias"]
    assert all(named.aliases == () for named in made.named_variables())
    step = made["step"]
    np.testing.assert_allclose(made(rows), made["last"](step(step(step(tf.tanh(step(rows)))))), atol=1e-6)
    assert made.graph.parameters().total == made.num_parameters() == 16
    assert made["inner"].in_order()[1] is step

    copied = copy.deepcopy(made)
    assert copied["inner"].in_order()[1] is copied["step"]
    copied["step.kernel"].assign_add(tf.ones([3, 3]))
    assert np.any(copied(rows).numpy() != made(rows).numpy())
    assert_can_be_saved(made)
    with pytest.raises(
        UsageError, match=r"cannot be described by plain values: share and a network around it share what is at 'step'"
    ):
        made.get_config()


def test_what_is_around_may_be_frozen_though_what_is_inside_is_not_and_the_other_way_round(network: Make) -> None:
    inner = {**SHARED_INSIDE[1], "trainable": False}
    made = network(SHARED_INSIDE[0], inner, SHARED_INSIDE[2])
    assert len(made.trainable_variables) == 4
    assert made.graph.parameters().trainable == 16
    assert made.freeze("step") == ["step.kernel", "step.bias"]
    assert [variable.name for variable in made.trainable_variables] == ["last.kernel:0", "last.bias:0"]


def test_a_shared_block_runs_again(rows: tf.Tensor, network: Make, assert_can_be_saved: Check) -> None:
    block = {"Sequential": [{"Dense": 3}, "BatchNormalization", {"Activation": "tanh"}], "name": "block"}
    made = network(block, {"share": "block"}, {"Sequential": [{"share": "block"}], "name": "inner"})
    assert len(paths(made)) == 6
    expected = rows
    for _ in range(3):
        expected = made["block"](expected)
    np.testing.assert_allclose(made(rows), expected, atol=1e-6)
    before = made.state_dict()["block.batch_normalization.moving_mean"]
    made(rows, training=True)
    assert np.any(made.state_dict()["block.batch_normalization.moving_mean"] != before)
    assert_can_be_saved(made)


@pytest.mark.parametrize("execution", ["eager", "graph", "xla"])
def test_shared_weights_are_trained_once(execution: str, rows: tf.Tensor, network: Make) -> None:
    made = network(*SHARED_INSIDE, kind=Model)
    made.compile("MeanSquaredError", {"SGD": {"learning_rate": 0.1}}, execution=execution)
    targets = tf.ones([4, 1])
    variables = [tf.Variable(each) for each in made.trainable_variables]
    with tf.GradientTape() as tape:
        kernel, bias, last, offset = variables
        values = tf.tanh(rows @ kernel + bias)
        for _ in range(3):
            values = values @ kernel + bias
        loss = tf.reduce_mean((values @ last + offset - targets) ** 2)
    gradients = tape.gradient(loss, variables)
    made.fit(rows, targets, batch_size=4, epochs=1, verbose=False)
    for variable, gradient, now in zip(variables, gradients, made.trainable_variables, strict=True):
        np.testing.assert_allclose(now, variable - 0.1 * gradient, atol=1e-5)


# Precision and the training flag of single nodes.


def test_a_nodes_own_precision(rows: tf.Tensor, network: Make) -> None:
    made = network({"Dense": 3, "dtype": "bfloat16", "name": "half"}, {"Dense": 2, "dtype": "float32"}, {"Dense": 1})
    assert made["half"](rows).dtype == tf.bfloat16
    assert made(rows).dtype == tf.float32
    assert {variable.dtype for variable in made.variables} == {tf.float32}
    inner = network({"Sequential": [{"Dense": 3, "name": "in"}], "dtype": "bfloat16", "name": "half"}, {"Dense": 1})
    assert inner["half.in"](rows).dtype == tf.bfloat16


def test_a_nodes_own_training_flag(rows: tf.Tensor, network: Make) -> None:
    made = network({"Dropout": 0.5, "training": True}, {"Dropout": 0.5, "training": False, "name": "never"})
    assert np.any(made(rows, training=False) == 0)
    held = network({"Sequential": [{"Dropout": 0.5}], "training": False, "name": "held"})
    np.testing.assert_array_equal(held(rows, training=True), rows)
    again = nn.Network.from_config(held.get_config())
    np.testing.assert_array_equal(again(rows, training=True), rows)
    sampled = network({"Sequential": [{"Dropout": 0.5, "training": True}], "training": False, "name": "held"})
    assert np.any(sampled(rows) == 0)
