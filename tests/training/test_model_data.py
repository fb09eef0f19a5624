"""What a `Model` can be fed with: the same samples, however they come, are the same training."""

from __future__ import annotations

import json
import os
import re
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.data.arrays import Arrays
from netlib.spec.errors import NetlabError, SpecError, UsageError
from netlib.spec.listener import Listener
from netlib.training.interrupt import Interrupted
from netlib.training.model import Model
from netlib.training.trainer import HeadWarning

Blobs = Callable[..., Arrays]
HIDDEN = {"Dense": {"units": 8, "activation": "relu"}, "name": "hidden"}
HEAD = {"Dense": 3, "name": "head"}
LOSS = "sparse_categorical_crossentropy"
ROWS, BATCH = 90, 16


def compiled(nodes: Any = None, **words: Any) -> Model:
    model = Model(nodes or [HIDDEN, {"Dropout": 0.2}, HEAD], seed=5)
    settings = {"loss": LOSS, "optimizer": {"SGD": 0.1}, "metrics": ["accuracy"], "execution": "graph"}
    model.compile(**{**settings, **words})
    return model


@pytest.fixture(scope="module")
def xy(blobs: Blobs) -> tuple[np.ndarray, np.ndarray]:
    data = blobs(ROWS)
    return data.inputs["input"], data.targets["target"]


def cut(*arrays: np.ndarray, rows: int = BATCH) -> list[tuple[np.ndarray, ...]]:
    return [tuple(array[i : i + rows] for array in arrays) for i in range(0, len(arrays[0]), rows)]


class Again:
    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[Any]:
        return iter(self.batches)


class Sized(Again):
    def __len__(self) -> int:
        return len(self.batches)


class Numbered(keras.utils.PyDataset):
    def __init__(self, batches: list[Any]) -> None:
        super().__init__()
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> Any:
        return self.batches[index]


def endless(batches: list[Any]) -> Iterator[Any]:
    while True:
        yield from batches


def as_dataset(*arrays: np.ndarray) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(arrays).batch(BATCH)


STREAMS: dict[str, Callable[..., Any]] = {
    "iterable": lambda *arrays: Again(cut(*arrays)),
    "generator": lambda *arrays: endless(cut(*arrays)),
    "tf.data": as_dataset,
    "tf.data, endless": lambda *arrays: as_dataset(*arrays).repeat(),
    "PyDataset": lambda *arrays: Numbered(cut(*arrays)),
    "lists": lambda *arrays: Again([list(batch) for batch in cut(*arrays)]),
}


def result(history: Any, model: Model) -> tuple[list[Any], dict[str, np.ndarray]]:
    """What two trainings must have in common."""
    clock = ("seconds", "samples_per_second")
    return [{k: v for k, v in record.items() if k not in clock} for record in history], model.state_dict()


def assert_same(one: Any, other: Any) -> None:
    assert one[0] == other[0]
    for path, value in one[1].items():
        np.testing.assert_array_equal(value, other[1][path], err_msg=path)


IN_XLA = ("iterable", "tf.data, endless")
"""Streams that are compiled, which takes seconds for each: what reads the others knows nothing of how the step runs."""


@pytest.mark.parametrize(
    ("execution", "weighted", "streams"),
    [("graph", False, STREAMS), ("graph", True, STREAMS), pytest.param("xla", True, IN_XLA, marks=pytest.mark.slow)],
    ids=["graph", "graph-weighted", "xla-weighted"],
)
def test_the_same_bits_however_the_samples_come(
    xy: Any, execution: str, weighted: bool, streams: Iterable[str]
) -> None:
    """90 samples in batches of 16, the last one of ten, in training and validation; dropout depends on the step."""
    x, y = xy
    arrays = (x, y, np.linspace(0, 2, ROWS, dtype=np.float32)) if weighted else (x, y)
    model = compiled(execution=execution)
    weights = arrays[2] if weighted else None
    options = {"epochs": 2, "batch_size": BATCH, "shuffle": False, "sample_weight": weights}
    expected = result(model.fit(x, y, validation_data=arrays, **options), model)
    measured = model.evaluate(x, y, batch_size=BATCH, sample_weight=weights)
    predicted = model.predict(x, batch_size=BATCH)
    for name in streams:
        make, model = STREAMS[name], compiled(execution=execution)
        forever = name in ("generator", "tf.data, endless")
        steps = 6 if forever else None
        history = model.fit(
            make(*arrays), epochs=2, steps_per_epoch=steps, validation_data=make(*arrays), validation_steps=steps
        )
        assert_same(result(history, model), expected)
        assert model.evaluate(make(*arrays), steps=steps) == measured, name
        np.testing.assert_array_equal(model.predict(make(*arrays), steps=steps), predicted, err_msg=name)


