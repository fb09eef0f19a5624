"""Every layer, over the rows of `layer_cases.yaml`: its spec against what TensorFlow built, its results against Keras's layer of
the same weights and against itself in eager mode, in a graph and under XLA."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import inspect
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml

from netlib.nn.keras_objects import activation, make
from netlib.nn.layer import Layer
from netlib.nn.random import forward_pass
from netlib.spec.base import Spec
from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.registry import names, spec_class
from netlib.spec.tensors import TensorSpec

BATCH, UNKNOWN = 6, 5
TABLE = yaml.safe_load(Path(__file__).with_name("layer_cases.yaml").read_text(encoding="utf-8"))


@dataclass
class Case:
    """One row of the table."""

    name: str
    row: dict[str, Any]

    @property
    def spec(self) -> LayerSpec:
        return spec_class("layer", self.name).parse(self.row.get("parameters", {}))

    @property
    def tensors(self) -> list[TensorSpec]:
        return [TensorSpec((None, *axes), self.row.get("dtype", "float32")) for axes in self.row["inputs"]]

    def layer(self, **options: Any) -> Layer[Any]:
        layer = Layer.from_spec(self.spec, seed=5, **options)
        layer.ensure_built(*self.tensors)
        return layer

    def values(self, batch: int = BATCH) -> list[tf.Tensor]:
        """Inputs with nothing special about them; an unknown axis gets a length."""
        rng = np.random.default_rng(17)
        shapes = [(batch, *(UNKNOWN if axis is None else axis for axis in tensor.shape[1:])) for tensor in self.tensors]
        if "below" in self.row:
            return [tf.constant(rng.integers(0, self.row["below"], shape), self.row["dtype"]) for shape in shapes]
        return [tf.constant(rng.normal(0.3, 1.2, shape), tf.float32) for shape in shapes]


def cases(*chosen: str) -> Any:
    every = [(name, i, row) for name, rows in TABLE.items() for i, row in enumerate(rows)]
    return pytest.mark.parametrize(
        "case", [pytest.param(Case(n, row), id=f"{n}-{i}") for n, i, row in every if not chosen or n in chosen]
    )


def randomise(layer: Layer[Any]) -> None:
    """Weights that no mistake leaves without effect; variances stay positive."""
    rng = np.random.default_rng(23)
    for variable in layer.variables:
        variable.assign(rng.uniform(0.5, 1.5, variable.shape) * rng.choice([-1, 1], variable.shape))
    for variable in layer.non_trainable_variables:
        variable.assign(abs(variable))


def run(layer: Any, values: list[tf.Tensor], weights: list[Any], training: bool) -> dict[str, Any]:
    """Output, and gradients of a nonlinear function of it by inputs and weights."""
    watched = [value for value in values if value.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        output = layer(*values, training=training)
        loss = tf.reduce_sum(tf.sin(output)) if output.dtype.is_floating else tf.constant(0.0)
    by_input, by_weight = tape.gradient(loss, (watched, weights))
    by_weight = [tf.convert_to_tensor(gradient) for gradient in by_weight]
    return {"output": output, "input gradients": by_input, "weight gradients": by_weight}


def assert_close(actual: Any, expected: Any, tolerance: float) -> None:
    """Equal within `tolerance` of the largest value."""
    actual, expected = ([np.asarray(item) for item in tf.nest.flatten(tree)] for tree in (actual, expected))
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected, strict=True):
        assert one.shape == other.shape
        scale = max(1.0, np.abs(other.astype(float)).max(initial=0))
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale)


def test_every_registered_layer_has_a_row() -> None:
    assert set(TABLE) == set(names("layer"))


@cases()
def test_the_spec_says_what_tensorflow_builds(case: Case) -> None:
    layer, spec = case.layer(), case.spec
    ((port, given),) = spec.outputs(*case.tensors).items()
    weights = spec.weights(*(tensor.shape for tensor in case.tensors))
    output = layer(*case.values())

    assert (port,) == spec.ports
    assert output.dtype.name == given.dtype
    known = spec.outputs(*(TensorSpec(tuple(value.shape), value.dtype.name) for value in case.values()))[port]
    assert tuple(output.shape) == known.shape
    assert all(axis in (None, actual) for axis, actual in zip(given.shape, output.shape, strict=True))

    built = [(path, tuple(v.shape), trainable, v.dtype.name) for path, v, trainable, _ in layer.named_variables()]
    assert built == [(w.name, w.shape, w.trainable, "float32") for w in weights]
    assert layer.num_parameters() == sum(prod(weight.shape) for weight in weights)


@cases()
def test_the_static_shape_in_a_graph_is_the_specs(case: Case) -> None:
    layer = case.layer()
    signature = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in case.tensors]
    traced = tf.function(lambda *values: layer(*values), input_signature=signature, autograph=False)
    (given,) = case.spec.outputs(*case.tensors).values()
    static = tuple(traced.get_concrete_function().structured_outputs.shape)
    assert static == given.shape


def keras_layer(case: Case) -> Any:
    """Keras's layer with the same parameters, built."""
    arguments = {name: _keras_argument(value) for name, value in case.spec}
    layer = getattr(keras.layers, case.name)(**arguments)
    values = case.values()
    layer(values if case.spec.variadic else values[0])
    return layer


