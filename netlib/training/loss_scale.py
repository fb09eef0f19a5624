"""Loss scaling, for gradients that float16 would round to zero (Micikevicius et al., *Mixed precision training*, 2018).

The loss is multiplied by a number before the backward pass, and the gradients are divided by it. Where they became too large for
float16 the step is skipped, and the number halved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from netlib.nn.network import Network
from netlib.nn.tree import Tree
from netlib.training.trouble.gate import gated

FIRST = 2.0**15
LEAST = 1.0
"""A step that is not finite with this scale is no matter of the scale any more: it fails, as it does without scaling."""
GREATEST = 2.0**127
"""The largest power of two in float32."""
GROWTH_STEPS = 2000
"""After so many finite steps in a row the scale is doubled."""


class LossScale:
    """The scale and how many steps were finite since it last changed, on the device.

    With `FIRST`, `GROWTH_STEPS` and the factors 2 and 1/2 it is what `keras.mixed_precision.LossScaleOptimizer` does, but for the
    bounds. All scales are powers of two, so scaling rounds nothing.
    """

    def __init__(self) -> None:
        self._scale = tf.Variable(FIRST, trainable=False, name="scale")
        self._finite_steps = tf.Variable(0, trainable=False, name="finite_steps")

    def named_variables(self) -> dict[str, tf.Variable]:
        """What a training needs to go on, by name."""
        return {"loss_scale/scale": self._scale, "loss_scale/finite_steps": self._finite_steps}

    def values(self) -> dict[str, np.ndarray]:
        """What `take` takes."""
        return {name: variable.numpy() for name, variable in self.named_variables().items()}

    def take(self, saved: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Takes the values that are its own; returns the others."""
        own = self.named_variables()
        for name in own.keys() & saved.keys():
            own[name].assign(saved[name])
        return {name: value for name, value in saved.items() if name not in own}

    @property
    def value(self) -> float:
        """The scale."""
        return float(self._scale.numpy())

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """What the gradients are to be taken of, in place of a loss."""
        return loss * tf.cast(self._scale, loss.dtype)

    def unscaled(self, gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The gradients of the loss itself."""
        return [gradient / tf.cast(self._scale, gradient.dtype) for gradient in gradients]

    def update(self, finite: tf.Tensor, apply: Callable[[], None], undo: Callable[[], None]) -> tf.Tensor:
        """Ends a step: applies its gradients if all of it is `finite`; else undoes what it has changed already.

        Returns:
            float32 []: 1 if the step was skipped; 0 if it was applied, or is not finite whatever the scale.
        """

        def applied() -> tf.Tensor:
            apply()
            steps = self._finite_steps + 1
            grows = steps >= GROWTH_STEPS
            self._finite_steps.assign(tf.where(grows, 0, steps))
            self._scale.assign(tf.where(grows, tf.minimum(2.0 * self._scale, GREATEST), self._scale))
            return tf.constant(0.0)

        def left_out() -> tf.Tensor:
            undo()
            is_least = self._scale <= LEAST
            self._finite_steps.assign(0)
            self._scale.assign(tf.maximum(0.5 * self._scale, LEAST))
            return tf.where(is_least, 0.0, 1.0)

        return gated(finite, applied, left_out)


def needs_loss_scale(model: Network) -> bool:
    """Whether anything in a built model computes in float16, a Keras layer too."""
    return any(getattr(entry.value, "compute_dtype", None) == "float16" for entry in Tree(model).modules)