def test_batches_of_inputs_alone_are_predicted(xy: Any) -> None:
    x, _ = xy
    model = compiled()
    expected = model.predict(x, batch_size=BATCH)
    for batches in (cut(x), [batch[0] for batch in cut(x)]):
        np.testing.assert_array_equal(model.predict(Again(batches)), expected)
    np.testing.assert_array_equal(model.predict(as_dataset(x)), expected)


def test_groups_of_batches_are_one_step(xy: Any) -> None:
    x, y = xy
    whole, parts = compiled(accumulate=4), compiled(accumulate=4)
    expected = whole.fit(x, y, epochs=2, batch_size=8, shuffle=False)
    history = parts.fit(Again(cut(x, y, rows=8)), epochs=2)
    assert_same(result(history, parts), result(expected, whole))
    assert history[-1]["step"] == 6


@pytest.mark.slow
@pytest.mark.parametrize("execution", ["graph", "xla"])
@pytest.mark.parametrize("stream", [False, True])
def test_losses_are_those_of_keras(xy: Any, execution: str, stream: bool) -> None:
    x, y = xy
    model = compiled([HIDDEN, HEAD], execution=execution)
    model(x)
    twin = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3)])
    twin.set_weights(list(model.state_dict().values()))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    twin.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    data, rows = ((as_dataset(x, y), None), None) if stream else ((x, y), BATCH)
    theirs = twin.fit(*data, epochs=3, batch_size=rows, shuffle=False, verbose=0, validation_data=(x[:40], y[:40]))
    ours = model.fit(*data, epochs=3, batch_size=rows, shuffle=False, validation_data=(x[:40], y[:40]))
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(ours[f"train.{name}"], theirs.history[name], rtol=1e-5)
        np.testing.assert_allclose(ours[f"validation.{name}"], theirs.history[f"val_{name}"], rtol=1e-5)


def test_lists_tensors_and_columns_are_arrays(xy: Any) -> None:
    polars = pytest.importorskip("polars")
    x, y = xy
    expected = None
    frame = polars.DataFrame({f"c{i}": x[:, i] for i in range(6)})
    for given in (
        (x, y),
        (x.tolist(), y.tolist()),
        (tf.constant(x), tf.constant(y)),
        (x.astype(np.float64), y.astype(np.int64)),
        (frame, polars.Series(y)),
        ({"input": x}, {"target": y.astype(np.uint8)}),
    ):
        model = compiled()
        found = result(model.fit(*given, batch_size=BATCH), model)
        expected = expected or found
        assert_same(found, expected)


def test_targets_in_a_column_are_targets(blobs: Blobs) -> None:
    """(rows,) and (rows, 1) against an output of (rows, 1) mean the same, and are not broadcast."""
    x = blobs(ROWS).inputs["input"]
    values = x.sum(axis=1)
    results = []
    for y in (values, values[:, None]):
        model = compiled([{"Dense": 1}], loss="mse", metrics=["mae"])
        results.append(result(model.fit(x, y, epochs=2), model))
        assert model.evaluate(x, y)["loss"] == pytest.approx(np.mean((model.predict(x)[:, 0] - values) ** 2), rel=1e-4)
    assert_same(*results)


def test_classes_are_weighted(blobs: Blobs) -> None:
    data = blobs(ROWS)
    x, y = data.inputs["input"], data.targets["target"]
    weights = {0: 1.0, 1: 5.0}
    by_sample = np.array([1, 5, 1], np.float32)[y]
    expected_model = compiled()
    expected = result(
        expected_model.fit(x, y, batch_size=BATCH, sample_weight=by_sample, shuffle=False), expected_model
    )
    for given, options in (((x, y), {"batch_size": BATCH, "shuffle": False}), ((Again(cut(x, y)),), {})):
        model = compiled()
        assert_same(result(model.fit(*given, class_weight=weights, **options), model), expected)


def ending_after(steps: int | None, model: Model) -> Model:
    model.trainer.train = model.trainer.train.model_copy(update={"steps": steps})
    return model


