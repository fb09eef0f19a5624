"""Layers that are values: Variable, Variables and Constant, which are stored; Random, which is drawn anew in every call.

The first three read nothing: `layer()` gives what they have stored, without a batch axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.parameters import parsed
from netlib.nn.rounding import line
from netlib.spec import values as spec
from netlib.spec.tensors import DTYPE_BYTES


class _Stored(Layer[Any]):
    """Base of what gives its only weight. The weight has no name: its path is the layer's."""

    value: tf.Variable | None = None

    def children(self) -> Iterator[tuple[str, Any]]:
        """The weight, which has no place of its own in a path."""
        yield "", self.value

    def weight_called(self, name: str) -> Any:
        """The weight, which is called ""."""
        return self.value

    def hold_weight(self, name: str, value: Any) -> None:
        """Takes a variable as the weight."""
        self.value = value

    def call(self) -> tf.Tensor:
        """What is stored, in the compute dtype, or its own where that is integer, boolean or said."""
        return tf.cast(self.value, self.spec.output_dtype(self.compute_dtype))


class Variable(_Stored, Layer[spec.Variable]):
    """A trainable tensor without a batch axis.

    >>> from netlib import nn
    >>> scale = nn.Variable(value=[1.0, 2.0], name="scale")
    >>> scale().numpy()
    array([1., 2.], dtype=float32)
    """


class Constant(_Stored, Layer[spec.Constant]):
    """A tensor without a batch axis that is saved and never trained. `dtype` may be a dtype, the tensor's own, or a policy.

    >>> from netlib import nn
    >>> nn.Constant([[1, 2], [3, 4]])().numpy()
    array([[1, 2],
           [3, 4]], dtype=int32)
    """

    def __init__(self, *args: Any, dtype: str | None = None, **options: Any) -> None:
        whole = bool(args) and isinstance(args[0], spec.Constant)
        own = {"dtype": dtype} if dtype in DTYPE_BYTES and not whole else {}
        made = args[0] if whole else parsed("Constant", spec.Constant, args, {**_own(options), **own})
        others = {name: value for name, value in options.items() if name not in spec.Constant.model_fields}
        super().__init__(made, dtype=None if own else dtype, **others)

    def get_config(self) -> dict[str, Any]:
        """Plain values from which `from_config` makes such a constant again."""
        config = {name: value for name, value in super().get_config().items() if name not in spec.Constant.model_fields}
        policy = {} if self._policy is None else {"dtype": self.dtype}
        return {**config, **policy, "constant": self.spec.to_plain()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """A constant as `get_config` describes it."""
        options = {name: value for name, value in config.items() if name != "constant"}
        return cls(spec.Constant.parse(config["constant"]), **options)


class Variables(Layer[spec.Variables]):
    """Trainable tensors in lists and mappings; a call gives each by its place.

    >>> from netlib import nn
    >>> nest = nn.Variables({"A": [{"value": 1.0}, {"shape": [3], "trainable": False}], "B": {"value": [2.0]}})
    >>> {place: tuple(value.shape) for place, value in nest().items()}
    {'A.0': (), 'A.1': (3,), 'B': (1,)}
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.__dict__["_held"] = {}  # past TensorFlow, which would wrap it

    def children(self) -> Iterator[tuple[str, Any]]:
        """The variables by their places."""
        yield from self._held.items()

    def weight_called(self, name: str) -> Any:
        """The variable at that place."""
        return self._held.get(name)

    def hold_weight(self, name: str, value: Any) -> None:
        """Takes a variable for a place."""
        self._held[name] = value

    def call(self) -> dict[str, tf.Tensor]:
        """Each in the compute dtype."""
        return {place: self.cast(variable) for place, variable in self._held.items()}


class Random(Layer[spec.Random]):
    """Random numbers for each sample of what it reads: new ones in every call, in training and outside of it.

    >>> from netlib import nn
    >>> nn.Random("uniform", shape=[3])(tf.zeros([2, 7])).shape
    TensorShape([2, 3])
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, ...): the input's shape, or `shape` for each sample."""
        own = self.spec.shape
        static = tuple(inputs.shape) if own is None else (inputs.shape[0], *own)
        if None not in static:
            return self._drawn(static)
        sizes = tf.shape(inputs)
        return tf.ensure_shape(self._drawn(sizes if own is None else tf.concat([sizes[:1], [*own]], axis=0)), static)

    def _drawn(self, shape: Any) -> tf.Tensor:
        own = self.spec
        if own.distribution == "normal":
            return self.cast(line(own.mean, own.stddev, self.random_normal("random", shape)))
        numbers = self.cast(line(own.minimum, own.maximum - own.minimum, self.random_uniform("random", shape)))
        return tf.minimum(numbers, _below(own.maximum, numbers.dtype))


def _own(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are a Constant's parameters."""
    return {name: value for name, value in options.items() if name in spec.Constant.model_fields}


def _below(limit: float, dtype: tf.DType) -> tf.Tensor:
    """The largest number of a dtype that is less than the limit: adding and narrowing may round up to it."""
    kind = dtype.as_numpy_dtype
    rounded = np.asarray(limit, kind)
    return tf.constant(rounded if float(rounded) < limit else np.nextafter(rounded, np.asarray(-np.inf, kind)), dtype)
