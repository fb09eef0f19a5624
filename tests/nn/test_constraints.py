from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.keras_objects import make
from netlib.spec.choice import parse_choice

LIMITS = {"Clip": {"min_value": -0.01, "max_value": 0.02}}


def clip() -> Any:
    return make(parse_choice("constraint", LIMITS))


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_values_beyond_the_limits_are_set_to_them(dtype: str) -> None:
    values = tf.cast([[-1.0, -0.005], [0.015625, 1.0]], dtype)
    limits = tf.constant([-0.01, 0.02], dtype)
    expected = np.clip(values.numpy().astype(float), *limits.numpy().astype(float))
    np.testing.assert_array_equal(tf.cast(clip()(values), tf.float64), expected)
    assert clip()(values).dtype == values.dtype


def test_keras_can_write_it_and_read_it() -> None:
    assert isinstance(clip(), keras.constraints.Constraint)
    assert clip().get_config() == LIMITS["Clip"]


@pytest.mark.parametrize("jit_compile", [False, True])
def test_an_optimizer_keeps_a_weight_within_the_limits(jit_compile: bool) -> None:
    dense = nn.Dense(2, kernel_constraint=LIMITS)
    dense(tf.ones([1, 3]))
    optimizer = keras.optimizers.SGD(10.0)
    optimizer.build(dense.trainable_variables)

    @tf.function(jit_compile=jit_compile)
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(dense(tf.ones([1, 3])) * [1.0, -1.0])
        optimizer.apply(tape.gradient(loss, dense.trainable_variables), dense.trainable_variables)

    step()
    np.testing.assert_array_equal(dense.kernel, np.array([[-0.01, 0.02]] * 3, "float32"))
    np.testing.assert_array_equal(dense.bias, [-10.0, 10.0])
