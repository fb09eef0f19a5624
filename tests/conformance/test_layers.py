"""Every layer, over the rows of `layer_table.py`: its spec against what TensorFlow built, its results against Keras's layer of
the same weights and against itself in eager mode, in a graph and under XLA."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras_oracles import OWN_LAYERS, OWN_PARAMETERS, given, has_oracle, keras_layer, weight_name, weights_of
from layer_table import TABLE, tensors_of

from netlib.nn.layer import Layer
from netlib.nn.random import forward_pass
from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.registry import names, spec_class
from netlib.spec.tensors import TensorSpec

BATCH, UNKNOWN = 6, 5


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
        return tensors_of(self.row)

    @property
    def tolerance(self) -> float:
        return float(self.row.get("tolerance", 2e-6))

    @property
    def draws(self) -> bool:
        """Whether it draws numbers in training."""
        return self.spec.random and self.row.get("random") != "never"

    def layer(self, **options: Any) -> Layer[Any]:
        layer = Layer.from_spec(self.spec, seed=5, **options)
        layer.ensure_built(*self.tensors)
        return layer

    def values(self, batch: int = BATCH) -> list[tf.Tensor]:
        """Inputs with nothing special about them; an unknown axis gets a length."""
        rng = np.random.default_rng(17)
        shapes = [(batch, *(UNKNOWN if axis is None else axis for axis in tensor.shape[1:])) for tensor in self.tensors]
        below = self.row.get("below", 2)
        return [
            tf.constant(
                rng.normal(0.3, 1.2, shape) if "float" in tensor.dtype else rng.integers(0, below, shape), tensor.dtype
            )
            for tensor, shape in zip(self.tensors, shapes, strict=True)
        ]


def cases(*chosen: str, where: Callable[[Case], bool] = lambda case: True) -> Any:
    every = [(Case(name, row), f"{name}-{i}") for name, rows in TABLE.items() for i, row in enumerate(rows)]
    found = [(case, key) for case, key in every if (not chosen or case.name in chosen) and where(case)]
    return pytest.mark.parametrize("case", [pytest.param(case, id=key) for case, key in found])


def randomise(layer: Layer[Any]) -> None:
    """Weights that no mistake leaves without effect; variances stay positive."""
    rng = np.random.default_rng(23)
    for variable in (each for each in layer.variables if each.dtype.is_floating):
        variable.assign(rng.uniform(0.5, 1.5, variable.shape) * rng.choice([-1, 1], variable.shape))
    for variable in (each for each in layer.non_trainable_variables if each.dtype.is_floating):
        variable.assign(abs(variable))


def parts(output: Any) -> dict[str, tf.Tensor]:
    """What a layer gives by port."""
    return output if isinstance(output, dict) else {"output": output}


def run(layer: Any, values: list[tf.Tensor], weights: list[Any], training: bool) -> dict[str, Any]:
    """Output, and gradients of a nonlinear function of it by inputs and weights."""
    watched = [value for value in values if value.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        output = tf.nest.flatten(list(parts(layer(*values, training=training)).values()))
        floating = [part for part in output if part.dtype.is_floating]
        loss = tf.add_n([tf.constant(0.0), *(tf.reduce_sum(tf.sin(part)) for part in floating)])
    by_input, by_weight = tape.gradient(loss, (watched, weights), unconnected_gradients="zero")
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
    said = spec.outputs(*case.tensors)
    weights = spec.weights(*(tensor.shape for tensor in case.tensors))
    outputs = parts(layer(*case.values()))

    assert list(outputs) == list(said)
    assert tuple(said) == spec.ports or len(said) > 1
    known = spec.outputs(*(TensorSpec((None, *value.shape[1:]), value.dtype.name) for value in case.values()))
    for port, output in outputs.items():
        assert output.dtype.name == said[port].dtype
        assert tuple(output.shape) == tuple(BATCH if axis is None else axis for axis in known[port].shape)
        assert all(axis in (None, actual) for axis, actual in zip(said[port].shape, output.shape, strict=True))

    built = [(path, tuple(v.shape), trainable, v.dtype.name) for path, v, trainable, _ in layer.named_variables()]
    assert built == [(w.name, w.shape, w.trainable, w.dtype or "float32") for w in weights]
    assert layer.num_parameters() == sum(prod(weight.shape) for weight in weights)


@cases()
def test_the_static_shape_in_a_graph_is_the_specs(case: Case) -> None:
    layer = case.layer()
    signature = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in case.tensors]
    traced = tf.function(lambda *values: layer(*values), input_signature=signature, autograph=False)
    said = {port: tensor.shape for port, tensor in case.spec.outputs(*case.tensors).items()}
    made = parts(traced.get_concrete_function().structured_outputs)
    assert {port: tuple(tensor.shape) for port, tensor in made.items()} == said


def check_against_keras(case: Case, training: bool) -> None:
    ours, theirs = case.layer(), keras_layer(case.spec, case.values())
    randomise(ours)
    for variable in weights_of(theirs):
        variable.assign(ours[weight_name(case.spec, variable)])
    weights = [variable.value for variable in theirs.trainable_variables]
    assert [weight_name(case.spec, variable) for variable in theirs.trainable_variables] == [
        named.path for named in ours.named_variables() if named.trainable
    ]

    def keras_call(*values: tf.Tensor, training: bool) -> tf.Tensor:
        return theirs(*given(case.spec, values), training=training)

    expected = run(keras_call, case.values(), weights, training)
    actual = run(ours, case.values(), list(ours.trainable_variables), training)
    assert_close(actual, expected, case.tolerance)
    statistics = {variable.name: variable.numpy() for variable in weights_of(theirs) if not variable.trainable}
    assert_close([ours[name] for name in statistics], list(statistics.values()), 1e-6)


@cases(where=lambda case: has_oracle(case.spec))
def test_it_computes_what_keras_computes(case: Case) -> None:
    check_against_keras(case, training=False)


@cases(where=lambda case: has_oracle(case.spec) and not case.draws)
def test_it_computes_what_keras_computes_in_training(case: Case) -> None:
    check_against_keras(case, training=True)


@cases(where=lambda case: has_oracle(case.spec))
def test_keras_gives_the_same_static_shape(case: Case) -> None:
    shapes = [tensor.shape for tensor in case.tensors]
    theirs = keras_layer(case.spec, case.values()).compute_output_shape(*given(case.spec, shapes))
    ours = case.spec.outputs(*case.tensors).values()
    theirs = theirs if len(ours) > 1 else [theirs]
    for one, shape in zip(ours, theirs, strict=True):
        assert len(one.shape) == len(shape)
        # Where an unknown length meets a known one, ours is the known one: it must turn out so.
        assert all(other in (None, axis) for axis, other in zip(one.shape, shape, strict=True))


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
        made = function(*case.values())
        return [made, list(layer.state_dict().values())]

    eager = result(step)
    for jit_compile in (False, True):
        compiled = result(tf.function(step, jit_compile=jit_compile, autograph=False))
        assert_close(compiled, eager, case.tolerance)
        if case.draws and not layer.variables:
            np.testing.assert_array_equal(compiled[0]["output"][0], eager[0]["output"][0])


@cases()
def test_state_round_trip(case: Case) -> None:
    layer, other = case.layer(), case.layer()
    randomise(layer)
    report = other.load_state_dict(layer.state_dict())
    assert report.complete()
    outputs = []
    for each in (other, layer):
        with forward_pass(3, tf.constant(11)):
            outputs.append(parts(each(*case.values())))
    for port, value in outputs[0].items():
        np.testing.assert_array_equal(value, outputs[1][port])


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
    for weight in case.spec.weights(*(tensor.shape for tensor in case.tensors)):
        value = first.state_dict()[weight.name]
        np.testing.assert_array_equal(same.state_dict()[weight.name], value)
        differs = not np.array_equal(elsewhere.state_dict()[weight.name], value)
        assert differs == (weight.initializer is not None and weight.initializer.random)


@cases()
def test_it_takes_a_mask_where_its_spec_says_that_it_uses_one(case: Case) -> None:
    assert ("mask" in case.layer().call_takes) == case.spec.uses_mask


@pytest.mark.parametrize("name", [name for name in names("layer") if name not in OWN_LAYERS])
def test_parameters_and_defaults_are_keras_s(name: str) -> None:
    cls = spec_class("layer", name)
    own = OWN_PARAMETERS.get(name, set())
    signature = inspect.signature(getattr(keras.layers, name).__init__).parameters
    theirs = {n: p for n, p in signature.items() if n != "self" and p.kind is not inspect.Parameter.VAR_KEYWORD}
    assert set(theirs) - set(cls.refused) == set(cls.model_fields) - own
    assert set(cls.refused) - set(theirs) <= set(LayerSpec.refused)
    assert all(reason for reason in cls.refused.values())

    required = {n for n, field in cls.model_fields.items() if field.is_required()}
    assert required == {n for n, p in theirs.items() if n not in cls.refused and p.default is p.empty}
    least = {n: value for n, value in TABLE[name][0].get("parameters", {}).items() if n in required}
    for parameter in set(cls.model_fields) - required - own:
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


@cases()
def test_multiply_accumulates_in_closed_form(case: Case) -> None:
    macs = eval(str(case.row.get("macs", 0)), {"__builtins__": {}})  # arithmetic of the table's own
    assert case.spec.macs(*(tuple(value.shape) for value in case.values())) == macs
    if any(None in tensor.shape[1:] for tensor in case.tensors):
        assert case.spec.macs(*(tensor.shape for tensor in case.tensors)) in (macs, None)
