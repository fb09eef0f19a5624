"""Every layer, over the rows of `layer_table.py`: its spec against what TensorFlow built, its results against itself in eager
mode, in a graph and under XLA, its multiply-accumulates against the profiler's and closed form."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from layer_case import BATCH, Case, assert_close, cases, parts, randomise, run
from layer_table import TABLE, is_compiled

from netlib.nn.layer import Layer
from netlib.nn.random import forward_pass
from netlib.spec.registry import TABLES, names, spec_class
from netlib.spec.tensors import TensorSpec


def test_every_registered_layer_has_a_row() -> None:
    assert set(TABLE) == set(TABLES["layer"])


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
def test_one_graph_has_the_shapes_of_the_spec_and_takes_batches_of_any_size(case: Case) -> None:
    layer = case.layer()
    randomise(layer)
    signature = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in case.tensors]

    def infer(*values: tf.Tensor) -> Any:
        with forward_pass(3, tf.constant(11)):
            return parts(layer(*values))

    traced = tf.function(infer, input_signature=signature, autograph=False)
    graph = traced.get_concrete_function()
    said = {port: tensor.shape for port, tensor in case.spec.outputs(*case.tensors).items()}
    assert {port: tuple(tensor.shape) for port, tensor in graph.structured_outputs.items()} == said
    for batch in (BATCH, 1):
        values = case.values(batch)
        assert_close(traced(*values), infer(*values), 5e-6)
    assert traced.experimental_get_tracing_count() == 1


def step_of(layer: Layer[Any]) -> Callable[..., dict[str, Any]]:
    """A function of a layer's inputs: a step of training with all that follows from it, and inference."""

    def step(*values: tf.Tensor) -> dict[str, Any]:
        with forward_pass(3, tf.constant(11)):
            trained = run(layer, list(values), list(layer.trainable_variables), training=True)
            return {**trained, "inference": layer(*values)}

    return step


@pytest.mark.slow
@cases(compiled=True)
def test_eager_graph_and_xla_agree(case: Case) -> None:
    layer = case.layer()
    randomise(layer)
    begin, step = layer.state_dict(), step_of(layer)

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


PLUMBING = {"Const", "Identity", "IdentityN", "NoOp", "Pack", "Placeholder", "ReadVariableOp", "Shape", "StridedSlice"}
"""Operations that compute nothing."""


def operations_of(case: Case) -> set[tuple[str, ...]]:
    """What the graph of a step computes with: the type of each operation, its dtype, and the way that it goes."""
    traced = tf.function(step_of(case.layer()), autograph=False)
    graph = traced.get_concrete_function(*case.values()).graph.as_graph_def()
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    return {
        (
            node.op,
            tf.as_dtype(node.attr["T"].type or tf.float32).name,
            *(node.attr[key].s.decode() for key in ("padding", "data_format")),
            *(f"{key} > 1" for key in ("strides", "dilations", "ksize") if max(node.attr[key].list.i, default=1) > 1),
        )
        for node in nodes
        if node.op not in PLUMBING and not node.op.startswith("_")
    }


@pytest.mark.every_row
@pytest.mark.parametrize("name", TABLE)
def test_a_row_that_brings_something_to_a_graph_is_compiled(name: str) -> None:
    known: set[tuple[str, ...]] = set()
    for index, row in enumerate(TABLE[name]):
        found = operations_of(Case(name, row))
        assert found <= known or is_compiled(name, index), f"row {index} needs `compiled: true`: {found - known}"
        known |= found


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


@pytest.mark.parametrize("name", names("layer"))
def test_every_parameter_is_described(name: str) -> None:
    cls = spec_class("layer", name)
    assert cls.__doc__
    assert all(field.description for field in cls.model_fields.values())
    assert cls.shorthand is None or cls.shorthand in cls.model_fields


def computed_once(case: Case) -> bool:
    """Whether TensorFlow's kernels compute each place of a convolution once, and nothing else: over three axes, and for each
    channel by itself, they have no dilation, and for each channel no unequal strides."""
    spec: Any = case.spec
    dilated = max(getattr(spec, "dilation_rate", (1,))) > 1
    if case.name.startswith(("Depthwise", "Separable")):
        return not dilated and len(set(spec.strides)) == 1
    return case.name != "Conv3D" or not dilated


@cases(
    *(
        "Dense",
        "Conv1D",
        "Conv2D",
        "Conv3D",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "SeparableConv1D",
        "SeparableConv2D",
    ),
    where=computed_once,
)
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
