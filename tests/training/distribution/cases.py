"""What is trained alone and by several replicas: networks, samples and `train` sections by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from netlib.data.arrays import Arrays

BATCH = 12
"""Rows, which two and three replicas divide."""


def blobs(rows: int, *shape: int, weighted: bool = False) -> Arrays:
    """Samples of three classes that are told apart by a linear map."""
    random = np.random.default_rng(rows)
    shape = shape or (6,)
    x = random.normal(size=(rows, *shape)).astype(np.float32)
    flat = x.reshape(rows, -1)
    y = (flat @ random.normal(size=(flat.shape[1], 3))).argmax(axis=1).astype(np.int32)
    weights = random.uniform(0.0, 3.0, rows).astype(np.float32) if weighted else None
    return Arrays({"input": x}, {"target": y}, weights)


def words(rows: int, length: int = 7) -> Arrays:
    """Sequences of 1 to 8, the rest of each one filled up with 0, and which class they are of."""
    random = np.random.default_rng(rows)
    x = random.integers(1, 9, (rows, length)).astype(np.int32)
    x[np.arange(length)[None] >= random.integers(1, length + 1, rows)[:, None]] = 0
    return Arrays({"input": x}, {"target": (x.sum(axis=1) % 3).astype(np.int32)})


def binary(rows: int) -> Arrays:
    """Samples of two classes, told by one number."""
    random = np.random.default_rng(rows)
    x = random.normal(size=(rows, 6)).astype(np.float32)
    return Arrays({"input": x}, {"target": (x.sum(axis=1, keepdims=True) > 0.3).astype(np.float32)})


def values(rows: int) -> Arrays:
    """Samples with two numbers to tell."""
    random = np.random.default_rng(rows)
    x = random.normal(size=(rows, 6)).astype(np.float32)
    return Arrays({"input": x}, {"target": (x[:, :2] * 3 + random.normal(size=(rows, 2))).astype(np.float32)})


def two_targets(rows: int) -> Arrays:
    """A class and a number of each sample."""
    given = blobs(rows)
    return Arrays(given.inputs, {"kind": given.targets["target"], "amount": given.inputs["input"][:, :1] * 2})


def poisoned(rows: int) -> Arrays:
    """One sample is not a number."""
    given = blobs(rows)
    given.inputs["input"][17, 2] = np.nan
    return given


@dataclass(frozen=True)
class Case:
    """A training; `train` is its section but for what is common to most."""

    nodes: Any
    data: Callable[[int], Arrays] = blobs
    train: Mapping[str, Any] = field(default_factory=dict)
    rows: int = 43
    batch: int = BATCH
    synchronized: bool = False
    model: Mapping[str, Any] = field(default_factory=dict)
    replicas: tuple[int, ...] = (2, 3)
    streamed: bool = False
    cut: tuple[int, ...] = ()
    freeze: Any = ()
    class_weights: Mapping[int, float] | None = None

    def but(self, train: Mapping[str, Any]) -> Case:
        """The same with other settings."""
        return replace(self, train={**self.train, **train})


def dense(activation: str = "relu", **more: Any) -> dict[str, Any]:
    """A hidden layer."""
    return {"Dense": {"units": 8, "activation": activation, **more}, "name": "hidden"}


HEAD = {"Dense": 3, "name": "head"}
MLP = [dense(), {"Dropout": 0.3}, HEAD]
CONV = {"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "relu"}}
TOKENS = {"Embedding": {"input_dim": 9, "output_dim": 6, "mask_zero": True}}


def pictures(rows: int) -> Arrays:
    """Small ones."""
    return blobs(rows, 6, 6, 2)


def series(rows: int) -> Arrays:
    """Of five steps."""
    return blobs(rows, 5, 4)


def weighted(rows: int) -> Arrays:
    """Samples of which some count more."""
    return blobs(rows, weighted=True)


NOISY_TRANSFORMER = [
    {"Embedding": {"input_dim": 9, "output_dim": 8}, "name": "embedded"},
    {
        "MultiHeadAttention": {"num_heads": 2, "key_dim": 4, "dropout": 0.1},
        "from": {"query": "embedded", "value": "embedded"},
    },
    "LayerNormalization",
    {"GaussianNoise": 0.1},
    {"Dense": {"units": 8, "activation": "gelu"}},
    {"Dropout": 0.2},
    "GlobalAveragePooling1D",
    HEAD,
]


def foreign() -> list[Any]:
    """Layers that know nothing of replicas."""
    import keras

    def dense(units: int, **more: Any) -> Any:
        return keras.layers.Dense(units, kernel_initializer=keras.initializers.GlorotUniform(seed=units), **more)

    return [dense(8, activation="relu"), keras.layers.LayerNormalization(), dense(3)]


CASES: dict[str, Case] = {
    "MLP with dropout, xla": Case(MLP, train={"execution": "xla"}),
    "MLP with dropout, graph": Case(MLP),
    "LSTM": Case([{"LSTM": 5}, HEAD], series),
    "GRU, xla": Case([{"GRU": 5}, HEAD], series, {"execution": "xla"}),
    "transformer with noise": Case(
        NOISY_TRANSFORMER, words, {"optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}}
    ),
    "CNN": Case([CONV, "MaxPooling2D", "Flatten", {"Dropout": 0.3}, HEAD], pictures),
    "synchronised BatchNormalization": Case(
        [CONV, "BatchNormalization", "Flatten", dense(), "BatchNormalization", HEAD], pictures, synchronized=True
    ),
    "accumulate, sample weights": Case(MLP, weighted, {"accumulate": 2}, rows=24 + 19, replicas=(3,)),
    "much at once": Case(
        [
            dense(kernel_regularizer={"L2": 0.1}),
            {"Dropout": 0.3},
            {"AddLoss": "0.1 * mean(abs(x))"},
            {"AddMetric": "mean(x)", "name": "activity"},
            HEAD,
        ],
        train={
            "optimizer": {"AdamW": {"learning_rate": 0.01, "weight_decay": 0.1}},
            "param_groups": [
                {"params": "head.kernel", "learning_rate_scale": 3.0},
                {"params": "**.bias", "optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}},
            ],
            "clip": {"global_norm": 0.3},
            "callbacks": [{"EMA": 0.9}, {"ReduceOnPlateau": {"patience": 1, "min_delta": 9.0}}],
            "metrics": ["accuracy", {"F1Score": {"average": "macro"}}],
        },
        replicas=(2,),
    ),
    "foreign Keras layers": Case(foreign, replicas=(2,)),
    "accumulate, uneven": Case(MLP, train={"accumulate": 2}, rows=24 + 19),
    "accumulate, xla": Case(MLP, train={"accumulate": 3, "execution": "xla"}, rows=36 + 31),
    "clip by value": Case(MLP, train={"clip": {"value": 0.02}}),
    "clip by norm": Case(MLP, train={"clip": {"norm": 0.1}}),
    "clip by global norm": Case(MLP, train={"clip": {"global_norm": 0.1}}),
    "sample weights": Case(MLP, weighted),
    "class weights": Case(MLP, weighted, class_weights={0: 1.0, 1: 5.0, 2: 0.3}),
    "last batch of 1 row": Case(MLP, rows=25),
    "last batch of 1 row, xla": Case(MLP, train={"execution": "xla"}, rows=25),
    "last batch of 2 rows": Case(MLP, rows=26),
    "AdamW, param_groups": Case(
        MLP,
        train={
            "optimizer": {"AdamW": {"learning_rate": 0.01, "weight_decay": 0.1}},
            "param_groups": [
                {"params": "head.kernel", "learning_rate_scale": 3.0},
                {"params": "**.bias", "optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}},
            ],
        },
    ),
    "EMA": Case(MLP, train={"callbacks": [{"EMA": 0.9}]}),
    "regularizers": Case(
        [dense(kernel_regularizer={"L2": 0.1}), {"Dense": {"units": 3, "bias_regularizer": {"L1": 0.01}}}],
    ),
    "AddLoss": Case([dense(), {"AddLoss": "0.1 * mean(abs(x))"}, {"AddMetric": "mean(x)", "name": "activity"}, HEAD]),
    "mixed_bfloat16": Case(MLP, model={"dtype": "mixed_bfloat16"}),
    "mixed_float16": Case(MLP, model={"dtype": "mixed_float16"}),
    "on_nan: skip": Case(MLP, poisoned, {"on_nan": "skip"}),
    "on_nan: skip, xla": Case(MLP, poisoned, {"on_nan": "skip", "execution": "xla"}),
    "binary metrics": Case(
        [dense(), {"Dense": 1}],
        binary,
        {"loss": "binary_crossentropy", "metrics": ["accuracy", "auc", "precision", "recall"]},
    ),
    "regression metrics": Case(
        [dense(), {"Dense": 2}], values, {"loss": "mse", "metrics": ["mae", "rmse", "mse", "r2"]}
    ),
    "embeddings": Case([TOKENS, {"LSTM": 5}, HEAD], words),
    "two outputs": Case(
        {
            "nodes": [
                {**dense(), "from": "input"},
                {"Dropout": 0.3, "name": "dropped"},
                {"Dense": 3, "name": "kind", "from": "dropped"},
                {"Dense": 1, "name": "amount", "from": "dropped"},
            ],
            "outputs": ["kind", "amount"],
        },
        two_targets,
        {
            "loss": {"kind": "sparse_categorical_crossentropy", "amount": "mse"},
            "metrics": [{"Accuracy": {}, "of": "kind"}, {"MeanAbsoluteError": {}, "of": "amount", "name": "error"}],
        },
    ),
    "F1": Case(MLP, train={"metrics": ["accuracy", {"F1Score": {"average": "macro"}}]}),
    "falling learning rate": Case(
        MLP, train={"callbacks": [{"ReduceOnPlateau": {"patience": 1, "min_delta": 9.0}}], "epochs": 3}
    ),
    "frozen": Case(MLP, freeze=("hidden",)),
    "unfreezing": Case(MLP, freeze={"hidden": 1}),
    "streamed": Case(MLP, streamed=True),
    "buckets": Case([TOKENS, {"GRU": 5}, HEAD], words, cut=(3, 7)),
}
