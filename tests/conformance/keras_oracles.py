"""What Keras computes for a layer of ours: its layer of that name, or where it has none with these parameters, others joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from netlib.nn.keras_objects import activation, make
from netlib.spec.base import Spec
from netlib.spec.layer import LayerSpec
from netlib.spec.registry import names


def keras_layer(spec: LayerSpec, values: Sequence[tf.Tensor]) -> Any:
    """The layer, built for these values."""
    arguments = {name: _argument(value) for name, value in spec}
    layer = ORACLES.get(spec.type_name(), _namesake)(spec.type_name(), arguments)
    layer(*given(spec, values))
    return layer


def given(spec: LayerSpec, values: Sequence[Any]) -> list[Any]:
    """Inputs, or shapes, as Keras takes them: a list where we take any number."""
    return [list(values)] if spec.variadic else list(values)


def weight_name(spec: LayerSpec, variable: Any) -> str:
    """What we call Keras's variable: the layers inside of its attention are parts of our names."""
    if spec.type_name() != "MultiHeadAttention":
        return str(variable.name)
    *_, part, name = variable.path.split("/")
    return f"{part.removeprefix('attention_')}_{name}"


def _argument(value: Any) -> Any:
    if isinstance(value, Spec):
        return activation(value) if value.kind == "activation" else make(value)
    return value


def _namesake(name: str, arguments: dict[str, Any]) -> Any:
    return getattr(keras.layers, name)(**arguments)


def _padded_first(name: str, arguments: dict[str, Any]) -> Any:
    """Explicit padding is put around by a layer of its own."""
    sides = arguments["padding"]
    if isinstance(sides, str):
        return _namesake(name, arguments)
    around = keras.layers.ZeroPadding2D(sides)
    return keras.Sequential([around, _namesake(name, {**arguments, "padding": "valid"})])


def _padded_with_the_least(name: str, arguments: dict[str, Any]) -> Any:
    """Only zeros can be put around by Keras: the numbers are made positive before, and brought back afterwards."""
    sides = arguments["padding"]
    if isinstance(sides, str):
        return _namesake(name, arguments)
    up, down = keras.layers.Rescaling(1.0, offset=8.0), keras.layers.Rescaling(1.0, offset=-8.0)
    return keras.Sequential([up, _padded_first(name, arguments), down])


class MeanWithin(keras.layers.Layer):
    """The mean of what a window has of an image: the ratio of a convolution with ones to how much there is."""

    def __init__(self, size: tuple[int, int], strides: tuple[int, int] | None, sides: Any) -> None:
        super().__init__()
        self.options = {"strides": strides or size, "padding": "valid"}
        self.around = keras.layers.ZeroPadding2D(sides)
        self.pool = keras.layers.AveragePooling2D(size, **self.options)
        self.size = size

    def _sums(self, images: tf.Tensor) -> tf.Tensor:
        channels = images.shape[-1]
        ones = tf.ones((*self.size, 1, 1))
        parts = [keras.ops.conv(self.around(part), ones, **self.options) for part in tf.split(images, channels, -1)]
        return tf.concat(parts, -1)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return self._sums(inputs) / self._sums(tf.ones_like(inputs))

    def compute_output_shape(self, shape: Any) -> Any:
        return self.pool.compute_output_shape(self.around.compute_output_shape(shape))


def _average(name: str, arguments: dict[str, Any]) -> Any:
    counts, sides = arguments.pop("count_padding"), arguments["padding"]
    if counts or isinstance(sides, str):
        return _padded_first(name, arguments)
    return MeanWithin(arguments["pool_size"], arguments["strides"], sides)


class Stack(keras.layers.Layer):
    """Keras has the operation alone."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        return keras.ops.stack(inputs, axis=self.axis)

    def compute_output_shape(self, shapes: Any) -> Any:
        return keras.ops.stack([keras.KerasTensor(shape) for shape in shapes], axis=self.axis).shape


class CausalAttention(keras.layers.MultiHeadAttention):
    """Keras is told at each call that places see nothing behind them."""

    def call(self, query: Any, value: Any, key: Any = None, training: Any = None) -> Any:
        return super().call(query, value, key, training=training, use_causal_mask=True)


def _attention(_: str, arguments: dict[str, Any]) -> Any:
    causal, length = arguments.pop("use_causal_mask"), arguments.pop("output_dim")
    return (CausalAttention if causal else keras.layers.MultiHeadAttention)(**arguments, output_shape=length)


ORACLES: dict[str, Callable[[str, dict[str, Any]], Any]] = {
    "Conv2D": _padded_first,
    "MaxPooling2D": _padded_with_the_least,
    "AveragePooling2D": _average,
    "MultiHeadAttention": _attention,
    "Stack": lambda _, arguments: Stack(**arguments),
}
"""By the layer's name; the others are Keras's of that name."""

OWN_LAYERS = tuple(name for name in names("layer") if not hasattr(keras.layers, name))
"""Those that Keras has not."""


def has_oracle(spec: LayerSpec) -> bool:
    """Whether something of Keras's computes what the layer does. What has not is held to NumPy by tests of its own."""
    return spec.type_name() not in OWN_LAYERS or spec.type_name() in ORACLES


OWN_PARAMETERS = {
    "AveragePooling2D": {"count_padding"},
    "MultiHeadAttention": {"output_dim", "use_causal_mask"},
}
"""Those that Keras's layer has not, by the layer's name."""
