from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import copy
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.layers.core import Activation, Dense, Embedding
from netlib.nn.layers.merging import Add
from netlib.nn.layers.normalization import BatchNormalization
from netlib.nn.layers.regularization import Dropout
from netlib.nn.layers.shaping import Flatten
from netlib.nn.module import Module
from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.layers import core
from netlib.spec.tensors import TensorSpec

X = tf.constant(np.random.default_rng(3).normal(size=[4, 5]), tf.float32)


class Scale(Layer[Any]):
    """A layer without a spec: one factor for each feature."""

    factor: tf.Variable
    builds = 0

    def build(self, *shapes: Any) -> None:
        (shape,) = shapes
        self.builds += 1
        ones, l2 = parse_choice("initializer", "ones"), parse_choice("regularizer", {"L2": 0.5})
        self.factor = self.add_weight("factor", (shape[-1],), ones, regularizer=l2)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
        return inputs * self.factor


def test_weights_are_made_on_the_first_call_and_once() -> None:
    dense = Dense(3)
    assert dense.variables == ()
    assert not dense.built
    result = dense(X)
    kernel = dense.kernel
    assert [(named.path, tuple(named.variable.shape)) for named in dense.named_variables()] == [
        ("kernel", (5, 3)),
        ("bias", (3,)),
    ]
    np.testing.assert_allclose(result, X @ dense.kernel + dense.bias, rtol=1e-6)
    dense(X[:2])
    assert dense.kernel is kernel


def test_the_forms_of_the_constructor() -> None:
    spec = core.Dense.parse({"units": 3, "use_bias": False})
    for layer in (
        Dense(spec),
        Dense(3, None, False),
        Dense(3, use_bias=False),
        Dense(units=3, use_bias=False),
        Layer.from_spec(spec),
    ):
        assert type(layer) is Dense
        assert layer.spec == spec
        assert (layer.name, layer.path, layer.trainable) == ("dense", "dense", True)
    named = Dense(3, name="head", path="model.head", trainable=False)
    assert (named.name, named.path, named.trainable) == ("head", "model.head", False)


def test_what_the_constructor_refuses() -> None:
    with pytest.raises(SpecError, match="Dense has no parameter 'untis'; did you mean 'units'"):
        Dense(untis=3)
    with pytest.raises(SpecError, match="Dense needs 'units'"):
        Dense()
    with pytest.raises(UsageError, match="Activation has 1 parameters, got 2 by position"):
        Activation("relu", 3)
    with pytest.raises(UsageError, match="Flatten has 0 parameters, got 1 by position"):
        Flatten(3)
    with pytest.raises(UsageError, match="Dense got 'units' twice, by position and by name"):
        Dense(3, units=3)
    with pytest.raises(UsageError, match="Scale has no spec; its own __init__ takes its parameters"):
        Scale(3)
    with pytest.raises(UsageError, match="Scale has no spec"):
        Scale(units=3)


def test_inputs_that_do_not_fit_are_refused_before_and_after_building() -> None:
    dense = Dense(3, path="model.head")
    with pytest.raises(SpecError, match=r"Dense needs an input of rank 2 or more, got \(batch\)"):
        dense(tf.ones([4]))
    assert not dense.built
    with pytest.raises(SpecError, match="Dense needs floating-point input, got int32"):
        dense(tf.ones([4, 5], tf.int32))
    dense(X)
    with pytest.raises(
        SpecError,
        match=r"model\.head was built with a kernel of \(5, 3\); for inputs of \(batch, 6\) it would be \(6, 3\)",
    ):
        dense(tf.ones([4, 6]))
    assert dense(tf.ones([2, 7, 5])).shape == (2, 7, 3)


def test_numbers_of_another_width_are_cast_and_others_are_not() -> None:
    dense = Dense(3, seed=1)
    expected = dense(X)
    assert dense(X.numpy().astype(np.float64)).dtype == tf.float32
    np.testing.assert_allclose(dense(tf.cast(X, tf.float64)), expected, rtol=1e-6)
    assert Flatten()(tf.ones([2, 3, 4], tf.uint8)).dtype == tf.uint8
    assert Embedding(input_dim=3, output_dim=2)(np.array([[0, 1]], np.uint8)).shape == (1, 2, 2)


def test_several_inputs_are_given_one_by_one() -> None:
    np.testing.assert_array_equal(Add()(X, X), X + X)
    with pytest.raises(UsageError, match=r"add takes its inputs one by one, layer\(a, b\), got a list"):
        Add()([X, X])


def test_a_layer_without_a_spec() -> None:
    scale = Scale(name="scale", seed=1)
    np.testing.assert_array_equal(scale(X), X)
    scale(X)
    scale(tf.ones([9, 5]))
    assert scale.builds == 1
    assert [named.path for named in scale.named_variables()] == ["factor"]
    assert scale.factor.name == "scale.factor:0"
    assert float(scale.losses[0]) == pytest.approx(0.5 * 5)


