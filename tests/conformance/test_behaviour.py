"""How every class of `netlib.nn` behaves, over the rows of `object_cases.py`: precision, training, masks, freezing, gradients."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from object_cases import is_layer, rows
from object_row import Row, assert_close, assert_same, call, differ, floating, network_of, paths, trained

from netlib import nn
from netlib.spec.errors import SpecError
from netlib.spec.tensors import TensorSpec

# Precision.


@rows(is_layer, compiled=True)
def test_bfloat16(row: Row) -> None:
    _assert_computes_in(row, "mixed_bfloat16", 0.06)


@rows(is_layer, each_class=True)
def test_float16(row: Row) -> None:
    _assert_computes_in(row, "mixed_float16", 0.008)


def _assert_computes_in(row: Row, policy: str, tolerance: float) -> None:
    wide, narrow = row.ready(), row.make(dtype=policy)
    said = [tensor.dtype for _, tensor in sorted(narrow.static(*row.tensors).outputs.items())]
    call(narrow, row.values())
    narrow.load_state_dict(wide.state_dict())
    assert {variable.dtype.name for variable in floating(narrow)} <= {"float32"}

    watched = [value for value in row.values() if value.dtype.is_floating]
    with tf.GradientTape() as tape:
        outputs = call(narrow, row.values(), training=False)
        loss = tf.add_n([tf.constant(0.0), *(tf.reduce_sum(tf.sin(tf.cast(each, tf.float32))) for each in outputs)])
    gradients = tape.gradient(loss, list(narrow.trainable_variables))
    assert [output.dtype.name for output in outputs] == said
    assert_close(outputs, call(wide, row.values(), training=False), tolerance)
    for gradient in map(tf.convert_to_tensor, gradients):
        assert gradient.dtype == tf.float32
        assert np.all(np.isfinite(gradient))
    assert all(value.dtype == tf.float32 for value in watched)


# The training flag.


class Around(nn.Layer):
    """Calls a layer, and says nothing of training."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def call(self, *inputs: tf.Tensor) -> Any:
        return self.inner(*inputs)


@rows()
def test_the_training_flag(row: Row) -> None:
    module = row.ready()
    state = module.state_dict()
    outputs = call(module, row.values(), training=False)
    assert_same(call(module, row.values()), outputs)
    assert_same(module.state_dict().values(), state.values())
    if not row.random and not row.statistics:
        assert_same(call(module, row.values(), training=True), outputs)
        assert_same(module.state_dict().values(), state.values())


@rows(is_layer, each_class=True)
def test_the_training_flag_is_that_of_the_call_around(row: Row) -> None:
    module = row.ready()
    state = module.state_dict()
    around = Around(module)
    for training in (False, True):
        module.load_state_dict(state)
        alone = call(module, row.values(), training=training)
        module.load_state_dict(state)
        assert_same(call(around, row.values(), training=training), alone)


# Masks.


def mask_for(row: Row) -> Any:
    """Which places [batch, time] are real, for each input: some of every sample, and of every time."""
    sizes = [value.shape[:2] for value in row.values()]
    masks = tuple(tf.constant(np.add.outer(np.arange(b), np.arange(t)) % 3 != 0) for b, t in sizes)
    return masks if len(masks) > 1 else masks[0]


KEPT = {
    "kept": functools.partial(functools.reduce, np.logical_and),
    "first": lambda masks: masks[0],
    "joined": functools.partial(np.concatenate, axis=1),
    "reversed": lambda masks: masks[0][:, ::-1],
    "flipped": lambda masks: masks[0][:, ::-1],
}


def carried(row: Row, mask: Any) -> Any:
    """What the layer makes of the mask as numbers, of one feature; by output where it has several."""
    places = np.asarray(mask, "float32")[..., np.newaxis]
    network = network_of(row.make(), [TensorSpec((None, *places.shape[1:]))])
    return tf.nest.map_structure(lambda value: np.asarray(value)[..., 0] != 0, network({"x0": places}))


def is_masked(row: Row) -> bool:
    return row.is_layer and row.mask is not None


@rows(is_masked)
def test_what_becomes_of_the_mask(row: Row) -> None:
    layer, values = row.ready(), row.values()
    network = network_of(layer, row.tensors)
    by_name = {f"x{i}": value for i, value in enumerate(values)}
    masks = mask_for(row)
    given = masks if isinstance(masks, tuple) else (masks,)
    if row.mask == "made":
        network(by_name)
        (made,) = network.output_masks.values()
        assert (made.dtype, made.shape) == (tf.bool, values[0].shape[:2])
        assert 0 < np.mean(made) < 1
        return
    network(by_name, mask=dict(zip(by_name, given, strict=True)))
    if row.mask == "dropped":
        assert network.output_masks == {}
        return
    for port, mask in network.output_masks.items():
        expected = carried(row, given[0]) if row.mask == "carried" else KEPT[row.mask](given)
        expected = expected[port] if isinstance(expected, dict) else expected
        np.testing.assert_array_equal(mask, expected, err_msg=port)
    assert network.output_masks
    assert isinstance(layer, nn.Network) or differ([layer.compute_mask(*values, mask=masks)], [None])


