"""Steps over images."""

from __future__ import annotations

import numpy as np

from netlib.data.arrays import Array
from netlib.data.steps.step import Learned, Step, nothing
from netlib.spec.errors import UsageError
from netlib.spec.features import PreprocessingSpec
from netlib.spec.preprocessing.images import CenterCrop, Resize

TOGETHER = 2**24
"""Numbers of float32 that are resized at a time: 64 MiB."""
_REACH = {"bilinear": 1.0, "bicubic": 2.0, "lanczos3": 3.0, "lanczos5": 5.0}
"""The distance, in pixels, from which on one does not count."""


def _resize(spec: Resize, _learned: Learned, values: Array) -> Array:
    height, width = values.shape[1:3]
    if spec.interpolation == "nearest":
        return values[:, _nearest(height, spec.height)][:, :, _nearest(width, spec.width)]
    rows = _shares(height, spec.height, spec.interpolation, spec.antialias)
    columns = _shares(width, spec.width, spec.interpolation, spec.antialias)
    result = np.empty((len(values), spec.height, spec.width, values.shape[3]), np.float32)
    step = max(TOGETHER // max(values[0].size, 1), 1) if len(values) else 1
    for start in range(0, len(values), step):
        part = values[start : start + step].astype(np.float32)
        by_row = rows @ part.reshape(len(part), height, -1)
        result[start : start + step] = columns @ by_row.reshape(len(part), spec.height, width, -1)
    return result


def _nearest(length: int, wanted: int) -> Array:
    """Which pixel of an axis has the centre of each one wanted, in float32 as TensorFlow finds it."""
    places = (np.arange(wanted, dtype=np.float32) + np.float32(0.5)) * (np.float32(length) / np.float32(wanted))
    return np.minimum(places.astype(np.int64), length - 1)


def _shares(length: int, wanted: int, interpolation: str, antialias: bool) -> Array:
    """What each pixel of an axis adds to each one wanted: (wanted, length). Pixels outside add nothing, the others then more.

    With pixels as the squares around their centres, and in float32, as TensorFlow has it.
    """
    scale = np.float32(length) / np.float32(wanted)
    centres = (np.arange(wanted, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    distance = np.abs(centres[:, None] - np.arange(length, dtype=np.float32))
    if antialias:
        distance /= np.maximum(scale, np.float32(1))
    shares = np.where(distance < np.float32(_REACH[interpolation]), _kernel(interpolation, distance), np.float32(0))
    result: Array = shares / shares.sum(axis=1, keepdims=True)
    return result


def _kernel(interpolation: str, distance: Array) -> Array:
    """How much a pixel counts at a distance within its reach: bicubic after Keys (1981), a = -1/2; Lanczos's windows."""
    if interpolation == "bilinear":
        return np.float32(1) - distance
    if interpolation == "bicubic":
        near = ((1.5 * distance - 2.5) * distance) * distance + 1.0
        far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
        return np.where(distance < 1, near, far)
    radius = _REACH[interpolation]
    angle = np.float32(np.pi) * np.maximum(distance, np.float32(1e-3))
    bell = radius * np.sin(angle) * np.sin(angle / radius) / angle**2
    return np.where(distance <= np.float32(1e-3), np.float32(1), bell)


def _crop(spec: CenterCrop, _learned: Learned, values: Array) -> Array:
    (height, width), found = spec.size, values.shape[1:3]
    if height > found[0] or width > found[1]:
        raise UsageError(f"CenterCrop cannot cut {height} x {width} pixels out of {found[0]} x {found[1]}")
    top, left = (found[0] - height) // 2, (found[1] - width) // 2
    return values[:, top : top + height, left : left + width]


STEPS: dict[type[PreprocessingSpec], Step] = {
    Resize: Step((), nothing, _resize),
    CenterCrop: Step((), nothing, _crop),
}
