"""The masks of a model's outputs, for those who score its predictions: which places of a sample there really are."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Array, Arrays
from netlib.nn.network import Network
from netlib.training.inference import inference_pass


class OutputMasks:
    """Finds the masks; what is compiled for it computes nothing but what they follow from."""

    def __init__(self, model: Network) -> None:
        self._model = model
        self._run = tf.function(self._masks, autograph=False)

    def of(self, samples: Arrays, rows: int) -> dict[str, Array]:
        """Output -> its mask [samples, places], of the outputs that have one; `rows` are looked at at once."""
        found: list[dict[str, Array]] = []
        for start in range(0, len(samples), rows):
            inputs = {name: tf.constant(array[start : start + rows]) for name, array in samples.inputs.items()}
            masks = self._run(inputs)
            if not masks:
                return {}
            found.append({name: mask.numpy() for name, mask in masks.items()})
        return {name: np.concatenate([each[name] for each in found]) for name in found[0]}

    def _masks(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        with inference_pass(self._model, tf.constant(0, tf.int64)):
            self._model.forward(inputs, training=False)
        return {name: mask for name, mask in self._model.output_masks.items() if mask is not None}
