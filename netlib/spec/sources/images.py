"""What sources of images from files have in common: parameters, and what a file's header tells; values are read in
`netlib.data.sources.images`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, field_validator, model_validator

from netlib.spec.base import as_validation_error
from netlib.spec.errors import NetlabError, Problem
from netlib.spec.features import Feature, SourceSpec
from netlib.spec.names import check_name
from netlib.spec.tensors import TensorSpec
from netlib.spec.types import NonNegativeInt, Pair

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
"""What is read, by Pillow's names; its readers of other formats are never asked."""
SUFFIXES = frozenset([".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".webp"])
"""How files of these formats are called."""
TURNED = (5, 6, 7, 8)
"""EXIF orientations of images that lie on their side."""
_ORIENTATION = 0x0112


class UnreadableImage(NetlabError):
    """A file that is no image, is damaged or cannot be opened; it can be left out."""


class ImagesSpec(SourceSpec):
    """Base of all sources of images from files: bytes of shape (height, width, channels), from 0 to 255.

    What becomes of an image is said to the user by `ImageFolder`.
    """

    size: Pair | None = Field(
        None,
        description="Height and width that all images are brought to; by default all must have those of the first.",
    )
    channels: Literal[1, 3, 4] = Field(3, description="1 for grey, 3 for red, green and blue, 4 with opacity.")
    fit: Literal["stretch", "crop", "pad"] = Field(
        "stretch",
        description="How an image of other proportions is brought to `size`: distorted, cut off or filled up on both sides."
        " Pixels are interpolated between (bilinear, antialiased).",
    )
    background: NonNegativeInt = Field(
        0, le=255, description="Grey level behind what is transparent and around what is filled up: 0 black, 255 white."
    )
    on_error: Literal["fail", "skip"] = Field(
        "fail", description="Whether a file that is no readable image is an error, or is left out."
    )
    input: str = Field("image", description="Name of the input.")

    @field_validator("input")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        return checked_name(name)

    @model_validator(mode="after")
    def _has_a_size_to_fit(self) -> Self:
        if self.fit != "stretch" and self.size is None:
            raise as_validation_error([Problem(("fit",), f"fit: {self.fit} needs the size to bring images to")])
        return self

    def image(self, files: Iterable[Path]) -> Feature:
        """What is known of the images, by `size` or by the header of the first of the files."""
        height, width = self.size or self.first(files)[1]
        return Feature(TensorSpec((None, height, width, self.channels), "int32"), minimum=0, maximum=255)

    def first(self, files: Iterable[Path]) -> tuple[Path, tuple[int, int]]:
        """The first file that can be read, with its height and width.

        Raises:
            UnreadableImage: it cannot be read, or (where files may be left out) none can.
        """
        failures = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `opened` says what is too large
            for file in files:
                try:
                    with opened(file) as image:
                        return file, upright_size(image)
                except UnreadableImage as error:
                    failures.append(error)
                    if self.on_error == "fail":
                        break
        raise failures[0]


@contextmanager
def opened(
    file: Path | str, contents: bytes | None = None, formats: tuple[str, ...] = FORMATS
) -> Iterator[Image.Image]:
    """A file's image, of which only the header is read yet; what Pillow says of it, in here, is said in our words.

    Args:
        file: the file; where there are contents, their place, for messages.
        contents: what is read instead of a file.
        formats: what it may be, by Pillow's names.

    Raises:
        UnreadableImage: it is no image, has too many pixels, is damaged or cannot be opened.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file if contents is None else BytesIO(contents), formats=formats) as image:
            if Image.MAX_IMAGE_PIXELS and image.width * image.height > Image.MAX_IMAGE_PIXELS:
                raise Image.DecompressionBombError
            yield image
    except (NetlabError, MemoryError):
        raise
    except Image.DecompressionBombError:
        limit = f"{Image.MAX_IMAGE_PIXELS or 0:,}"
        raise UnreadableImage(f"{said(file)} declares more than {limit} pixels, which no image here needs") from None
    except UnidentifiedImageError:
        size = Path(file).stat().st_size if contents is None else len(contents)
        raise UnreadableImage(f"{said(file)} {_what_it_is(size, formats)}") from None
    except OSError as error:
        what = f"cannot be read: {error.strerror}" if error.errno else f"is damaged: {error}"
        raise UnreadableImage(f"{said(file)} {what}") from None
    except Exception as error:  # a decoder may stumble in any way over bytes that are not what they should be
        raise UnreadableImage(f"{said(file)} is damaged: {error or type(error).__name__}") from None


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Height and width of an image once it is turned as its EXIF orientation says."""
    turned = image.getexif().get(_ORIENTATION) in TURNED
    return (image.width, image.height) if turned else (image.height, image.width)


def said(path: Path | str) -> str:
    """A path for a message, where bytes that are no text are written as their numbers."""
    return os.fsencode(path).decode(errors="backslashreplace")


def checked_name(name: str) -> str:
    """The name of an input or target, if it is one."""
    if problems := check_name(name, ()):
        raise ValueError(problems[0].message)
    return name


def _what_it_is(size: int, formats: tuple[str, ...]) -> str:
    """Of so many bytes, in which no image was found."""
    kinds = "of a kind that is read (PNG, JPEG, GIF, BMP or WebP)" if formats == FORMATS else f"in {formats[0]}"
    return f"is no image {kinds}" if size else "is empty"