def _keras_argument(value: Any) -> Any:
    if isinstance(value, Spec):
        return activation(value) if value.kind == "activation" else make(value)
    return value


@cases(*(name for name in TABLE if name != "Dropout"))
@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
def test_it_computes_what_keras_computes(case: Case, training: bool) -> None:
    ours, theirs = case.layer(), keras_layer(case)
    randomise(ours)
    for variable in theirs.variables:
        variable.assign(ours[variable.name])
    weights = [variable.value for variable in theirs.trainable_variables]
    assert [variable.name for variable in theirs.trainable_variables] == [
        named.path for named in ours.named_variables() if named.trainable
    ]

    def keras_call(*values: tf.Tensor, training: bool) -> tf.Tensor:
        return theirs(list(values) if case.spec.variadic else values[0], training=training)

    expected = run(keras_call, case.values(), weights, training)
    actual = run(ours, case.values(), list(ours.trainable_variables), training)
    assert_close(actual, expected, 2e-6)
    statistics = {variable.name: variable.numpy() for variable in theirs.non_trainable_variables}
    assert_close([ours[name] for name in statistics], list(statistics.values()), 1e-6)


@cases()
def test_keras_gives_the_same_static_shape(case: Case) -> None:
    shapes = [tensor.shape for tensor in case.tensors]
    theirs = keras_layer(case).compute_output_shape(shapes if case.spec.variadic else shapes[0])
    (given,) = case.spec.outputs(*case.tensors).values()
    assert len(given.shape) == len(theirs)
    # Where an unknown length meets a known one, ours is the known one: it must turn out so.
    assert all(other in (None, axis) for axis, other in zip(given.shape, theirs, strict=True))


@pytest.mark.slow
@cases()
def test_eager_graph_and_xla_agree(case: Case) -> None:
    layer = case.layer()
    randomise(layer)
    begin = layer.state_dict()

    def step(*values: tf.Tensor) -> dict[str, Any]:
        with forward_pass(3, tf.constant(11)):
            trained = run(layer, list(values), list(layer.trainable_variables), training=True)
            return {**trained, "inference": layer(*values)}

    def result(function: Any) -> list[Any]:
        layer.load_state_dict(begin)
        given = function(*case.values())
        return [given, list(layer.state_dict().values())]

    eager = result(step)
    for jit_compile in (False, True):
        compiled = result(tf.function(step, jit_compile=jit_compile, autograph=False))
        assert_close(compiled, eager, 2e-6)
        if case.spec.random:
            np.testing.assert_array_equal(compiled[0]["output"], eager[0]["output"])


@cases()
def test_state_round_trip(case: Case) -> None:
    layer, other = case.layer(), case.layer()
    randomise(layer)
    report = other.load_state_dict(layer.state_dict())
    assert report.complete()
    np.testing.assert_array_equal(other(*case.values()), layer(*case.values()))


