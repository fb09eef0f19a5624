"""RNN over a cell of nodes: against our recurrent layers and Keras's with the same weights, and against loops in Python."""

from __future__ import annotations

import copy
import inspect
from pathlib import Path
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
from netlib.spec.tensors import TensorSpec


def numbers(*shape: int, seed: int = 0) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).normal(0.2, 0.9, shape), tf.float32)


SEQUENCES = numbers(2, 5, 3)


def executed(function: Any, execution: str) -> Any:
    return function if execution == "eager" else tf.function(function, jit_compile=execution == "xla", autograph=False)


EXECUTIONS = pytest.mark.parametrize("execution", ["eager", "graph", "xla"])


def simple(units: int) -> dict[str, Any]:
    nodes = [
        {"Dense": units, "from": "step", "name": "fresh"},
        {"Dense": {"units": units, "use_bias": False}, "from": "h", "name": "kept"},
        {"Compute": "tanh(fresh + kept)", "name": "new"},
    ]
    return {"Network": {"inputs": ["step", "h"], "nodes": nodes, "outputs": {"output": "new", "h": "new"}}}


def lstm(units: int) -> dict[str, Any]:
    nodes = [
        {"Dense": 4 * units, "from": "step", "name": "fresh"},
        {"Dense": {"units": 4 * units, "use_bias": False}, "from": "h", "name": "kept"},
        {"Add": {}, "from": ["fresh", "kept"], "name": "sum_of_gates"},
        {"Split": 4, "name": "gates"},
        {"Compute": "sigmoid(f) * c + sigmoid(i) * tanh(g)", "name": "cell",
         "from": {"i": "gates.0", "f": "gates.1", "g": "gates.2", "c": "c"}},
        {"Compute": "sigmoid(o) * tanh(cell)", "from": {"o": "gates.3", "cell": "cell"}, "name": "shown"},
    ]  # fmt: skip
    outputs = {"output": "shown", "h": "shown", "c": "cell"}
    return {"Network": {"inputs": ["step", "h", "c"], "nodes": nodes, "outputs": outputs}}


def gru(units: int) -> dict[str, Any]:
    nodes = [
        {"Dense": 3 * units, "from": "step", "name": "fresh"},
        {"Dense": 3 * units, "from": "h", "name": "kept"},
        {"Split": 3, "from": "fresh", "name": "xs"},
        {"Split": 3, "from": "kept", "name": "hs"},
        {"Compute": "sigmoid(a + b)", "from": {"a": "xs.0", "b": "hs.0"}, "name": "z"},
        {"Compute": "tanh(a + sigmoid(b + c) * d)", "name": "candidate",
         "from": {"a": "xs.2", "b": "xs.1", "c": "hs.1", "d": "hs.2"}},
        {"Compute": "z * h + (1 - z) * candidate", "name": "new"},
    ]  # fmt: skip
    return {"Network": {"inputs": ["step", "h"], "nodes": nodes, "outputs": {"output": "new", "h": "new"}}}


CELLS: dict[str, Any] = {"SimpleRNN": (simple, ["h"]), "LSTM": (lstm, ["h", "c"]), "GRU": (gru, ["h"])}


def with_weights_of(name: str, rnn: nn.RNN, layer: Any) -> None:
    """Gives the nodes the weights of a recurrent layer."""
    kernel, recurrent, bias = (tf.convert_to_tensor(variable) for variable in layer.weights_in_order)
    named = {each.path.partition(".")[2]: each.variable for each in rnn.named_variables()}
    named["fresh.kernel"].assign(kernel)
    named["kept.kernel"].assign(recurrent)
    named["fresh.bias"].assign(bias[0] if name == "GRU" else bias)
    if name == "GRU":
        named["kept.bias"].assign(bias[1])


