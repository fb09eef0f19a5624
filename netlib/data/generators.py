"""Draws the generated sets; what their parameters mean stands in `netlib.spec.generators`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.shuffling import generator
from netlib.spec.features import SourceSpec
from netlib.spec.generators import Blobs, Moons, Regression, Sine, Spirals, Xor

Random = np.random.Generator


def read(source: SourceSpec, seed: int) -> Arrays:
    """Draws the samples of a generated source: the same ones for the same seed."""
    return DRAW[type(source)](source, generator(seed, "source", source.type_name()))


def _spirals(spec: Spirals, random: Random) -> Arrays:
    label = _balanced(spec.samples, spec.classes)
    radius = random.random(spec.samples)
    angle = 2 * math.pi * (spec.turns * radius + label / spec.classes)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _classes(_noisy(points, spec.noise, random), label)


def _moons(spec: Moons, random: Random) -> Arrays:
    label = _balanced(spec.samples, 2)
    angle = math.pi * random.random(spec.samples)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return _classes(_noisy(np.where(label[:, None] == 0, upper, lower), spec.noise, random), label)


def _blobs(spec: Blobs, random: Random) -> Arrays:
    label = _balanced(spec.samples, spec.classes)
    centres = random.uniform(-5, 5, (spec.classes, spec.features))
    return _classes(_noisy(centres[label], spec.noise, random), label)


def _xor(spec: Xor, random: Random) -> Arrays:
    points = random.uniform(-1, 1, (spec.samples, spec.features))
    label = np.count_nonzero(points > 0, axis=1) % 2
    return _classes(_noisy(points, spec.noise, random), label)


def _sine(spec: Sine, random: Random) -> Arrays:
    x = random.uniform(-1, 1, (spec.samples, 1)).astype(np.float32)
    return _values(x, _noisy(np.sin(math.pi * spec.periods * x.astype(np.float64)), spec.noise, random))


def _regression(spec: Regression, random: Random) -> Arrays:
    coefficients = random.standard_normal((spec.features, 1))
    intercept = random.standard_normal()
    x = random.standard_normal((spec.samples, spec.features))
    return _values(x, _noisy(x @ coefficients + intercept, spec.noise, random))


DRAW: dict[type[SourceSpec], Callable[[Any, Random], Arrays]] = {
    Spirals: _spirals,
    Moons: _moons,
    Blobs: _blobs,
    Xor: _xor,
    Sine: _sine,
    Regression: _regression,
}


def _balanced(samples: int, classes: int) -> Array:
    return np.arange(samples) % classes


def _noisy(values: Array, deviation: float, random: Random) -> Array:
    return values + deviation * random.standard_normal(values.shape)


def _classes(points: Array, label: Array) -> Arrays:
    return Arrays({"features": _float32(points)}, {"label": label.astype(np.int32)})


def _values(features: Array, value: Array) -> Arrays:
    return Arrays({"features": _float32(features)}, {"value": _float32(value)})


def _float32(values: Array) -> Array:
    with np.errstate(over="ignore"):  # what does not fit is found, and named, by netlib.data.contract
        return values.astype(np.float32)
