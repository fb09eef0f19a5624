"""Samples per second of the training loop against `keras.Model.fit` on the same networks, side by side in one process.

    python tests/benchmarks/throughput.py [tiny_mlp mlp cnn digits_cnn]

Both train the same architecture with Adam on the same random data, an epoch each in turn, after a first round in which both
compile. The ratio is the median of the rounds' ratios, so that a machine that changes its speed meets both alike.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from netlib.training.environment import configure
from netlib.training.model import Model

ROUNDS = 15


def mlp() -> tuple[list[Any], list[Any], tuple[int, ...], int, int]:
    """784-256-128-10: nodes, Keras's layers, shape of a sample, batch size, samples."""
    nodes = [{"Dense": {"units": units, "activation": "relu"}} for units in (256, 128)]
    layers = [keras.layers.Dense(units, activation="relu") for units in (256, 128)]
    return [*nodes, {"Dense": 10}], [*layers, keras.layers.Dense(10)], (784,), 128, 16_384


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
    return nodes, layers, (28, 28, 1), 64, 4_096


def digits_cnn() -> tuple[list[Any], list[Any], tuple[int, ...], int, int]:
    """The network of `configs/digits_cnn.yaml`."""
    nodes: list[Any] = []
    layers: list[Any] = []
    for filters in (32, 64):
        convolution = {"filters": filters, "kernel_size": 3, "padding": "same", "use_bias": False}
        nodes += [{"Conv2D": convolution}, "BatchNormalization", {"Activation": "relu"}]
        layers += [keras.layers.Conv2D(**convolution), keras.layers.BatchNormalization(), keras.layers.ReLU()]
    last = {"filters": 64, "kernel_size": 3, "padding": "same", "activation": "relu"}
    nodes += [{"MaxPooling2D": 2}, {"Conv2D": last}, "Flatten", {"Dropout": 0.4}, {"Dense": 10}]
    layers += [keras.layers.MaxPooling2D(2), keras.layers.Conv2D(**last), keras.layers.Flatten()]
    return nodes, [*layers, keras.layers.Dropout(0.4), keras.layers.Dense(10)], (8, 8, 1), 32, 4_096


def compare(name: str, network: Any) -> None:
    """Prints one line: both throughputs and their ratio."""
    nodes, layers, shape, batch, samples = network()
    random = np.random.default_rng(0)
    x = random.normal(size=(samples, *shape)).astype(np.float32)
    y = random.integers(0, 10, samples).astype(np.int32)
    ours = Model(nodes, seed=1)
    ours.compile("sparse_categorical_crossentropy", "adam", ["accuracy"])
    theirs = keras.Sequential([keras.Input(shape), *layers])
    theirs.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    rates = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        ours.fit(x, y, batch_size=batch)
        middle = time.perf_counter()
        theirs.fit(x, y, batch_size=batch, verbose=0)
        rates.append((samples / (middle - began), samples / (time.perf_counter() - middle)))
    rounds = np.array(rates[1:])
    ratios = np.sort(rounds[:, 0] / rounds[:, 1])
    netlab, peer = np.median(rounds, axis=0)
    spread = f"{ratios[0]:.1f} to {ratios[-1]:.1f}"
    print(f"{name:10} netlab {netlab:>9,.0f}/s   keras fit {peer:>7,.0f}/s   ratio {np.median(ratios):5.1f} ({spread})")


if __name__ == "__main__":
    print(f"{ROUNDS} rounds, threads: {configure(None)}, keras {keras.__version__}")
    keras.utils.set_random_seed(1)
    known = {"tiny_mlp": tiny_mlp, "mlp": mlp, "cnn": cnn, "digits_cnn": digits_cnn}
    for wanted in sys.argv[1:] or known:
        compare(wanted, known[wanted])