class _Ours:
    """A layer of ours as the oracle."""

    def __init__(self, name: str, units: int, **options: bool) -> None:
        self.layer = getattr(nn, name)(units, **options)
        self.layer(SEQUENCES)

    @property
    def weights_in_order(self) -> list[Any]:
        return [self.layer.kernel, self.layer.recurrent_kernel, self.layer.bias]

    def __call__(self, sequence: tf.Tensor, initial: list[tf.Tensor], mask: Any) -> list[tf.Tensor]:
        return list(self.layer(sequence, *initial, mask=mask).values())


class _Keras:
    """A layer of Keras's."""

    def __init__(self, name: str, units: int, **options: bool) -> None:
        self.layer = getattr(keras.layers, name)(units, return_state=True, **options)
        self.layer(SEQUENCES)

    @property
    def weights_in_order(self) -> list[Any]:
        return list(self.layer.weights[:3])

    def __call__(self, sequence: tf.Tensor, initial: list[tf.Tensor], mask: Any) -> list[tf.Tensor]:
        return list(self.layer(sequence, initial_state=initial or None, mask=mask))


def results(call: Any, sequence: tf.Tensor, initial: list[tf.Tensor], mask: Any, weights: list[Any]) -> list[Any]:
    """All that it gives, and gradients of a nonlinear function of that by what it reads and by its weights."""
    read = [sequence, *initial]
    with tf.GradientTape() as tape:
        tape.watch(read)
        given = call(sequence, initial, mask)
        loss = tf.add_n([tf.reduce_sum(tf.sin(part) * (i + 1.0)) for i, part in enumerate(given)])
    return [*given, *tape.gradient(loss, [*read, *weights], unconnected_gradients="zero")]


def compare(case: dict[str, Any], oracle: Any, execution: str = "eager") -> None:
    name, units, seed = case["name"], case["units"], case["seed"]
    make, states = CELLS[name]
    options = {key: case[key] for key in ("return_sequences", "go_backwards")}
    rnn = nn.RNN(make(units), state=dict.fromkeys(states, units), **options)
    rnn(SEQUENCES)
    theirs = oracle(name, units, **options)
    for place, variable in enumerate(theirs.weights_in_order):
        variable.assign(numbers(*variable.shape, seed=seed + place))
    with_weights_of(name, rnn, theirs)
    sequence = numbers(2, case["length"], 3, seed=seed)
    initial = [numbers(2, units, seed=seed + 7 + i) for i in range(len(states))] if case["initial"] else []
    mask = None
    if case["mask"]:
        mask = tf.constant(np.random.default_rng(seed).random((2, case["length"])) > 0.4)
    weights = [each.path.partition(".")[2] for each in rnn.named_variables()]
    variables = {each.path.partition(".")[2]: each.variable for each in rnn.named_variables()}

    def run(sequence: tf.Tensor, *initial: tf.Tensor) -> Any:
        call = lambda sequence, initial, mask: list(rnn(sequence, *initial, mask=mask).values())  # noqa: E731
        return results(call, sequence, list(initial), mask, [variables[each] for each in weights])

    actual = executed(run, execution)(sequence, *initial)
    sources = [each.value if isinstance(each, keras.Variable) else each for each in theirs.weights_in_order]
    *shared, by_kernel, by_recurrent, by_bias = results(theirs, sequence, initial, mask, sources)
    expected = {"fresh.kernel": by_kernel, "kept.kernel": by_recurrent}
    expected["fresh.bias"] = by_bias[0] if name == "GRU" else by_bias
    expected["kept.bias"] = by_bias[1] if name == "GRU" else None
    for one, other in zip(actual, [*shared, *(expected[each] for each in weights)], strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5)


@st.composite
def situations(draw: Any) -> dict[str, Any]:
    flags = {key: draw(st.booleans()) for key in ("return_sequences", "go_backwards", "initial", "mask")}
    name = draw(st.sampled_from(list(CELLS)))
    return {**flags, "name": name, "units": draw(st.integers(1, 4)), "length": draw(st.integers(1, 5)),
            "seed": draw(st.integers(0, 99))}  # fmt: skip


@settings(max_examples=12)
@given(situations())
def test_a_cell_of_nodes_is_our_layer(case: dict[str, Any]) -> None:
    compare(case, _Ours)


