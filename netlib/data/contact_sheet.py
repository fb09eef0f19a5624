"""A picture of many images, by class, with a label below each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from netlib.data.arrays import Array, Values
from netlib.spec.errors import UsageError

SIDE = 8
"""Rows and columns of the sheet."""
SMALLEST, LARGEST = 64, 128
"""Pixels of the longer side of an image on the sheet: small images are enlarged, large ones made smaller."""
_MARGIN, _TEXT = 6, 14
_PAPER, _INK = (255, 255, 255), (40, 40, 40)
_CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Chosen:
    """The samples on a sheet: their images, (samples, height, width, channels), and what stands below each."""

    images: Array
    labels: Sequence[str]


def is_image(values: Values) -> bool:
    """Whether samples are images of 1, 3 or 4 channels."""
    return isinstance(values, np.ndarray) and values.ndim == 4 and values.shape[-1] in _CHANNELS


def images_among(inputs: Mapping[str, Values]) -> Array:
    """The first input of images.

    Raises:
        UsageError: there is none.
    """
    for values in inputs.values():
        if isinstance(values, np.ndarray) and is_image(values):
            return values
    shapes = ", ".join(f"'{name}' {_shape(values)}" for name, values in inputs.items())
    needed = "an input of (height, width, channels) with 1, 3 or 4 channels is needed"
    raise UsageError(f"there are no images to draw: {needed}; the data has {shapes}")


def choose(images: Array, labels: Array | None = None, names: Sequence[str] = ()) -> Chosen:
    """The first samples; with labels, as many of each class as there is room for, class by class."""
    count = min(len(images), SIDE * SIDE)
    if labels is None:
        return Chosen(images[:count], [""] * count)
    order = np.argsort(labels, kind="stable")
    _, firsts = np.unique(labels[order], return_index=True)
    place_in_class = np.arange(len(labels)) - np.repeat(firsts, np.diff([*firsts, len(labels)]))
    taken = np.sort(np.argsort(place_in_class, kind="stable")[:count])  # the first of every class, then the second ...
    rows = order[taken]
    return Chosen(images[rows], [_called(int(label), names) for label in labels[rows]])


def check_sheet(path: Path) -> None:
    """Refuses a file that the sheet cannot be written to.

    Raises:
        UsageError: it is not called `.png`.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"images are written as PNG: expected a file that ends in .png, got '{path}'")


def draw(chosen: Chosen, path: Path) -> None:
    """Writes the sheet as a PNG. Numbers are shown from the least, black, to the greatest, white, but for bytes and those from
    0 to 1, which are shown as they are.

    Raises:
        UsageError: the file is not called `.png`.
    """
    check_sheet(path)
    cell = _cell(chosen.images.shape[1:3])
    pixels = _bytes(chosen.images)
    rows = -(-len(pixels) // SIDE)
    step = cell[0] + _MARGIN, cell[1] + _MARGIN + _TEXT
    sheet = Image.new("RGB", (_MARGIN + SIDE * step[0], _MARGIN + rows * step[1]), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for i, (image, label) in enumerate(zip(pixels, chosen.labels, strict=True)):
        corner = _MARGIN + i % SIDE * step[0], _MARGIN + i // SIDE * step[1]
        method = Image.Resampling.NEAREST if cell[0] >= image.shape[1] else Image.Resampling.LANCZOS
        drawn = _picture(image).resize(cell, method)
        sheet.paste(drawn, corner, drawn if drawn.mode == "RGBA" else None)
        pen.text((corner[0], corner[1] + cell[1] + 1), _fitting(label, cell[0], pen), fill=_INK)
    sheet.save(path)


def _called(label: int, names: Sequence[str]) -> str:
    return names[label] if 0 <= label < len(names) else str(label)


def _cell(size: tuple[int, ...]) -> tuple[int, int]:
    """Width and height of an image on the sheet."""
    height, width = size
    longer = max(height, width)
    scale = -(-SMALLEST // longer) if longer < SMALLEST else min(1.0, LARGEST / longer)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _bytes(images: Array) -> Array:
    if images.dtype == np.uint8:
        return images
    values = np.nan_to_num(images.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 1:
        whole_bytes = low >= 0 and high <= 255 and images.dtype.kind != "f"
        low, high = (0.0, 255.0) if whole_bytes else (low, high)
    else:
        low, high = 0.0, 1.0
    result: Array = np.round((values - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)
    return result


def _picture(image: Array) -> Image.Image:
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def _fitting(text: str, width: int, pen: ImageDraw.ImageDraw) -> str:
    """The text, or as much of its beginning as fits."""
    whole = text
    while text and pen.textlength(text if text == whole else f"{text}...") > width:
        text = text[:-1]
    return text if text == whole else f"{text}..."


def _shape(values: Values) -> str:
    return str(values.shape[1:]) if isinstance(values, np.ndarray) else str(values.dtype)
