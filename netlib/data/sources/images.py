"""Decodes files of images in a pool of threads."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from netlib.data.arrays import Array
from netlib.data.sources.left_out import left_out
from netlib.spec.cores import available_cores
from netlib.spec.errors import Problem, SpecError
from netlib.spec.sources.images import ImagesSpec, UnreadableImage, opened, said, upright_size

TOGETHER = 64
"""Files that a thread reads before it asks for more, at most."""
SHARES = 4
"""How often a thread asks for more at least, so that none waits long for another."""
ORIENTATION, UPRIGHT = 0x0112, 1
"""The EXIF tag that says how an image is to be turned, and its value where it is not."""
_BILINEAR = Image.Resampling.BILINEAR

Model = tuple[Path | None, tuple[int, int]]
"""Height and width that images are brought to, or must have: then with the file that has them."""


@dataclass(frozen=True)
class Decoded:
    """Images (files, height, width, channels) in uint8; the rows of `failures` say why they are empty."""

    images: Array
    failures: dict[int, str]

    @property
    def rows(self) -> Array:
        """The numbers of the files that could be read."""
        return np.array([row for row in range(len(self.images)) if row not in self.failures], np.int64)

    def notes(self) -> tuple[str, ...]:
        """What is to be said of the files that could not, if there are any."""
        return left_out(list(self.failures.values()), len(self.images), "images")


def model_of(spec: ImagesSpec, files: Iterable[Path]) -> Model:
    """What all of the files are brought to; the first must be readable, unless there is a size or files may be left out."""
    return (None, spec.size) if spec.size else spec.first(files)


def decoded(spec: ImagesSpec, files: Sequence[Path], threads: int | None = None, model: Model | None = None) -> Decoded:
    """Reads the files, in their order, whatever number of threads (by default one for each core) share the work.

    Args:
        spec: how they are read.
        files: the files.
        threads: how many.
        model: that of more files, of which these are some.

    Raises:
        SpecError: a file has another size than the first, and the config has no size.
        UnreadableImage: a file is no readable image, and must be one; of several it is the first.
    """
    first, size = model or model_of(spec, files)
    threads = threads or available_cores()
    together = min(TOGETHER, -(-len(files) // (SHARES * threads)) or 1)
    images = np.zeros((len(files), *size, spec.channels), np.uint8)
    failures: dict[int, str] = {}

    def read(start: int) -> None:
        for row in range(start, min(start + together, len(files))):
            try:
                with opened(files[row], _contents(files[row])) as image:
                    if first and upright_size(image) != size:
                        raise _misfit(spec, files[row], upright_size(image), first, size)
                    images[row] = pixels(image, spec, size)
            except UnreadableImage as error:
                if spec.on_error == "fail":
                    raise
                failures[row] = str(error)

    with warnings.catch_warnings(), ThreadPoolExecutor(threads) as pool:
        warnings.simplefilter(
            "ignore"
        )  # what Pillow reads in spite of a flaw is read; what is too large, `opened` says
        for _ in pool.map(read, range(0, len(files), together)):
            pass
    return Decoded(images, dict(sorted(failures.items())))


def _contents(file: Path) -> bytes:
    """All of a file at once: threads would wait for one another at every part of it that Pillow asks for."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnreadableImage(f"{said(file)} cannot be read: {error.strerror}") from None


def _misfit(spec: ImagesSpec, file: Path, found: tuple[int, int], first: Path, size: tuple[int, int]) -> SpecError:
    difference = (
        f"{said(file)} has {found[0]} x {found[1]} pixels (height x width), {said(first)} has {size[0]} x {size[1]}"
    )
    remedy = f"say what all are brought to, for example size: [{size[0]}, {size[1]}]"
    return SpecError([Problem(("size",), f"{difference}; {remedy}")], spec.type_name())


def pixels(image: Image.Image, spec: ImagesSpec, size: tuple[int, int]) -> Array:
    """(height, width, channels) of an image that is read now."""
    image.load()
    if image.getexif().get(ORIENTATION, UPRIGHT) != UPRIGHT:
        ImageOps.exif_transpose(image, in_place=True)
    image = _in_channels(_in_bytes(image), spec.channels, spec.background)
    if image.size != (size[1], size[0]):
        image = _fitted(image, spec, size)
    return np.asarray(image).reshape(*size, spec.channels)


def _in_bytes(image: Image.Image) -> Image.Image:
    """With 8 bits a channel."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError("its pixels have 32 bits, of no known range")
    return image


def _in_channels(image: Image.Image, channels: int, background: int) -> Image.Image:
    if channels == 4:
        return image.convert("RGBA")
    if image.has_transparency_data:
        behind = Image.new("RGBA", image.size, (background, background, background, 255))
        image = Image.alpha_composite(behind, image.convert("RGBA"))
    mode = "L" if channels == 1 else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _fitted(image: Image.Image, spec: ImagesSpec, size: tuple[int, int]) -> Image.Image:
    height, width = size
    if spec.fit == "stretch":
        return image.resize((width, height), _BILINEAR)
    if spec.fit == "crop":
        high = max(min(image.height, image.width * height // width), 1)
        wide = max(min(image.width, image.height * width // height), 1)
        left, top = (image.width - wide) // 2, (image.height - high) // 2
        return image.crop((left, top, left + wide, top + high)).resize((width, height), _BILINEAR)
    scale = min(height / image.height, width / image.width)
    inner = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    around = spec.background if spec.channels == 1 else (*[spec.background] * 3, 0)[: spec.channels]
    whole = Image.new(image.mode, (width, height), around)
    whole.paste(image.resize(inner, _BILINEAR), ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return whole