def test_gone_on_with_where_a_budget_ended_it(xy: Any) -> None:
    """Nothing of the epoch is lost or seen twice, whichever way the samples come."""
    x, y = xy
    whole = compiled()
    whole.fit(x, y, epochs=2, batch_size=BATCH, shuffle=False)
    iterator = endless(cut(x, y))
    for batches, steps in ((Sized(cut(x, y)), None), (iterator, 6)):
        model = ending_after(8, compiled())
        model.fit(batches, epochs=5, steps_per_epoch=steps)
        assert (model.trainer.progress.epoch, model.trainer.progress.position) == (1, 2)
        ending_after(None, model).fit(batches, epochs=1, steps_per_epoch=steps)
        for path, value in whole.state_dict().items():
            np.testing.assert_array_equal(model.state_dict()[path], value)


@pytest.mark.parametrize(("copies", "rows"), [(False, 45), (True, BATCH)])
def test_an_epoch_that_was_cut_short_begins_anew_for_other_data(xy: Any, copies: bool, rows: int) -> None:
    x, y = xy
    model = ending_after(8, compiled())
    model.fit(x, y, epochs=5, batch_size=BATCH)
    ending_after(None, model)
    history = model.fit(x.copy() if copies else x, y, batch_size=rows)
    assert [(record["epoch"], record["step"]) for record in history] == [(2, 8 + -(-ROWS // rows))]


class Sending(Listener):
    """Sends a signal when so many steps of an epoch are done."""

    def __init__(self, position: int) -> None:
        self.position = position

    def chunk_ended(self, epoch: int, position: int, *details: Any) -> None:
        if position >= self.position:
            os.kill(os.getpid(), signal.SIGTERM)


def test_after_a_signal_at_the_end_of_an_epoch_its_record_is_made(xy: Any) -> None:
    model = compiled()
    with pytest.raises(Interrupted, match=r"after step 6 of 6 in epoch 1"):
        model.fit(*xy, batch_size=BATCH, callbacks=[Sending(6)])
    assert [(each["epoch"], each["step"]) for each in model.fit(*xy, batch_size=BATCH)] == [(1, 6)]
    assert [(each["epoch"], each["step"]) for each in model.fit(*xy, batch_size=BATCH)] == [(2, 12)]


def test_after_a_signal_in_a_stream_of_unknown_length_its_epoch_begins_anew(xy: Any) -> None:
    model, batches = compiled(), cut(*xy)
    with pytest.raises(Interrupted, match=r"after step \d in epoch 1"):
        model.fit(Again(batches), callbacks=[Sending(3)])
    before = model.trainer.progress.step
    assert [each["step"] for each in model.fit(Again(batches[:2]))] == [before + 2]


def test_a_generator_that_runs_dry(xy: Any) -> None:
    model = compiled()
    message = (
        r"^the training data \(list_iterator\) ran dry in epoch 2: it gave 6 batches in all, and every epoch takes 4; lower"
        " steps_per_epoch or epochs, let it go on, or give what can be gone through again"
    )
    with pytest.raises(UsageError, match=message):
        model.fit(iter(cut(*xy)), epochs=2, steps_per_epoch=4)
    assert model.trainer.progress.epoch == 1  # what was trained before stands
    with pytest.raises(
        UsageError, match=r"^the validation data \(list_iterator\) ran dry: it gave 0 batches, at least 1"
    ):
        model.fit(*xy, epochs=2, validation_data=iter(cut(*xy)))
    with pytest.raises(UsageError, match=r"^the data \(list_iterator\) ran dry: it gave 6 batches, 7 were asked for"):
        model.evaluate(iter(cut(*xy)), steps=7)
    with pytest.raises(UsageError, match=r"^the data \(list_iterator\) ran dry: it gave 6 batches, 7 were asked for"):
        model.predict(iter(cut(*xy)), steps=7)
    with pytest.raises(UsageError, match=r"^the training data \(list_iterator\) gave no batch"):
        model.fit(iter([]))


def test_batches_unlike_the_first(xy: Any) -> None:
    x, y = xy
    batches = [(x[:16], y[:16]), (x[:16, :5], y[:16])]
    for call in (compiled().fit, compiled().evaluate, compiled().predict):
        with pytest.raises(
            UsageError, match=r"batch 2 of the .*data \(Again\) is of another form .*input 'input' is \(batch, 5\)"
        ):
            call(Again(batches))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": 1}, r"the training data comes in batches, \(x, y\) or \(x, y, sample_weight\); leave out y$"),
        ({"batch_size": 8, "sample_weight": [1]}, "leave out sample_weight, batch_size$"),
        ({"steps_per_epoch": 0}, "steps_per_epoch is 0, expected a whole number from 1"),
    ],
)
def test_what_does_not_go_with_batches(xy: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compiled().fit(Again(cut(*xy)), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps_per_epoch": 3}, "steps_per_epoch is for data that comes in batches, got arrays"),
        ({"batch_size": 2.5}, "batch_size is 2.5, expected a whole number from 1"),
        (
            {"validation_data": 5},
            r"validation_data is \(x, y\), \(x, y, sample_weight\) or batches of such, got a int$",
        ),
        ({"validation_data": (1, 2, 3, 4)}, "got a tuple of 4$"),
        ({"epochs": 0}, "epochs is 0, expected a whole number from 1"),
    ],
)
def test_what_does_not_go_with_arrays(xy: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compiled().fit(*xy, **options)


def test_batches_of_too_many_things(xy: Any) -> None:
    x, y = xy
    with pytest.raises(UsageError, match=r"a batch is \(x,\), \(x, y\) or \(x, y, sample_weight\), got 4 things"):
        compiled().fit(Again([(x, y, y, y)]))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (
            np.zeros((ROWS, 3), int),
            r"needs the index of a class, an integer of shape \(batch\): the output is \(batch, 3\), the",
        ),
        (np.zeros(ROWS), r"the target \(batch\) float32"),
        (np.zeros((ROWS, 2), int), r"the output is \(batch, 3\), the target \(batch, 2\) int32"),
    ],
)
def test_targets_of_another_form_than_the_loss_takes(xy: Any, y: np.ndarray, message: str) -> None:
    x, _ = xy
    for call in (compiled().fit, compiled().evaluate, compiled().train_on_batch):
        with pytest.raises(SpecError, match=message):
            call(x, y)
    with pytest.raises(SpecError, match=message):
        compiled().fit(*xy, validation_data=(x, y))


