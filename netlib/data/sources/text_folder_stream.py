"""Reads a part of the files of a `text_folder` at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.sources.file_reader import FileReader
from netlib.data.sources.opened_files import OpenedFiles
from netlib.data.sources.text_files import text_of
from netlib.spec.sources.texts import TextFolder


@dataclass(frozen=True)
class TextFolderReader(FileReader[TextFolder]):
    """Texts whose files are read when they are wanted; see `netlib.data.streaming.Reader`.

    Attributes:
        source: the folder.
        files: those of all classes.
        labels: the number of the class of each, int32.
        row_bytes: what a text takes in memory, about.
    """

    files: OpenedFiles
    labels: Array
    row_bytes: int

    @classmethod
    def opened(cls, source: TextFolder) -> Self:
        """Looks for the files, and at their sizes."""
        found = source.files()
        files = [file for members in found.values() for file in members]
        labels = np.repeat(np.arange(len(found), dtype=np.int32), [*map(len, found.values())])
        size = sum(file.stat().st_size for file in files)
        return cls(source, OpenedFiles.of(files), labels, max(1, size // len(files)))

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.files.paths)

    @property
    def chunk(self) -> int:
        """Each file can be read by itself."""
        return 1

    def take(self, numbers: Array) -> Arrays:
        """See `Reader.take`."""
        return Arrays({"text": self._texts(numbers)}, {"label": self.labels[numbers]})

    def some(self, name: str, numbers: Array) -> Values:
        """See `Reader.some`; a file is read only for its text."""
        return self.labels[numbers] if name == "label" else self._texts(numbers)

    def _texts(self, numbers: Array) -> Any:
        texts = pl.Series([text_of(Path(self.files.paths[number])) for number in numbers], dtype=pl.String())
        self.files.need_unchanged(numbers)
        return texts
