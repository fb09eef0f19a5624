"""Trains networks with BatchNormalization on two parts of the CPU and on one, and prints by how much they differ, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.nn.replicas import synchronized
from netlib.spec.tensors import TensorSpec
from netlib.training.model import Model
from netlib.training.strategies import mirrored

ROWS, STEPS = 7, 3
NETWORKS: dict[str, tuple[tuple[int, ...], list[Any]]] = {
    "dense": ((5,), [{"Dense": 6}, "BatchNormalization", {"Dense": 3}]),
    "images": (
        (6, 6, 2),
        [{"Conv2D": {"filters": 4, "kernel_size": 3}}, "BatchNormalization", "ReLU", "Flatten", {"Dense": 3}],
    ),
    "masked": (
        (4,),
        [{"Embedding": {"input_dim": 9, "output_dim": 5, "mask_zero": True}}, "BatchNormalization", {"Dense": 3}],
    ),
}


def main() -> None:
    """All of it."""
    replicas = mirrored(2)
    found = {kind: difference(kind, replicas) for kind in NETWORKS}
    inner = {"a loop inside a step": looped, "a function inside a step": called}
    found["refused"] = {place: float(refuses(replicas, run)) for place, run in inner.items()}
    print(json.dumps(found))


def difference(kind: str, replicas: Any) -> dict[str, float]:
    """The greatest one of each weight and statistic, and of the copies among themselves."""
    shape, nodes = NETWORKS[kind]
    random = np.random.default_rng(3)
    integers = kind == "masked"
    x = random.integers(0, 9, (ROWS, *shape)) if integers else random.normal(3.0, 1.0, (ROWS, *shape))
    x = x.astype(np.int32 if integers else np.float32)
    wanted = random.normal(size=(ROWS, *shape, 3) if integers else (ROWS, 3)).astype(np.float32)
    alone = made(nodes, x)
    run(alone, lambda: learn(alone, x, wanted, 1.0))
    with replicas.scope():
        several = made(nodes, x)
        together(several, replicas, x, wanted)
    pairs = zip(alone.named_variables(), several.named_variables(), strict=True)
    found = {}
    for one, other in pairs:
        first, second = (copy.numpy() for copy in other.variable.values)
        found[one.path] = float(np.abs(one.variable.numpy() - first).max())
        found[f"copies of {one.path}"] = float(np.abs(first - second).max())
    return found


def made(nodes: list[Any], x: np.ndarray) -> Model:
    """A network of the same weights each time."""
    model = Model(nodes, seed=5)
    model.ensure_built(TensorSpec((None, *x.shape[1:]), x.dtype.name))
    return model


def learn(model: Model, x: Any, wanted: Any, share: float) -> list[tf.Tensor]:
    """The gradients of the mean loss, times the share."""
    variables = model.trainable_variables
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(variables)
        loss = tf.reduce_mean((model(tf.constant(x), training=True) - wanted) ** 2) * share
    return [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]


def update(model: Model, gradients: list[tf.Tensor]) -> None:
    """A step of plain gradient descent."""
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        variable.assign_sub(0.1 * gradient)


def run(model: Model, gradients: Callable[[], list[tf.Tensor]]) -> None:
    """Steps on one device."""
    for _ in range(STEPS):
        update(model, gradients())


def together(model: Model, replicas: Any, x: np.ndarray, wanted: np.ndarray) -> None:
    """The same steps in a loop, the rows parted between the devices."""

    def replica() -> tf.Tensor:
        start, length, real = replicas.part(ROWS)
        rows = slice(start, start + length)
        with synchronized(replicas.sums, float(real)):
            gradients = learn(model, x[rows], wanted[rows], length / ROWS)
        update(model, replicas.sums(gradients))
        return tf.constant(0)

    def body(index: tf.Tensor) -> tf.Tensor:
        replicas.run(replica)
        return index + 1

    tf.function(lambda: tf.while_loop(lambda index: index < STEPS, body, [tf.constant(0)]), autograph=False)()


def refuses(replicas: Any, inside: Callable[[Callable[[], tf.Tensor]], tf.Tensor]) -> bool:
    """Whether TensorFlow cannot add up there."""

    def replica() -> tf.Tensor:
        return inside(lambda: replicas.sums([tf.constant(1.0)])[0])

    try:
        tf.function(lambda: replicas.run(replica), autograph=False)()
    except RuntimeError as error:
        return "merge_call" in str(error)
    return False


def looped(add_up: Callable[[], tf.Tensor]) -> tf.Tensor:
    """In a loop."""
    return tf.while_loop(lambda i, _: i < 2, lambda i, s: (i + 1, s + add_up()), (tf.constant(0), tf.constant(0.0)))[1]


def called(add_up: Callable[[], tf.Tensor]) -> tf.Tensor:
    """In a compiled function."""
    return tf.function(add_up, autograph=False)()  # type: ignore[no-any-return]


if __name__ == "__main__":
    main()
