"""Both faults put in: variables that are used and in no tree; and what is kept properly, which must pass."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.layer import Layer
from netlib.nn.module import Module
from netlib.nn.random import uniform
from netlib.spec.errors import UsageError
from netlib.training.captured import Guard, UncheckedWarning, UnknownVariableError
from netlib.training.learning import UntrainedWarning
from netlib.training.model import Model

MODES = ("graph", "xla", "eager")
INPUT = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
LABELS = np.arange(12) % 3


def scale(name: str = "scale", **options: Any) -> tf.Variable:
    return tf.Variable(tf.ones([4]), name=name, **options)


class Plain:
    """An object that no tree looks into."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


@dataclass
class Record:
    value: Any


class Holding(tf.Module):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Using(Layer[Any]):
    """Keeps something, and computes with the variable that a function finds in it."""

    def __init__(self, kept: Any, use: Callable[[Any, tf.Tensor], tf.Tensor]) -> None:
        super().__init__(name="custom")
        self.kept = kept
        self._use = use

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self._use(self.kept, x)


class Classwide(Layer[Any]):
    table: ClassVar[list[tf.Variable]] = []

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x * self.table[0]


KEPT_GLOBALLY: list[tf.Variable] = []


def in_a_closure(variable: tf.Variable) -> Layer[Any]:
    return Using(None, lambda _, x: x * variable)


def in_a_plain_object(variable: tf.Variable) -> Layer[Any]:
    return Using(Plain(variable), lambda kept, x: x * kept.value)


def in_slots(variable: tf.Variable) -> Layer[Any]:
    return Using([Slotted(variable)], lambda kept, x: x * kept[0].value)


def in_a_set(variable: tf.Variable) -> Layer[Any]:
    return Using({variable.ref()}, lambda kept, x: x * next(iter(kept)).deref())


def in_a_global(variable: tf.Variable) -> Layer[Any]:
    KEPT_GLOBALLY[:] = [variable]
    return Using(None, lambda _, x: x * KEPT_GLOBALLY[0])


def in_the_class(variable: tf.Variable) -> Layer[Any]:
    Classwide.table[:] = [variable]
    return Classwide()


def in_a_default(variable: tf.Variable) -> Layer[Any]:
    def use(_: Any, x: tf.Tensor, by: tf.Variable = variable) -> tf.Tensor:
        return x * by

    return Using(None, use)


def in_a_partial(variable: tf.Variable) -> Layer[Any]:
    return Using(functools.partial(tf.multiply, y=variable), lambda kept, x: kept(x))


FAULTS = {
    in_a_closure: r"the closure of \S+ as 'variable'\nnetlib looks into .*; make it an attribute of the layer",
    in_a_plain_object: r"self\.kept\.value\nnetlib looks into .*; make Plain a dataclass or a netlib\.nn\.Module",
    in_slots: r"self\.kept\[0\]\.value\n.*; make Slotted a dataclass or a netlib\.nn\.Module",
    in_a_set: r"the set self\.kept\n.*; make self\.kept a list",
    in_a_global: r"the global 'KEPT_GLOBALLY' of \S*test_captured\[0\]\n.*; make it an attribute of the layer",
    in_the_class: r"the class's Classwide\.table\[0\]\n.*; make it an attribute of the layer",
    in_a_default: r"a default argument of use\n.*; make it an attribute of the layer",
    in_a_partial: r"self\.kept\['y'\]\n.*; make it an attribute of the layer",
}


class Root(Module):
    """A model as far as the check is concerned."""

    def __init__(self, custom: Any) -> None:
        super().__init__()
        self.custom = custom


def run(layer: Any, execution: str = "graph", *others: Any) -> Any:
    """The layer's output, checked as the loop checks a step."""
    root = Root(layer)
    return Guard("the test", root, *others).compiled(lambda x: root.custom(x), execution)(tf.constant(INPUT))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_variable_in_no_tree_is_named_with_the_place_that_hides_it(fault: Callable[[tf.Variable], Any]) -> None:
    with pytest.raises(
        UnknownVariableError,
        match=r"(?s)^the test uses a variable that is in no tree, so that it would silently not be trained, saved or"
        r" restored: 'scale' \(4,\) float32, which custom \(\w+\) keeps in " + FAULTS[fault],
    ) as caught:
        run(fault(scale()))
    assert isinstance(caught.value, UsageError)
    assert [(u.name, u.shape, u.dtype, u.holder.path) for u in caught.value.unknown if u.holder] == [
        ("scale", (4,), "float32", "custom")
    ]


