"""`as_keras`: what Keras computes and trains with a module of ours inside. How it is saved is in `test_keras_config.py`."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError, UsageError

RNG = np.random.default_rng(3)
X = RNG.normal(size=(48, 5)).astype("float32")
Y = RNG.normal(size=(48, 2)).astype("float32")


class Linear(tf.Module):
    """Written by hand on TensorFlow alone, its variables made by the first call."""

    def __init__(self, units: int) -> None:
        super().__init__(name="linear")
        self.units = units
        self.kernel: tf.Variable | None = None

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        if self.kernel is None:
            self.kernel = tf.Variable(tf.ones([x.shape[-1], self.units]) / 3, name="w")
            self.bias = tf.Variable(tf.zeros([self.units]))
        return x @ self.kernel + self.bias


class Mixed(nn.Module):
    """Layers of ours and of Keras, and variables, in several nestings."""

    def __init__(self) -> None:
        super().__init__(name="mixed")
        self.parts = {
            "ours": nn.Dense(4, activation="relu"),
            "theirs": [keras.layers.Dense(3, kernel_regularizer="l2")],
        }
        self.scale = tf.Variable(2.0)

    def __call__(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        return self.parts["theirs"][0](self.parts["ours"](x)) * self.scale


def dense_pair() -> tuple[Any, Any]:
    """The same two-layer network in ours and in Keras, with equal weights."""
    ours = nn.Sequential(
        [
            {"Dense": {"units": 8, "activation": "relu", "kernel_regularizer": {"L2": 0.01}}},
            "BatchNormalization",
            {"Dense": {"units": 2, "kernel_constraint": {"MaxNorm": {"max_value": 0.7}}}},
        ],
        seed=1,
    )
    theirs = keras.Sequential(
        [
            keras.Input([5]),
            keras.layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01)),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(2, kernel_constraint=keras.constraints.MaxNorm(0.7)),
        ]
    )
    ours(X)
    theirs.set_weights([value for _, value in sorted(ours.state_dict().items(), key=_keras_order)])
    return ours, theirs


def _keras_order(item: tuple[str, Any]) -> tuple[int, int]:
    layers = ("dense.", "batch_normalization.", "dense_2.")
    weights = ("kernel", "gamma", "bias", "beta", "moving_mean", "moving_variance")
    layer = next(place for place, name in enumerate(layers) if item[0].startswith(name))
    return layer, weights.index(item[0].rpartition(".")[2])


def fit(model: Any, epochs: int = 4, **options: Any) -> list[float]:
    losses: list[float] = model.fit(X, Y, batch_size=16, epochs=epochs, shuffle=False, verbose=0, **options).history[
        "loss"
    ]
    return losses


@pytest.mark.parametrize(
    "optimizer", [lambda: keras.optimizers.SGD(0.05, momentum=0.9), lambda: keras.optimizers.Adam(0.01)]
)
def test_it_trains_as_the_same_network_of_keras(optimizer: Any) -> None:
    ours, theirs = dense_pair()
    model = nn.as_keras(ours)
    for each in (model, theirs):
        each.compile(optimizer(), "mse", metrics=["mae"])
    np.testing.assert_allclose(fit(model), fit(theirs), rtol=2e-5)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), theirs.evaluate(X, Y, verbose=0), rtol=2e-5)
    np.testing.assert_allclose(model.predict(X, verbose=0), theirs.predict(X, verbose=0), rtol=1e-4, atol=1e-5)
    assert float(tf.reduce_max(tf.norm(ours["dense_2.kernel"], axis=0))) <= 0.7 + 1e-6


def test_our_own_loop_gives_the_same_losses() -> None:
    from netlib.training.model import Model

    nodes = [{"Dense": {"units": 8, "activation": "tanh"}}, {"Dense": 2}]
    ours, wrapped = Model(nodes, seed=4), Model(nodes, seed=4)
    wrapped(X)
    model = nn.as_keras(wrapped)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    ours.compile(loss="mse", optimizer={"Adam": {"learning_rate": 0.01}})
    history = ours.fit(X, Y, epochs=3, batch_size=16, shuffle=False)
    np.testing.assert_allclose([record["train"]["loss"] for record in history], fit(model, 3), rtol=1e-5)


@pytest.mark.parametrize("jit", ["auto", True, False])
def test_every_way_to_compile_gives_the_same_losses(jit: Any) -> None:
    ours, theirs = dense_pair()
    model = nn.as_keras(ours)
    for each in (model, theirs):
        each.compile("sgd", "mse", jit_compile=jit)
    assert model.jit_compile == theirs.jit_compile
    np.testing.assert_allclose(fit(model, 2), fit(theirs, 2), rtol=1e-5)


def test_it_runs_eagerly() -> None:
    ours, theirs = dense_pair()
    model = nn.as_keras(ours)
    for each in (model, theirs):
        each.compile("sgd", "mse", run_eagerly=True)
    np.testing.assert_allclose(fit(model, 1), fit(theirs, 1), rtol=1e-5)


def test_keras_shares_the_variables_and_names_them_by_path() -> None:
    module = Mixed()
    model = nn.as_keras(module)
    model(X)
    by_path = {named.path: named.variable for named in module.named_variables()}
    assert {id(v.value) for v in model.weights} == {id(v) for v in by_path.values()}
    assert len(model.weights) == len(by_path) == 5
    names = {v.name for v in model.weights}
    assert {"parts.ours.kernel", "parts.ours.bias", "scale"} < names
    theirs = module.parts["theirs"][0]
    assert {id(v) for v in theirs.weights} < {id(v) for v in model.weights}, "a Keras layer inside keeps its own"
    model.weights[0].assign(model.weights[0] * 0 + 5)
    assert any(np.all(v.numpy() == 5) for v in by_path.values())


def test_moving_statistics_and_their_flags() -> None:
    ours, _ = dense_pair()
    model = nn.as_keras(ours)
    assert [v.name for v in model.non_trainable_weights] == [
        "batch_normalization.moving_mean",
        "batch_normalization.moving_variance",
    ]
    before = ours["batch_normalization.moving_mean"].numpy()
    model.compile("sgd", "mse")
    fit(model, 1)
    assert np.abs(ours["batch_normalization.moving_mean"].numpy() - before).max() > 1e-3


@pytest.mark.parametrize("build", [lambda part: keras.Sequential([part]), lambda part: part])
def test_a_module_of_tensorflow_is_built_and_trained(build: Any) -> None:
    linear = Linear(2)
    model = build(nn.as_keras(linear))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    losses = fit(model)
    assert len(model.trainable_variables) == 2
    kernel = np.full([5, 2], 1 / 3, "float32")
    first = X[:16] @ kernel - Y[:16]
    assert losses[0] != pytest.approx(losses[-1])
    closed = kernel - 0.1 * X[:16].T @ first / 16
    fresh = Linear(2)
    again = nn.as_keras(fresh)
    again.compile(keras.optimizers.SGD(0.1), "mse")
    again.train_on_batch(X[:16], Y[:16])
    assert fresh.kernel is not None
    np.testing.assert_allclose(fresh.kernel.numpy(), closed, rtol=1e-5)


def test_in_a_functional_model_shapes_are_known_before_it_runs() -> None:
    inputs = keras.Input([6, 6, 3])
    features = nn.as_keras(nn.Conv2D(4, kernel_size=3))(inputs)
    assert features.shape == (None, 4, 4, 4)
    outputs = keras.layers.Dense(2)(keras.layers.Flatten()(features))
    model = keras.Model(inputs, outputs)
    assert model.count_params() == 3 * 3 * 3 * 4 + 4 + 64 * 2 + 2
    assert model(np.zeros([2, 6, 6, 3], "float32")).shape == (2, 2)


def test_the_shape_of_the_output_for_a_shape() -> None:
    layer = keras.layers.TimeDistributed(nn.as_keras(nn.Dense(3)))
    assert layer(np.ones([2, 4, 5], "float32")).shape == (2, 4, 3)
    assert nn.as_keras(nn.Dense(3)).compute_output_shape((None, 5)) == (None, 3)


def test_whole_numbers_stay_whole_numbers() -> None:
    inputs = keras.Input([4], dtype="int32")
    vectors = nn.as_keras(nn.Embedding(input_dim=7, output_dim=3))(inputs)
    assert vectors.shape == (None, 4, 3)
    model = nn.as_keras(nn.Embedding(input_dim=7, output_dim=3))
    assert model(np.array([[1, 2]])).shape == (1, 2, 3)


def test_several_inputs_and_outputs() -> None:
    network = nn.Network(
        inputs={"a": {"shape": [5]}, "b": {"shape": [5]}},
        nodes=[
            {"Dense": 3, "name": "left", "from": "a"},
            {"Dense": 3, "name": "right", "from": "b"},
            {"Add": {}, "from": ["left", "right"], "name": "total"},
        ],
        outputs=["total", "left"],
        seed=0,
    )
    model = nn.as_keras(network)
    given = model({"a": X, "b": X * 2})
    expected = network({"a": X, "b": X * 2})
    assert list(given) == ["total", "left"]
    for name, value in expected.items():
        np.testing.assert_allclose(given[name], value, rtol=1e-6)
    np.testing.assert_allclose(model([X, X * 2])["total"], expected["total"], rtol=1e-6)
    model.compile("sgd", loss={"total": "mse", "left": "mse"})
    targets = {"total": np.zeros([48, 3], "float32"), "left": np.zeros([48, 3], "float32")}
    history = model.fit({"a": X, "b": X * 2}, targets, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_a_layer_of_several_inputs_takes_a_list() -> None:
    model = nn.as_keras(nn.Add())
    np.testing.assert_allclose(model([X, X]), 2 * X)


class Noisy(nn.Layer):
    """Adds a loss of its own, and behaves in training as nowhere else."""

    def build(self, shape: Any) -> None:
        self.factor = self.add_weight("factor", (), "ones", regularizer={"L2": 0.5})

    def call(self, x: tf.Tensor, training: Any = False) -> tf.Tensor:
        self.add_loss(tf.reduce_mean(x) * 3)
        return x * self.factor * (10.0 if training else 1.0)


def test_our_losses_are_keras_s_and_are_counted_once_for_each_call() -> None:
    layer = nn.as_keras(Noisy())
    model = keras.Sequential([keras.Input([5]), layer])
    ones = np.ones([2, 5], "float32")
    model(ones)
    assert sorted(map(float, model.losses)) == pytest.approx([0.5, 3.0])
    model(ones)
    assert sorted(map(float, model.losses)) == pytest.approx([0.5, 3.0]), "those of the call before are gone"
    inputs = keras.Input([5])
    twice = keras.Model(inputs, layer(layer(inputs)))
    twice(2 * ones)
    assert sorted(map(float, twice.losses)) == pytest.approx([0.5, 6.0, 6.0]), (
        "a penalty once, an added loss at each call"
    )
    model.compile("sgd", "mse")
    assert model.evaluate(ones, ones, verbose=0) == pytest.approx(3.5)


def test_the_losses_of_keras_layers_inside_count_once() -> None:
    module = Mixed()
    model = nn.as_keras(module)
    for _ in range(2):
        model(X)
    kernel = module.parts["theirs"][0].kernel.numpy()
    assert [float(loss) for loss in model.losses] == pytest.approx([0.01 * float(np.sum(kernel**2))], rel=1e-5)
    wrapped = nn.as_keras(nn.Sequential([keras.layers.Dense(3, activity_regularizer="l2")]))
    outputs = wrapped(X)
    assert [float(loss) for loss in wrapped.losses] == pytest.approx([0.01 * float(np.sum(outputs.numpy() ** 2)) / 48])


class Around(nn.Layer):
    """A layer of ours around whatever Keras gives."""

    def __init__(self, inner: Any) -> None:
        super().__init__(name="around")
        self.inner = inner

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.inner(x)


@pytest.mark.parametrize("hold", [lambda part: part, nn.Foreign])
def test_ours_in_keras_in_ours_is_counted_once(hold: Any) -> None:
    inner, ones = Noisy(), np.ones([2, 5], "float32")
    around = Around(hold(keras.Sequential([nn.as_keras(inner)])))
    for _ in range(2):
        around(ones)
    assert [named.variable is inner.factor for named in around.named_variables()] == [True]
    assert sum(map(float, around.losses)) == pytest.approx(3.5)
    model = nn.as_keras(around)
    model(ones)
    assert [v.value is inner.factor for v in model.weights] == [True]
    assert sum(map(float, model.losses)) == pytest.approx(3.5)


def test_the_training_flag_is_passed_on() -> None:
    model = nn.as_keras(Noisy())
    np.testing.assert_allclose(model(X), X)
    np.testing.assert_allclose(model(X, training=True), 10 * X)
    outer = keras.Sequential([keras.Input([5]), model])
    np.testing.assert_allclose(outer(X, training=True), 10 * X)
    np.testing.assert_allclose(outer.predict(X, verbose=0), X)


class MaskedMean(nn.Layer):
    """The mean over the time steps that are there."""

    def call(self, x: tf.Tensor, mask: Any = None) -> tf.Tensor:
        weights = tf.cast(mask if mask is not None else tf.ones(tf.shape(x)[:2], tf.bool), x.dtype)[..., None]
        return tf.reduce_sum(x * weights, 1) / tf.reduce_sum(weights, 1)


def test_masks_of_keras_come_in() -> None:
    tokens = np.array([[1, 2, 0, 0], [3, 1, 2, 4]])
    inputs = keras.Input([4], dtype="int32")
    embedding = keras.layers.Embedding(5, 3, mask_zero=True)
    model = keras.Model(inputs, nn.as_keras(MaskedMean())(embedding(inputs)))
    table = embedding.embeddings.numpy()
    expected = np.stack([table[[1, 2]].mean(0), table[[3, 1, 2, 4]].mean(0)])
    np.testing.assert_allclose(model(tokens), expected, rtol=1e-6)


class Through(nn.Layer):
    """Keeps the mask of its input."""

    supports_masking = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x * 1.0


@pytest.mark.parametrize("middle", [lambda: Through(), lambda: nn.Sequential([Through()])])
def test_masks_go_out_again(middle: Any) -> None:
    tokens = np.array([[1, 2, 0, 0], [3, 1, 2, 4]])
    embedding = keras.layers.Embedding(5, 3, mask_zero=True)
    part = nn.as_keras(middle())
    direct = keras.Sequential([embedding, keras.layers.LSTM(3)])
    expected = direct(tokens)
    through = keras.Sequential([embedding, part, direct.layers[1]])
    np.testing.assert_allclose(through(tokens), expected, rtol=1e-6)
    np.testing.assert_array_equal(part(embedding(tokens))._keras_mask, tokens != 0)
    assert np.abs(direct.layers[1](embedding(tokens) * 1.0) - expected).max() > 1e-4, "the mask matters"


def test_freezing_in_keras_freezes_ours() -> None:
    ours, _ = dense_pair()
    model = nn.as_keras(ours)
    outer = keras.Sequential([keras.Input([5]), model])
    outer.trainable = False
    assert not ours.trainable
    assert ours.trainable_variables == ()
    assert outer.trainable_variables == model.trainable_variables == []
    before = ours.state_dict()
    model(X, training=True)
    np.testing.assert_equal(ours.state_dict(), before, "frozen statistics stay")
    outer.trainable = True
    assert len(outer.trainable_variables) == len(ours.trainable_variables) == 6


def test_freezing_ours_freezes_in_keras() -> None:
    ours, _ = dense_pair()
    model = nn.as_keras(ours)
    outer = keras.Sequential([keras.Input([5]), model])
    ours.freeze("dense.**")
    assert {v.name for v in outer.trainable_variables} == {
        "batch_normalization.gamma",
        "batch_normalization.beta",
        "dense_2.kernel",
        "dense_2.bias",
    }
    frozen, free = ours["dense.kernel"].numpy(), ours["dense_2.kernel"].numpy()
    outer.compile("sgd", "mse")
    fit(outer, 1)
    np.testing.assert_array_equal(ours["dense.kernel"].numpy(), frozen)
    assert np.abs(ours["dense_2.kernel"].numpy() - free).max() > 1e-4
    assert [float(loss) for loss in outer.losses] == [], "no penalty for what is frozen"
    ours.unfreeze("dense.**")
    assert len(outer.trainable_variables) == 6


def test_freezing_a_module_of_tensorflow() -> None:
    model = nn.as_keras(Linear(2))
    model(X)
    model.trainable = False
    assert (model.trainable_variables, len(model.non_trainable_variables)) == ([], 2)
    model.trainable = True
    assert len(model.trainable_variables) == 2


def test_one_module_in_two_wrappers_is_one_to_the_optimizer() -> None:
    dense = nn.Dense(5, seed=0)
    inputs = keras.Input([5])
    model = keras.Model(inputs, nn.as_keras(dense, "second")(nn.as_keras(dense, "first")(inputs)))
    assert len(model.trainable_variables) == 2
    model.compile("adam", "mse")
    assert len(model.fit(X, X, epochs=2, verbose=0).history["loss"]) == 2


@pytest.mark.parametrize("jit", [True, False])
def test_random_layers_draw_from_a_generator_of_keras(jit: bool) -> None:
    def losses() -> list[float]:
        keras.utils.set_random_seed(5)
        model = nn.as_keras(nn.Sequential([{"Dense": 8}, {"Dropout": 0.5}, {"Dense": 2}], seed=1))
        model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=jit)
        return fit(model, 3)

    first = losses()
    assert first == losses()
    assert len(set(first)) == 3, "each step draws anew"


def test_names_are_unique_unless_they_are_given() -> None:
    parts = [nn.as_keras(nn.Dense(3)), nn.as_keras(nn.Dense(3)), nn.as_keras(nn.Dense(3, name="head"))]
    assert [part.name for part in parts][2] == "head"
    assert keras.Sequential([keras.Input([5]), *parts]).count_params() == 18 + 12 + 12


def test_the_dtype_policy_is_the_module_s() -> None:
    model = nn.as_keras(nn.Dense(3, dtype="mixed_bfloat16"))
    assert model(X).dtype == tf.bfloat16
    assert (model.compute_dtype, model.weights[0].dtype) == ("bfloat16", "float32")
    keras.config.set_dtype_policy("mixed_float16")
    try:
        assert nn.as_keras(Linear(2))(X).dtype == tf.float32, "a module of TensorFlow's computes as it is written"
    finally:
        keras.config.set_dtype_policy("float32")


def test_of_a_network_that_is_built_keras_knows_all_at_once() -> None:
    ours, _ = dense_pair()
    model = nn.as_keras(ours, name="digits")
    assert model.built
    assert (model.name, model.count_params()) == ("digits", ours.num_parameters())


class Hiding(tf.Module):
    """Keeps a variable where no tree looks."""

    def __init__(self) -> None:
        super().__init__(name="hiding")
        self.kept = {tf.Variable(1.0, name="secret").ref()}

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return x * next(iter(self.kept)).deref()


def test_a_variable_that_nothing_leads_to_is_refused() -> None:
    message = r"hiding uses variables that none of its attributes leads to.*'secret' \(\); make them attributes"
    with pytest.raises(UsageError, match=message):
        nn.as_keras(Hiding())(X)


def test_a_variable_that_comes_later_is_refused() -> None:
    linear = Linear(2)
    model = nn.as_keras(linear)
    model(X)
    linear.late = tf.Variable(1.0)
    with pytest.raises(UsageError, match=r"linear has got a variable 'late' since Keras built it"):
        _ = model.trainable_variables


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'dense.*' is a Keras layer already"):
        nn.as_keras(keras.layers.Dense(2))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"takes a tf\.Module that has __call__, got a Module"):
        nn.as_keras(nn.Module())
    with pytest.raises(UsageError, match=r"takes a tf\.Module that has __call__, got a int"):
        nn.as_keras(3)  # type: ignore[arg-type]


def test_shapes_that_do_not_fit_are_refused_in_our_words() -> None:
    model = nn.as_keras(nn.Conv2D(4, kernel_size=3))
    with pytest.raises(SpecError, match=r"Conv2D needs an input of rank 4"):
        model(X)


def test_other_values_in_place_of_the_variables_are_refused() -> None:
    model = nn.as_keras(nn.Dense(2))
    model(X)
    others = [v.numpy() * 0 for v in model.trainable_variables]
    with pytest.raises(UsageError, match="computes with the value of its own 'kernel' and cannot take another one"):
        model.stateless_call([tf.constant(v) for v in others], [], X)
