"""Losses and metrics that layers add, in every place where a call may run."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import gc
import threading
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn import calls
from netlib.nn.layer import Layer
from netlib.nn.layers.core import Dense
from netlib.nn.layers.regularization import Dropout
from netlib.nn.module import Module
from netlib.nn.sequential import Sequential
from netlib.spec.errors import UsageError

X = tf.constant(np.arange(8).reshape(2, 4), tf.float32)


class Adding(Layer[Any]):
    """Adds its input's sum as a loss, and its mean as a metric."""

    def call(self, x: tf.Tensor, training: Any) -> tf.Tensor:  # type: ignore[override]
        self.flag = training
        self.add_loss(tf.reduce_sum(x))
        self.add_metric(x, "level")
        return x * 2


class Outer(Layer[Any]):
    def __init__(self) -> None:
        super().__init__()
        self.twice, self.rows = Adding(), [Adding()]

    def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
        return self.rows[0](self.twice(self.twice(x)))


def values(tensors: list[Any]) -> list[float]:
    return [float(tensor) for tensor in tensors]


def test_a_layer_that_runs_twice_keeps_both_and_the_next_outermost_call_forgets_them() -> None:
    outer = Outer()
    for _ in range(2):
        outer(X)
        assert values(outer.losses) == [28, 56, 112]
        assert values(outer.twice.losses) == [28, 56]
        assert values(outer.rows[0].added_losses) == [112]
        assert float(outer.added_metrics["level"]) == pytest.approx((3.5 + 7 + 14) / 3)
    outer.twice(X)
    assert values(outer.twice.losses) == [28]
    assert values(outer.losses) == [28, 56, 112]  # of its own last call


def test_before_any_call_there_is_nothing() -> None:
    assert Outer().losses == []
    assert Outer().added_metrics == {}
    dense = Dense(2, kernel_regularizer="l2")
    assert dense.losses == []


def test_the_training_flag_is_that_of_the_call_around() -> None:
    outer = Outer()
    for flag in (True, False):
        outer(X, training=flag)
        assert (outer.twice.flag, outer.rows[0].flag) == (flag, flag)
    outer(X)
    assert outer.twice.flag is False

    class Fixed(Layer[Any]):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.dropout = Outer(), Dropout(0.5)

        def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            return self.dropout(self.inner(x, training=False))

    fixed = Fixed()
    result = fixed(tf.ones([1, 1000]), training=True)
    assert fixed.inner.twice.flag is False
    assert 300 < np.count_nonzero(result) < 700  # the dropout outside of it is in training


@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_a_function(jit_compile: bool) -> None:
    outer = Outer()

    @tf.function(autograph=False, jit_compile=jit_compile)
    def run(x: tf.Tensor) -> Any:
        outer(x)
        return sum(outer.losses), outer.added_metrics

    total, metrics = run(X)
    assert float(total) == 28 + 56 + 112
    assert list(metrics) == ["level"]
    with pytest.raises(
        UsageError, match=r"outer was called last in a tf\.function, .*: read losses inside of that function"
    ):
        _ = outer.losses
    with pytest.raises(UsageError, match="read added_metrics inside of that function"):
        _ = outer.added_metrics
    outer(X)
    assert len(outer.losses) == 3


def test_in_the_body_of_a_loop_around_the_whole() -> None:
    outer = Outer()

    @tf.function(autograph=False)
    def run() -> tf.Tensor:
        def body(i: Any, total: Any) -> Any:
            outer(X * tf.cast(i, tf.float32))
            return i + 1, total + sum(outer.losses)

        return tf.while_loop(lambda i, _: i < 3, body, (0, 0.0))[1]

    assert float(run()) == (0 + 1 + 2) * 196


class InLoop(Layer[Any]):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Adding()

    def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
        return tf.while_loop(lambda i, _: i < 2, lambda i, x: (i + 1, self.inner(x)), (0, x))[1]


