"""Steps over images."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.layers.resizing import resized
from netlib.nn.preprocessing.step import GraphStep
from netlib.spec.features import PreprocessingSpec
from netlib.spec.preprocessing import images as spec


class Resize(GraphStep):
    """Images in another size."""

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """As the layer Resizing has it, not rounded."""
        of = self.spec
        return resized(values, of.height, of.width, of.interpolation, antialias=of.antialias)


class CenterCrop(GraphStep):
    """The middle of images."""

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """Of what there is of them."""
        (height, width), found = self.spec.size, tf.shape(values)
        top, left = (found[1] - height) // 2, (found[2] - width) // 2
        cut = values[:, top : top + height, left : left + width]
        return tf.ensure_shape(cut, [None, height, width, values.shape[3]])


FORMS: dict[type[PreprocessingSpec], type[GraphStep]] = {spec.Resize: Resize, spec.CenterCrop: CenterCrop}