@pytest.mark.parametrize(
    ("y", "units"), [((ROWS, 3), 1), ((ROWS, 1), 3), ((ROWS,), 3), ((ROWS, 1, 3), 3), ((ROWS, ROWS), 1)]
)
def test_targets_that_would_broadcast(xy: Any, y: tuple[int, ...], units: int) -> None:
    model = compiled([{"Dense": units}], loss="mse", metrics=[])
    shown = rf"the output is \(batch, {units}\), the target \({', '.join(['batch', *map(str, y[1:])])}\) float32"
    with pytest.raises(SpecError, match=rf"needs a target of the output's shape: {shown}"):
        model.fit(xy[0], np.zeros(y))


def test_labels_out_of_range(xy: Any) -> None:
    x, y = xy
    wrong = np.where(np.arange(ROWS) == 70, 3, y)
    message = r"target 'target' has label 3 in row {} \(1 such\), but its output has 3 units, for labels 0 to 2; the output needs"
    model = compiled()
    before = model.evaluate(x, y)
    for call, what, row in (
        (lambda: model.fit(x, wrong), "the training data", 70),
        (lambda: model.fit(x, y, validation_data=(x, wrong)), "the validation data", 70),
        (lambda: model.evaluate(x, wrong), "the data", 70),
        (lambda: model.train_on_batch(x, wrong), "the batch", 70),
        (lambda: model.fit(Again(cut(x, wrong))), r"batch 5 of the training data \(Again\)", 6),
    ):
        with pytest.raises(UsageError, match=f"^{what}: {message.format(row)}"):
            call()
    assert model.evaluate(x, y) == before


def test_numbers_that_are_not_finite(xy: Any) -> None:
    x, y = xy
    wrong = x.copy()
    wrong[40, 2] = np.nan
    with pytest.raises(NetlabError, match=r"^the training data: input 'input' has nan in row 40 at \[2\] \(1 values"):
        compiled().fit(wrong, y)
    assert len(compiled().predict(wrong)) == ROWS  # to ask is no mistake


def test_validation_by_other_names(xy: Any) -> None:
    x, y = xy
    message = "^the validation data has the targets labels, the training data target; give both the same names$"
    with pytest.raises(UsageError, match=message):
        compiled().fit(x, y, validation_data=(x, {"labels": y}))


