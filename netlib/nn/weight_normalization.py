"""Wrappers that normalise a weight of the layer that they hold: SpectralNormalization, WeightNormalization."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import replace
from math import prod
from typing import Any, ClassVar

import tensorflow as tf

from netlib.nn import calls
from netlib.nn.network import Network
from netlib.nn.running import Tensors
from netlib.nn.tree import joined
from netlib.nn.weights import make_variable
from netlib.nn.wrappers import Wrapper
from netlib.spec import weight_normalization as spec
from netlib.spec.errors import UsageError
from netlib.spec.graph import Graph
from netlib.spec.layer import Weight

LEAST = 1e-12
"""Lengths below this count as this one: a kernel of zeros stays one."""


@contextmanager
def substituted(layer: Any, name: str, value: tf.Tensor) -> Iterator[None]:
    """Inside, the layer computes with another value of a weight."""
    held = vars(layer)[name]  # past TensorFlow, which would track the value
    vars(layer)[name] = value
    try:
        yield
    finally:
        vars(layer)[name] = held


class WeightWrapper(Wrapper):
    """Base of both: what the layer computes with is a function of its weight and of the wrapper's own."""

    wrapper_type: ClassVar[type[spec.WeightWrapperSpec]]

    def children(self) -> Iterator[tuple[str, Any]]:
        """Its own weights, then the layer."""
        others = dict(super().children())
        yield from ((name, others.pop(name)) for name in list(others) if isinstance(others[name], tf.Variable))
        yield from others.items()

    def enter(self, inputs: Tensors, masks: Tensors, training: Any) -> tuple[Tensors, Tensors]:
        """Output and mask of the layer by name, within a call."""
        held = self.wrapper.held(self.graph)
        layer = self.layer(held.node.name)
        value = tf.convert_to_tensor(layer.weight_called(held.weight.name))
        with calls.entered(self, training, along_edges=True) as flag:
            normalized = self._normalized(value, held.output_axes, training=flag)
        with substituted(layer, held.weight.name, normalized):
            return Network.enter(self, inputs, masks, training)

    def _normalized(self, value: tf.Tensor, output_axes: tuple[int, ...], *, training: Any) -> tf.Tensor:
        """What the layer computes with instead of its weight."""
        raise NotImplementedError

    def _own_weight(self, weight: Weight, held: tf.Tensor, output_axes: tuple[int, ...]) -> Weight:
        """A weight of the wrapper's as it is made."""
        return weight

    def _assemble(
        self, graph: Graph, layers: Mapping[str, Any], around: MutableMapping[str, Any] | None = None
    ) -> None:
        weights = self.wrapper.own_weights(graph)
        super()._assemble(graph, layers, around)
        held = self.wrapper.held(self.graph)
        value = self.layer(held.node.name).weight_called(held.weight.name)
        if value is None:
            self._is_built = False
            raise UsageError(f"{self.path}: '{held.node.name}' has no attribute '{held.weight.name}' to be normalised")
        with tf.init_scope():
            for weight in weights:
                made = self._own_weight(weight, tf.convert_to_tensor(value), held.output_axes)
                setattr(self, made.name, make_variable(made, joined(self.path, made.name), self.seed, value.dtype.name))


