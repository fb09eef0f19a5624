"""Samples per second of the training loop against `keras.Model.fit` on the same networks, side by side in one process.

    python tests/benchmarks/throughput.py [mlp cnn ...]

Both train the same architecture with Adam on the same random data; rounds alternate, and the ratio is that of the medians over
the rounds after the first, in which both compile.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from netlib.training.environment import configure
from netlib.training.model import Model

ROUNDS = 6


def mlp() -> tuple[list[Any], list[Any], tuple[int, ...], int, int]:
    """784-256-128-10: nodes, Keras's layers, shape of a sample, batch size, samples."""
    nodes = [{"Dense": {"units": units, "activation": "relu"}} for units in (256, 128)]
    layers = [keras.layers.Dense(units, activation="relu") for units in (256, 128)]
    return [*nodes, {"Dense": 10}], [*layers, keras.layers.Dense(10)], (784,), 128, 32_768


def tiny_mlp() -> tuple[list[Any], list[Any], tuple[int, ...], int, int]:
    """64-32-10."""
    nodes = [{"Dense": {"units": 32, "activation": "relu"}}, {"Dense": 10}]
    return nodes, [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10)], (64,), 32, 32_768


def cnn() -> tuple[list[Any], list[Any], tuple[int, ...], int, int]:
    """Two convolutions of 32 and 64 filters on 28x28."""
    nodes: list[Any] = []
    layers: list[Any] = []
    for filters in (32, 64):
        nodes += [{"Conv2D": {"filters": filters, "kernel_size": 3, "activation": "relu"}}, {"MaxPooling2D": 2}]
        layers += [keras.layers.Conv2D(filters, 3, activation="relu"), keras.layers.MaxPooling2D(2)]
    nodes, layers = [*nodes, "Flatten", {"Dense": 10}], [*layers, keras.layers.Flatten(), keras.layers.Dense(10)]
    return nodes, layers, (28, 28, 1), 64, 8_192


def compare(name: str, network: Any) -> None:
    """Prints one line: both throughputs and their ratio."""
    nodes, layers, shape, batch, samples = network()
    random = np.random.default_rng(0)
    x = random.normal(size=(samples, *shape)).astype(np.float32)
    y = random.integers(0, 10, samples).astype(np.int32)
    ours = Model(nodes, seed=1)
    ours.compile("sparse_categorical_crossentropy", "adam", ["accuracy"])
    theirs = keras.Sequential([keras.Input(shape), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    theirs.compile("adam", loss, metrics=["accuracy"])
    rates: dict[str, list[float]] = {"netlab": [], "keras": []}
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ours.fit(x, y, batch_size=batch)
        middle = time.perf_counter()
        theirs.fit(x, y, batch_size=batch, verbose=0)
        rates["netlab"].append(samples / (middle - began))
        rates["keras"].append(samples / (time.perf_counter() - middle))
    netlab, peer = (statistics.median(values[1:]) for values in rates.values())
    spread = " ".join(f"{label} {min(v[1:]):,.0f}-{max(v[1:]):,.0f}" for label, v in rates.items())
    print(f"{name:9} netlab {netlab:>11,.0f}/s   keras fit {peer:>9,.0f}/s   ratio {netlab / peer:5.1f}   ({spread})")


if __name__ == "__main__":
    print(f"threads: {configure(None)}")
    keras.utils.set_random_seed(1)
    known = {"tiny_mlp": tiny_mlp, "mlp": mlp, "cnn": cnn}
    for wanted in sys.argv[1:] or known:
        compare(wanted, known[wanted])
