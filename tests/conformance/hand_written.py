"""The rows of what is no layer of the catalogue: Module, Layer, Network, Sequential, Foreign, and Model.

The classes are written as a user would write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from object_row import Row

import netlib
from netlib import nn
from netlib.spec.registry import ADDED
from netlib.spec.tensors import TensorSpec
from netlib.training.model import Model

ROWS = [TensorSpec((None, 4))]
SEQUENCES = [TensorSpec((None, 5, 4))]
IMAGES = [TensorSpec((None, 6, 5, 3))]


class Scale(tf.Module):
    """A plain `tf.Module`."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(tf.ones([4]))

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs * self.factor


@dataclass
class Pair:
    """A dataclass."""

    kernel: tf.Variable
    bias: tf.Variable


class Nested(nn.Module):
    """Variables in every nesting that there is."""

    def __init__(self) -> None:
        super().__init__()
        self.affine = Pair(tf.Variable(tf.eye(4)), tf.Variable(tf.zeros([4])))
        self.steps = [Scale(), {"norm": keras.layers.BatchNormalization()}]
        self.head = (nn.Dense(3), keras.layers.Dropout(0.4))

    def __call__(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        hidden = inputs @ self.affine.kernel + self.affine.bias
        hidden = self.steps[1]["norm"](self.steps[0](hidden), training=training)
        return self.head[0](self.head[1](hidden, training=training))


class Blend:
    """A plug-in's layer, once it is `plugged_in`: weights that are trained, one that counts, noise in training."""

    amount: float = 0.5

    def weights(self, x: tuple[int, ...]) -> dict[str, Any]:
        """One for each feature, and a count."""
        return {"share": netlib.weight(x[-1:], "ones"), "seen": netlib.weight((), "zeros", trainable=False)}

    def call(self, x: Any, *, share: Any, seen: Any, training: bool, random: Any) -> Any:
        """Between the input and its mean."""
        if training:
            seen.assign_add(1.0)
            x = x + random.normal(tf.shape(x))
        return self.amount * share * x + (1 - self.amount) * tf.reduce_mean(x, -1, keepdims=True)


@contextmanager
def plugged_in() -> Iterator[None]:
    """Inside, `Blend` is known by its name, as if a file with it had been loaded."""
    before = dict(ADDED["layer"])
    netlib.layer(keeps_mask=True)(Blend)
    try:
        yield
    finally:
        ADDED["layer"] = before


class Affine(nn.Layer):
    """Weights of its own, and a parameter."""

    def __init__(self, offset: float, **options: Any) -> None:
        super().__init__(**options)
        self.offset = offset

    def build(self, shape: Any) -> None:
        self.factor = self.add_weight("factor", shape[-1:], "he_normal", regularizer={"L2": 0.1}, constraint="non_neg")
        self.shift = self.add_weight("shift", shape[-1:], "zeros")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs * self.cast(self.factor) + self.cast(self.shift) + self.offset

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "offset": self.offset}


class Block(nn.Layer):
    """Layers inside, one of them twice, that are told of training and mask; and all that a layer may add."""

    supports_masking = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.norm = nn.BatchNormalization()
        self.parts = {"dense": nn.Dense(4, kernel_regularizer="l2"), "drop": nn.Dropout(0.3)}

    def call(self, inputs: tf.Tensor, training: bool, mask: Any = None) -> tf.Tensor:
        hidden = self.norm(inputs, mask=mask)
        for _ in range(2):
            hidden = self.parts["drop"](self.parts["dense"](hidden))
        if training:
            self.add_loss(tf.reduce_mean(hidden**2))
        self.add_metric(hidden, "activity")
        return inputs + hidden


