"""Reads the source `image_folder`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from netlib.data.arrays import Arrays
from netlib.data.sources.images import decoded
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
    classes = source.classes()
    found = decoded(source, [file for files in classes.values() for file in files])
    label = np.repeat(np.arange(len(classes), dtype=np.int32), [len(files) for files in classes.values()])
    arrays = Arrays({source.input: found.images}, {source.target: label})
    if not found.failures:
        return arrays
    arrays = replace(arrays.take(found.rows), notes=found.notes())
    for number, name in enumerate(classes):
        if not (arrays.targets[source.target] == number).any():
            reason = next(reason for row, reason in found.failures.items() if label[row] == number)
            raise NetlabError(f"{said(source.path)}: no file of class '{name}' can be read: {reason}")
    return arrays
