"""Steps of several phases, against a loop by hand, and from any chunks; what is logged, drawn, left out and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib.spec.errors import SpecError, UsageError
from netlib.training.learning import UntrainedWarning
from netlib.training.loop import Block, DeviceData
from netlib.training.model import Model
from netlib.training.samples import samples_of

BATCH, TIMES, STEPS, ROWS = 8, 3, 4, 8 * 4 * 4 + 5
DRAW = np.random.default_rng(8)
DATA = {
    "real": DRAW.normal(size=(ROWS, 2)).astype(np.float32),
    "z": DRAW.normal(size=(ROWS, 3)).astype(np.float32),
}
WEIGHTS = DRAW.uniform(0.1, 2, ROWS).astype(np.float32)
NODES = [
    {"Dense": 2, "from": "z", "name": "generator"},
    {
        "Sequential": [{"Dense": {"units": 4, "activation": "tanh"}, "name": "a"}, {"Dense": 1, "name": "b"}],
        "from": "real",
        "name": "critic",
    },
    {"share": "critic", "from": "generator", "name": "drawn"},
    {"Compute": "0.3 * real + 0.7 * generator", "from": {"real": "real", "generator": "generator"}, "name": "between"},
    {"share": "critic", "name": "score"},
]
OUTPUTS = ["generator", "critic", "drawn", "between", "score"]
PENALTY = "mean((norm(gradient(score, between)) - 1) ** 2)"
CRITIC = {
    "trains": "critic.**",
    "times": TIMES,
    "loss": {"distance": {"Compute": "mean(drawn) - mean(critic)"}, "slope": {"Compute": PENALTY, "weight": 2.0}},
    "optimizer": {"Adam": {"learning_rate": 0.01, "beta_1": 0.0, "beta_2": 0.9}},
    "clip": {"global_norm": 1.0},
}
GENERATOR = {
    "trains": "generator.**",
    "loss": {"Compute": "-mean(drawn)"},
    "optimizer": {"SGD": {"learning_rate": 0.05, "momentum": 0.5}},
}


def players(*phases: Any, nodes: Any = None, **keys: Any) -> Model:
    made = Model(nodes or NODES, OUTPUTS, inputs={"real": {"shape": [2]}, "z": {"shape": [3]}}, seed=4)
    keys = {"execution": "graph", **keys}
    made.compile(phases=list(phases or (CRITIC, GENERATOR)), **keys)
    return made


def trained(made: Model, epochs: int = 2, **options: Any) -> Any:
    return made.fit(DATA, epochs=epochs, batch_size=BATCH, shuffle=False, verbose=False, **options)


class ByHand:
    """The same players in TensorFlow alone, with weights of their own."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = {path: tf.Variable(value) for path, value in weights.items()}
        critic, generator = ([v for p, v in self.weights.items() if p.startswith(n)] for n in ("critic", "generator"))
        self.players = {"critic": critic, "generator": generator}
        self.optimizers = {
            "critic": keras.optimizers.Adam(0.01, beta_1=0.0, beta_2=0.9),
            "generator": keras.optimizers.SGD(0.05, momentum=0.5),
        }

    def critic(self, x: tf.Tensor) -> tf.Tensor:
        w = self.weights
        hidden = tf.tanh(x @ w["critic.a.kernel"] + w["critic.a.bias"])
        return hidden @ w["critic.b.kernel"] + w["critic.b.bias"]

    def loss(self, player: str, real: tf.Tensor, z: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        def mean(values: tf.Tensor) -> tf.Tensor:
            return tf.reduce_sum(values * weights) / tf.reduce_sum(weights)

        fake = z @ self.weights["generator.kernel"] + self.weights["generator.bias"]
        drawn = mean(self.critic(fake)[:, 0])
        if player == "generator":
            return -drawn
        with tf.GradientTape() as tape:
            between = 0.3 * real + 0.7 * fake
            tape.watch(between)
            score = self.critic(between)
        length = tf.sqrt(tf.reduce_sum(tape.gradient(score, between) ** 2, axis=-1))
        return drawn - mean(self.critic(real)[:, 0]) + 2 * mean((length - 1) ** 2)

    def update(self, player: str, start: int, weights: np.ndarray) -> float:
        part = slice(start, start + BATCH)
        with tf.GradientTape() as tape:
            loss = self.loss(player, DATA["real"][part], DATA["z"][part], weights[part])
        gradients = tape.gradient(loss, self.players[player])
        if player == "critic":
            gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
        self.optimizers[player].apply_gradients(zip(gradients, self.players[player], strict=True))
        return float(loss)


@pytest.mark.parametrize(
    ("execution", "with_weights"),
    [("graph", True), ("eager", False), pytest.param("xla", False, marks=pytest.mark.slow)],
)
def test_it_is_the_loop_by_hand(execution: str, with_weights: bool) -> None:
    made = players(execution=execution)
    made.predict({name: array[:1] for name, array in DATA.items()})
    by_hand = ByHand(made.state_dict())
    weights = WEIGHTS if with_weights else np.ones(ROWS, np.float32)
    history = trained(made, sample_weight=weights if with_weights else None)
    for record in history:
        losses: dict[str, list[float]] = {"critic": [], "generator": []}
        for step in range(STEPS):
            for place, player in enumerate(["critic"] * TIMES + ["generator"]):
                start = BATCH * (step * (TIMES + 1) + place)
                losses[player].append(by_hand.update(player, start, weights))
        if not with_weights:
            logged = {name: record["train"][f"{name}_loss"] for name in losses}
            assert logged == pytest.approx({name: np.mean(values) for name, values in losses.items()}, rel=1e-4)
            assert record["train"]["loss"] == pytest.approx(sum(logged.values()), rel=1e-5)
    for path, value in made.state_dict().items():
        np.testing.assert_allclose(value, by_hand.weights[path], rtol=1e-5, atol=1e-6, err_msg=path)


NOISY = [
    {"Random": {"shape": [3]}, "from": "z", "name": "noise"},
    {"BatchNormalization": None, "from": "noise", "name": "statistics"},
    {"Dense": 2, "name": "generator"},
    *NODES[1:],
]


def noisy(execution: str) -> Model:
    return players(
        CRITIC, {**GENERATOR, "trains": ["generator.**", "statistics"], "name": "g"}, nodes=NOISY, execution=execution
    )


@pytest.mark.parametrize("execution", ["graph", pytest.param("xla", marks=pytest.mark.slow)])
def test_the_bits_do_not_depend_on_the_chunks(execution: str) -> None:
    made = noisy(execution)
    trainer, samples = made.trainer, samples_of(made, DATA, None, None)
    assert trainer is not None
    engine, rows = trainer.engine(samples, BATCH), BATCH * (TIMES + 1)
    block = Block(DeviceData(samples).tensors, tf.range(ROWS // rows * rows), rows, 0, ROWS // rows)
    named = list(made.named_variables())
    variables = {**{each.path: each.variable for each in named}, **trainer.optimizer.named_slots(named)}
    assert {
        "critic/iterations",
        "g/momentums/statistics.gamma",
        "critic/velocities/critic.a.kernel",
    } <= variables.keys()
    first = {name: variable.numpy() for name, variable in variables.items()}
    ends = []
    for pieces in ([4], [1, 2, 1]):
        for name, variable in variables.items():
            variable.assign(first[name])
        done = 0
        for length in pieces:
            engine.loop.run(block, done, done + length, done)
            done += length
        ends.append({name: variable.numpy() for name, variable in variables.items()})
    assert ends[0]["critic/iterations"] == TIMES * STEPS
    for name, value in ends[0].items():
        np.testing.assert_array_equal(value, ends[1][name], err_msg=name)


@pytest.mark.parametrize("execution", ["graph", pytest.param("xla", marks=pytest.mark.slow)])
def test_saved_and_loaded_it_goes_on_to_the_same_bits(execution: str, tmp_path: Path) -> None:
    made = noisy(execution)
    trained(made, 1)
    made.save(tmp_path / "saved")
    loaded = Model.load(tmp_path / "saved")
    for each in (made, loaded):
        trained(each, 1)
    for path, value in made.state_dict().items():
        np.testing.assert_array_equal(loaded.state_dict()[path], value, err_msg=path)


def test_each_batch_draws_numbers_of_its_own() -> None:
    """As many different means of the noise as there are batches; drawn as by steps of one batch each."""
    nodes = [{"Random": {"shape": [3]}, "from": "z", "name": "noise"}, {"Dense": 2, "name": "generator"}, *NODES[1:]]
    draws: list[np.ndarray] = []
    made = players(nodes=nodes, execution="eager")
    made.predict({name: array[:1] for name, array in DATA.items()})
    layer = made.layer("noise")
    call = layer.call
    layer.call = lambda *inputs, **options: draws.append(call(*inputs, **options)) or draws[-1]
    trained(made, 1)
    values = [each.numpy().tobytes() for each in draws if isinstance(each, tf.Tensor) and hasattr(each, "numpy")]
    assert len(values) == len(set(values)) == STEPS * (TIMES + 1)


def test_rows_that_fill_no_step_are_left_out_and_come_in_by_another_order() -> None:
    made = players()
    (record,) = trained(made, 1)
    assert record["step"] == STEPS
    one = {name: array[: BATCH * 4 - 1] for name, array in DATA.items()}
    with pytest.raises(
        UsageError, match="nothing to train on: 31 samples, a step takes 32 and smaller ones are dropped"
    ):
        made.fit(one, batch_size=BATCH, verbose=False)


def test_batches_of_a_stream_are_taken_in_turns() -> None:
    batches = tf.data.Dataset.from_tensor_slices(DATA).batch(BATCH)
    streamed, given = players(), players()
    history = streamed.fit(batches, epochs=2, verbose=False)
    trained(given)
    assert [record["step"] for record in history] == [STEPS, 2 * STEPS]
    for path, value in given.state_dict().items():
        np.testing.assert_array_equal(streamed.state_dict()[path], value, err_msg=path)


def test_validation_has_the_losses_of_all_players_and_penalties_are_in_each() -> None:
    nodes = [{"Dense": {"units": 2, "kernel_regularizer": {"L2": 0.5}}, "from": "z", "name": "generator"}, *NODES[1:]]
    still = [{**phase, "optimizer": {"SGD": {"learning_rate": 1e-30}}} for phase in (CRITIC, GENERATOR)]
    made, plain = players(*still, nodes=nodes), players(*still)
    (record,) = made.fit(DATA, batch_size=BATCH, shuffle=False, validation_data=(DATA, None), verbose=False)
    bare = plain.evaluate(DATA, batch_size=BATCH)
    penalty = 0.5 * float((made.state_dict()["generator.kernel"] ** 2).sum())
    shares = {"loss": 2, "critic_loss": 1, "critic_distance_loss": 0, "critic_slope_loss": 0, "generator_loss": 1}
    expected = {name: bare[name] + share * penalty for name, share in shares.items()}
    assert record["validation"] == pytest.approx(expected, rel=1e-5)
    assert record["train"].keys() == expected.keys()
    assert record["train"]["critic_loss"] == pytest.approx(
        record["train"]["critic_distance_loss"] + 2 * record["train"]["critic_slope_loss"] + penalty, rel=1e-5
    )


def products(made: Model, phase: int) -> int:
    """Matrix products in the backward pass of one phase, as it is traced."""
    trainer = made.trainer
    assert trainer is not None
    samples = samples_of(made, DATA, None, None)
    update = trainer.engine(samples, BATCH).loop.step.phases[phase].update
    tensors = tf.nest.map_structure(lambda array: array[:BATCH], {"inputs": dict(DATA), "targets": {}})
    batch = {**tf.nest.map_structure(tf.constant, tensors), "weights": None}
    traced = tf.function(
        lambda: update(batch, BATCH, tf.constant(0, tf.int64)), autograph=False
    ).get_concrete_function()
    backward = (each for each in traced.graph.get_operations() if each.name.startswith("gradient_tape"))
    return sum(operation.type == "MatMul" for operation in backward)


def test_nothing_is_computed_for_the_weights_of_the_other_player() -> None:
    made = players({**CRITIC, "loss": {"Compute": "mean(critic + 0 * score)"}}, GENERATOR)
    assert products(made, 1) == 2 + 1  # back through both layers of the critic, and the generator's kernel
    assert products(made, 0) == 2 * (2 + 1)  # for each of two runs both kernels, and once from layer to layer


def test_a_weight_may_be_trained_in_several_phases() -> None:
    both = {**GENERATOR, "name": "both", "trains": ["generator", "critic"]}
    made = players(CRITIC, both)
    trained(made, 1)
    trainer = made.trainer
    assert trainer is not None
    slots = trainer.optimizer.named_slots(list(made.named_variables()))
    assert {"critic/momentums/critic.a.kernel", "both/momentums/critic.a.kernel"} <= slots.keys()


def test_one_step_on_a_batch() -> None:
    made = players()
    logs = made.train_on_batch({name: array[:32] for name, array in DATA.items()})
    assert logs.keys() == {"loss", "critic_loss", "critic_distance_loss", "critic_slope_loss", "generator_loss"}
    with pytest.raises(UsageError, match="takes 4 batches of equal size, and 30 rows cannot be divided so"):
        made.train_on_batch({name: array[:30] for name, array in DATA.items()})


def test_rates_are_set_together_and_that_of_the_first_phase_is_logged() -> None:
    made = players()
    (record,) = trained(made, 1)
    assert record["learning_rate"] == pytest.approx(0.01)
    trainer = made.trainer
    assert trainer is not None
    trainer.optimizer.learning_rate = 0.002
    assert float(trainer.optimizer["generator"].learning_rate) == pytest.approx(0.01)
    assert float(made.optimizer.learning_rate) == pytest.approx(0.002)


def test_what_is_refused() -> None:
    with pytest.raises(SpecError, match="optimizer: cannot stand beside 'phases'"):
        players(optimizer="SGD")
    made = players({**CRITIC, "trains": "critc.**", "name": "critic"}, GENERATOR)
    with pytest.raises(
        SpecError, match=r"phases.0.trains.0: the selector 'critc.\*\*' fits none .* did you mean 'critic.\*\*'"
    ):
        trained(made)
    made = players()
    made.predict({name: array[:1] for name, array in DATA.items()})
    made.freeze("critic")
    with pytest.raises(UsageError, match=r"phase 'critic' has nothing to train: all that critic.\*\* fits is frozen"):
        trained(made)
    with pytest.raises(UsageError, match="is trained in phases, so there is no one loss to take the gradients of"):
        players().gradients(DATA)
    narrow = [{**NODES[0], "dtype": "mixed_float16"}, *NODES[1:]]
    with pytest.raises(UsageError, match=r"train.phases cannot scale a loss, .* and a layer of .* computes in it"):
        trained(players(nodes=narrow))


def test_a_phase_whose_loss_does_not_depend_on_its_weights_is_warned_of() -> None:
    with pytest.warns(
        UntrainedWarning, match=r"the loss does not depend on generator.kernel, generator.bias: not trained"
    ):
        trained(players(CRITIC, {**GENERATOR, "loss": {"Compute": "mean(critic)"}}), 1)
