"""Python's control flow on tensors in code that users write, traced as the training loop traces it."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import time
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.control_flow import traceable
from netlib.nn.layer import Layer
from netlib.nn.layers.core import Dense
from netlib.nn.layers.regularization import Dropout
from netlib.nn.sequential import Sequential

X = tf.constant(np.random.default_rng(3).normal(size=[4, 5]), tf.float32)


def halved(x: tf.Tensor) -> tf.Tensor:
    while tf.reduce_sum(tf.abs(x)) > 1.0:
        x = x / 2.0
    return x


class Base(Layer[Any]):
    def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
        return x + 1.0


class Branching(Base):
    """Control flow on values, plain Python beside it, a helper with more of it, and the class above."""

    def __init__(self, extra: bool = True) -> None:
        super().__init__(seed=1)
        self.left, self.right, self.extra = Dense(3), Dense(3), extra
        self.dropout = Dropout(0.5)

    def call(self, x: tf.Tensor, training: Any = False) -> tf.Tensor:
        if tf.reduce_sum(x) > 0:  # noqa: SIM108  # the statement is what is tested
            y = self.left(x)
        else:
            y = self.right(x)
        if self.extra and not training:
            y = y * 2.0
        for _ in tf.range(2):
            y = y + 1.0
        return super().call(halved(self.dropout(y)))


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("extra", [False, True])
def test_a_layer_computes_in_a_graph_what_it_computes_eagerly(jit_compile: bool, sign: float, extra: bool) -> None:
    layer = Branching(extra)
    x = tf.abs(X) * sign
    expected = layer(x)
    run = tf.function(layer, autograph=False, jit_compile=jit_compile)
    np.testing.assert_allclose(run(x), expected, rtol=1e-5)


def test_a_gradient_goes_through_the_branch_that_was_taken() -> None:
    layer = Branching()
    layer(X)
    layer(-tf.abs(X))

    @tf.function(autograph=False)
    def gradients(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x))
        return tape.gradient(loss, [layer.left.kernel, layer.right.kernel])

    left, right = gradients(tf.abs(X))
    assert np.any(left != 0)
    assert not np.any(right != 0)


def test_in_a_chain_its_shape_is_known_and_nested_layers_are_converted() -> None:
    class Around(Layer[Any]):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Branching()

        def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            return self.inner(x)

    chain = Sequential([Around(), Dense(2)])
    eager = chain(X)
    assert chain.graph.nodes[0].output.shape == (None, 3)
    np.testing.assert_allclose(tf.function(chain, autograph=False)(X), eager, rtol=1e-5)
    np.testing.assert_allclose(tf.function(lambda x: chain(x))(X), eager, rtol=1e-5)  # with AutoGraph around too


def test_functions_and_modules_in_a_chain() -> None:
    class Plain(tf.Module):
        def __call__(self, x: tf.Tensor) -> tf.Tensor:
            return x if tf.reduce_sum(x) > 0 else -x

    chain = Sequential([halved, Plain()])
    expected = chain(X)
    np.testing.assert_allclose(tf.function(chain, autograph=False)(X), expected, rtol=1e-5)


def test_what_stays_as_it_is() -> None:
    def straight(x: Any) -> Any:
        return x * 2

    @tf.function
    def compiled(x: Any) -> Any:
        return x if tf.reduce_sum(x) > 0 else -x

    @tf.autograph.experimental.do_not_convert
    def refused(x: Any) -> Any:
        return x if x is not None else 0

    without_source = eval("lambda x: x if x is not None else 0")
    unchanged = (straight, compiled, refused, without_source, tf.nn.relu, len, Dense(3))
    assert [traceable(each) for each in (*unchanged, halved)] == [*unchanged, halved]  # in eager mode
    with tf.Graph().as_default():
        assert [traceable(each) for each in unchanged] == list(unchanged)
        assert traceable(halved) is not halved
        assert traceable(halved) is traceable(halved)


def test_code_without_control_flow_costs_nothing_and_other_code_little() -> None:
    class Straight(Layer[Any]):
        def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            return x + 1.0

    def traced(layer: Any) -> float:
        layer(X)
        start = time.perf_counter()
        tf.function(layer, autograph=False).get_concrete_function(tf.TensorSpec([None, 5]))
        return time.perf_counter() - start

    traced(Branching())
    assert traced(Straight()) < 1
    assert traced(Branching()) < 5
