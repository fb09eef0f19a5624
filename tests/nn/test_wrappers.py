"""Networks that run their nodes in a way of their own, against Keras, NumPy and loops in Python."""

from __future__ import annotations

import copy
import inspect
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.random import forward_pass
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.tensors import TensorSpec

RNG = np.random.default_rng(3)
SEQUENCES = tf.constant(RNG.normal(size=[2, 5, 3]), tf.float32)
IMAGES = tf.constant(RNG.normal(size=[2, 3, 6, 6, 1]), tf.float32)


def executed(function: Any, execution: str) -> Any:
    return function if execution == "eager" else tf.function(function, jit_compile=execution == "xla", autograph=False)


EXECUTIONS = pytest.mark.parametrize("execution", ["eager", "graph", "xla"])


# TimeDistributed.


@EXECUTIONS
def test_time_distributed_is_keras_s(execution: str) -> None:
    ours = nn.TimeDistributed(nn.Conv2D(4, kernel_size=3, name="conv"), seed=1)
    theirs = keras.layers.TimeDistributed(keras.layers.Conv2D(4, 3))
    theirs(IMAGES)
    output = ours(IMAGES)
    for variable, other in zip(theirs.variables, ours.variables, strict=True):
        variable.assign(other)
    np.testing.assert_allclose(executed(lambda x: ours(x), execution)(IMAGES), theirs(IMAGES), atol=1e-5)
    assert output.shape == (2, 3, 4, 4, 4)
    assert [named.path for named in ours.named_variables()] == ["conv.kernel", "conv.bias"]


def test_time_distributed_in_a_config() -> None:
    network = nn.Network(
        [{"TimeDistributed": [{"Dense": 4}, {"Activation": "relu"}], "name": "each"}, {"Dense": 2}], seed=1
    )
    output = network(SEQUENCES)
    dense = network["each.dense"]
    np.testing.assert_allclose(output, network["dense"](tf.nn.relu(dense(SEQUENCES))), atol=1e-6)
    assert [named.path for named in network.named_variables()][:2] == ["each.dense.kernel", "each.dense.bias"]
    assert network.graph.macs() == 5 * 3 * 4 + 5 * 4 * 2


@pytest.mark.parametrize("time", [5, None])
def test_its_static_shape(time: int | None) -> None:
    layer = nn.TimeDistributed([{"Dense": 4}])
    static = layer.static(TensorSpec((None, time, 3)))
    assert static.outputs["output"].shape == (None, time, 4)
    assert static.macs == (60 if time else None)
    traced = tf.function(lambda x: layer(x), input_signature=[tf.TensorSpec([None, time, 3])], autograph=False)
    assert tuple(traced.get_concrete_function().structured_outputs.shape) == (None, time, 4)
    np.testing.assert_allclose(traced(SEQUENCES), layer(SEQUENCES), atol=1e-6)
    assert layer.graph.macs() == static.macs


def test_each_place_draws_its_own_numbers_whatever_the_micro_batch() -> None:
    layer = nn.TimeDistributed(nn.Random(name="noise"))

    def draw(rows: slice) -> np.ndarray:
        with forward_pass(3, tf.constant(5), tf.constant(rows.start or 0)):
            return np.asarray(layer(SEQUENCES[rows]))

    whole = draw(slice(0, 2))
    assert len(np.unique(whole)) == whole.size
    np.testing.assert_array_equal(draw(slice(1, 2)), whole[1:])


def test_it_needs_a_time() -> None:
    with pytest.raises(SpecError, match=r"TimeDistributed needs an input of rank 3 or more, \(batch, time, ...\), got"):
        nn.TimeDistributed(nn.Dense(2))(tf.ones([2, 3]))


def test_it_keeps_the_mask() -> None:
    network = nn.Network(
        [{"Embedding": {"input_dim": 5, "output_dim": 3, "mask_zero": True}}, {"TimeDistributed": {"Dense": 2}}],
        inputs={"text": {"shape": [3], "dtype": "int32"}},
    )
    network(tf.constant([[1, 2, 0]]))
    np.testing.assert_array_equal(network.output_masks["output"], [[True, True, False]])


# While.


def halvings(x: np.ndarray, most: int = 100) -> np.ndarray:
    for _ in range(most):
        if np.abs(x).sum() <= 1:
            break
        x = x / 2
    return x


