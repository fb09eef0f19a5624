"""Draws pairs of points; what their parameters mean stands in `netlib.spec.sources.pairs`."""

from __future__ import annotations

import numpy as np

from netlib.data.arrays import Arrays
from netlib.data.sources.drawing import Random, balanced, float32, noisy
from netlib.spec.sources.pairs import Pairs


def pairs(spec: Pairs, random: Random) -> Arrays:
    """Pairs of one class and of two take turns; every class is as often on the left in the one as in the other."""
    centres = random.uniform(-5, 5, (spec.classes, spec.features))
    same = balanced(spec.samples, 2)
    left = balanced(spec.samples, 2 * spec.classes) // 2
    other = (left + random.integers(1, spec.classes, spec.samples)) % spec.classes
    right = np.where(same == 1, left, other)
    inputs = {
        "left": float32(noisy(centres[left], spec.noise, random)),
        "right": float32(noisy(centres[right], spec.noise, random)),
    }
    return Arrays(inputs, {"same": float32(same[:, None])})