@cases()
def test_plain_values_make_an_equal_layer(case: Case) -> None:
    layer = case.layer()
    again = type(layer).from_spec(type(case.spec).parse(case.spec.to_plain()))
    assert type(again) is type(layer)
    assert again.spec == layer.spec
    assert again.spec.to_plain() == layer.spec.to_plain()


@cases()
def test_the_gradient_reaches_every_trainable_weight(case: Case) -> None:
    layer = case.layer()
    randomise(layer)
    gradients = run(layer, case.values(), list(layer.trainable_variables), training=True)["weight gradients"]
    assert all(np.any(np.asarray(gradient) != 0) for gradient in gradients)


@cases()
def test_initial_weights_depend_on_seed_and_path_alone(case: Case) -> None:
    first, same, elsewhere = case.layer(path="a"), case.layer(path="a"), case.layer(path="b")
    for name, value in first.state_dict().items():
        np.testing.assert_array_equal(same.state_dict()[name], value)
        drawn = getattr(case.spec, f"{name}_initializer").random
        assert (not np.array_equal(elsewhere.state_dict()[name], value)) == drawn


@pytest.mark.parametrize("name", names("layer"))
def test_parameters_and_defaults_are_keras_s(name: str) -> None:
    cls = spec_class("layer", name)
    signature = inspect.signature(getattr(keras.layers, name).__init__).parameters
    theirs = {n: p for n, p in signature.items() if n != "self" and p.kind is not inspect.Parameter.VAR_KEYWORD}
    assert set(theirs) - set(cls.refused) == set(cls.model_fields)
    assert set(cls.refused) - set(theirs) <= set(LayerSpec.refused)
    assert all(reason for reason in cls.refused.values())

    required = {n for n, field in cls.model_fields.items() if field.is_required()}
    assert required == {n for n, p in theirs.items() if n not in cls.refused and p.default is p.empty}
    least = {n: value for n, value in TABLE[name][0].get("parameters", {}).items() if n in required}
    for parameter in set(cls.model_fields) - required:
        default = theirs[parameter].default
        plain = list(default) if isinstance(default, tuple) else default
        assert getattr(cls.parse({**least, parameter: plain}), parameter) == getattr(cls.parse(least), parameter)


@pytest.mark.parametrize("name", names("layer"))
def test_every_parameter_is_described(name: str) -> None:
    cls = spec_class("layer", name)
    assert cls.__doc__
    assert all(field.description for field in cls.model_fields.values())
    assert cls.shorthand is None or cls.shorthand in cls.model_fields


@pytest.mark.parametrize("name", names("layer"))
def test_what_keras_has_and_netlab_has_not_is_refused_with_the_reason(name: str) -> None:
    cls = spec_class("layer", name)
    for parameter, reason in cls.refused.items():
        with pytest.raises(SpecError) as caught:
            cls.parse({**TABLE[name][0].get("parameters", {}), parameter: 1})
        assert f"{name} takes no '{parameter}': {reason}" in str(caught.value)


@cases("Dense", "Conv2D")
def test_multiply_accumulates_are_the_profilers(case: Case) -> None:
    shapes = [tuple(value.shape) for value in case.values()]
    spec = case.spec.model_copy(update={"use_bias": False, "activation": None})
    layer = Layer.from_spec(spec)
    layer.ensure_built(*case.tensors)
    signature = [tf.TensorSpec((1, *shape[1:]), tf.float32) for shape in shapes]
    traced = tf.function(lambda *values: layer(*values), input_signature=signature, autograph=False)
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    graph = traced.get_concrete_function().graph
    flops = tf.compat.v1.profiler.profile(graph, options=options).total_float_ops
    assert spec.macs(*shapes) == flops / 2
    if any(None in tensor.shape[1:] for tensor in case.tensors):
        assert spec.macs(*(tensor.shape for tensor in case.tensors)) is None


@cases(*(name for name in TABLE if name not in ("Dense", "Conv2D")))
def test_the_others_multiply_no_matrices(case: Case) -> None:
    assert case.spec.macs(*(tensor.shape for tensor in case.tensors)) == 0