def two_towers(**options: Any) -> nn.Network:
    """Two inputs, one tower for both, two outputs."""
    left, right = nn.Input([4], name="left"), nn.Input([4], name="right")
    tower = nn.Sequential([{"Dense": {"units": 3, "activation": "tanh"}}, {"Dropout": 0.2}], seed=1)
    joined = nn.Concatenate()(tower(left), tower(right))
    outputs = {"both": nn.Dense(2)(joined), "sum": nn.Add()(tower(left), nn.Dense(3)(right))}
    return nn.Network([left, right], outputs, **options)


def nested_nodes(**options: Any) -> nn.Network:
    """Nodes as a config writes them, one inside the other."""
    body = {"nodes": [{"Dense": 3}, "BatchNormalization", {"Dense": 4, "name": "last"}], "outputs": {"y": "last"}}
    nodes = [{"Dense": 4, "name": "stem"}, {"Network": body}, {"Add": {}, "from": ["previous", "stem"]}]
    return nn.Network([*nodes, "LayerNormalization"], **options)


def mixed_chain(**options: Any) -> nn.Sequential:
    """Nodes, a layer, a Keras layer, and a layer written by hand."""
    dense = keras.layers.Dense(4, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    chain = [{"Dense": 4}, nn.Activation("tanh"), "BatchNormalization", dense, Affine(0.5)]
    return nn.Sequential(chain, **options)


def small_model(**options: Any) -> Model:
    """A Model of images."""
    nodes = [{"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "relu"}}, "BatchNormalization", "MaxPooling2D"]
    return Model([*nodes, "Flatten", {"Dropout": 0.2}, {"Dense": 3}], **options)


def model_in_model(**options: Any) -> Model:
    """A Model inside a Model."""
    inside = nn.Input([4])
    inner = Model(inside, outputs=nn.Dense(3, activation="tanh")(inside), name="inner", seed=1)
    outside = nn.Input([4])
    return Model(outside, outputs=nn.Dense(2)(inner(outside)), **options)


class Tower(nn.Network):
    """Code in place of nodes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.dense, self.norm = nn.Dense(4), nn.BatchNormalization()

    def call(self, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        hidden = self.norm(self.dense(inputs), training=training)
        return inputs + tf.nn.relu(hidden)


def keras_lstm(**options: Any) -> nn.Foreign:
    """A Keras layer that uses masks."""
    return nn.Foreign(keras.layers.LSTM(3, return_sequences=True), **options)


def recurrent(output: str, units: int, **options: Any) -> nn.RNN:
    """A cell of nodes, random in training."""
    nodes = [
        {"Concatenate": {}, "from": ["step", "h"], "name": "seen"},
        {"Dense": {"units": units, "activation": "sigmoid"}, "name": "stay"},
        {"Dense": {"units": units, "activation": "tanh"}, "from": "seen"},
        {"Dropout": 0.3, "name": "fresh"},
        {"Compute": "stay * h + (1 - stay) * fresh", "name": "new"},
    ]
    cell = {"Network": {"inputs": ["step", "h"], "nodes": nodes, "outputs": {"output": output, "h": "new"}}}
    return nn.RNN(cell, state={"h": units}, **options)


class Leaky(nn.Layer):
    """A cell."""

    def build(self, step: Any, h: Any) -> None:
        self.kernel = self.add_weight("kernel", [step[-1], h[-1]])

    def call(self, step: tf.Tensor, h: tf.Tensor) -> dict[str, tf.Tensor]:
        new = 0.5 * h + step @ self.cast(self.kernel)
        return {"output": tf.nn.softplus(new), "h": new}


USERS = {"Affine": Affine, "Dense": keras.layers.Dense}

OBJECT_ROWS = [
    Row("Module", "nested", Nested, ROWS, random="foreign", statistics=True, describable=False),
    Row("Layer", "affine", lambda **o: Affine(offset=0.5, **o), SEQUENCES, mask="dropped"),
    Row("Layer", "block", Block, SEQUENCES, random="ours", statistics=True, mask="kept"),
    Row("Network", "towers", two_towers, [*ROWS, *ROWS], random="ours"),
    Row("Network", "nested", nested_nodes, SEQUENCES, statistics=True, mask="kept"),
    Row("Network", "written", Tower, SEQUENCES, statistics=True, mask="dropped"),
    Row("Sequential", "mixed", mixed_chain, ROWS, statistics=True, classes=USERS),
    Row("Sequential", "empty", lambda **o: nn.Sequential([], **o), SEQUENCES, mask="kept"),
    Row(
        "Foreign",
        "dense",
        lambda **o: nn.Foreign(keras.layers.Dense(3), **o),
        SEQUENCES,
        mask="kept",
        classes={"Dense": keras.layers.Dense},
    ),
    Row(
        "PluginLayer",
        "blend",
        lambda **o: nn.PluginLayer({"Blend": {"amount": 0.25}}, **o),
        SEQUENCES,
        random="ours",
        statistics=True,
        mask="kept",
    ),
    Row(
        "TimeDistributed",
        "chain",
        lambda **o: nn.TimeDistributed([nn.Dense(4), nn.Dropout(0.3)], **o),
        SEQUENCES,
        random="ours",
        mask="kept",
    ),
    Row(
        "While",
        "halving",
        lambda **o: nn.While(nn.Dense(4), condition="sum(abs(x)) > 1", max_iterations=3, **o),
        SEQUENCES,
        mask="kept",
    ),
    Row("RNN", "nodes", lambda **o: recurrent("new", 4, **o), SEQUENCES, random="ours", mask="dropped"),
    Row(
        "RNN",
        "states",
        lambda **o: recurrent("fresh", 3, return_sequences=True, go_backwards=True, **o),
        [TensorSpec((None, None, 4)), TensorSpec((None, 3))],
        random="ours",
        mask="flipped",
    ),
    Row(
        "RNN",
        "layer",
        lambda **o: nn.RNN(Leaky(), state={"h": 3}, return_sequences=True, **o),
        SEQUENCES,
        mask="kept",
        classes={"Leaky": Leaky},
    ),
    Row(
        "SpectralNormalization",
        "dense",
        lambda **o: nn.SpectralNormalization(nn.Dense(4), power_iterations=2, **o),
        SEQUENCES,
        statistics=True,
        mask="kept",
    ),
    Row(
        "SpectralNormalization",
        "image",
        lambda **o: nn.SpectralNormalization({"Conv2D": {"filters": 4, "kernel_size": 3}}, **o),
        IMAGES,
        statistics=True,
        mask="dropped",
    ),
    Row("WeightNormalization", "dense", lambda **o: nn.WeightNormalization(nn.Dense(4), **o), SEQUENCES, mask="kept"),
    Row("KerasLayer", "dense", lambda **o: nn.KerasLayer({"keras.layers.Dense": 3}, **o), SEQUENCES, mask="kept"),
    Row("Foreign", "lstm", keras_lstm, SEQUENCES, mask="kept", classes={"LSTM": keras.layers.LSTM}),
    Row(
        "Foreign",
        "norm",
        lambda **o: nn.Foreign(keras.layers.BatchNormalization(), **o),
        SEQUENCES,
        mask="kept",
        statistics=True,
        classes={"BatchNormalization": keras.layers.BatchNormalization},
    ),
    Row(
        "Foreign",
        "dropout",
        lambda **o: nn.Foreign(keras.layers.Dropout(0.4), **o),
        SEQUENCES,
        mask="kept",
        random="foreign",
        classes={"Dropout": keras.layers.Dropout},
    ),
    Row("Foreign", "module", lambda **o: nn.Foreign(Scale(), **o), ROWS, describable=False),
    Row("Foreign", "function", lambda **o: nn.Foreign(tf.square, **o), SEQUENCES, mask="dropped", describable=False),
    Row("Model", "images", small_model, IMAGES, random="ours", statistics=True, mask="dropped"),
    Row("Model", "nested", model_in_model, ROWS),
]
