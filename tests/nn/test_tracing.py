from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import traceback
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.tracing import described, run_without_values, traced
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.tensors import TensorSpec

F4 = TensorSpec((None, 4))


class Hand(nn.Layer[Any]):
    def __init__(self) -> None:
        super().__init__()
        self.parts = {"one": [nn.Dense(3)], "normal": nn.BatchNormalization()}

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight("scale", [shape[-1]], "ones", trainable=False)

    def call(self, x: tf.Tensor) -> Any:  # type: ignore[override]
        y = self.parts["normal"](self.parts["one"][0](x * self.scale))
        return {"y": y, "largest": tf.argmax(y, axis=-1)}


def test_what_a_layer_gives_and_makes_is_found_without_building_it() -> None:
    hand = Hand()
    found = traced(hand, [F4])
    assert found.given == {"y": TensorSpec((None, 3)), "largest": TensorSpec((None,), "int64")}
    assert [(w.name, w.shape, w.trainable, w.dtype, w.initializer) for w in found.made] == [
        ("parts.one.0.kernel", (4, 3), True, "float32", None),
        ("parts.one.0.bias", (3,), True, "float32", None),
        ("parts.normal.gamma", (3,), True, "float32", None),
        ("parts.normal.beta", (3,), True, "float32", None),
        ("parts.normal.moving_mean", (3,), False, "float32", None),
        ("parts.normal.moving_variance", (3,), False, "float32", None),
        ("scale", (4,), False, "float32", None),
    ]
    assert not hand.built
    assert hand.variables == ()
    assert hand.count((None, 4)) == 4 + 12 + 3 + 12
    assert hand.output_shape((None, 4)) == {"y": (None, 3), "largest": (None,)}
    assert hand.variables == ()


def test_statistics_are_left_alone() -> None:
    hand = Hand()
    hand(tf.ones([2, 4]))
    before = hand.state_dict()
    traced(hand, [F4])
    np.testing.assert_equal(hand.state_dict(), before)


def test_building_without_values_builds_all_of_it() -> None:
    hand = Hand()
    run_without_values(hand, [F4])
    assert len(hand.variables) == 7


def test_axes_that_are_not_known_stay_so() -> None:
    chain = nn.Sequential([lambda x: tf.concat([x, x], axis=1)])
    assert chain.output_shape((None, None, 3)) == (None, None, 3)
    assert chain.output_shape((None, 5, 3)) == (None, 10, 3)


def test_a_keras_layer_that_cannot_be_copied_is_built_by_it() -> None:
    class Own(keras.layers.Layer):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(units)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    own = Own(3)
    chain = nn.Sequential([nn.Input([4]), own, nn.Dense(1)])
    assert chain(tf.ones([2, 4])).shape == (2, 1)
    assert chain["own.dense.kernel"] is own.dense.kernel.value


def test_what_a_layer_cannot_give() -> None:
    for value, kind in ((object(), "object"), ([[1]], "list"), (None, "NoneType")):
        with pytest.raises(UsageError, match=f"gives a {kind} as .*; give a tensor, or a list or mapping of tensors"):
            nn.Sequential([nn.Input([4]), lambda x, value=value: {"a": value}])


def test_the_user_s_own_mistake_is_told_as_it_is_with_the_place() -> None:
    def wrong(x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(x, tf.ones([3, 3]))

    with pytest.raises(ValueError, match="Dimensions must be equal, but are 4 and 3") as caught:
        nn.Sequential([nn.Input([4]), wrong])
    told = "".join(traceback.format_exception(caught.value))
    assert "(netlab was finding out what wrong gives for inputs of (batch, 4) float32)" in told
    with pytest.raises(SpecError, match="Conv2D needs an input of rank 4"):
        nn.Sequential([nn.Input([4]), nn.Sequential([lambda x: nn.Conv2D(3, 3)(x)])])


def test_a_tensor_of_unknown_rank() -> None:
    @tf.function(input_signature=[tf.TensorSpec(None)], autograph=False)
    def run(x: tf.Tensor) -> tf.Tensor:
        return layer(x)

    layer: Any
    for layer in (nn.Dense(3), nn.Sequential([nn.Dense(3)]), Hand()):
        message = (
            rf"{layer.name} has to do with a tensor of unknown rank; say its shape: tf\.ensure_shape\(x, \[None, 8\]\)"
        )
        with pytest.raises(UsageError, match=message):
            run.get_concrete_function()
    assert described(tf.ones([5, 2]), "x") == TensorSpec((None, 2))
    assert described(tf.constant(1), "x") == TensorSpec((), "int32")