@settings(max_examples=12)
@given(situations())
def test_a_cell_of_nodes_is_keras_s_layer(case: dict[str, Any]) -> None:
    compare(case, _Keras)


WHOLE = {
    "return_sequences": True,
    "go_backwards": True,
    "initial": True,
    "mask": True,
    "units": 3,
    "length": 5,
    "seed": 4,
}


@pytest.mark.parametrize(
    ("name", "execution"),
    [
        ("SimpleRNN", "xla"),
        ("LSTM", "graph"),
        ("GRU", "graph"),
        pytest.param("LSTM", "xla", marks=pytest.mark.slow),
        pytest.param("GRU", "xla", marks=pytest.mark.slow),
    ],
)
def test_it_is_the_same_in_every_execution(name: str, execution: str) -> None:
    compare({**WHOLE, "name": name}, _Ours, execution)


def test_the_output_need_not_be_a_state() -> None:
    rnn = nn.RNN({"Network": {"inputs": ["step", "h"], "nodes": [
        {"Compute": "h + step", "name": "new"}, {"Compute": "concatenate([new, step])", "name": "both"}],
        "outputs": {"both": "both", "h": "new"}}}, state={"h": 3}, return_sequences=True)  # fmt: skip
    mask = tf.constant([[False, True, False, True, True], [True, True, False, False, False]])
    output, h = rnn(SEQUENCES, mask=mask).values()
    x, expected = SEQUENCES.numpy(), np.zeros([2, 5, 6], np.float32)
    for row in range(2):
        state, shown = np.zeros(3, np.float32), np.zeros(6, np.float32)
        for place in range(5):
            if mask[row, place]:
                state = state + x[row, place]
                shown = np.concatenate([state, x[row, place]])
            expected[row, place] = shown
        np.testing.assert_allclose(h[row], state, rtol=1e-6)
    np.testing.assert_allclose(output, expected, rtol=1e-6)


@pytest.mark.parametrize("go_backwards", [False, True])
def test_masks_go_on_with_all_outputs(go_backwards: bool) -> None:
    def network(**options: bool) -> nn.Network:
        rnn = {"cell": {"Compute": "x + h"}, "state": {"h": 3}, "go_backwards": go_backwards, **options}
        nodes = [{"Embedding": {"input_dim": 5, "output_dim": 3, "mask_zero": True}}, {"RNN": rnn}]
        return nn.Network(nodes, inputs={"text": {"shape": [3], "dtype": "int32"}})

    every, last = network(return_sequences=True), network()
    every(tf.constant([[1, 2, 0]]))
    last(tf.constant([[1, 2, 0]]))
    expected = [[False, True, True]] if go_backwards else [[True, True, False]]
    np.testing.assert_array_equal(every.output_masks["output"], expected)
    assert last.output_masks == {}


@EXECUTIONS
def test_states_of_any_shape_and_convolutions(execution: str) -> None:
    nodes = [
        {"Conv2D": {"filters": 2, "kernel_size": 3, "padding": "same"}, "from": "step", "name": "fresh"},
        {"Conv2D": {"filters": 2, "kernel_size": 3, "padding": "same"}, "from": "h", "name": "kept"},
        {"Compute": "tanh(fresh + kept)", "name": "new"},
    ]
    cell = {"Network": {"inputs": ["step", "h"], "nodes": nodes, "outputs": {"output": "new", "h": "new"}}}
    rnn = nn.RNN(cell, state={"h": [4, 4, 2]}, seed=1)
    images = numbers(2, 3, 4, 4, 1)
    rnn(images)
    named = {each.path: each.variable for each in rnn.named_variables()}
    state = tf.zeros([2, 4, 4, 2])
    for place in range(3):
        fresh = tf.nn.conv2d(images[:, place], named["network.fresh.kernel"], 1, "SAME")
        state = tf.tanh(fresh + tf.nn.conv2d(state, named["network.kept.kernel"], 1, "SAME"))
    np.testing.assert_allclose(executed(lambda x: rnn(x)["output"], execution)(images), state, atol=1e-5)


