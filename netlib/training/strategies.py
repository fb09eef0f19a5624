"""TensorFlow's strategies, by which copies of a network train together: on several devices, and on several machines."""

from __future__ import annotations

from functools import cache
from typing import Any

import tensorflow as tf

from netlib.spec.errors import UsageError
from netlib.training.replicas import Together


def mirrored(devices: int | None = None, *, synchronized: bool = False) -> Together:
    """A replica on each of so many devices of this machine: its GPUs, by default all of them; else parts of the CPU.

    Raises:
        UsageError: there are not so many GPUs, or TensorFlow was used before with fewer of them.
    """
    gpus = len(tf.config.list_physical_devices("GPU"))
    if gpus and (devices or 0) > gpus:
        raise UsageError(f"train.distribute asks for {devices} devices, and this machine has {gpus} GPUs")
    if not gpus:
        _split_cpu(devices or 1)
    kind, number = ("GPU", devices or gpus) if gpus else ("CPU", devices or 1)
    return Together(_mirrored(kind, number), synchronized=synchronized)


def multi_worker(worker: int, workers: int, *, synchronized: bool = False) -> Together:
    """A replica on each device of this process and of the others that the environment variable TF_CONFIG names.

    It must be made before TensorFlow computes anything.

    Args:
        worker: the number of this process.
        workers: how many there are.
        synchronized: whether the statistics of BatchNormalization are those of the rows of all replicas.
    """
    return Together(_multi_worker(), worker, workers, synchronized=synchronized)


@cache
def _mirrored(kind: str, number: int) -> Any:
    """The strategy of so many devices; a process has one, and one of another number has other keys.

    By numbers, `keys`, TensorFlow tells sums of one strategy apart. It begins with the same ones for each strategy, and takes the
    sums of a second one for those of the first.
    """
    keys = {"_collective_key_base": 1000 * number}
    strategy = type("Mirrored", (tf.distribute.MirroredStrategy,), keys)
    return strategy([f"{kind}:{place}" for place in range(number)])


@cache
def _multi_worker() -> Any:
    """The one strategy that a process may have."""
    return tf.distribute.MultiWorkerMirroredStrategy()


def _split_cpu(parts: int) -> None:
    """Lets TensorFlow see the CPU as so many devices."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * parts)
    except RuntimeError as error:  # it runs already
        there = len(tf.config.list_logical_devices("CPU"))
        if there < parts:
            raise UsageError(
                f"train.distribute asks for {parts} devices, but TensorFlow runs already with {there}; use a new process"
            ) from error