@pytest.mark.parametrize("execution", MODES)
@pytest.mark.parametrize("options", [{"trainable": True}, {"trainable": False}], ids=["trained", "frozen"])
def test_frozen_ones_too_and_in_every_mode(execution: str, options: dict[str, Any]) -> None:
    with pytest.raises(UnknownVariableError, match=r"'scale' \(4,\) float32, which custom"):
        run(in_a_closure(scale(**options)), execution)


@pytest.mark.parametrize("execution", MODES)
def test_a_statistic_updated_by_assign(execution: str) -> None:
    mean = scale("mean", trainable=False)

    def use(_: Any, x: tf.Tensor) -> tf.Tensor:
        mean.assign(0.9 * mean + 0.1 * tf.reduce_mean(x, axis=0))
        return x

    with pytest.raises(UnknownVariableError, match=r"'mean' \(4,\) float32"):
        run(Using(None, use), execution)
    np.testing.assert_array_equal(mean.numpy(), np.ones(4))
    assert run(Using(mean, use), execution).shape == (12, 4)
    assert not np.allclose(mean.numpy(), 1)


def built(layer: Any) -> Any:
    layer.build((None, 4))
    return layer


KERAS = {
    "Dense": (lambda: keras.layers.Dense(4), r"kernel' \(4, 4\) float32.*\n.*bias' \(4,\) float32"),
    "frozen": (lambda: keras.layers.Dense(4, use_bias=False, trainable=False), r"kernel' \(4, 4\) float32"),
    "statistics": (
        lambda: keras.layers.BatchNormalization(center=False, scale=False),
        r"moving_mean' \(4,\) .*\n.*moving_variance' \(4,\)",
    ),
    "seed state": (lambda: keras.layers.Dropout(0.5, seed=1), r"seed_generator_state' \(2,\)"),
}


@pytest.mark.parametrize("kind", KERAS)
def test_a_keras_layer_in_a_plain_object(kind: str) -> None:
    make, match = KERAS[kind]

    def use(kept: Any, x: tf.Tensor) -> tf.Tensor:
        return kept.value(x, training=True) if kind in ("statistics", "seed state") else kept.value(x)

    with pytest.raises(UnknownVariableError, match=rf"(?s){match}.*self\.kept\.value.*make Plain a dataclass"):
        run(Using(Plain(built(make())), use))
    for keep in (Record, Holding):
        assert run(Using(keep(built(make())), use)).shape == (12, 4)


KEPT_PROPERLY: dict[str, Callable[[tf.Variable], Any]] = {
    "attribute": lambda v: Using(v, lambda kept, x: x * kept),
    "list": lambda v: Using([v], lambda kept, x: x * kept[0]),
    "tuple in a dict": lambda v: Using({"a": (v,)}, lambda kept, x: x * kept["a"][0]),
    "dataclass": lambda v: Using(Record(v), lambda kept, x: x * kept.value),
    "tf.Module": lambda v: Using(Holding(v), lambda kept, x: x * kept.value),
    "nested": lambda v: Using([{"a": Record(Holding(v))}], lambda kept, x: x * kept[0]["a"].value.value),
    "attribute and closure": lambda v: Using(v, lambda _, x: x * v),
}


@pytest.mark.parametrize("kind", KEPT_PROPERLY)
def test_what_is_kept_properly_passes(kind: str) -> None:
    for trainable in (True, False):
        np.testing.assert_array_equal(run(KEPT_PROPERLY[kind](scale(trainable=trainable))), INPUT)


def in_a_loop(variable: tf.Variable, x: tf.Tensor) -> tf.Tensor:
    return tf.while_loop(lambda i, _: i < 2, lambda i, y: (i + 1, y * variable), (tf.constant(0), x))[1]


def in_a_branch(variable: tf.Variable, x: tf.Tensor) -> tf.Tensor:
    return tf.cond(tf.reduce_sum(x) > 1e9, lambda: x * variable, lambda: x)


def in_a_switch(variable: tf.Variable, x: tf.Tensor) -> tf.Tensor:
    return tf.switch_case(tf.cast(x[0, 0], tf.int32), [lambda: x, lambda: x * variable])


def in_a_compiled_function(variable: tf.Variable, x: tf.Tensor) -> tf.Tensor:
    return tf.function(lambda y: y * variable, jit_compile=True)(x)


def in_a_function_in_a_loop_in_a_branch(variable: tf.Variable, x: tf.Tensor) -> tf.Tensor:
    function = tf.function(lambda y: tf.cond(tf.reduce_sum(y) > 0, lambda: in_a_loop(variable, y), lambda: y))
    return tf.map_fn(function, x)