@EXECUTIONS
@pytest.mark.parametrize("time", [5, None])
def test_every_step_draws_its_own_numbers_in_every_execution(execution: str, time: int | None) -> None:
    nodes = [{"Random": "normal", "name": "noise", "from": "step"}, {"Compute": "h + noise", "name": "new"}]
    cell = {"Network": {"inputs": ["step", "h"], "nodes": nodes, "outputs": {"output": "noise", "h": "new"}}}
    rnn = nn.RNN(cell, state={"h": 3}, return_sequences=True)
    rnn(SEQUENCES)

    def run(x: tf.Tensor) -> Any:
        with forward_pass(3, tf.constant(5)):
            return rnn(x)["output"]

    once = run(SEQUENCES)
    assert len(np.unique(once)) == 2 * 5 * 3
    signature = [tf.TensorSpec([2, time, 3])]
    compiled = tf.function(run, input_signature=signature, jit_compile=execution == "xla", autograph=False)
    np.testing.assert_allclose(run(SEQUENCES) if execution == "eager" else compiled(SEQUENCES), once, rtol=1e-6)


def test_the_training_flag_and_statistics_reach_the_cell() -> None:
    nodes = [{"BatchNormalization": {"momentum": 0.5}, "from": "step", "name": "scaled"},
             {"Dropout": 0.5}, {"Compute": "dropout + h", "name": "new"}]  # fmt: skip
    cell = {"Network": {"inputs": ["step", "h"], "nodes": nodes, "outputs": "new"}}
    rnn = nn.RNN(cell, state={"h": 3})
    calm = rnn(SEQUENCES)["output"]
    np.testing.assert_array_equal(rnn(SEQUENCES)["output"], calm)
    rnn(SEQUENCES, training=True)
    mean = np.zeros(3)
    for place in range(5):
        mean = 0.5 * mean + 0.5 * SEQUENCES.numpy()[:, place].mean(0)
    np.testing.assert_allclose(rnn["network.scaled"].moving_mean, mean, rtol=1e-5)
    assert np.any(rnn(SEQUENCES, training=True)["output"] != rnn(SEQUENCES, training=True)["output"])


