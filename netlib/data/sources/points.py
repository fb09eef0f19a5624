"""Draws the generated points; what their parameters mean stands in `netlib.spec.sources.generators`."""

from __future__ import annotations

import math

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.sources.drawing import Random, balanced, float32, noisy
from netlib.spec.sources.generators import Blobs, Moons, Regression, Sine, Spirals, Xor


def spirals(spec: Spirals, random: Random) -> Arrays:
    """Radius and angle of an arm grow together."""
    label = balanced(spec.samples, spec.classes)
    radius = random.random(spec.samples)
    angle = 2 * math.pi * (spec.turns * radius + label / spec.classes)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _classes(noisy(points, spec.noise, random), label)


def moons(spec: Moons, random: Random) -> Arrays:
    """The second half circle is the first one turned by half, its centre at (1, 0.5)."""
    label = balanced(spec.samples, 2)
    angle = math.pi * random.random(spec.samples)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return _classes(noisy(np.where(label[:, None] == 0, upper, lower), spec.noise, random), label)


def blobs(spec: Blobs, random: Random) -> Arrays:
    """Normal noise around the centre of each class."""
    label = balanced(spec.samples, spec.classes)
    centres = random.uniform(-5, 5, (spec.classes, spec.features))
    return _classes(noisy(centres[label], spec.noise, random), label)


def xor(spec: Xor, random: Random) -> Arrays:
    """The parity of the signs."""
    points = random.uniform(-1, 1, (spec.samples, spec.features))
    label = np.count_nonzero(points > 0, axis=1) % 2
    return _classes(noisy(points, spec.noise, random), label)


def sine(spec: Sine, random: Random) -> Arrays:
    """The value is that of the `features` as they are given, in float32."""
    x = random.uniform(-1, 1, (spec.samples, 1)).astype(np.float32)
    return _values(x, noisy(np.sin(math.pi * spec.periods * x.astype(np.float64)), spec.noise, random))


def regression(spec: Regression, random: Random) -> Arrays:
    """A linear function with an intercept."""
    coefficients = random.standard_normal((spec.features, 1))
    intercept = random.standard_normal()
    x = random.standard_normal((spec.samples, spec.features))
    return _values(x, noisy(x @ coefficients + intercept, spec.noise, random))


def _classes(points: Array, label: Array) -> Arrays:
    return Arrays({"features": float32(points)}, {"label": label.astype(np.int32)})


def _values(features: Array, value: Array) -> Arrays:
    return Arrays({"features": float32(features)}, {"value": float32(value)})