@EXECUTIONS
def test_while_runs_until_its_condition_fails(execution: str) -> None:
    network = nn.Network([{"While": {"condition": "sum(abs(x)) > 1", "body": "x / 2"}}])
    run = executed(lambda x: network(x), execution)
    for scale in (0.01, 1.0, 100.0):
        np.testing.assert_array_equal(run(scale * SEQUENCES[0]), halvings((scale * SEQUENCES[0]).numpy()))


@EXECUTIONS
def test_at_most_so_often_and_exactly_so_often(execution: str) -> None:
    bounded = nn.While(nn.Compute("x * 2"), condition="sum(x) > 0", max_iterations=3)
    exact = nn.While(nn.Compute("x * 2"), max_iterations=4)
    x = tf.constant([[1.0]])
    assert executed(lambda x: bounded(x), execution)(x).numpy() == 8
    assert executed(lambda x: exact(x), execution)(x).numpy() == 16


@EXECUTIONS
def test_the_gradient_goes_through_all_rounds(execution: str) -> None:
    network = nn.Network(
        [{"While": {"body": [{"Dense": 3, "name": "step"}, {"Activation": "tanh"}], "max_iterations": 3}}]
    )
    x = SEQUENCES[0]
    network(x)
    kernel, bias = network.trainable_variables

    def gradients(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(network(x) ** 2)
        return tape.gradient(loss, [kernel, bias])

    with tf.GradientTape() as tape:
        state = x
        for _ in range(3):
            state = tf.tanh(state @ kernel + bias)
        expected = tape.gradient(tf.reduce_sum(state**2), [kernel, bias])
    for one, other in zip(executed(gradients, execution)(x), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert [named.path for named in network.named_variables()] == ["while.step.kernel", "while.step.bias"]
    assert network.graph.macs() == 27


@EXECUTIONS
def test_it_reads_nodes_around_it(execution: str) -> None:
    network = nn.Network(
        [
            {"Variable": {"value": [0.5, 0.25, 2.0]}, "name": "factor"},
            {"Variable": {"value": 3.0}, "name": "limit"},
            {
                "While": {"condition": "sum(abs(x)) > limit", "body": [{"Compute": "input * 0.5 * factor"}]},
                "from": "input",
            },
        ]
    )
    x, expected = SEQUENCES[0], SEQUENCES[0].numpy()
    while np.abs(expected).sum() > 3:
        expected = expected * 0.5 * np.array([0.5, 0.25, 2.0], np.float32)
    np.testing.assert_allclose(executed(lambda x: network(x), execution)(x), expected, rtol=1e-6)


def test_every_round_and_every_run_draws_its_own_numbers_in_every_execution() -> None:
    network = nn.Network(
        [
            {"While": {"body": [{"Random": "normal", "name": "noise"}, {"Compute": "input + noise"}], "max_iterations": 3},
             "name": "walk"},
            {"share": "walk"},
            {"Random": "normal", "name": "last", "from": "input"},
            {"Compute": "[walk, share, last]", "name": "every"},
        ],
        outputs={"walk": "every.0", "again": "every.1", "last": "every.2"},
    )  # fmt: skip
    x = tf.zeros([2, 3])
    network(x)

    def run(x: tf.Tensor) -> Any:
        with forward_pass(3, tf.constant(5)):
            return network(x)

    eager = run(x)
    for execution in ("graph", "xla"):
        compiled = executed(run, execution)(x)
        for name, value in eager.items():
            np.testing.assert_allclose(compiled[name], value, rtol=1e-6)
    steps = [eager["walk"].numpy(), (eager["again"] - eager["walk"]).numpy(), eager["last"].numpy()]
    assert len(np.unique(np.concatenate(steps))) == 18
    one = nn.Network([{"While": {"body": [{"Random": "normal"}, {"Compute": "input + random"}], "max_iterations": 1}}])
    assert np.any(one(x).numpy() * 3 != eager["walk"].numpy())


@EXECUTIONS
def test_statistics_inside_move_once_a_round(execution: str) -> None:
    network = nn.Network([{"While": {"body": [{"BatchNormalization": {"momentum": 0.5}}], "max_iterations": 2}}])
    x = SEQUENCES[0] + 3.0
    network(x)
    executed(lambda x: network(x, training=True), execution)(x)
    mean, normalized = x.numpy().mean(0), 0.0
    expected = 0.5 * (0.5 * mean) + 0.5 * normalized
    np.testing.assert_allclose(network["while.batch_normalization"].moving_mean, expected, atol=1e-5)


def test_its_body_gives_what_it_reads() -> None:
    with pytest.raises(SpecError, match=r"the body of While must give what it reads, .*3.*, but gives .*2"):
        nn.While(nn.Dense(2))(tf.ones([2, 3]))


# Both.


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.TimeDistributed([{"Dense": 3}, "BatchNormalization"], seed=1),
        lambda: nn.While([nn.Dense(3)], condition="sum(abs(x)) > 1", max_iterations=4, seed=1),
        lambda: nn.Sequential(
            [nn.TimeDistributed(nn.Dense(3)), {"While": {"body": "x / 2", "max_iterations": 3}}], seed=1
        ),
    ],
    ids=["TimeDistributed", "While", "in a chain"],
)
def test_copies_descriptions_and_files(make: Any, tmp_path: Path) -> None:
    network = make()
    expected = network(SEQUENCES)
    paths = [(named.path, named.trainable) for named in network.named_variables()]
    for other in (copy.deepcopy(network), type(network).from_config(network.get_config())):
        other.load_state_dict(network.state_dict())
        np.testing.assert_array_equal(other(SEQUENCES), expected)
        assert [(named.path, named.trainable) for named in other.named_variables()] == paths
        assert other.graph.macs() == network.graph.macs()
        assert not {id(v) for v in other.variables} & {id(v) for v in network.variables}
    network.run = tf.function(lambda x: network(x), input_signature=[tf.TensorSpec([None, 5, 3])])
    tf.saved_model.save(network, str(tmp_path / "saved"))
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_allclose(loaded.run(SEQUENCES), expected, atol=1e-6)


