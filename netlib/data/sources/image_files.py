"""Reads images without classes."""

from __future__ import annotations

from dataclasses import replace

from netlib.data.arrays import Arrays
from netlib.data.sources.images import decoded
from netlib.spec.errors import NetlabError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.image_files import ImageFiles


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Reads the images, uint8 (rows, height, width, channels); `rows` are the places of those that could be read.

    Raises:
        SpecError: sizes differ that must not.
        NetlabError: a file is no readable image, or none is.
    """
    assert isinstance(source, ImageFiles)
    found = decoded(source, source.files())
    arrays = Arrays({source.input: found.images}, {})
    if not found.failures:
        return arrays
    if not len(found.rows):
        raise NetlabError(next(iter(found.failures.values())))
    return replace(arrays.take(found.rows), notes=found.notes())
