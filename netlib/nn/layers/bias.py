"""A bias added to channels, with a gradient that is a product of matrices."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf


@tf.custom_gradient
def biased(values: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
    """(..., channels) with a number added to each channel.

    The bias's gradient is a sum over all places. As a product with ones it takes half of the time of TensorFlow's own or less
    (measured on the CPU behind convolutions, with whose kernels' gradients oneDNN joins it), and is added up in float32:
    TensorFlow's stops at 256 in bfloat16.
    """

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        places = tf.reshape(upstream, [-1, bias.shape[0]])
        ones = tf.ones([1, tf.shape(places)[0]], places.dtype)
        return upstream, tf.reshape(tf.matmul(ones, places), [-1])

    return tf.nn.bias_add(values, bias), gradients
