"""Several optimizers in one step, against Keras's own applied by hand to copies of the weights; and what stays of them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.optimizers import OptimizerSpec
from netlib.spec.param_groups import ParamGroups
from netlib.training.callbacks import ReduceOnPlateau
from netlib.training.loop import Block, DeviceData
from netlib.training.model import Model
from netlib.training.optimizers import Optimizers

NODES = [{"Dense": {"units": 8, "activation": "relu"}, "name": "encoder"}, {"Dense": 3, "name": "head"}]
LOSS = "sparse_categorical_crossentropy"
ADAMW = {"AdamW": {"learning_rate": 0.03, "weight_decay": 0.2}}
COSINE = {"CosineDecay": {"initial_learning_rate": 0.2, "decay_steps": 6}}
ENCODER = {"params": "encoder.**", "learning_rate_scale": 0.1}
NO_DECAY = {"params": "**.bias", "weight_decay": 0}
OWN = {"params": "head.kernel", "optimizer": {"SGD": {"learning_rate": 0.2, "momentum": 0.9}}}
EPOCHS = 5


@pytest.fixture(scope="module")
def xy() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    x = random.normal(size=(40, 5)).astype(np.float32)
    return x, (np.abs(x[:, 0]) + x[:, 1] > 1).astype(np.int32) + (x[:, 2] > 1)


def compiled(*groups: Any, optimizer: Any = ADAMW, nodes: Any = NODES, **settings: Any) -> Model:
    model = Model(nodes, seed=1)
    model.compile(LOSS, optimizer, param_groups=list(groups), **{"execution": "eager", **settings})
    return model


def optimizers_of(model: Model) -> Optimizers:
    assert model.trainer is not None
    found = model.trainer.optimizer
    assert isinstance(found, Optimizers)
    return found


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert list(one) == list(other)
    for path, value in one.items():
        np.testing.assert_array_equal(value, other[path], err_msg=path)


Oracle = dict[str, keras.optimizers.Optimizer]


def by_hand(
    weights: dict[str, np.ndarray], xy: Any, optimizers: Oracle, clip: float | None = None
) -> dict[str, np.ndarray]:
    """Full batches through the same network, whose weights are each updated by the Keras optimizer of their path."""
    x, y = xy
    own = {path: tf.Variable(value) for path, value in weights.items()}
    for _ in range(EPOCHS):
        with tf.GradientTape() as tape:
            hidden = tf.nn.relu(x @ own["encoder.kernel"] + own["encoder.bias"])
            logits = hidden @ own["head.kernel"] + own["head.bias"]
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
        gradients = tape.gradient(loss, list(own.values()))
        if clip:
            gradients, _ = tf.clip_by_global_norm(gradients, clip)
        for optimizer in {id(each): each for each in optimizers.values()}.values():
            taken = [(g, own[path]) for path, g in zip(own, gradients, strict=True) if optimizers[path] is optimizer]
            optimizer.apply_gradients(taken)
    return {path: variable.numpy() for path, variable in own.items()}


def scaled_and_bare() -> Oracle:
    adamw = keras.optimizers.AdamW
    return {
        "encoder.kernel": adamw(0.003, weight_decay=0.2),
        "encoder.bias": keras.optimizers.Adam(0.003),
        "head.kernel": adamw(0.03, weight_decay=0.2),
        "head.bias": keras.optimizers.Adam(0.03),
    }


def own_and_main() -> Oracle:
    main = keras.optimizers.AdamW(0.03, weight_decay=0.2)
    return dict.fromkeys(scaled_and_bare(), main) | {"head.kernel": keras.optimizers.SGD(0.2, 0.9)}


def two_schedules() -> Oracle:
    def sgd(rate: float) -> Any:
        return keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(rate, 6))

    encoder, head = sgd(0.02), sgd(0.2)
    return {path: encoder if path.startswith("encoder") else head for path in scaled_and_bare()}


ORACLES: dict[str, tuple[list[Any], Any, Callable[[], Oracle]]] = {
    "scaled and without decay": ([ENCODER, NO_DECAY], ADAMW, scaled_and_bare),
    "an optimizer of its own": ([OWN], ADAMW, own_and_main),
    "nothing left for the main one": ([{"params": "**", "learning_rate": 0.2}], {"SGD": 9.0}, lambda: all_sgd()),
    "a schedule, scaled": ([ENCODER], {"SGD": {"learning_rate": COSINE}}, two_schedules),
}


def all_sgd() -> Oracle:
    return dict.fromkeys(scaled_and_bare(), keras.optimizers.SGD(0.2))


@pytest.mark.parametrize(
    ("case", "execution"),
    [*((case, "eager") for case in ORACLES), ("scaled and without decay", "graph"), ("an optimizer of its own", "xla")],
)
def test_each_weight_is_updated_as_by_its_keras_optimizer_alone(xy: Any, case: str, execution: str) -> None:
    groups, optimizer, oracle = ORACLES[case]
    model = compiled(*groups, optimizer=optimizer, execution=execution, clip={"global_norm": 0.3})
    model(xy[0])
    wanted = by_hand(model.state_dict(), xy, oracle(), clip=0.3)
    model.fit(*xy, epochs=EPOCHS, batch_size=len(xy[0]))
    for path, value in model.state_dict().items():
        np.testing.assert_allclose(value, wanted[path], rtol=2e-5, atol=2e-6, err_msg=path)


def test_slots_are_named_by_group_and_those_of_one_optimizer_as_ever(xy: Any) -> None:
    model = compiled(OWN)
    model.fit(*xy)
    named = list(model.named_variables())
    slots = optimizers_of(model).named_slots(named)
    assert "iterations" in slots
    assert "momentums/head.bias" in slots
    assert "param_groups.0/momentums/head.kernel" in slots
    assert "momentums/head.kernel" not in slots
    assert len(slots) == len(optimizers_of(model).variables)
    alone = Optimizers(ParamGroups(cast(OptimizerSpec, parse_choice("optimizer", ADAMW))), name="critic")
    alone.cover(named)
    assert set(alone.named_slots(named)) == {
        *("critic/iterations", "critic/learning_rate"),
        *(f"critic/{kind}/{each.path}" for kind in ("momentums", "velocities") for each in named),
    }


def test_all_of_them_count_every_step_and_the_log_has_the_main_rate(xy: Any) -> None:
    """Also one whose weights are frozen, and the main one where all is in groups."""
    model = compiled(ENCODER, {"params": "head", "learning_rate": 0.5}, optimizer={"SGD": {"learning_rate": COSINE}})
    model.fit(*xy, batch_size=20)
    model.freeze("encoder")
    history = model.fit(*xy, batch_size=20)
    optimizers = optimizers_of(model)
    assert optimizers.names == ("", "param_groups.0", "param_groups.1")
    assert [int(optimizers[name].iterations) for name in optimizers.names] == [4, 4, 4]
    schedule = keras.optimizers.schedules.CosineDecay(0.2, 6)
    assert history["learning_rate"] == [pytest.approx(float(schedule(3)))]


def test_what_is_trained_later_comes_to_its_group_with_the_rate_and_the_step_of_then(xy: Any) -> None:
    model = compiled(ENCODER, NO_DECAY)
    model(xy[0])
    model.freeze("encoder")
    model.fit(*xy, epochs=2)
    optimizers = optimizers_of(model)
    assert optimizers.names == ("", "param_groups.1")
    optimizers.learning_rate = 0.015
    model.unfreeze("encoder.**")
    model.fit(*xy)
    assert set(optimizers.names) == {"", "param_groups.0", "param_groups.0+1", "param_groups.1"}
    rates = {name: float(optimizers[name].learning_rate) for name in optimizers.names}
    assert rates == {name: pytest.approx(0.0015 if "0" in name else 0.015) for name in optimizers.names}
    assert {int(optimizers[name].iterations) for name in optimizers.names} == {int(optimizers.main.iterations)}
    slots = optimizers.named_slots(list(model.named_variables()))
    assert {"param_groups.0/momentums/encoder.kernel", "param_groups.0+1/momentums/encoder.bias"} <= slots.keys()


@pytest.mark.parametrize("groups", [[ENCODER, NO_DECAY], [OWN], [{"params": "encoder", "optimizer": "SGD"}]], ids=str)
def test_a_copy_and_a_saved_model_go_on_to_the_same_bits(xy: Any, groups: list[Any], tmp_path: Path) -> None:
    """With a rate that was reduced, and a group that is frozen when they are made."""
    model = compiled(*groups)
    model.fit(*xy, batch_size=20)
    optimizers_of(model).learning_rate = 0.02
    model.freeze("encoder")
    model.fit(*xy, batch_size=20)
    model.save(tmp_path / "saved")
    twins = [copy.deepcopy(model), Model.load(tmp_path / "saved")]
    for each in (model, *twins):
        each.unfreeze("encoder.**")
        each.fit(*xy, batch_size=20, epochs=2)
    for twin in twins:
        assert_same(twin.state_dict(), model.state_dict())
        own, other = (optimizers_of(each).named_slots(list(each.named_variables())) for each in (model, twin))
        assert own.keys() == other.keys()
        for name, slot in own.items():
            np.testing.assert_array_equal(slot, other[name], err_msg=name)


def test_the_summary_knows_which_weight_comes_to_which_optimizer() -> None:
    """Also in a nested network, where weights are tied and a layer is shared."""
    inner = {"Sequential": [{"Dense": 4, "name": "inner"}, "BatchNormalization"], "name": "encoder"}
    nodes = [
        inner,
        {"Dense": 4, "name": "back"},
        {"share": "back"},
        {"Dense": 4, "name": "tied", "tie": {"bias": "back.bias"}},
    ]
    own = {"params": "tied", "optimizer": {"SGD": {"momentum": 0.9}}}
    model = compiled(ENCODER, NO_DECAY, own, nodes=nodes)
    model(np.zeros((2, 5), np.float32))
    optimizers = optimizers_of(model)
    optimizers.cover_trained(model)
    shares = {share.name: share for share in optimizers.groups.shares(model.graph)}
    assert (
        set(shares)
        == set(optimizers.names)
        == {"", "param_groups.0", "param_groups.0+1", "param_groups.1+2", "param_groups.2"}
    )
    for name, share in shares.items():
        assert share.parameters == sum(int(np.prod(each.shape)) for each in optimizers[name]._trainable_variables)
        assert share.slots == sum(int(np.prod(each.shape)) for each in optimizers[name].variables if len(each.shape))


def test_bits_do_not_depend_on_the_length_of_chunks(make_lab: Callable[..., Any]) -> None:
    """Nor do those of the slots, of which every optimizer has some."""
    hidden = {"params": "hidden.**", "learning_rate_scale": 0.1}
    lab = make_lab(execution="xla", optimizer=ADAMW, param_groups=[hidden, NO_DECAY, OWN], clip={"global_norm": 0.1})
    block = Block(DeviceData(lab.data).tensors, tf.range(80), 16, 0, 5)
    named = list(lab.engine.model.named_variables())

    def after(chunk: int) -> dict[str, np.ndarray]:
        lab.reset()
        for start in range(0, 5, chunk):
            lab.engine.loop.run(block, start, min(start + chunk, 5), start)
        slots = lab.engine.optimizer.named_slots(named)
        weights: dict[str, np.ndarray] = lab.weights()
        return weights | {name: slot.numpy() for name, slot in slots.items()}

    whole = after(5)
    assert {name.partition("/")[0] for name in whole if name.startswith("param_groups")} == {
        f"param_groups.{each}" for each in ("0", "0+1", "1", "2")
    }
    assert whole["param_groups.0+1/iterations"] == 5
    for chunk in (1, 2):
        assert_same(after(chunk), whole)


def test_a_plateau_reduces_all_rates_in_proportion(xy: Any) -> None:
    model = compiled(ENCODER, OWN, optimizer={"SGD": 0.1})
    callback = ReduceOnPlateau(monitor="train.loss", patience=1, factor=0.5, min_delta=9, min_lr=0.03)
    model.fit(*xy, epochs=6, callbacks=[callback])
    optimizers = optimizers_of(model)
    rates = {name: float(optimizers[name].learning_rate) for name in optimizers.names}
    assert rates == {
        "": pytest.approx(0.03),
        "param_groups.0": pytest.approx(0.003),
        "param_groups.1": pytest.approx(0.06),
    }


def test_a_rate_that_follows_a_schedule_is_not_set(xy: Any) -> None:
    model = compiled({"params": "head", "learning_rate": COSINE})
    model.fit(*xy)
    message = (
        "setting it needs a learning rate that is a number, but 'param_groups.0.learning_rate' follows the schedule"
    )
    with pytest.raises(UsageError, match=message):
        optimizers_of(model).learning_rate = 0.1
    assert float(model.optimizer.learning_rate) == pytest.approx(0.03)


def test_a_selector_must_fit_a_variable(xy: Any) -> None:
    with pytest.raises(SpecError, match=r"the selector 'encodr' fits none of the 6 paths; did you mean 'encoder'\?"):
        compiled({"params": "encodr", "weight_decay": 0}).fit(*xy)


def test_one_optimizer_may_be_ready(xy: Any) -> None:
    ready = keras.optimizers.AdamW(0.03, weight_decay=0.2)
    one, other = compiled(ENCODER, optimizer=ready), compiled(ENCODER)
    for each in (one, other):
        each.fit(*xy)
    assert one.optimizer is ready
    assert_same(one.state_dict(), other.state_dict())