def test_a_layer_that_says_not_what_it_computes() -> None:
    class Empty(Layer[Any]):
        """Nothing."""

    with pytest.raises(NotImplementedError, match="Empty does not say what it computes; define `call`"):
        Empty()(X)


def test_training_is_passed_to_those_that_name_it() -> None:
    seen: list[Any] = []

    class Watch(Layer[Any]):
        def call(self, inputs: tf.Tensor, training: Any = None) -> tf.Tensor:  # type: ignore[override]
            seen.append(training)
            return inputs

    watch = Watch()
    watch(X)
    watch(X, training=True)
    assert seen == [False, True]
    np.testing.assert_array_equal(Activation("relu")(X, training=True), tf.nn.relu(X))


def test_penalties_of_regularised_weights() -> None:
    dense = Dense(3, kernel_regularizer={"L2": 0.5}, bias_regularizer={"L1": 2}, bias_initializer="ones")
    assert dense.losses == []
    dense(X)
    np.testing.assert_allclose(dense.losses, [0.5 * np.sum(dense.kernel.numpy() ** 2), 6.0], rtol=1e-6)
    dense.trainable = False
    assert dense.losses == []


def test_penalties_of_layers_in_any_nesting() -> None:
    class Holder(Layer[Any]):
        def __init__(self) -> None:
            super().__init__(name="holder")
            self.parts = {"one": [Dense(1, kernel_regularizer="l2")], "two": Module(name="two")}
            self.parts["two"].scale = Scale()

        def call(self, inputs: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            return self.parts["one"][0](inputs) + self.parts["two"].scale(inputs)[:, :1]

    holder = Holder()
    holder(X)
    assert len(holder.losses) == 2
    twin = copy.deepcopy(holder)
    twin["parts.two.scale.factor"].assign(np.zeros(5))
    assert float(twin.losses[1]) == 0
    assert float(holder.losses[1]) == pytest.approx(2.5)


def test_initial_weights_follow_from_seed_path_and_weight_alone() -> None:
    def kernel(layer: type[Layer[Any]] = Dense, **options: Any) -> np.ndarray[Any, Any]:
        made = layer(5, **options)
        made(X)
        return made.variables[0].numpy()

    first = kernel(seed=1, path="a")
    tf.random.set_seed(9)
    kernel(seed=5, path="z")
    np.testing.assert_array_equal(kernel(seed=1, path="a"), first)
    np.testing.assert_array_equal(kernel(seed=1, path="a", name="other", use_bias=False), first)
    for other in (kernel(seed=1, path="b"), kernel(seed=2, path="a"), kernel(), kernel()):
        assert not np.any(other == first)
    assert not np.any(kernel() == kernel())


def test_two_weights_of_one_layer_differ() -> None:
    dense = Dense(5, seed=1, bias_initializer="RandomNormal", kernel_initializer="RandomNormal")
    dense(X[:, :1])
    assert not np.any(dense.kernel.numpy()[0] == dense.bias.numpy())


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_layer_may_be_built_inside_of_a_function(jit_compile: bool) -> None:
    reference, dense = Dense(3, seed=1), Dense(3, seed=1)
    scale, normal = Scale(), BatchNormalization()

    @tf.function(jit_compile=jit_compile)
    def run(x: tf.Tensor, training: bool) -> tf.Tensor:
        return normal(scale(dense(x)), training=training)

    expected = reference(X)
    np.testing.assert_allclose(run(X, False), expected / np.sqrt(1 + 1e-3), rtol=1e-5)
    np.testing.assert_allclose(np.mean(run(X, True), axis=0), np.zeros(3), atol=1e-5)
    assert len(dense.variables) + len(scale.variables) + len(normal.variables) == 2 + 1 + 4
    np.testing.assert_array_equal(dense.kernel, reference.kernel)
    assert np.any(normal.moving_mean.numpy() != 0)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients_reach_every_weight(jit_compile: bool) -> None:
    dense = Dense(3)

    @tf.function(jit_compile=jit_compile)
    def gradients(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(dense(x))
        return tape.gradient(loss, dense.trainable_variables)

    kernel, bias = gradients(X)
    np.testing.assert_allclose(kernel, np.tile(np.sum(X, axis=0)[:, None], [1, 3]), rtol=1e-5)
    np.testing.assert_allclose(bias, [4, 4, 4])


def test_a_batch_of_unknown_length_is_built_once() -> None:
    dense = Dense(3)
    run = tf.function(dense, input_signature=[tf.TensorSpec([None, 5])])
    assert run(X).shape == (4, 3)
    assert run(X[:1]).shape == (1, 3)
    dense.ensure_built(TensorSpec((7, 5)))
    assert len(dense.variables) == 2


def test_a_copy_is_a_layer_of_its_own() -> None:
    dropout, dense = Dropout(0.5, seed=1), Dense(3, seed=1, kernel_regularizer="l2")
    dense(X)
    twin, other = copy.deepcopy(dense), copy.deepcopy(dropout)
    twin.kernel.assign(tf.zeros([5, 3]))
    assert float(twin.losses[0]) == 0
    assert float(dense.losses[0]) > 0
    assert twin.spec == dense.spec
    np.testing.assert_array_equal(other(X), X)


class Summed(Layer[Any]):
    """Takes tensors in any nesting."""

    def build(self, *shapes: Any) -> None:
        self.shapes = shapes

    def call(self, x: Any, other: Any = None) -> Any:  # type: ignore[override]
        tensors = [each for each in tf.nest.flatten([x, other]) if each is not None]
        return tf.add_n([tf.cast(each, tf.float32) for each in tensors])


def test_what_a_layer_written_by_hand_takes() -> None:
    ones = np.ones([2, 3])
    for given in ([ones, ones], {"b": ones, "a": (ones,)}, [[[1.0, 2.0]], [[3.0, 4.0]]]):
        assert Summed()(given).dtype == tf.float32
    summed = Summed()
    summed([ones, ones], None)
    assert summed.shapes == ((None, 3), (None, 3))
    assert int(Summed()(3)) == 3
    np.testing.assert_array_equal(Summed()(ones, 2 * ones), 3 * ones)
    ragged = tf.ragged.constant([[1.0], [2.0, 3.0]])

    class Lengths(Layer[Any]):
        def call(self, x: Any) -> Any:  # type: ignore[override]
            return x.row_lengths()

    np.testing.assert_array_equal(Lengths()(ragged), [1, 2])


@pytest.mark.parametrize(("policy", "dtype"), [("mixed_bfloat16", tf.bfloat16), ("mixed_float16", tf.float16)])
def test_the_compute_dtype(policy: str, dtype: Any) -> None:
    dense = Dense(3, dtype=policy)
    assert (dense.dtype, dense.compute_dtype) == (policy, dtype.name)
    assert dense(X).dtype == dense(X.numpy().astype(np.float64)).dtype == dtype
    assert dense.kernel.dtype == tf.float32
    assert (Dense(1).dtype, Dense(1).compute_dtype) == ("float32", "float32")


def test_masks_are_given_to_those_that_name_them() -> None:
    seen: list[Any] = []

    class Masked(Layer[Any]):
        supports_masking = True

        def call(self, x: Any, mask: Any = None) -> Any:  # type: ignore[override]
            seen.append(mask)
            return x

    mask = tf.constant([[True, False]])
    Masked()(tf.ones([1, 2, 3]), mask=mask)
    assert seen == [mask]
    Dense(2)(tf.ones([1, 2, 3]), mask=mask)
    other = tf.constant([[True, True]])
    np.testing.assert_array_equal(Add().compute_mask(X, X, mask=(other, mask)), mask)
    np.testing.assert_array_equal(Masked().compute_mask(X, mask=mask), mask)
    assert Add().compute_mask(X, X, mask=(None, None)) is None
    assert Flatten().compute_mask(X, mask=mask) is None


def test_facts_before_it_is_built() -> None:
    dense = Dense(3)
    assert (dense.output_shape((None, 7, 5)), dense.count((None, 7, 5))) == ((None, 7, 3), 18)
    assert Add().output_shape((None, 5), (None, 5)) == (None, 5)
    assert Embedding(7, 2).output_shape((None, 4)) == (None, 4, 2)
    assert not dense.built
    with pytest.raises(SpecError, match="Dense needs an input of rank 2 or more"):
        dense.output_shape((None,))
    with pytest.raises(SpecError, match="Dense reads input, got 2 inputs"):
        dense.count((None, 2), (None, 2))


def test_plain_values_and_back() -> None:
    dense = Dense(3, "relu", name="head", trainable=False, dtype="mixed_bfloat16", kernel_initializer={"HeNormal": {}})
    again = Dense.from_config(dense.get_config())
    assert (again.spec, again.name, again.trainable, again.dtype) == (dense.spec, "head", False, "mixed_bfloat16")
    assert "name" not in Dense(3).get_config()
    assert Scale().get_config() == {}

    class Sized(Layer[Any]):
        def __init__(self, *, units: int = 2) -> None:
            super().__init__()
            self.units = units

    message = r"Sized does not say its parameter 'units': define get_config\(self\) that returns \{\*\*super\(\)\.get_config\(\)"
    with pytest.raises(UsageError, match=message):
        Sized().get_config()


def test_parameters_that_tensorflow_wrapped() -> None:
    class Holder(Module):
        def __init__(self) -> None:
            super().__init__()
            self.options = {"kernel_initializer": {"VarianceScaling": {"scale": 2.0}}, "units": 3}

    assert Dense(**Holder().options).spec == Dense(3, kernel_initializer={"VarianceScaling": {"scale": 2.0}}).spec


def test_a_layer_that_is_called_anew_inside_of_itself_is_one_call() -> None:
    class Countdown(Layer[Any]):
        def call(self, x: Any, training: Any) -> Any:  # type: ignore[override]
            self.add_loss(1.0)
            return x if float(x) <= 0 else self(x - 1)

    countdown = Countdown()
    countdown(3.0)
    assert len(countdown.losses) == 4
