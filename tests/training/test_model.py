from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.spec.errors import SpecError, UsageError
from netlib.training.model import Model

Blobs = Callable[..., Arrays]
HIDDEN = {"Dense": {"units": 8, "activation": "relu"}, "name": "hidden"}
HEAD = {"Dense": 3, "name": "head"}
LOSS = "sparse_categorical_crossentropy"
PAIR = {"a": {"shape": [6]}, "b": {"shape": [2]}}


def compiled(nodes: Any = None, *, seed: int = 5, **words: Any) -> Model:
    model = Model(nodes or [HIDDEN, HEAD], seed=seed)
    model.compile(**{"loss": LOSS, "optimizer": {"SGD": 0.1}, "execution": "graph", **words})
    return model


def pair_model() -> Model:
    """Two inputs, two outputs."""
    nodes = [
        {**HIDDEN, "from": "a"},
        {"Concatenate": None, "from": ["hidden", "b"], "name": "joined"},
        {"Dense": 3, "name": "kind"},
        {"Dense": 1, "name": "yes", "from": "joined"},
    ]
    model = Model(nodes, inputs=PAIR, outputs=["kind", "yes"], seed=5)
    model.compile(
        {"first": {LOSS: None, "of": "kind", "target": "labels"}, "yes": "binary_crossentropy"},
        "Adam",
        [{"accuracy": None, "of": "kind"}, {"AUC": None, "of": "yes"}],
        execution="graph",
    )
    return model


@pytest.fixture(scope="module")
def pair_data() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    random = np.random.default_rng(1)
    x = {"a": random.normal(size=(45, 6)).astype("f"), "b": random.normal(size=(45, 2)).astype("f")}
    return x, {"labels": random.integers(0, 3, 45), "yes": random.integers(0, 2, 45)}


def in_keras(model: Model, optimizer: Any, metrics: list[Any]) -> keras.Model:
    """The same MLP, with the same weights."""
    twin = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3)])
    twin.set_weights(list(model.state_dict().values()))
    twin.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=metrics)
    return twin


