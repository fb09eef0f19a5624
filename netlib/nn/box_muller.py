"""Normally distributed numbers from random bits, by the transform of Box and Muller (*A note on the generation of random normal
deviates*, 1958) in whole numbers.

A logarithm or cosine in floating point has other last bits where XLA computes it in a vector, in what is left over of one, or
while it compiles. Here all that is not exact is a square root, which is rounded in one way only.
"""

from __future__ import annotations

import tensorflow as tf

# Fixed point with 30 bits behind the point: polynomials that meet log(1 + x), and cos(pi / 2 * sqrt(x)), in Chebyshev points of
# [0, 1], within 8e-9 there.
_LOG = (
    0, 1073741824, -536870870, 357911925, -268396685, 214356944, -176574885, 143918522, -108252549, 68185712, -31997660,
    9583794, -1344953,
)  # fmt: skip
_COSINE = (1073741824, -1324675879, 272375560, -22401992, 987048, -27060, 505, -7)
_LOG_OF_2 = 744261118

POINT = 30
_QUARTER = 22
"""Bits of an angle in its quarter of the circle."""


def normal_of(words: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    """Float32 numbers of mean 0 and variance 1, at most 5.77 from 0, which are those of the formula within 1e-6.

    Args:
        words: random bits, uint32.
        others: as many more, which do not depend on them.
    """
    radius = tf.cast(_radius(_upper_bits(words)) * 2.0**27, tf.int64)
    number = _shifted(radius * cosine(_upper_bits(others)), POINT)
    return tf.cast(tf.cast(number, tf.int32), tf.float32) * 2.0**-27


def _upper_bits(words: tf.Tensor) -> tf.Tensor:
    """24 of them, as int32."""
    return tf.cast(tf.bitwise.right_shift(words, tf.constant(8, tf.uint32)), tf.int32)


def _radius(bits: tf.Tensor) -> tf.Tensor:
    """The square root of -2 log((bits + 1) / 2^24), float32."""
    parts = tf.bitcast(tf.cast(bits + 1, tf.float32), tf.int32)  # exponent and fraction of what is exact
    exponent = tf.cast(_shifted(parts, 23), tf.int64) - 127
    fraction = tf.cast(tf.bitwise.bitwise_and(parts, (1 << 23) - 1), tf.int64) * (1 << POINT - 23)
    minus_log = tf.maximum((24 - exponent) * _LOG_OF_2 - _polynomial(_LOG, fraction), 0)
    return tf.sqrt(tf.cast(tf.cast(_shifted(minus_log, 4), tf.int32), tf.float32) * 2.0**-25)


def cosine(bits: tf.Tensor) -> tf.Tensor:
    """Of bits / 2^24 of the whole circle (int32), in fixed point: int64 with `POINT` bits behind the point."""
    quarter = _shifted(bits, _QUARTER)
    within = tf.bitwise.bitwise_and(bits, (1 << _QUARTER) - 1)
    within = tf.cast(tf.where(quarter % 2 == 0, within, (1 << _QUARTER) - within), tf.int64)
    size = _polynomial(_COSINE, _shifted(within * within, 2 * _QUARTER - POINT))
    return tf.where((quarter == 1) | (quarter == 2), -size, size)


def _polynomial(coefficients: tuple[int, ...], x: tf.Tensor) -> tf.Tensor:
    """By Horner's rule, int64."""
    value = tf.fill(tf.shape(x), tf.constant(coefficients[-1], tf.int64))
    for coefficient in reversed(coefficients[:-1]):
        value = _shifted(value * x, POINT) + coefficient
    return value


def _shifted(numbers: tf.Tensor, bits: int) -> tf.Tensor:
    """To the right; a negative number is rounded down."""
    return tf.bitwise.right_shift(numbers, tf.constant(bits, numbers.dtype))
