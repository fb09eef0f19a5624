"""What stays between the calls of a compiled model: optimizer, progress, metrics; and what is noticed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.spec.errors import SpecError, UsageError
from netlib.training.callbacks import Callback
from netlib.training.checkpoints import TrainingError
from netlib.training.model import Model
from netlib.training.trainer import HeadWarning

Blobs = Callable[..., Arrays]
HIDDEN = {"Dense": {"units": 8, "activation": "relu"}, "name": "hidden"}
HEAD = {"Dense": 3, "name": "head"}
LOSS = "sparse_categorical_crossentropy"
ADAM = {"Adam": 0.01}


def compiled(nodes: Any = None, **words: Any) -> Model:
    model, steps = Model(nodes or [HIDDEN, HEAD], seed=5), words.pop("steps", None)
    model.compile(**{"loss": LOSS, "optimizer": ADAM, "metrics": ["accuracy"], "execution": "graph", **words})
    model.trainer.train = model.trainer.train.model_copy(update={"steps": steps})
    return model


@pytest.fixture(scope="module")
def xy(blobs: Blobs) -> tuple[np.ndarray, np.ndarray]:
    data = blobs(48)
    return data.inputs["input"], data.targets["target"]


def slots(model: Model) -> dict[str, np.ndarray]:
    return {variable.path: variable.numpy() for variable in model.optimizer.variables}


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert list(one) == list(other)
    for path, value in one.items():
        np.testing.assert_array_equal(value, other[path], err_msg=path)


def test_the_optimizer_is_the_models_from_compile_on(xy: Any) -> None:
    x, y = xy
    model = compiled()
    optimizer = model.optimizer
    assert isinstance(optimizer, keras.optimizers.Adam)
    for step, batch_size in ((3, 16), (5, 24), (8, 16)):
        model.fit(x, y, batch_size=batch_size)
        assert model.optimizer is optimizer
        assert int(optimizer.iterations) == step
        assert model.trainer.progress.step == step
    with pytest.raises(UsageError, match=r"net.optimizer needs a loss: call net.compile\(loss, ...\) first"):
        Model([HEAD], name="net").optimizer  # noqa: B018


def test_its_slots_go_on_with_another_batch_size(xy: Any) -> None:
    """The oracle is Keras, whose optimizer is one whatever the batches."""
    x, y = xy
    model = compiled()
    model(x)
    twin = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3)])
    twin.set_weights(list(model.state_dict().values()))
    twin.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for batch_size in (16, 24, 16):
        ours = model.fit(x, y, batch_size=batch_size, shuffle=False)
        theirs = twin.fit(x, y, batch_size=batch_size, shuffle=False, verbose=0)
        assert ours["train.loss"] == pytest.approx(theirs.history["loss"], rel=1e-5)


def test_the_learning_rate_can_be_set_between_fits(xy: Any) -> None:
    x, y = xy
    model = compiled()
    model.fit(x, y)
    model.optimizer.learning_rate = 0.0
    before = model.state_dict()
    assert model.fit(x, y)["learning_rate"] == [0.0]
    assert_same(model.state_dict(), before)


@pytest.mark.parametrize("execution", ["graph", pytest.param("xla", marks=pytest.mark.slow)])
def test_freezing_is_noticed_and_slots_are_kept(xy: Any, execution: str) -> None:
    x, y = xy
    model = compiled(execution=execution)
    model.fit(x, y, batch_size=16)
    model.freeze("hidden")
    before, momenta = model.state_dict(), slots(model)
    model.fit(x, y, batch_size=16)
    after, moved = model.state_dict(), slots(model)
    assert {path for path in before if not np.array_equal(before[path], after[path])} == {"head.kernel", "head.bias"}
    assert {name for name in momenta if not np.array_equal(momenta[name], moved[name])} == {
        name for name in momenta if "head" in name or "iteration" in name
    }
    model.unfreeze("hidden")
    model.fit(x, y, batch_size=16)
    assert not np.array_equal(model.state_dict()["hidden.kernel"], after["hidden.kernel"])
    assert int(model.optimizer.iterations) == 9


def test_what_is_trained_for_the_first_time_gets_slots(xy: Any) -> None:
    x, y = xy
    model = compiled()
    model(x)
    model.freeze("hidden")
    model.fit(x, y)
    momenta = slots(model)
    assert not any("hidden" in name for name in momenta)
    model.unfreeze("hidden")
    model.optimizer.learning_rate = 0.0
    model.fit(x, y)
    assert len([name for name in slots(model) if "hidden" in name]) == 4  # two moments of kernel and bias
    assert momenta.keys() < slots(model).keys()


def test_a_cut_epoch_keeps_its_metrics_when_something_is_frozen(xy: Any) -> None:
    """Counters of the epoch go on: the accuracy is of all of its samples."""
    x, y = xy
    model = compiled(optimizer={"SGD": 1e-9})
    model.trainer.train = model.trainer.train.model_copy(update={"steps": 1})
    model.fit(x, y, batch_size=16, shuffle=False)
    model.freeze("hidden")
    model.trainer.train = model.trainer.train.model_copy(update={"steps": None})
    history = model.fit(x, y, batch_size=16, shuffle=False)
    assert history["train.accuracy"] == [pytest.approx(model.evaluate(x, y)["accuracy"])]


def test_a_ready_optimizer_is_taken_as_it_is(xy: Any) -> None:
    x, y = xy
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    ready, named = compiled(optimizer=optimizer), compiled(optimizer={"SGD": {"learning_rate": 0.1, "momentum": 0.9}})
    assert ready.optimizer is optimizer
    ready.fit(x, y)
    named.fit(x, y)
    assert_same(ready.state_dict(), named.state_dict())
    assert ready.trainer.train == named.trainer.train
    with pytest.raises(UsageError, match="the SGD has slots for 4 variables already; give compile a new one"):
        compiled(optimizer=optimizer)


def test_a_copy_of_a_trained_model_goes_on_alone(xy: Any) -> None:
    x, y = xy
    model = compiled([HIDDEN, {"Dropout": 0.3}, HEAD])
    model.fit(x, y)
    model.predict(x)
    twin = copy.deepcopy(model)
    before = model.state_dict()
    history = twin.fit(x, y, epochs=2)
    assert_same(model.state_dict(), before)
    expected = model.fit(x, y, epochs=2)
    assert history["train.loss"] == expected["train.loss"]
    assert_same(twin.state_dict(), model.state_dict())
    np.testing.assert_array_equal(twin.predict(x), model.predict(x))


@pytest.mark.parametrize("optimizer", [ADAM, "Nadam", {"SGD": {"learning_rate": 0.01, "momentum": 0.9}}], ids=str)
def test_a_copy_has_the_slots_of_keras_layers_and_of_what_was_trained_later(xy: Any, optimizer: Any) -> None:
    x, y = xy
    model = compiled(
        [keras.layers.Dense(8, "relu"), {"Dense": {"units": 4}, "name": "middle"}, HEAD], optimizer=optimizer
    )
    model(x)
    model.freeze("dense")
    model.fit(x, y)
    model.unfreeze("dense")
    model.fit(x, y)
    twin = copy.deepcopy(model)
    mine, others = (each.trainer.optimizer.named_slots(list(each.named_variables())) for each in (model, twin))
    assert len(mine) == len(model.optimizer.variables)  # none was lost on the way
    assert mine.keys() == others.keys()
    for name, slot in mine.items():
        np.testing.assert_array_equal(slot, others[name], err_msg=name)
    assert twin.fit(x, y)["train.loss"] == model.fit(x, y)["train.loss"]
    assert_same(twin.state_dict(), model.state_dict())


def test_a_copy_in_the_middle_of_an_epoch_goes_on_in_it(xy: Any) -> None:
    x, y = xy
    model = compiled()
    model.trainer.train = model.trainer.train.model_copy(update={"steps": 1})
    model.fit(x, y, batch_size=16)
    twin = copy.deepcopy(model)
    assert twin.trainer.steps == model.trainer.steps == 3
    twin.trainer.train = twin.trainer.train.model_copy(update={"steps": None})
    twin.fit(x, y, batch_size=16)
    assert twin.trainer.progress.step == 3


def test_a_saved_model_and_a_copy_count_the_whole_of_an_epoch_that_was_cut_short(xy: Any, tmp_path: Path) -> None:
    x, y = xy
    model = compiled(optimizer={"SGD": 1e-9}, steps=1)
    model.fit(x, y, batch_size=16, shuffle=False)
    model.save(tmp_path / "model")
    for other in (Model.load(tmp_path / "model"), copy.deepcopy(model)):
        other.trainer.train = other.trainer.train.model_copy(update={"steps": None})
        history = other.fit(x, y, batch_size=16, shuffle=False)
        assert history["train.accuracy"] == [pytest.approx(other.evaluate(x, y)["accuracy"])]


def test_numbers_that_are_not_finite_do_not_reach_the_next_fit(xy: Any) -> None:
    class Spoils(Callback):
        def next_stop(self, step: int) -> int:
            return step + 1

        def chunk_ended(self, *details: Any) -> None:
            weight = model.trainable_variables[-1]
            weight.assign(np.full(weight.shape, np.nan, np.float32))

    x, y = xy
    model = compiled(metrics=[], optimizer={"SGD": 1e-9})
    before, first = model.evaluate(x, y)["loss"], model.state_dict()
    with pytest.raises(TrainingError, match="the loss became nan in step 2"):
        model.fit(x, y, batch_size=16, shuffle=False, callbacks=[Spoils()])
    model.load_state_dict(first)
    assert model.fit(x, y, batch_size=16, shuffle=False)["train.loss"] == [pytest.approx(before)]


def test_there_must_be_something_to_train(xy: Any) -> None:
    x, y = xy
    model = compiled()
    model(x)
    model.freeze("*")
    message = r"has no variable to train; all of its 4 are frozen: thaw some with .*\.unfreeze\(\.\.\.\)"
    for train in (model.fit, model.train_on_batch):
        with pytest.raises(UsageError, match=message):
            train(x, y)
    assert model.evaluate(x, y)["loss"] > 0  # what is frozen can be measured
    model.unfreeze("head")
    model.fit(x, y)
    without = compiled([{"Activation": "softmax"}], loss={"SparseCategoricalCrossentropy": {"from_logits": False}})
    with pytest.raises(UsageError, match="has no variable to train; it has none at all"):
        without.fit(np.abs(x[:, :3]), y)


@pytest.mark.parametrize("execution", ["graph", pytest.param("xla", marks=pytest.mark.slow)])
def test_a_step_on_a_batch_is_that_of_fit(xy: Any, execution: str) -> None:
    x, y = xy
    nodes = [HIDDEN, {"Dropout": 0.3}, HEAD]
    whole, stepped = compiled(nodes, execution=execution), compiled(nodes, execution=execution)
    history = whole.fit(x, y, batch_size=16, shuffle=False)
    results = [stepped.train_on_batch(x[i : i + 16], y[i : i + 16]) for i in range(0, 48, 16)]
    assert_same(stepped.state_dict(), whole.state_dict())
    assert_same(*({str(i): v for i, v in enumerate(slots(model).values())} for model in (stepped, whole)))
    assert list(results[0]) == ["loss", "accuracy"]
    for name in ("loss", "accuracy"):
        assert np.mean([each[name] for each in results]) == pytest.approx(history[0]["train"][name])
    assert stepped.trainer.progress.step == 3
    assert stepped.fit(x, y)[0]["step"] == 5


def test_a_step_in_the_middle_of_an_epoch_leaves_its_metrics_alone(xy: Any) -> None:
    x, y = xy
    model = compiled(optimizer={"SGD": 1e-9})
    model.trainer.train = model.trainer.train.model_copy(update={"steps": 1})
    model.fit(x, y, batch_size=16, shuffle=False)
    model.train_on_batch(x[:5], y[:5])
    model.trainer.train = model.trainer.train.model_copy(update={"steps": None})
    history = model.fit(x, y, batch_size=16, shuffle=False)
    assert history["train.accuracy"] == [pytest.approx(model.evaluate(x, y)["accuracy"])]


def test_weights_of_a_batch(xy: Any) -> None:
    x, y = xy
    weights = np.where(y == 1, 5.0, 1.0)
    by_class, by_sample = compiled(), compiled()
    one = by_class.train_on_batch(x, y, class_weight={1: 5.0})
    assert one == by_sample.train_on_batch(x, y, sample_weight=weights)
    assert_same(by_class.state_dict(), by_sample.state_dict())
    model = compiled()
    assert model.test_on_batch(x, y, sample_weight=weights) == pytest.approx(one)
    assert model.test_on_batch(x, y) == pytest.approx(model.evaluate(x, y))


@pytest.mark.parametrize("verb", ["train_on_batch", "test_on_batch"])
def test_a_loss_is_needed_for_a_batch(xy: Any, verb: str) -> None:
    with pytest.raises(UsageError, match=rf"net.{verb} needs a loss: call net.compile\(loss, ...\) first"):
        getattr(Model([HEAD], name="net"), verb)(*xy)


def test_what_is_allowed_and_probably_not_meant_is_a_warning(xy: Any) -> None:
    model = compiled(loss={"SparseCategoricalCrossentropy": {"from_logits": False}})
    with pytest.warns(HeadWarning, match="takes probabilities here, but output 'head' ends in Dense without softmax"):
        model.fit(*xy)


def test_losses_of_outputs_that_are_not_there(xy: Any) -> None:
    with pytest.raises(SpecError, match=r"there is no output 'other'"):
        compiled(loss={"a": LOSS, "b": {"mse": None, "of": "other"}}).fit(*xy)
