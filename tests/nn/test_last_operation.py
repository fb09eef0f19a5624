from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections.abc import Callable
from typing import Any

import keras
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.last_operation import end_of
from netlib.nn.tracing import traced
from netlib.spec.tensors import TensorSpec

KERNEL = tf.Variable(tf.ones([4, 3]))
BIAS = tf.Variable(tf.ones([3]))


def theirs(*layers: Any) -> Any:
    return keras.Sequential([keras.Input((4,)), *layers])


@tf.function
def softmax_inside(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return x, tf.nn.softmax(x)


@tf.function
def flattened(x: tf.Tensor) -> tf.Tensor:
    return tf.reshape(x, [-1, 2])


@tf.function
def nested(x: tf.Tensor) -> tf.Tensor:
    return flattened(softmax_inside(x)[1])


@tf.custom_gradient
def as_it_is(x: tf.Tensor) -> Any:
    return tf.identity(x), lambda upstream: upstream


Case = tuple[Callable[..., Any], str | None]
CASES: dict[str, Case] = {
    "function": (tf.nn.softmax, "softmax"),
    "sigmoid": (tf.sigmoid, "sigmoid"),
    "keras softmax": (keras.layers.Dense(3, activation="softmax"), "softmax"),
    "keras sigmoid": (keras.layers.Dense(3, activation="sigmoid"), "sigmoid"),
    "keras layer": (keras.layers.Softmax(), "softmax"),
    "keras model": (theirs(keras.layers.Dense(3, "softmax"), keras.layers.Reshape([3, 1])), "softmax"),
    "reshaped": (lambda x: tf.reshape(tf.nn.softmax(x), [-1, 2, 2]), "softmax"),
    "squeezed": (lambda x: tf.squeeze(tf.sigmoid(x[:, :1]), 1), "sigmoid"),
    "other width": (lambda x: tf.cast(tf.nn.softmax(tf.cast(x, tf.bfloat16)), tf.float32), "softmax"),
    "with a gradient": (lambda x: as_it_is(tf.nn.softmax(x)), "softmax"),
    "in a function": (lambda x: softmax_inside(x)[1], "softmax"),
    "beside it": (lambda x: softmax_inside(x)[0], None),
    "through a function": (lambda x: flattened(tf.sigmoid(x)), "sigmoid"),
    "nested": (nested, "softmax"),
    "keras logits": (keras.layers.Dense(3), "linear"),
    "matmul": (lambda x: x @ KERNEL, "linear"),
    "matmul and sum": (lambda x: x @ KERNEL + BIAS, "linear"),
    "mixture": (lambda x: tf.nn.softmax(x) @ tf.nn.softmax(tf.transpose(x)), None),
    "activation": (tf.exp, None),
    "log": (tf.nn.log_softmax, None),
    "decision": (lambda x: tf.cast(tf.cast(tf.sigmoid(x), tf.int32), tf.float32), None),
    "input": (lambda x: x, None),
}


@pytest.mark.parametrize("name", CASES)
def test_the_end_of_a_traced_function(name: str) -> None:
    function, end = CASES[name]
    spec = traced(nn.Foreign(function), [TensorSpec((None, 4))])
    assert spec.ends_in == ({"output": end} if end else {})


def test_every_port_has_its_own() -> None:
    class Two(nn.Layer[Any]):
        def __init__(self) -> None:
            super().__init__()
            self.kind = nn.Dense(3, activation="softmax")
            self.size = nn.Dense(1)

        def call(self, x: tf.Tensor) -> Any:  # type: ignore[override]
            return {"kind": self.kind(x), "size": self.size(x), "largest": tf.argmax(x, axis=-1)}

    assert traced(Two(), [TensorSpec((None, 4))]).ends_in == {"kind": "softmax", "size": "linear"}


def test_what_stands_in_no_graph() -> None:
    assert end_of(tf.nn.softmax(tf.ones([2, 3]))) is None
    assert end_of(tf.sparse.from_dense(tf.ones([2, 3]))) is None