def test_a_softmax_in_front_of_a_loss_on_logits_is_found(xy: Any) -> None:
    model = compiled([{"Dense": {"units": 3, "activation": "softmax"}}])
    with pytest.raises(SpecError, match="goes through softmax, but SparseCategoricalCrossentropy takes logits"):
        model.predict(xy[0])  # which would apply it twice
    with pytest.raises(SpecError, match="goes through softmax, but SparseCategoricalCrossentropy takes logits"):
        model.fit(*xy)


class Handed(Model):
    def __init__(self, activation: str | None) -> None:
        super().__init__()
        self.head = nn.Dense(3, activation=activation)

    def call(self, x: Any) -> Any:
        return tf.identity(self.head(x))


class ByHand(nn.Layer[Any]):
    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight("kernel", [shape[-1], 3])

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return tf.nn.softmax(x @ self.kernel)


def theirs(activation: str | None = None) -> Any:
    return keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation=activation)])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Handed("softmax"),
        lambda: Model([ByHand()]),
        lambda: Model([keras.layers.Dense(3, activation="softmax")]),
        lambda: Model([nn.Dense(3), tf.nn.softmax]),
        lambda: Model([theirs("softmax")]),
        lambda: Model([{"Dense": 6}, nn.Sequential([theirs("softmax")])]),
    ],
)
def test_a_softmax_at_the_end_of_code_is_found(xy: Any, make: Callable[[], Model]) -> None:
    x, y = xy
    model = make()
    model.compile("sparse_categorical_crossentropy")
    for use in (model.fit, model.evaluate, model.gradients):
        with pytest.raises(SpecError, match="goes through softmax, but SparseCategoricalCrossentropy takes logits"):
            use(x, y)
    model.compile({"SparseCategoricalCrossentropy": {"from_logits": False}})
    with warnings.catch_warnings():
        warnings.simplefilter("error", HeadWarning)
        model.fit(x, y)
    np.testing.assert_allclose(model.predict(x), model(x), rtol=1e-5)


@pytest.mark.parametrize("make", [lambda: Handed(None), lambda: Model([theirs()])])
def test_logits_at_the_end_of_code_in_front_of_a_loss_on_probabilities(xy: Any, make: Callable[[], Model]) -> None:
    model = make()
    model.compile({"SparseCategoricalCrossentropy": {"from_logits": False}})
    with pytest.warns(HeadWarning, match="takes probabilities here, but output 'output' ends in .* without softmax"):
        model.fit(*xy)
    model.compile("sparse_categorical_crossentropy")
    model.fit(*xy)


def test_without_targets_the_loss_names_an_input(xy: Any) -> None:
    x, _ = xy
    nodes = [{"Dense": 6, "name": "back"}]
    form = {"MeanSquaredError": {}, "target": "input"}
    message = "'loss' has no target: give one, or name an input that is the target: " + re.escape(json.dumps(form))
    for use in ("fit", "evaluate", "train_on_batch", "gradients"):
        with pytest.raises(SpecError, match=message):
            getattr(compiled(nodes, loss="mse", metrics=()), use)(x)
    with pytest.raises(SpecError, match=message):
        compiled(nodes, loss="mse", metrics=()).fit([(x,)])
    model = compiled(nodes, loss=form, metrics=["mae"])
    assert model.fit(x)[-1]["train"]["loss"] > model.evaluate(x)["loss"]
    assert model.evaluate(x)["loss"] == pytest.approx(np.mean((model.predict(x) - x) ** 2), rel=1e-4)


def test_a_signal_in_a_stream_whose_end_is_not_known(xy: Any) -> None:
    with pytest.raises(Interrupted, match=r"stopped by SIGTERM after step 1 in epoch 1$"):
        compiled().fit(Again(cut(*xy)), callbacks=[Sending(1)])


class Unending(Numbered):
    num_batches = None

    def __getitem__(self, index: int) -> Any:
        return self.batches[index % len(self.batches)]


