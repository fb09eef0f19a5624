from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from netlib.training.spreading import _addable, _as_was


@pytest.mark.parametrize("shape", [(), (3, 2)])
@pytest.mark.parametrize(
    "dtype",
    ["float32", "float16", "bfloat16", "float64", "bool", "uint8", "int8", "int32", "int64", "uint32", "uint64"],
)
def test_what_is_added_to_nothing_is_what_it_was(dtype, shape):
    bits = np.random.default_rng(3).integers(0, 1 << 30, shape)
    value = tf.cast(bits, tf.float32) if dtype in ("float32", "bfloat16") else tf.cast(bits, tf.float64)
    variable = tf.Variable(tf.cast(value % 2 if dtype == "bool" else value % 100, dtype))
    sent = _addable(tf.convert_to_tensor(variable))
    assert sent.dtype in (tf.float32, tf.int32), "which every way of adding up takes"
    found = _as_was(sent + tf.zeros_like(sent), variable)
    assert found.shape == variable.shape
    assert found.dtype == variable.dtype
    np.testing.assert_array_equal(found.numpy(), variable.numpy())
