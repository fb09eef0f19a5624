"""GroupNormalization and InstanceNormalization against closed form in NumPy and Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib import nn
from netlib.nn.layer import Layer
from netlib.spec.errors import SpecError

RNG = np.random.default_rng(4)


def normalized(values: np.ndarray, axes: tuple[int, ...], epsilon: float = 1e-3) -> np.ndarray:
    values = values.astype(np.float64)
    centred = values - values.mean(axes, keepdims=True)
    return np.asarray(centred / np.sqrt(values.var(axes, keepdims=True) + epsilon))


@pytest.mark.parametrize("shape", [(2, 5, 6), (2, 4, 5, 6), (2, 2, 3, 4, 6)])
@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_each_channel_of_each_sample(shape: tuple[int, ...], mode: str) -> None:
    values = RNG.normal(3.0, 2.0, shape).astype(np.float32)
    layer = nn.InstanceNormalization(epsilon=1e-5)
    layer(values)
    gamma, beta = RNG.normal(size=(2, 6)).astype(np.float32)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    run = layer if mode == "eager" else tf.function(lambda x: layer(x), jit_compile=mode == "xla", autograph=False)
    expected = normalized(values, tuple(range(1, len(shape) - 1)), 1e-5) * gamma + beta
    np.testing.assert_allclose(run(tf.constant(values)), expected, atol=2e-5)


def test_groups_are_channels_side_by_side() -> None:
    values = RNG.normal(3.0, 2.0, (2, 5, 6)).astype(np.float32)
    expected = np.concatenate([normalized(part, (1, 2)) for part in np.split(values, 3, axis=-1)], axis=-1)
    np.testing.assert_allclose(nn.GroupNormalization(groups=3)(values), expected, atol=1e-5)
    parts = np.split(values.transpose(0, 2, 1), 2, axis=1)
    expected = np.concatenate([normalized(part, (1, 2)) for part in parts], axis=1)
    np.testing.assert_allclose(nn.GroupNormalization(groups=2, axis=1)(values.transpose(0, 2, 1)), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "channels_last"),
    [
        (nn.GroupNormalization(groups=2), True),
        (nn.InstanceNormalization(), True),
        (nn.GroupNormalization(groups=5, axis=1), False),
    ],
    ids=["groups", "instance", "time"],
)
def test_places_that_the_mask_leaves_out_do_not_count(layer: Layer[Any], channels_last: bool) -> None:
    values = RNG.normal(3.0, 2.0, (3, 5, 4)).astype(np.float32)
    mask = np.array([[True] * 5, [True, True, True, False, False], [False] * 5])
    output = layer(values, mask=mask).numpy()
    assert np.isfinite(output).all()
    changed = np.where(mask[..., None], values, 100.0)
    np.testing.assert_allclose(layer(changed, mask=mask).numpy()[mask], output[mask], atol=1e-5)
    if channels_last:
        np.testing.assert_allclose(output[1, :3], layer(values[1:2, :3])[0], atol=1e-5)
        np.testing.assert_allclose(output[0], layer(values[:1])[0], atol=1e-5)


def test_the_mask_goes_on() -> None:
    nodes = [{"Masking": {}}, "InstanceNormalization"]
    network = nn.Network(nodes)
    values = RNG.normal(size=(2, 4, 3)).astype(np.float32)
    values[1, 2:] = 0
    output = network(values)
    np.testing.assert_array_equal(network.output_masks["output"], values.any(-1))
    np.testing.assert_allclose(output[1, :2], nn.InstanceNormalization()(values[1:2, :2])[0], atol=1e-5)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_statistics_are_computed_in_float32(dtype: str) -> None:
    """The squares are larger than float16 holds, and a bfloat16 has no place for what is left of the mean."""
    values = (RNG.normal(size=(2, 16, 4)) + 300).astype(np.float32)
    narrow = tf.cast(tf.cast(values, dtype.removeprefix("mixed_")), tf.float32).numpy()
    output = nn.InstanceNormalization(dtype=dtype)(values)
    assert output.dtype.name == dtype.removeprefix("mixed_")
    np.testing.assert_allclose(tf.cast(output, tf.float32), normalized(narrow, (1,)), atol=0.02)


@settings(max_examples=30)
@given(data=st.data())
def test_any_shape_is_keras_s(data: st.DataObject) -> None:
    rank = data.draw(st.integers(2, 4))
    axis = data.draw(st.integers(1, rank - 1))
    groups = data.draw(st.integers(1, 3))
    shape = [data.draw(st.integers(1, 4)) for _ in range(rank)]
    shape[axis] = groups * data.draw(st.integers(1 if rank > 2 else 2, 3))
    options = {
        "groups": -1 if rank > 2 and data.draw(st.booleans()) else groups,
        "axis": axis if data.draw(st.booleans()) else axis - rank,
        "center": data.draw(st.booleans()),
        "scale": data.draw(st.booleans()),
    }
    values = RNG.normal(size=shape).astype(np.float32)
    ours = nn.GroupNormalization(**options)
    theirs = keras.layers.GroupNormalization(**options)
    theirs.build(shape)
    ours(values)
    for own, variable in zip(theirs.variables, ours.variables, strict=True):
        variable.assign(RNG.normal(size=variable.shape))
        own.assign(variable)
    np.testing.assert_allclose(ours(values), theirs(values), atol=2e-5)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            nn.GroupNormalization(groups=4),
            r"GroupNormalization's groups \(= 4\) must divide the length of axis 2 \(= 6\) of its input \(batch, 5, 6\)",
        ),
        (nn.GroupNormalization(), r"GroupNormalization's groups \(= 32\) must divide the length of axis 2 \(= 6\)"),
        (nn.InstanceNormalization(axis=3), r"InstanceNormalization has axis \(= 3\), which its input .* has not"),
        (nn.InstanceNormalization(axis=0), r"InstanceNormalization has axis \(= 0\), which is the batch of its input"),
    ],
)
def test_what_does_not_fit(layer: Layer[Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        layer(tf.ones([2, 5, 6]))


@pytest.mark.parametrize("groups", [-1, 6])
def test_a_value_by_itself_is_no_group(groups: int) -> None:
    message = rf"GroupNormalization with groups \(= {groups}\) would make every value of its input \(batch, 6\) 0"
    with pytest.raises(SpecError, match=message):
        nn.GroupNormalization(groups=groups)(tf.ones([2, 6]))
    with pytest.raises(SpecError, match=r"InstanceNormalization needs an input of rank 3 or more, got \(batch, 6\)"):
        nn.InstanceNormalization()(tf.ones([2, 6]))


@pytest.mark.parametrize("groups", [0, -2, 1.5, True, "all"])
def test_a_number_of_groups(groups: Any) -> None:
    with pytest.raises(SpecError, match="groups: expected a positive integer, or -1 for a group for each channel, got"):
        nn.GroupNormalization(groups=groups)