def test_on_symbols() -> None:
    x = nn.Input([5, 3])
    network = nn.Network(x, nn.While(nn.Compute("x / 2"), max_iterations=2)(nn.TimeDistributed(nn.Dense(4))(x)), seed=1)
    dense = network["time_distributed.dense"]
    np.testing.assert_allclose(network(SEQUENCES), dense(SEQUENCES) / 4, atol=1e-6)
    assert network.graph.macs() == 5 * 3 * 4


def test_residual_and_parallel_among_layers() -> None:
    chain = nn.Sequential([nn.Dense(3), {"Residual": [{"Dense": 3}], "name": "skip"}, {"Parallel": {
        "branches": {"a": {"Dense": 2}, "b": ["Identity"]}, "merge": "Concatenate"}}], seed=1)  # fmt: skip
    x = SEQUENCES[0]
    output = chain(x)
    assert [named.path for named in chain.named_variables()][2::2] == ["skip.dense.kernel", "parallel.a.kernel"]
    hidden = chain["dense"](x)
    summed = hidden + chain["skip.dense"](hidden)
    np.testing.assert_allclose(output, tf.concat([chain["parallel.a"](summed), summed], axis=-1), atol=1e-6)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("x > 1", r"expected one truth value for the whole batch, such as 'sum\(abs\(x\)\) > 1', got"),
        ("sum(x)", r"expected one truth value for the whole batch, .*, got \(\) float32"),
        ("sum(x) > limit", "limit"),
        ("true", "the condition does not use 'x', what the last round gave"),
    ],
)
def test_a_condition_that_is_none_is_refused_before_it_runs(condition: str, message: str) -> None:
    layer = nn.While(nn.Compute("x / 2"), condition=condition)
    with pytest.raises(SpecError, match=message):
        layer(nn.Input([3]))
    with pytest.raises(SpecError, match=message):
        layer(tf.ones([2, 3]))


def test_a_condition_may_call_what_it_reads_input() -> None:
    halved = nn.While(nn.Compute("x / 2"), condition="sum(abs(x)) + sum(abs(input)) > 2")
    np.testing.assert_array_equal(halved(tf.constant([[3.0, 1.0]])), [[0.75, 0.25]])


def test_parameters_that_wrappers_do_not_have() -> None:
    with pytest.raises(UsageError, match="While has no parameter 'conditon'; did you mean 'condition'"):
        nn.While(nn.Compute("x / 2"), conditon="sum(x) > 1")
    with pytest.raises(UsageError, match="TimeDistributed has no parameter 'units'; it takes"):
        nn.TimeDistributed(nn.Dense(2), units=3)
    parameters = inspect.signature(nn.While).parameters
    assert list(parameters) == ["nodes", "condition", "max_iterations", "options"]