@pytest.mark.parametrize("make", [lambda *xy: as_dataset(*xy).repeat(), lambda *xy: Unending(cut(*xy))])
def test_a_stream_without_end_needs_a_number_of_batches(xy: Any, make: Callable[..., Any]) -> None:
    model, stream = compiled(), make(*xy)
    with pytest.raises(
        UsageError, match=r"^the training data \(.*\) has no end: give steps_per_epoch, the number of batch"
    ):
        model.fit(stream)
    with pytest.raises(
        UsageError, match=r"^the validation data \(.*\) has no end: give validation_steps, the number of b"
    ):
        model.fit(*xy, validation_data=stream)
    for call in (model.evaluate, model.predict):
        with pytest.raises(
            UsageError, match=r"^the data \(.*\) has no end: give steps, the number of batches to take$"
        ):
            call(stream)
    assert model.fit(stream, steps_per_epoch=2, validation_data=stream, validation_steps=1)[0]["step"] == 2
    assert model.evaluate(stream, steps=1).keys() == {"loss", "accuracy"}
    assert len(model.predict(stream, steps=1)) == BATCH


def test_samples_that_all_weigh_nothing(xy: Any) -> None:
    x, y = xy
    model, none = compiled(), np.zeros(ROWS)
    with pytest.raises(UsageError, match=r"^every sample_weight of the training data is 0, with class_weight where"):
        model.fit(x, y, sample_weight=none)
    with pytest.raises(UsageError, match=r"^every sample_weight of the training data is 0"):
        model.fit(x, y, class_weight={0: 0, 1: 0, 2: 0})
    with pytest.raises(UsageError, match=r"^every sample_weight of the validation data is 0"):
        model.fit(x, y, validation_data=(x, y, none))
    with pytest.raises(UsageError, match=r"^every sample_weight of the data is 0"):
        model.evaluate(x, y, sample_weight=none)
    with pytest.raises(UsageError, match=r"^every sample_weight of the batch is 0"):
        model.train_on_batch(x, y, sample_weight=none)
    batches = Again(cut(x, y, none))
    (record,) = model.fit(batches, validation_data=batches)
    for values in (record["train"], record["validation"], model.evaluate(batches)):
        assert values.keys() == {"loss", "accuracy"}
        assert np.isnan(list(values.values())).all()


def test_numbers_of_numpy_and_a_single_callback_are_taken(xy: Any) -> None:
    two, seen = np.int64(2), []
    model = compiled()
    model.fit(*xy, epochs=two, batch_size=np.int32(BATCH), callbacks=seen.append)
    assert [record["step"] for record in seen] == [6, 12]
    model.fit(Again(cut(*xy)), steps_per_epoch=two, callbacks=None)
    assert model.trainer.progress.step == 14
    assert type(model.trainer.progress.epoch) is int
    assert len(model.predict(Again(cut(*xy)), steps=two)) == two * BATCH


def test_words_of_a_call_that_mean_nothing(xy: Any) -> None:
    model = compiled()
    with pytest.raises(
        UsageError, match=r"validation_steps is 2, but there is nothing to validate on: give validation_data"
    ):
        model.fit(*xy, validation_steps=2)
    for given in ([1, 2], "balanced"):
        with pytest.raises(
            UsageError, match=r"class_weight is .*, expected a mapping from class to weight, such as \{0: 1"
        ):
            model.fit(*xy, class_weight=given)


@pytest.mark.parametrize(
    ("key", "value", "advice"),
    [
        ("epochs", 7, r"write fit\(..., epochs=7\)"),
        ("steps", 9, r"write fit\(..., epochs=..., steps_per_epoch=9\) for batches"),
        ("max_time", "2m", r"write fit\(..., callbacks=\[TimeLimit\('2m'\)\]\)"),
        ("checkpoint", {}, r"callbacks=\[Checkpoint\(path, ...\)\]"),
        ("load", "runs/a", r"call model\.load_weights\('runs/a'\)"),
        ("freeze", {"body": 2}, r"call model\.freeze\(\{'body': 2\}\), and model\.unfreeze between two calls of fit"),
        ("threads", 2, r"set_intra_op_parallelism_threads\(2\)"),
        ("precision", "float64", r"give it to the model, as Model\(..., dtype='float64'\)"),
    ],
)
def test_compile_takes_no_budget(key: str, value: Any, advice: str) -> None:
    with pytest.raises(UsageError, match=f"^compile takes no '{key}', which is for a config: .*{advice}"):
        compiled(**{key: value})


def test_compile_takes_no_going_back() -> None:
    message = r"^compile takes no on_nan='rollback', which goes back in a run: give 'skip', or fit\(..., callbacks=\[StopOnNaN"
    with pytest.raises(UsageError, match=message):
        compiled(on_nan="rollback")