def in_a_concrete_function(variable: tf.Variable, x: tf.Tensor) -> tf.Tensor:
    concrete = tf.function(lambda y: y * variable).get_concrete_function(tf.TensorSpec([12, 4]))
    return concrete(x)


def in_a_custom_gradient(variable: tf.Variable, x: tf.Tensor) -> tf.Tensor:
    @tf.custom_gradient
    def backwards(y: tf.Tensor) -> Any:
        return y, lambda upstream: upstream * variable

    with tf.GradientTape() as tape:
        tape.watch(x)
        y = backwards(x)
    return tape.gradient(y, x)


def gathered(variable: tf.Variable, x: tf.Tensor) -> tf.Tensor:
    return x * tf.gather(variable, [0])


@pytest.mark.parametrize("execution", ["graph", "xla"])
@pytest.mark.parametrize(
    "use",
    [
        in_a_loop,
        in_a_branch,
        in_a_switch,
        in_a_compiled_function,
        in_a_function_in_a_loop_in_a_branch,
        in_a_concrete_function,
        in_a_custom_gradient,
        gathered,
    ],
    ids=lambda use: use.__name__,
)
def test_however_deep_in_the_graph_it_is_used(use: Callable[..., tf.Tensor], execution: str) -> None:
    hidden = scale(trainable=False)
    with pytest.raises(UnknownVariableError, match=r"'scale' \(4,\) float32, which custom \(Using\)"):
        run(Using(None, lambda _, x: use(hidden, x)), execution)


def by_handle(variable: tf.Variable, x: tf.Tensor) -> tf.Tensor:
    return x * tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=tf.float32)


def test_one_that_is_read_by_its_handle_alone() -> None:
    hidden, handles = scale(), {}

    def use(_: Any, x: tf.Tensor) -> tf.Tensor:
        return x * tf.raw_ops.ReadVariableOp(resource=handles["of"], dtype=tf.float32)

    np.testing.assert_array_equal(run(Using(hidden, by_handle)), INPUT)
    with pytest.raises(
        UnknownVariableError, match=r"'scale' \(4,\) float32, which custom \(Using\) keeps in the closure"
    ):
        run(Using(None, lambda _, x: by_handle(hidden, x)))
    handles["of"] = hidden.handle
    with pytest.raises(
        UnknownVariableError, match=r"'\?' \(4,\) of unknown dtype, held by nothing that the model reaches"
    ):
        run(Using(None, use))


def test_a_lookup_table_is_no_variable() -> None:
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([0, 1], [1.0, 2.0]), 0.0)

    def use(kept: Any, x: tf.Tensor) -> tf.Tensor:
        return x * kept.lookup(tf.ones([4], tf.int32))

    np.testing.assert_array_equal(run(Using(table, use)), INPUT * 2)


def test_several_are_listed() -> None:
    first, second = scale("first"), scale("second")
    with pytest.raises(
        UnknownVariableError,
        match=r"(?s)the test uses variables that are in no tree, so that they would .*:\n  'first' .*\n  'second' .*\nnetlib",
    ):
        run(Using({first.ref()}, lambda kept, x: x * next(iter(kept)).deref() * second))


def test_random_numbers_of_ours_outside_of_a_forward_pass_pass() -> None:
    layer = Using(None, lambda _, x: x + uniform("noise", "custom", x.shape))
    assert np.all(run(layer) > INPUT - 1e-6)


def test_what_else_is_known_passes() -> None:
    average, metric, optimizer = scale(), keras.metrics.Mean(), keras.optimizers.Adam(0.1)
    weight = scale("weight")
    optimizer.build([weight])

    def use(kept: tf.Variable, x: tf.Tensor) -> tf.Tensor:
        optimizer.apply([tf.ones([4])], [kept])
        metric.update_state(x)
        return x * average

    others = {
        "scale": lambda: [average],
        "total": lambda: metric.variables,
        "learning_rate": lambda: optimizer.variables,
    }
    assert run(Using(weight, use), "graph", *others.values()).shape == (12, 4)
    for name in others:
        rest = [variables for known, variables in others.items() if known != name]
        with pytest.raises(UnknownVariableError, match=rf"'(\w+/)?{name}' "):
            run(Using(weight, use), "graph", *rest)


def test_a_later_trace_is_checked_too_and_each_form_is_traced_once() -> None:
    hidden, traced = scale(), []

    def use(_: Any, x: tf.Tensor) -> tf.Tensor:
        traced.append(x.shape[0])
        return x * hidden if x.shape[0] == 5 else x

    function = Guard("the test", Root(Using(None, use)))
    root = function._model
    compiled = function.compiled(lambda x: root.custom(x), "graph")
    for rows in (12, 12, 3, 12, 3):
        compiled(tf.ones([rows, 4]))
    assert traced == [12, 3]
    with pytest.raises(UnknownVariableError, match="'scale'"):
        compiled(tf.ones([5, 4]))