def test_what_cannot_leave_a_loop_inside_of_call_is_refused() -> None:
    layer = InLoop()
    layer(X)
    assert values(layer.losses) == [28, 56]  # in eager mode there is no such border
    message = r"inner: add_loss is called inside of a tf\.function, tf\.while_loop or tf\.cond within `call`, .*return the value"
    with pytest.raises(UsageError, match=message):
        tf.function(layer, autograph=False)(X)


def test_a_function_inside_of_an_eager_call_is_such_a_border_too() -> None:
    class Compiled(InLoop):
        def call(self, x: tf.Tensor) -> tf.Tensor:
            return tf.function(self.inner, autograph=False)(x)

    with pytest.raises(UsageError, match=r"inner: add_loss is called inside of a tf\.function"):
        Compiled()(X)


def test_what_is_refused() -> None:
    adding = Adding()
    with pytest.raises(UsageError, match="adding: add_loss belongs into `call`, and no call is under way"):
        adding.add_loss(1.0)
    with pytest.raises(UsageError, match="adding: add_metric belongs into `call`, and no call is under way"):
        adding.add_metric(1.0, "level")
    with pytest.raises(
        UsageError, match=r"adding: add_loss takes a scalar, got \(2, 4\); reduce it, as by tf.reduce_mean"
    ):
        adding.add_loss(X)
    for name in ("a b", "", 3):
        with pytest.raises(UsageError, match="the name of a metric is an identifier, such as 'attention_entropy', got"):
            adding.add_metric(1.0, name)  # type: ignore[arg-type]


def test_penalties_and_added_losses_join_and_frozen_penalties_do_not() -> None:
    chain = Sequential([Dense(4, kernel_regularizer={"L2": 0.5}), Adding()])
    chain(X)
    assert len(chain.losses) == 2
    assert float(chain.penalties[0]) == pytest.approx(0.5 * np.sum(np.square(chain["dense.kernel"])), rel=1e-5)
    chain.freeze("dense.kernel")
    assert len(chain.losses) == 1
    assert chain.penalties == []


def test_gradients_of_what_was_added_reach_the_weights() -> None:
    chain = Sequential([Dense(4, use_bias=False), Adding()])
    with tf.GradientTape() as tape:
        chain(X, training=True)
        loss = sum(chain.losses)
    (gradient,) = tape.gradient(loss, chain.trainable_variables)
    np.testing.assert_allclose(gradient, np.tile(np.sum(X, axis=0)[:, None], [1, 4]), rtol=1e-6)


def test_a_failed_call_leaves_no_call_under_way() -> None:
    class Failing(Layer[Any]):
        def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Failing()(X)
    assert calls.current() is None


def test_a_thread_has_calls_of_its_own() -> None:
    outer, other, seen = Outer(), Outer(), []

    class Waiting(Layer[Any]):
        def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            thread = threading.Thread(target=lambda: (other(X), seen.extend(values(other.losses))))
            thread.start()
            thread.join()
            return outer(x)

    waiting = Waiting()
    waiting.outer = outer
    waiting(X, training=True)
    assert len(waiting.losses) == 3
    assert seen == [28, 56, 112]
    assert other.twice.flag is False


@pytest.mark.slow
def test_a_thousand_calls_keep_nothing() -> None:
    outer = Outer()

    def count() -> int:
        gc.collect()
        return len(gc.get_objects())

    outer(X)
    before = count()
    for _ in range(1000):
        outer(X)
    assert count() - before < 100


def test_layers_that_are_gone_are_not_kept() -> None:
    outer = Outer()
    outer(X)
    inner = outer.twice
    del outer
    gc.collect()
    assert len(values(inner.added_losses)) == 2


def test_a_module_is_no_layer_and_its_parts_are_outermost() -> None:
    class Plain(Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = Adding(), Adding()

        def __call__(self, x: tf.Tensor) -> tf.Tensor:
            return self.other(self.one(x))

    plain = Plain()
    plain(X)
    assert values(plain.one.losses) == [28]
    assert values(plain.other.losses) == [56]
