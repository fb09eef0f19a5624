"""Layers whose statistics are those of all replicas: threads here, and TensorFlow's strategy at the end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers.normalization import BatchNormalization
from netlib.nn.replicas import is_synchronized, replica_sums, synchronized

RNG = np.random.default_rng(12)
SHARES = (1.0, 1.0, 0.0)
"""The last replica has no rows, and computes on one that is another's."""
PARTS = (slice(0, 3), slice(3, 8), slice(0, 1))


class Threads:
    """Runs a function for each replica at once; `sums` adds up what all of them have brought."""

    def __init__(self, count: int) -> None:
        self._barrier = Barrier(count, timeout=60)
        self._brought: dict[int, Sequence[tf.Tensor]] = {}

    def run(self, function: Callable[[int], Any]) -> list[Any]:
        count = self._barrier.parties
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda index: self._replica(function, index), range(count)))

    def _replica(self, function: Callable[[int], Any], index: int) -> Any:
        def sums(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
            self._brought[index] = tensors
            self._barrier.wait()
            found = [tf.add_n(each) for each in zip(*map(self._brought.get, sorted(self._brought)), strict=True)]  # type: ignore[arg-type]
            self._barrier.wait()
            return found

        with synchronized(sums, SHARES[index]):
            return function(index)


def test_alone_a_sum_is_what_it_is_of() -> None:
    value = tf.constant([1.0, 2.0])
    assert not is_synchronized()
    assert replica_sums(value)[0] is value
    with synchronized(None):
        assert not is_synchronized()


def test_the_gradient_of_a_sum_is_that_of_what_all_replicas_make_of_it() -> None:
    """Of (x + y)^2 x + (x + y)^2 y with x = 1 and y = 2, by either, 3 * 9."""

    def replica(index: int) -> list[float]:
        value = tf.constant(float(index + 1))
        with tf.GradientTape() as tape:
            tape.watch(value)
            (total,) = replica_sums(value)
            result = total**2 * value
        return [float(result), float(tape.gradient(result, value))]

    assert Threads(2).run(replica) == [[9.0, 27.0], [18.0, 27.0]]


def layer(values: np.ndarray) -> BatchNormalization:
    made = BatchNormalization(momentum=0.0, epsilon=1e-3, dtype=values.dtype.name)
    made(values[:1])
    made.gamma.assign(np.linspace(0.5, 2.0, values.shape[-1]))  # type: ignore[union-attr]
    return made


def learned(made: BatchNormalization, values: Any, mask: Any, wanted: Any) -> tuple[Any, list[Any]]:
    """Outputs, and the gradients of the sum of what they are times `wanted`: of the inputs, gamma and beta."""
    values = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(values)
        outputs = made(values, training=True, mask=mask)
        loss = tf.reduce_sum(outputs * wanted)
    return outputs, tape.gradient(loss, [values, made.gamma, made.beta])


@pytest.mark.parametrize("mean", [0.0, 3e3])
@pytest.mark.parametrize(
    ("shape", "masked"), [((8, 4), False), ((8, 5, 6, 4), False), ((8, 7, 4), True)], ids=["dense", "images", "masked"]
)
def test_the_statistics_are_those_of_all_rows(shape: tuple[int, ...], masked: bool, mean: float) -> None:
    """Against the closed form in float64, also where the mean is large beside the deviation; and the gradients of one batch."""
    values = RNG.normal(mean, 1.0, shape).astype(np.float32)
    wanted = RNG.normal(size=shape).astype(np.float32)
    mask = RNG.random(shape[:2]) < 0.6 if masked else np.ones(shape[:-1], bool)
    mask[:3] &= not masked  # of the first replica no place is real
    exact = values[mask].astype(np.float64)

    def replica(index: int) -> Any:
        part = PARTS[index]
        made, some = layer(values), tf.constant(mask[part]) if masked else None
        outputs, gradients = learned(made, values[part], some, wanted[part] * SHARES[index])
        return outputs.numpy(), gradients, made.moving_mean.numpy(), made.moving_variance.numpy()

    found = Threads(3).run(replica)
    for _, _, moving_mean, moving_variance in found:
        axes = tuple(range(exact.ndim - 1))
        np.testing.assert_allclose(moving_mean, exact.mean(axes), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(moving_variance, exact.var(axes), rtol=1e-4)
        np.testing.assert_array_equal(moving_variance, found[0][3])

    wide = values.astype(np.float64)
    outputs, gradients = learned(layer(wide), wide, tf.constant(mask) if masked else None, wanted.astype(np.float64))
    tolerance: dict[str, float] = {"rtol": 1e-3, "atol": 5e-3 if mean else 2e-5}
    np.testing.assert_allclose(np.concatenate([found[0][0], found[1][0]]), outputs, **tolerance)
    np.testing.assert_allclose(np.concatenate([found[0][1][0], found[1][1][0]]), gradients[0], **tolerance)
    tolerance["atol"] *= 20  # sums over all places: of one device's formula they are no better
    for place in (1, 2):
        np.testing.assert_allclose(sum(each[1][place].numpy() for each in found), gradients[place], **tolerance)
    assert not found[2][1][0].numpy().any()  # a row that is not its own is not learned from


def test_a_frozen_one_asks_nobody() -> None:
    made = layer(RNG.normal(size=(4, 3)).astype(np.float32))
    made.trainable = False

    def nobody(_: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
        raise AssertionError("asked")

    with synchronized(nobody):
        made(np.ones((4, 3), np.float32), training=True)
        made(np.ones((4, 3), np.float32))


@pytest.fixture(scope="module")
def mirrored() -> dict[str, dict[str, float]]:
    """What the script finds, in a process of its own: TensorFlow has to be told of its devices before it is used."""
    script = Path(__file__).with_name("mirrored_statistics.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("kind", ["dense", "images", "masked"])
def test_two_devices_learn_what_one_does(mirrored: dict[str, dict[str, float]], kind: str) -> None:
    """Several steps in one loop on the device; the parts differ in length and in what their losses count."""
    for name, difference in mirrored[kind].items():
        assert difference < 2e-5, name


@pytest.mark.parametrize("place", ["a loop inside a step", "a function inside a step"])
def test_where_tensorflow_cannot_add_up_on_a_cpu(mirrored: dict[str, dict[str, float]], place: str) -> None:
    """If this fails, TensorFlow has learned it: steps of several micro-batches could be synchronised on parts of a CPU."""
    assert mirrored["refused"][place] == 1