@rows(is_masked)
@pytest.mark.parametrize("training", [False, True])
def test_masked_places_touch_nothing_else(row: Row, training: bool) -> None:
    """Where a layer uses the mask: what stands at places that are not real does not reach the others, or the statistics. Where
    none does, the mask changes nothing."""
    layer, masks = row.ready(), mask_for(row)
    state = layer.state_dict()

    def run(values: Any, mask: Any) -> tuple[list[Any], list[Any]]:
        layer.load_state_dict(state)
        options = {} if mask is None else {"mask": mask}
        return call(layer, values, training, **options), floating_values(layer)

    if not uses_masks(layer):
        assert_same(run(row.values(), masks)[0], run(row.values(), None)[0])
    elif row.mask in ("kept", "first"):
        keeps = [np.asarray(mask) for mask in (masks if isinstance(masks, tuple) else (masks,))]
        other = [
            tf.where(keep.reshape(*keep.shape, *[1] * (value.shape.rank - 2)), value, value * 5 + 3)
            for keep, value in zip(keeps, row.values(), strict=True)
        ]
        keep = keeps[0]
        (outputs, statistics), (changed, after) = run(row.values(), masks), run(other, masks)
        assert_close(*([_at(keep, each) for each in given] for given in (changed, outputs)), 2e-6)
        assert_close(after, statistics, 2e-6)


def _at(keep: Any, output: Any) -> Any:
    """What stands at the places that are real; all of what has no time, as a state."""
    return np.asarray(output)[keep] if output.shape[:2] == keep.shape else output


def floating_values(layer: Any) -> list[Any]:
    return [variable.numpy() for variable in floating(layer)]


def uses_masks(layer: Any) -> bool:
    parts = [part for _, part in layer.named_modules() if isinstance(part, nn.Layer)]
    return any(isinstance(part, nn.RNN) or "mask" in inspect.signature(type(part).call).parameters for part in parts)


# Freezing.


@rows(each_class=True)
@pytest.mark.parametrize("by", ["selector", "flag"])
def test_frozen_is_not_trained_and_keeps_its_statistics(row: Row, by: str) -> None:
    module = row.ready()
    before, trainable = module.state_dict(), trained(module)
    if by == "flag":
        module.trainable = False
    elif paths(module):
        assert module.freeze("**") == paths(module)
    assert module.trainable_variables == ()
    assert len(module.non_trainable_variables) == len(module.variables)
    frozen = call(module, row.values(), training=True)
    assert_same(floating(module), [before[path] for path in paths(module) if before[path].dtype.kind == "f"])
    if not row.random:
        assert_close(frozen, call(module, row.values(), training=False), 1e-6)

    if by == "flag":
        module.trainable = True
    elif paths(module):
        module.unfreeze("**")
    assert trained(module) == trainable
    call(module, row.values(), training=True)
    assert differ(floating(module), [v for v in before.values() if v.dtype.kind == "f"]) == row.statistics


@rows(is_layer, each_class=True)
def test_one_weight_is_frozen_by_itself(row: Row) -> None:
    module = row.ready()
    trainable = trained(module)
    for path in trainable:
        assert module.freeze(path) == [path]
        assert trained(module) == [other for other in trainable if other != path]
        module.unfreeze(path)
        assert trained(module) == trainable
    with pytest.raises(SpecError, match="nowhere"):
        module.freeze("nowhere")


# Gradients; those of the layers are in `test_layers.py`.


@rows(lambda row: not row.in_catalogue)
def test_the_gradient_reaches_every_trainable_weight(row: Row) -> None:
    module = row.ready()
    weights = list(module.trainable_variables)
    with tf.GradientTape() as tape:
        outputs = call(module, row.values(), training=True)
        loss = tf.add_n([tf.constant(0.0), *(tf.reduce_sum(tf.sin(tf.cast(each, tf.float32))) for each in outputs)])
    for path, gradient in zip(trained(module), tape.gradient(loss, weights), strict=True):
        assert gradient is not None, path
        assert np.any(np.asarray(tf.convert_to_tensor(gradient)) != 0), path
