"""From a weight as a spec lists it to a variable."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from netlib.nn.keras_objects import make
from netlib.nn.random import stable_hash
from netlib.spec.initializers import InitializerSpec
from netlib.spec.layer import Weight


def make_variable(weight: Weight, path: str, seed: int | None, dtype: str) -> tf.Variable:
    """A variable named `path`, in the weight's own dtype or `dtype`, with its initial value."""
    with tf.name_scope(""):  # the path says it all, whatever is being called around
        return tf.Variable(
            initial_value(weight, path, seed, weight.dtype or dtype),
            name=path,
            trainable=weight.trainable,
            constraint=make(weight.constraint) if weight.constraint else None,
        )


def initial_value(weight: Weight, path: str, seed: int | None, dtype: str) -> tf.Tensor:
    """Its value where it has one. What is drawn depends on the seed and the path alone; it is a fresh one without a seed."""
    if weight.value is not None:
        return tf.constant(np.asarray(weight.value, tf.as_dtype(dtype).as_numpy_dtype))
    drawn = None if seed is None else stable_hash(seed, "initial", path, bits=31)
    takes_seed = isinstance(weight.initializer, InitializerSpec) and weight.initializer.random
    if weight.initializer is None:
        raise TypeError(f"weight '{path}' has neither an initializer nor a value")
    initializer = make(weight.initializer, **({"seed": drawn} if takes_seed else {}))
    return tf.convert_to_tensor(initializer(weight.shape, dtype=dtype))
