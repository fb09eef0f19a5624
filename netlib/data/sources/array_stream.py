"""Copies a part of the rows of npy files at a time."""

from __future__ import annotations

from dataclasses import dataclass

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.rows import gathered
from netlib.data.sources.blocks import converted
from netlib.data.sources.file_reader import FileReader
from netlib.data.sources.npy import mapped
from netlib.data.sources.opened_files import OpenedFiles
from netlib.spec.sources.npy import Npy

CHUNK_BYTES = 2**17
"""Of neighbours that are read together, about: what a disk reads at once in any case."""


@dataclass(frozen=True)
class ArrayReader(FileReader[Npy]):
    """The rows of npy files; see `netlib.data.streaming.Reader`.

    A file is mapped anew for every part, so that what was read before does not count as memory of the process.

    Attributes:
        source: the files.
        files: the same, as they were when they were opened.
        rows: how many there are.
        row_bytes: what a row takes in memory, about.
    """

    files: OpenedFiles
    rows: int
    row_bytes: int

    @property
    def chunk(self) -> int:
        """Rows that are best read together."""
        return max(1, CHUNK_BYTES // max(self.row_bytes, 1))

    def take(self, numbers: Array) -> Arrays:
        """See `Reader.take`; a file of several inputs or targets is read once."""
        paths = {*self.source.inputs.values(), *self.source.targets.values()}
        found = {path: self._rows(path, numbers) for path in paths}
        return Arrays(
            {name: found[path] for name, path in self.source.inputs.items()},
            {name: found[path] for name, path in self.source.targets.items()},
        )

    def some(self, name: str, numbers: Array) -> Values:
        """See `Reader.some`."""
        return self._rows({**self.source.inputs, **self.source.targets}[name], numbers)

    def _rows(self, path: str, numbers: Array) -> Array:
        """As all rows would be."""
        found = gathered(mapped(path), numbers)
        self.files.need_unchanged([self.files.paths.index(path)])
        return converted(found, path, numbers)