SGD = {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choice", "execution", "with_weights"),
    [(SGD, "graph", True), (SGD, "xla", False), ({"Adam": 0.01}, "graph", False), ({"Adam": 0.01}, "xla", True)],
)
def test_training_is_that_of_keras(blobs: Blobs, choice: Any, execution: str, with_weights: bool) -> None:
    """Two epochs with a smaller last batch, and the evaluation after them.

    Keras divides the loss of a weighted batch by its number of rows, where ours is the weighted mean; weights of mean 1 in every
    batch make both the same.
    """
    data = blobs(90)
    x, y = data.inputs["input"], data.targets["target"]
    weights = np.tile([0.5, 1.5], 45).astype(np.float32) if with_weights else None
    model = compiled(optimizer=choice, metrics=["accuracy"], execution=execution)
    model(x)
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9) if choice is SGD else keras.optimizers.Adam(0.01)
    twin = in_keras(model, optimizer, ["accuracy"] if weights is None else [])
    theirs = twin.fit(x, y, epochs=2, batch_size=16, shuffle=False, verbose=0, sample_weight=weights).history
    ours = model.fit(x, y, epochs=2, batch_size=16, shuffle=False, sample_weight=weights)
    for value, expected in zip(model.state_dict().values(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-5)
    if weights is None:
        for name in ("loss", "accuracy"):
            assert [record["train"][name] for record in ours] == pytest.approx(theirs[name], rel=1e-4)
        loss, accuracy = twin.evaluate(x, y, batch_size=90, verbose=0)
        assert model.evaluate(x, y) == pytest.approx({"loss": loss, "accuracy": accuracy}, rel=1e-4)
    shares = keras.ops.softmax(twin.predict(x, verbose=0))
    np.testing.assert_allclose(model.predict(x, batch_size=32), shares, rtol=1e-3, atol=1e-5)


def test_it_learns(blobs: Blobs) -> None:
    data = blobs(300)
    x, y = data.inputs["input"], data.targets["target"]
    model = compiled(optimizer={"Adam": 0.02}, metrics=["accuracy"])
    history = model.fit(x, y, epochs=30, validation_data=(x[:50], y[:50]))
    assert history[-1]["train"]["loss"] < 0.3 * history[0]["train"]["loss"]
    assert history[-1]["validation"] == pytest.approx(model.evaluate(x[:50], y[:50]))
    assert model.evaluate(x, y)["accuracy"] > 0.95


def test_a_second_fit_goes_on(blobs: Blobs) -> None:
    data = blobs(40)
    x, y = data.inputs["input"], data.targets["target"]
    whole, parts = compiled(optimizer="Adam"), compiled(optimizer="Adam")
    expected = whole.fit(x, y, epochs=3)
    first, second = parts.fit(x, y, epochs=1), parts.fit(x, y, epochs=2)
    assert [record["epoch"] for record in first] == [1]
    assert [(record["epoch"], record["step"]) for record in second] == [(2, 4), (3, 6)]
    assert [record["train"] for record in (*first, *second)] == [record["train"] for record in expected]
    for path, value in whole.state_dict().items():
        np.testing.assert_array_equal(parts.state_dict()[path], value)


def test_compiling_anew_begins_anew_with_the_weights_as_they_are(blobs: Blobs) -> None:
    data = blobs(40)
    x, y = data.inputs["input"], data.targets["target"]
    model = compiled()
    model.fit(x, y, epochs=2)
    before = model.evaluate(x, y)
    model.compile(LOSS, "Adam", execution="graph")
    assert model.evaluate(x, y) == pytest.approx(before)
    assert [record["epoch"] for record in model.fit(x, y)] == [1]


def test_one_seed_gives_one_result(blobs: Blobs) -> None:
    data = blobs(40)
    results = []
    for seed in (5, 5, 6):
        model = compiled([HIDDEN, {"Dropout": 0.3}, HEAD], seed=seed)
        model.fit(data.inputs["input"], data.targets["target"], epochs=2)
        results.append(model.state_dict()["head.kernel"])
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def test_several_inputs_and_outputs(pair_data: Any) -> None:
    x, y = pair_data
    model = pair_model()
    history = model.fit({"b": x["b"], "a": x["a"]}, y, epochs=2, batch_size=16, validation_data=(x, y))
    names = ["loss", "first_loss", "yes_loss", "accuracy", "auc"]
    assert list(history[-1]["train"]) == list(history[-1]["validation"]) == names
    assert model.evaluate(x, y, batch_size=7) == pytest.approx(history[-1]["validation"], rel=1e-4)


def test_predictions_of_several_outputs_are_linked(pair_data: Any) -> None:
    x, _ = pair_data
    model = pair_model()
    found = model.predict(x, batch_size=16)
    logits = model(x)
    assert list(found) == ["kind", "yes"]
    np.testing.assert_allclose(found["kind"], keras.ops.softmax(logits["kind"]), rtol=1e-5)
    np.testing.assert_allclose(found["yes"], keras.ops.sigmoid(logits["yes"]), rtol=1e-5)


@pytest.mark.parametrize("rows", [1, 15, 16, 33])
def test_predictions_do_not_depend_on_the_batch(blobs: Blobs, rows: int) -> None:
    x = blobs(rows).inputs["input"]
    model = compiled()
    found = model.predict(x, batch_size=16)
    assert found.shape == (rows, 3)
    np.testing.assert_allclose(found, keras.ops.softmax(model(x)), rtol=1e-5)


def test_predictions_without_a_loss_are_the_outputs(blobs: Blobs) -> None:
    x = blobs(7).inputs["input"]
    model = Model([HIDDEN, HEAD], seed=5)
    np.testing.assert_allclose(model.predict(x), model(x), rtol=1e-5, atol=1e-6)


def test_an_autoencoder(blobs: Blobs) -> None:
    x = blobs(40).inputs["input"]
    model = compiled([{"Dense": 6, "name": "back"}], loss={"mse": None, "target": "input"})
    history = model.fit(x, {}, epochs=8)
    assert history[-1]["train"]["loss"] < history[0]["train"]["loss"]
    assert model.evaluate(x, {})["loss"] == pytest.approx(np.mean((model.predict(x) - x) ** 2), rel=1e-4)


def test_numbers_of_python_and_double_precision_are_taken() -> None:
    model = compiled([{"Dense": 1}], loss="mse")
    model.fit([[0.0, 1.0], [1.0, 0.0]], [1.0, 2.0])
    assert model.predict(np.zeros((3, 2))).dtype == np.float32


@pytest.mark.parametrize("verb", ["fit", "evaluate"])
def test_a_loss_is_needed_first(blobs: Blobs, verb: str) -> None:
    data = blobs(4)
    model = Model([HEAD], name="net")
    with pytest.raises(UsageError, match=rf"net.{verb} needs a loss: call net.compile\(loss, ...\) first"):
        getattr(model, verb)(data.inputs["input"], data.targets["target"])


def test_lengths_that_differ(blobs: Blobs) -> None:
    data, model = blobs(8), compiled()
    x, y = data.inputs["input"], data.targets["target"]
    wanted = "needs as many targets and weights as inputs: input has 8, target has "
    with pytest.raises(UsageError, match=f"{wanted}3 samples"):
        model.fit(x, y[:3])
    with pytest.raises(UsageError, match=f"{wanted}8, sample_weight has 2 samples"):
        model.fit(x, y, sample_weight=[1, 2])
    with pytest.raises(UsageError, match=f"{wanted}3 samples"):
        model.fit(x, y, validation_data=(x, y[:3]))


@pytest.mark.parametrize("verb", ["fit", "evaluate"])
def test_no_samples(blobs: Blobs, verb: str) -> None:
    with pytest.raises(UsageError, match="model needs at least one sample, got none"):
        getattr(compiled(), verb)(np.zeros((0, 6)), np.zeros(0, int))


@pytest.mark.parametrize("built", [False, True])
@pytest.mark.parametrize("names", [["a"], ["a", "c"], ["a", "b", "c"], []])
def test_inputs_by_other_names(pair_data: Any, names: list[str], built: bool) -> None:
    x, y = pair_data
    model = pair_model()
    if built:
        model.predict(x)
    wrong = {name: x.get(name, x["b"]) for name in names}
    for call in (lambda: model.fit(wrong, y), lambda: model.evaluate(wrong, y), lambda: model.predict(wrong)):
        with pytest.raises(SpecError, match=f"model has the inputs a, b; got {', '.join(names) or 'none'}$"):
            call()


def test_one_array_for_several_inputs(pair_data: Any) -> None:
    with pytest.raises(SpecError, match="model has the inputs a, b; call it with a mapping of them"):
        pair_model().predict(pair_data[0]["a"])


def test_unknown_targets(pair_data: Any) -> None:
    x, y = pair_data
    with pytest.raises(SpecError, match="there is no target 'labels'"):
        pair_model().fit(x, {"label": y["labels"], "yes": y["yes"]})


def test_arrays_of_another_width(blobs: Blobs) -> None:
    data, model = blobs(8), compiled()
    model.fit(data.inputs["input"], data.targets["target"])
    with pytest.raises(SpecError, match=r"\(batch, 6\) float32, got \(batch, 5\) float32"):
        model.predict(np.zeros((2, 5)))


def test_mistakes_in_the_words_of_compile() -> None:
    with pytest.raises(SpecError) as caught:
        Model([HEAD]).compile(LOSS, "SGDD", ["accurracy"])
    assert "SGDD" in str(caught.value)
    assert "accurracy" in str(caught.value)
