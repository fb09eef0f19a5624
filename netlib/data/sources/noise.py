"""Draws noise; what its parameters mean stands in `netlib.spec.sources.noise`."""

from __future__ import annotations

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.sources.drawing import Random
from netlib.spec.sources.noise import Noise, NoiseTensor


def noise(spec: Noise, random: Random) -> Arrays:
    """Every input and target, in the order in which they were asked for."""
    inputs = {name: _drawn(tensor, spec.samples, random) for name, tensor in spec.inputs.items()}
    return Arrays(inputs, {name: _drawn(tensor, spec.samples, random) for name, tensor in spec.targets.items()})


def _drawn(tensor: NoiseTensor, samples: int, random: Random) -> Array:
    shape = (samples, *tensor.shape)
    if tensor.classes is not None:
        return random.integers(0, tensor.classes, shape, dtype=np.int32)
    if tensor.minimum is None or tensor.maximum is None:
        return random.standard_normal(shape, dtype=np.float32)
    values = random.random(shape, dtype=np.float32)
    values *= np.float32(tensor.maximum - tensor.minimum)
    values += np.float32(tensor.minimum)
    return np.clip(values, np.float32(tensor.minimum), np.float32(tensor.maximum), out=values)  # the sum was rounded