class SpectralNormalization(WeightWrapper):
    """Runs a layer with its kernel divided by the largest singular value of that, so that the layer lengthens no vector.

    The kernel as a matrix has a column for each output. `u`, the direction that it lengthens most, is followed by power iteration
    in training, and stays where it is otherwise and when the wrapper is frozen. Gradients go through the division; the kernel
    itself is trained as it is, and is never assigned to. Miyato and others, *Spectral normalization for generative adversarial
    networks*, 2018.

    Args:
        nodes: a layer with a kernel, or an Embedding.
        power_iterations: steps of the power iteration in each forward pass of training.
        options: those of every layer: `name`, `trainable`, `dtype`, `seed`, `path`.

    >>> from netlib import nn
    >>> layer = nn.SpectralNormalization(nn.Dense(10), seed=1)
    >>> layer(tf.ones([2, 3])).shape
    TensorShape([2, 10])
    >>> [named.path for named in layer.named_variables()]
    ['u', 'dense.kernel', 'dense.bias']
    """

    wrapper_type = spec.SpectralNormalization
    u: tf.Variable

    def __init__(self, nodes: Any = None, *, power_iterations: int = 1, **options: Any) -> None:
        super().__init__(nodes, power_iterations=power_iterations, **options)

    def get_config(self) -> dict[str, Any]:
        """Plain values that `from_config` makes such another of, without its weights."""
        # A class that names parameters has to describe them itself: see `undescribed_parameter`.
        return super().get_config()

    def _normalized(self, value: tf.Tensor, output_axes: tuple[int, ...], *, training: Any) -> tf.Tensor:
        matrix = _columns(value, output_axes)
        if training and self._trainable and "u" not in self.frozen_names:
            self._iterate(tf.stop_gradient(matrix))
        return value / tf.maximum(_length(tf.linalg.matvec(matrix, _unit(self.u))), LEAST)

    def _iterate(self, matrix: tf.Tensor) -> None:
        u: tf.Tensor = _unit(self.u)
        for _ in range(self.wrapper.power_iterations):
            mapped = tf.linalg.matvec(matrix, _unit(tf.linalg.matvec(matrix, u)), transpose_a=True)
            u = tf.where(_length(mapped) > LEAST, _unit(mapped), u)  # a kernel of zeros says nothing
        self.u.assign(u)


class WeightNormalization(WeightWrapper):
    """Runs a layer with its kernel's length and direction apart: `g * kernel / |kernel|`, with a trained length `g` for each
    output, which begins as the kernel's own.

    Penalties and constraints of the layer are those of the kernel itself, of which only the direction counts. Salimans and
    Kingma, *Weight normalization*, 2016.

    Args:
        nodes: a layer with a kernel, or an Embedding.
        options: those of every layer: `name`, `trainable`, `dtype`, `seed`, `path`.

    >>> from netlib import nn
    >>> layer = nn.WeightNormalization(nn.Dense(10), seed=1)
    >>> x = tf.ones([2, 3])
    >>> bool(tf.reduce_all(abs(layer(x) - layer["dense"](x)) < 1e-6))
    True
    """

    wrapper_type = spec.WeightNormalization
    g: tf.Variable

    def _normalized(self, value: tf.Tensor, output_axes: tuple[int, ...], *, training: Any) -> tf.Tensor:
        lengths = [length if axis in output_axes else 1 for axis, length in enumerate(value.shape)]
        return value * (tf.reshape(self.g, lengths) / _lengths(value, output_axes))

    def _own_weight(self, weight: Weight, held: tf.Tensor, output_axes: tuple[int, ...]) -> Weight:
        return replace(weight, value=tf.reshape(_lengths(held, output_axes), weight.shape).numpy())


def _columns(value: tf.Tensor, output_axes: tuple[int, ...]) -> tf.Tensor:
    """A weight as a matrix with a column for each output."""
    others = [axis for axis in range(value.shape.rank) if axis not in output_axes]
    count = prod(value.shape[axis] for axis in output_axes)
    return tf.reshape(tf.transpose(value, [*others, *output_axes]), [-1, count])


def _lengths(value: tf.Tensor, output_axes: tuple[int, ...]) -> tf.Tensor:
    """Length of what leads to each output, of the weight's rank."""
    others = [axis for axis in range(value.shape.rank) if axis not in output_axes]
    return tf.sqrt(tf.maximum(tf.reduce_sum(tf.square(value), others, keepdims=True), LEAST**2))


def _length(vector: tf.Tensor) -> tf.Tensor:
    # The root of 0 has no gradient.
    return tf.sqrt(tf.maximum(tf.reduce_sum(tf.square(vector)), LEAST**2))


def _unit(vector: tf.Tensor) -> tf.Tensor:
    return vector / _length(vector)