@EXECUTIONS
def test_it_reads_nodes_around_it(execution: str) -> None:
    network = nn.Network(
        [
            {"Variable": {"value": [0.5, 0.25, 2.0]}, "name": "factor"},
            {"Compute": "max(input, axis=1)", "name": "top"},
            {
                "RNN": {"cell": {"Sequential": [{"Compute": "(x + h) * factor + top"}]}, "state": {"h": 3}},
                "from": "input",
            },
        ]
    )
    network(SEQUENCES)

    def gradients(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            given = network(x)
        return given, *tape.gradient(given, [x, *network.trainable_variables])

    factor = network.trainable_variables[0]
    with tf.GradientTape() as tape:
        tape.watch(SEQUENCES)
        state, top = tf.zeros([2, 3]), tf.reduce_max(SEQUENCES, 1)
        for place in range(5):
            state = (SEQUENCES[:, place] + state) * factor + top
    expected = state, *tape.gradient(state, [SEQUENCES, factor])
    for one, other in zip(executed(gradients, execution)(SEQUENCES), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("time", [5, None])
def test_its_static_shape(time: int | None) -> None:
    rnn = nn.RNN(simple(4), state={"h": 4}, return_sequences=True)
    static = rnn.static(TensorSpec((None, time, 3)))
    assert static.inputs == ("sequence",)
    assert static.outputs == {"output": TensorSpec((None, time, 4)), "h": TensorSpec((None, 4))}
    assert static.macs == (5 * (3 * 4 + 4 * 4) if time else None)
    assert rnn.count((None, time, 3)) == 3 * 4 + 4 + 16
    traced = tf.function(lambda x: rnn(x), input_signature=[tf.TensorSpec([None, time, 3])], autograph=False)
    output = traced.get_concrete_function().structured_outputs["output"]
    assert tuple(output.shape) == (None, time, 4)
    for length in (5, *([] if time else [1])):
        given = traced(SEQUENCES[:, :length])
        assert given["output"].shape == (2, length, 4)
        np.testing.assert_allclose(given["h"], rnn(SEQUENCES[:, :length])["h"], atol=1e-6)
    assert rnn.graph.macs() == static.macs


def test_mixed_precision() -> None:
    rnn = nn.RNN(simple(4), state={"h": 4}, dtype="mixed_bfloat16", seed=1)
    given = rnn(SEQUENCES, tf.ones([2, 4]))
    assert {value.dtype for value in given.values()} == {tf.bfloat16}
    assert {variable.dtype for variable in rnn.variables} == {tf.float32}
    wide = nn.RNN(simple(4), state={"h": 4}, seed=1)(SEQUENCES, tf.ones([2, 4]))
    np.testing.assert_allclose(tf.cast(given["h"], tf.float32), wide["h"], atol=0.05)


class Leaky(nn.Layer[Any]):
    """A cell written by hand."""

    def build(self, step: Any, h: Any) -> None:
        self.kernel = self.add_weight("kernel", [step[-1], h[-1]])

    def call(self, step: tf.Tensor, h: tf.Tensor) -> dict[str, tf.Tensor]:
        new = 0.5 * h + step @ self.kernel
        return {"output": tf.nn.relu(new), "h": new}


class TwoStates(nn.Layer[Any]):
    """One that forgets a state."""

    def call(self, step: tf.Tensor, h: tf.Tensor, c: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"output": h + c, "h": h}


def joined_cell() -> nn.Network:
    step, h = nn.Input([3], name="step"), nn.Input([4], name="h")
    return nn.Network([step, h], nn.Add()(nn.Dense(4, name="fresh")(step), h), name="cell")


@pytest.mark.parametrize(
    ("make", "paths"),
    [
        (Leaky, ["leaky.kernel"]),
        (joined_cell, ["cell.fresh.kernel", "cell.fresh.bias"]),
        (
            lambda: nn.Network(
                [{"Dense": 4, "from": "step"}, {"Add": {}, "from": ["previous", "h"]}],
                inputs={"h": {"shape": [4]}, "step": {"shape": [3]}}, name="other",
            ),
            None,
        ),
    ],
    ids=["by hand", "joined", "in another order"],
)  # fmt: skip
def test_layers_as_cells(make: Any, paths: list[str] | None) -> None:
    rnn = nn.RNN(make(), state={"h": 4}, seed=1)
    if paths is None:
        with pytest.raises(
            SpecError, match=r"rnn's cell other reads h, step: the step, and then it is to read the states"
        ):
            rnn(SEQUENCES)
        return
    output, h = rnn(SEQUENCES).values()
    assert [named.path for named in rnn.named_variables()] == paths
    kernel, state = rnn.variables[0], tf.zeros([2, 4])
    for place in range(5):
        state = (0.5 if make is Leaky else 1.0) * state + SEQUENCES[:, place] @ kernel
    np.testing.assert_allclose(h, state, rtol=1e-5)
    np.testing.assert_allclose(output, tf.nn.relu(state) if make is Leaky else state, rtol=1e-5)


def test_a_layer_of_the_catalogue_as_the_cell() -> None:
    rnn = nn.RNN(nn.Add(), state={"total": 3}, return_sequences=True)
    np.testing.assert_allclose(rnn(SEQUENCES)["output"], tf.cumsum(SEQUENCES, 1), rtol=1e-5)


def test_on_symbols_and_in_chains() -> None:
    x, start = nn.Input([5, 3], name="x"), nn.Input([4], name="start")
    given = nn.RNN(simple(4), state={"h": 4}, name="memory")(x, start)
    network = nn.Network([x, start], {"last": given["h"], "out": nn.Dense(2)(given["output"])}, seed=1)
    assert network.graph.macs() == 5 * (12 + 16) + 8
    assert network({"x": SEQUENCES, "start": tf.ones([2, 4])})["out"].shape == (2, 2)
    chain = nn.Sequential([nn.Dense(3), nn.RNN(simple(4), state={"h": 4}), nn.Dense(2)])
    assert chain(SEQUENCES).shape == (2, 2)
    written = nn.Sequential([nn.Dense(2), {"RNN": {"cell": {"Compute": "x + s"}, "state": {"s": 2}}}])
    np.testing.assert_allclose(written(SEQUENCES), tf.reduce_sum(written["dense"](SEQUENCES), 1), rtol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.RNN(lstm(4), state={"h": 4, "c": 4}, go_backwards=True, seed=1),
        lambda: nn.RNN(joined_cell(), state={"h": 4}, return_sequences=True, seed=1),
        lambda: nn.Network([{"Dense": 3}, {"RNN": {"cell": simple(4), "state": {"h": 4}}}], seed=1),
    ],
    ids=["written", "joined", "in a network"],
)
def test_copies_descriptions_and_files(make: Any, tmp_path: Path) -> None:
    network = make()
    expected = tf.nest.flatten(network(SEQUENCES))
    paths = [(named.path, named.trainable) for named in network.named_variables()]
    for other in (copy.deepcopy(network), type(network).from_config(network.get_config())):
        other.load_state_dict(network.state_dict())
        for one, two in zip(tf.nest.flatten(other(SEQUENCES)), expected, strict=True):
            np.testing.assert_array_equal(one, two)
        assert [(named.path, named.trainable) for named in other.named_variables()] == paths
        assert other.graph.macs() == network.graph.macs()
    network.run = tf.function(lambda x: network(x), input_signature=[tf.TensorSpec([None, 5, 3])])
    tf.saved_model.save(network, str(tmp_path / "saved"))
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    for one, two in zip(tf.nest.flatten(loaded.run(SEQUENCES)), expected, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


def test_what_it_refuses() -> None:
    with pytest.raises(
        SpecError, match=r"RNN needs an input of rank 3 or more, \(batch, time, ...\), got \(batch, 3\)"
    ):
        nn.RNN(simple(3), state={"h": 3})(tf.ones([2, 3]))
    with pytest.raises(SpecError, match="RNN needs 'state'"):
        nn.RNN(simple(3))
    with pytest.raises(SpecError, match="rnn reads sequence, and may read h and c, got 2 inputs"):
        nn.RNN(lstm(3), state={"h": 3, "c": 3})(SEQUENCES, tf.ones([2, 3]))
    with pytest.raises(SpecError, match="rnn has the inputs sequence, h; got sequence, hh"):
        nn.RNN(simple(3), state={"h": 3})({"sequence": SEQUENCES, "hh": tf.ones([2, 3])})
    with pytest.raises(SpecError, match=r"the state 'h' is \(batch, 4\) float32, but for the next step the cell gives"):
        nn.RNN(simple(3), state={"h": 4})(SEQUENCES)
    with pytest.raises(SpecError, match=r"the state 'h' is \(batch, 3\) float32, but for the next step the cell gives"):
        nn.RNN(nn.Concatenate(), state={"h": 3})(SEQUENCES)
    with pytest.raises(SpecError, match="no port of TwoStates gives the next state 'c'"):
        nn.RNN(TwoStates(), state={"h": 4, "c": 4})(SEQUENCES)
    with pytest.raises(UsageError, match="rnn runs one cell, got 2; join its layers"):
        nn.RNN([nn.Dense(3), nn.Dense(3)], state={"h": 3})(SEQUENCES)
    with pytest.raises(UsageError, match="RNN has no parameter 'unroll'; it takes"):
        nn.RNN(simple(3), state={"h": 3}, unroll=True)
    with pytest.raises(
        SpecError, match="dense reads input: the step, and then it is to read the states by their names, h"
    ):
        nn.RNN(nn.Dense(3), state={"h": 3})(SEQUENCES)
    parameters = inspect.signature(nn.RNN).parameters
    assert list(parameters) == ["nodes", "state", "return_sequences", "go_backwards", "options"]