def test_what_cannot_be_traced_runs_eagerly_with_a_warning() -> None:
    layer = Using(scale(), lambda kept, x: x * float(kept.numpy()[0]) * float(x.numpy().max() > -99))
    with pytest.warns(
        UncheckedWarning,
        match=r"whether the test uses variables that are in no tree could not be checked: it cannot be traced"
        r" \(\w+: .*\); a variable elsewhere than in attributes, .* would silently not be trained or saved",
    ):
        np.testing.assert_array_equal(run(layer, "eager"), INPUT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(Using(scale(), lambda kept, x: x * kept), "eager")


def test_a_mistake_of_the_users_is_said_as_it_is_when_traced_for_the_check() -> None:
    def use(_: Any, x: tf.Tensor) -> tf.Tensor:
        raise UsageError("of ours")

    with pytest.raises(UsageError, match=r"^of ours$"):
        run(Using(None, use), "eager")


def model_with(layer: Layer[Any], execution: str) -> Model:
    x = nn.Input([4])
    model = Model(x, outputs=nn.Dense(3, name="head")(layer(x)), seed=1)
    model.compile("sparse_categorical_crossentropy", {"SGD": 0.1}, ["accuracy"], execution=execution)
    return model


@pytest.mark.parametrize("execution", MODES)
def test_training_evaluation_and_prediction_refuse_before_any_weight_changes(execution: str) -> None:
    model = model_with(in_a_plain_object(scale()), execution)
    before = model.state_dict()
    with pytest.raises(UnknownVariableError, match=r"^the training step uses .*'scale' \(4,\) float32, which custom"):
        model.fit(INPUT, LABELS, batch_size=5)
    with pytest.raises(UnknownVariableError, match=r"^evaluation uses .*'scale'"):
        model.evaluate(INPUT, LABELS)
    with pytest.raises(UnknownVariableError, match=r"^prediction uses .*'scale'"):
        model.predict(INPUT)
    for path, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[path])


@pytest.mark.parametrize("execution", MODES)
def test_training_evaluation_and_prediction_with_it_kept_properly(execution: str) -> None:
    model = model_with(Using(scale(), lambda kept, x: x * kept), execution)
    model.fit(INPUT, LABELS, batch_size=5, epochs=2)
    assert not np.allclose(model.state_dict()["custom.kept"], 1)
    assert np.isfinite(model.evaluate(INPUT, LABELS)["loss"])
    np.testing.assert_allclose(model.predict(INPUT).sum(axis=1), 1, rtol=1e-5)


class Statistical(nn.Layer):
    """Weights, statistics of its own and of Keras, a seed state, an added loss and a metric: all kept properly."""

    def build(self, shape: Any) -> None:
        self.factor = self.add_weight("factor", shape[-1:], "ones")
        self.mean = self.add_weight("mean", shape[-1:], "zeros", trainable=False)
        self.norm = keras.layers.BatchNormalization()
        self.drop = keras.layers.Dropout(0.1, seed=1)
        self.fixed = tf.Variable(2.0, trainable=False)

    def call(self, x: tf.Tensor, training: Any) -> tf.Tensor:
        self.mean.assign(tf.reduce_mean(x, axis=0))
        self.add_loss(tf.reduce_sum(self.factor**2))
        self.add_metric(x, "mean_input")
        return self.drop(self.norm(x * self.factor * self.fixed, training=training), training=training)


@pytest.mark.parametrize("execution", ["graph", "eager"])
def test_statistics_and_seed_states_are_neither_unknown_nor_without_gradient(execution: str) -> None:
    model = model_with(Statistical(name="custom"), execution)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.fit(INPUT, LABELS, batch_size=4, validation_data=(INPUT, LABELS))
    assert not np.allclose(model.state_dict()["custom.mean"], 0)


def test_a_statistic_that_is_not_declared_as_one_is_named_with_the_remedy() -> None:
    def use(kept: tf.Variable, x: tf.Tensor) -> tf.Tensor:
        kept.assign(tf.reduce_mean(x, axis=0))
        return x

    model = model_with(Using(scale(), use), "graph")
    with pytest.warns(UntrainedWarning, match=r"does not depend on custom\.kept: .* a statistic with trainable=False"):
        model.fit(INPUT, LABELS)
