"""Draws pictures; what their parameters mean stands in `netlib.spec.sources.pictures`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.sources.drawing import Random, balanced, blocks, float32, noisy
from netlib.spec.sources.pictures import SHAPES, Shapes, Views

SIDES = {"square": 4, "triangle": 3}


def shapes(spec: Shapes, random: Random) -> Arrays:
    """The picture and its target, one block of samples after the other."""
    label = balanced(spec.samples, len(SHAPES))
    outlines = Outlines.drawn(label, random)
    background = random.random((spec.samples, spec.channels), dtype=np.float32)
    contrast = (background + random.uniform(0.35, 0.65, background.shape)) % 1 - background  # up or down, within 0 to 1
    image = np.empty((spec.samples, spec.size, spec.size, spec.channels), np.float32)
    mask = np.empty((*image.shape[:3], 1), np.float32) if spec.target == "mask" else None
    for rows in blocks(spec.samples, image[0].size):
        inside = outlines.take(rows).inside(spec.size)
        image[rows] = _painted(inside, background[rows], float32(contrast[rows]), spec.noise, random)
        if mask is not None:
            mask[rows] = inside[..., None]
    return Arrays({"image": image}, {"label": label.astype(np.int32)} if mask is None else {"mask": mask})


@dataclass(frozen=True)
class Outlines:
    """Of one shape in each picture: which of `SHAPES`, and the circle through its corners, in shares of the picture's size.

    `centre` has x and y, `angle` is that of a side's normal.
    """

    label: Array
    centre: Array
    radius: Array
    angle: Array

    @classmethod
    def drawn(cls, label: Array, random: Random) -> Outlines:
        """Of random sizes, and wholly in the picture. The smallest covers a pixel's centre if the picture has 8 by 8 of them."""
        radius = random.uniform(0.2, 0.4, len(label))
        centre = random.uniform(radius, 1 - radius, (2, len(label))).T
        return cls(label, float32(centre), float32(radius), float32(random.uniform(0, 2 * math.pi, len(label))))

    def take(self, rows: slice | Array) -> Outlines:
        """Those of some pictures."""
        return Outlines(self.label[rows], self.centre[rows], self.radius[rows], self.angle[rows])

    def inside(self, size: int) -> Array:
        """Whether the centre of each pixel lies in the shape, bool of shape `(pictures, size, size)`."""
        found = np.empty((len(self.label), size, size), bool)
        for number, shape in enumerate(SHAPES):
            rows = np.flatnonzero(self.label == number)
            found[rows] = (
                self.take(rows)._polygons(SIDES[shape], size) if shape in SIDES else self.take(rows)._circles(size)
            )
        return found

    def _circles(self, size: int) -> Array:
        x, y = self._distances(size)
        within: Array = x**2 + y**2 <= self.radius[:, None, None] ** 2
        return within

    def _polygons(self, sides: int, size: int) -> Array:
        """On the inner side of every side, whose distance from the centre is `radius * cos(pi / sides)`."""
        x, y = self._distances(size)
        within = np.ones((len(self.label), size, size), bool)
        reach = (self.radius * np.float32(math.cos(math.pi / sides)))[:, None, None]
        for side in range(sides):
            turned = (self.angle + np.float32(2 * math.pi * side / sides))[:, None, None]
            within &= x * np.cos(turned) + y * np.sin(turned) <= reach
        return within

    def _distances(self, size: int) -> tuple[Array, Array]:
        """From the centre: of the columns, to the right, and of the rows, downwards."""
        places = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
        return places[None, None, :] - self.centre[:, 0, None, None], places[None, :, None] - self.centre[
            :, 1, None, None
        ]


def _painted(inside: Array, background: Array, contrast: Array, noise: float, random: Random) -> Array:
    image = random.standard_normal((*inside.shape, background.shape[1]), dtype=np.float32)
    image *= np.float32(noise)
    for channel in range(background.shape[1]):  # NumPy is slow where the last axis is short and broadcast
        level, change = background[:, channel, None, None], contrast[:, channel, None, None]
        image[..., channel] += level + inside * change
    return np.clip(image, 0, 1, out=image)


def views(spec: Views, random: Random) -> Arrays:
    """The pattern of the kind, and the position times the signs of the kind, with noise."""
    patterns = random.random((spec.classes, spec.size, spec.size, 1))
    signs = np.where(random.random((spec.classes, spec.features)) < 0.5, -1.0, 1.0)
    signs[1::2] = -signs[: 2 * (spec.classes // 2) : 2]  # of two kinds, so that features alone do not tell up from down
    kind = balanced(spec.samples, spec.classes)
    position = random.uniform(-1, 1, (spec.samples, 1))
    image = np.empty((spec.samples, *patterns.shape[1:]), np.float32)
    for rows in blocks(spec.samples, patterns[0].size):
        image[rows] = float32(noisy(patterns[kind[rows]], spec.noise, random))
    features = float32(noisy(position * signs[kind], spec.noise, random))
    return Arrays(
        {"image": image, "features": features}, {"kind": kind.astype(np.int32), "position": float32(position)}
    )
