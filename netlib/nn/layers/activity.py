"""The layer that penalises what it reads: ActivityRegularization."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import activity as spec


class ActivityRegularization(Layer[spec.ActivityRegularization]):
    """Adds a penalty on its input to the loss; computed in float32 at least.

    >>> from netlib import nn
    >>> penalty = nn.ActivityRegularization(l2=0.5)
    >>> _ = penalty(2 * tf.ones([4, 3]))
    >>> [float(term) for term in penalty.losses]
    [6.0]
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The input."""
        wide = self.widened(inputs)
        total = self.spec.l1 * tf.reduce_sum(tf.abs(wide)) + self.spec.l2 * tf.reduce_sum(tf.square(wide))
        self.add_loss(tf.math.divide_no_nan(total, tf.cast(tf.shape(inputs)[0], wide.dtype)))
        return inputs
