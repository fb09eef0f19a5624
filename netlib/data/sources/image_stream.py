"""Decodes a part of the images of a source at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.sources.file_reader import FileReader
from netlib.data.sources.images import Decoded, Model, decoded, model_of
from netlib.data.sources.opened_files import OpenedFiles
from netlib.spec.sources.images import ImagesSpec

NUMBER_BYTES = 4
"""Of a number of an image, as the network reads it."""
LOOKED_AT = 2**26
"""Bytes of images that are in memory at once while it is looked which can be read."""


@dataclass(frozen=True)
class ImageReader(FileReader[ImagesSpec]):
    """Images whose files are decoded when they are wanted; see `netlib.data.streaming.Reader` and `Numbered`.

    Attributes:
        source: how they are read.
        samples: everything but the images, in whose place are the numbers of their files.
        files: the files.
        model: what all images are brought to, or must have.
        told: what is to be said.
    """

    samples: Arrays
    files: OpenedFiles
    model: Model
    told: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: ImagesSpec, samples: Arrays, files: Sequence[Path]) -> tuple[Self, Decoded]:
        """The images of the files, one for each of the samples, without those that cannot be read and may be left out.

        All are decoded once to find these, for which split a sample is in depends on how many there are. The second thing that is
        given says which they are; it has no images.
        """
        model = model_of(source, files)
        places = np.arange(len(files))
        whole = replace(samples, inputs={**samples.inputs, source.input: places})
        failures = _failures(source, files, model) if source.on_error == "skip" else {}
        found = Decoded(np.empty((len(files), 0), np.uint8), failures)
        left = whole.take(found.rows) if failures else whole
        return cls(source, left, OpenedFiles.of(files), model, found.notes()), found

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.samples.inputs[self.source.input])

    @property
    def row_bytes(self) -> int:
        """What an image takes in memory once the network can read it, about."""
        height, width = self.model[1]
        return NUMBER_BYTES * height * width * self.source.channels

    @property
    def chunk(self) -> int:
        """Each image can be read by itself."""
        return 1

    @property
    def costly(self) -> bool:
        """See `netlib.data.keeping.Costly`."""
        return True

    def take(self, numbers: Array) -> Arrays:
        """See `Reader.take`."""
        taken = self.samples.take(numbers)
        return replace(taken, inputs={**taken.inputs, self.source.input: self._images(numbers)})

    def some(self, name: str, numbers: Array) -> Values:
        """See `Reader.some`; only images are decoded for it."""
        if name == self.source.input:
            return self._images(numbers)
        values: Any = {**self.samples.beside, **self.samples.targets, **self.samples.inputs}[name]
        found: Values = values[numbers]
        return found

    def parts(self) -> Array | None:
        """See `Reader.parts`."""
        return self.samples.parts

    def notes(self) -> Collection[str]:
        """What is left out, and how that was found."""
        looked = ("all images were decoded once to find those that cannot be read (on_error: skip)",)
        return (*self.samples.notes, *self.told, *(looked if self.source.on_error == "skip" else ()))

    def row_of(self, numbers: Array) -> Array:
        """See `Numbered.row_of`."""
        return numbers if self.samples.rows is None else self.samples.rows[numbers]

    def spans(self) -> Array | None:
        """See `Numbered.spans`."""
        return None

    def _images(self, numbers: Array) -> Array:
        """Uint8 (rows, height, width, channels)."""
        places = self.samples.inputs[self.source.input][numbers]
        files = [Path(self.files.paths[place]) for place in places]
        # A file that could be read when it was looked at and cannot now would be an empty image.
        images = decoded(self.source.model_copy(update={"on_error": "fail"}), files, model=self.model).images
        self.files.need_unchanged(places)
        return images


def _failures(source: ImagesSpec, files: Sequence[Path], model: Model) -> dict[int, str]:
    """The files that cannot be read, by their numbers, and why."""
    height, width = model[1]
    together = max(1, LOOKED_AT // (height * width * source.channels))
    found: dict[int, str] = {}
    for start in range(0, len(files), together):
        failures = decoded(source, files[start : start + together], model=model).failures
        found |= {start + row: why for row, why in failures.items()}
    return found
