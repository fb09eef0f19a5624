"""Reads the source `image_folder`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.sources.image_stream import ImageReader
from netlib.data.sources.images import Decoded, decoded
from netlib.data.streaming import Reader
from netlib.spec.errors import NetlabError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.image_folder import ImageFolder
from netlib.spec.sources.images import said


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Reads the images of all classes, in their order: uint8 (rows, height, width, channels), and labels from 0.

    Raises:
        SpecError: the folder is none of class folders, or sizes differ that must not.
        NetlabError: a file is no readable image, or every file of a class was left out.
    """
    assert isinstance(source, ImageFolder)
    files, label = _listed(source)
    found = decoded(source, files)
    arrays = Arrays({source.input: found.images}, {source.target: label})
    if not found.failures:
        return arrays
    _need_every_class(source, label, found)
    return replace(arrays.take(found.rows), notes=found.notes())


def reader(source: SourceSpec) -> Reader | None:
    """Decodes the images when they are wanted; see `netlib.data.streaming`."""
    assert isinstance(source, ImageFolder)
    files, label = _listed(source)
    opened, found = ImageReader.of(source, Arrays({}, {source.target: label}), files)
    _need_every_class(source, label, found)
    return opened


def _listed(source: ImageFolder) -> tuple[list[Path], Array]:
    """All files, and the number of the class of each."""
    classes = source.classes()
    counts = [len(members) for members in classes.values()]
    files = [file for members in classes.values() for file in members]
    return files, np.repeat(np.arange(len(classes), dtype=np.int32), counts)


def _need_every_class(source: ImageFolder, label: Array, found: Decoded) -> None:
    """Refuses a class of which no file is left."""
    if not found.failures:
        return
    left = set(label[found.rows].tolist())
    for number, (name, files) in enumerate(source.classes().items()):
        if files and number not in left:
            reason = next(reason for row, reason in found.failures.items() if label[row] == number)
            raise NetlabError(f"{said(source.path)}: no file of class '{name}' can be read: {reason}")
