"""Noise: of the distributions that are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.data.sources.generators import read
from netlib.spec.sources.noise import Noise


def drawn(seed=0, samples=2000, **tensor):
    return read(Noise.parse({"samples": samples, "inputs": {"x": tensor}}), seed).inputs["x"]


def test_standard_normal():
    values = drawn(shape=[5, 4])
    assert (values.shape, values.dtype) == ((2000, 5, 4), "float32")
    assert values.mean() == pytest.approx(0, abs=0.02)
    assert values.std() == pytest.approx(1, rel=0.02)
    assert (np.abs(values) < 1).mean() == pytest.approx(0.6827, abs=0.01)


def test_uniform():
    values = drawn(shape=[20], minimum=-2.0, maximum=6.0)
    counts, _ = np.histogram(values, bins=8, range=(-2, 6))
    assert counts.sum() == values.size
    np.testing.assert_allclose(counts / values.size, 1 / 8, rtol=0.05)


def test_limits_hold_where_float32_rounds():
    values = drawn(shape=[50], minimum=16_777_215.0, maximum=16_777_217.0)
    assert values.min() >= np.float32(16_777_215)
    assert values.max() <= np.float32(16_777_217)


def test_classes():
    values = drawn(shape=[10], classes=5)
    assert values.dtype == "int32"
    np.testing.assert_allclose(np.bincount(values.ravel()) / values.size, 0.2, rtol=0.05)
    assert (drawn(shape=[3], classes=1) == 0).all()
    assert drawn(shape=[50], classes=2**31 - 1).max() > 2**30


def test_inputs_and_targets_differ():
    tensor = {"shape": [4]}
    arrays = read(Noise.parse({"inputs": {"a": tensor, "b": tensor}, "targets": {"c": tensor}}), 0)
    a, b, c = arrays.inputs["a"], arrays.inputs["b"], arrays.targets["c"]
    assert not np.isin(a, b).any()
    assert not np.isin(a, c).any()


def test_without_targets():
    arrays = read(Noise.parse({"samples": 3, "inputs": {"a": {}}}), 0)
    assert (len(arrays), arrays.inputs["a"].shape, arrays.targets) == (3, (3,), {})
