"""Samples that stay decoded on the disk, so that no file has to be decoded twice."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.rows import gathered
from netlib.data.streaming import Numbered, Reader, rows_of
from netlib.data.temporary_folder import TemporaryFolder
from netlib.spec.errors import NetlabError

_REFUSED = "decoded samples cannot be kept (data.cache)"


@dataclass(frozen=True)
class Column:
    """A file with the values of all rows, of which some are written.

    It is mapped anew for every part, so that what was looked at before does not count as memory of the process.

    Attributes:
        path: where it is.
        dtype: of the values.
        shape: rows and the axes of one.
    """

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """What all rows take."""
        return prod(self.shape) * self.dtype.itemsize

    def make(self) -> None:
        """Makes the file, with its room on the disk where the system can keep that free: a page that has none ends the process.

        Raises:
            OSError: the system refuses.
        """
        with self.path.open("xb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, self.bytes)
            else:
                file.truncate(self.bytes)

    def write(self, numbers: Array, values: Array) -> None:
        """Writes the rows of these numbers.

        Raises:
            NetlabError: they have another form than those of the file.
        """
        if values.dtype != self.dtype or values.shape[1:] != self.shape[1:]:
            forms = f"{values.dtype.name} {values.shape[1:]}, the first is {self.dtype.name} {self.shape[1:]}"
            raise NetlabError(f"{_REFUSED}: row {numbers[0]} is {forms}")
        self._mapped("r+")[numbers] = values

    def read(self, numbers: Array) -> Array:
        """The rows of these numbers, which were written before."""
        return gathered(self._mapped("r"), numbers)

    def _mapped(self, mode: Literal["r", "r+"]) -> Array:
        mapped: Array = np.asarray(np.memmap(self.path, self.dtype, mode, shape=self.shape))
        return mapped


class DiskCache:
    """The samples of a reader, each of which is asked for once and kept; see `netlib.data.streaming.Reader` and `Numbered`."""

    def __init__(self, reader: Reader, folder: TemporaryFolder, columns: dict[tuple[str, str], Column]) -> None:
        self.reader = reader
        self._folder = folder
        self._columns = columns
        self._written = np.zeros(reader.rows, bool)

    @classmethod
    def of(cls, reader: Reader) -> Self:
        """Keeps what the reader gives in a temporary folder; its samples must be numbers, all of one form.

        Raises:
            NetlabError: the disk has no room for all samples, or nothing can be written.
        """
        forms = {key: np.asarray(values) for key, values in _columns_of(reader.take(np.arange(1))).items()}
        row_bytes = sum(values.nbytes for values in forms.values())
        folder = TemporaryFolder("what is decoded (data.cache)", _REFUSED, reader.rows * row_bytes)
        columns = {
            key: Column(folder.path / f"{number:06}", values.dtype, (reader.rows, *values.shape[1:]))
            for number, (key, values) in enumerate(forms.items())
        }
        try:
            for column in columns.values():
                column.make()
        except OSError as error:
            raise folder.failed(error) from None
        return cls(reader, folder, columns)

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.reader.rows

    @property
    def chunk(self) -> int:
        """As without the cache, so that the samples come in the same order."""
        return self.reader.chunk

    @property
    def row_bytes(self) -> int:
        """What a row takes in memory, about."""
        return self.reader.row_bytes

    def take(self, numbers: Array) -> Arrays:
        """See `Reader.take`.

        Raises:
            NetlabError: they cannot be read, or have not all one form.
        """
        new = np.sort(numbers[~self._written[numbers]])
        if len(new):
            self._keep(new, self.reader.take(new))
        roles: dict[str, dict[str, Array]] = {"inputs": {}, "targets": {}, "weights": {}}
        for (role, name), column in self._columns.items():
            roles[role][name] = column.read(numbers)
        return Arrays(roles["inputs"], roles["targets"], roles["weights"].get(""))

    def some(self, name: str, numbers: Array) -> Values:
        """See `Reader.some`."""
        column = self._columns.get(("inputs", name)) or self._columns.get(("targets", name))
        if column is None or not self._written[numbers].all():
            return self.reader.some(name, numbers)
        return column.read(numbers)

    def parts(self) -> Array | None:
        """See `Reader.parts`."""
        return self.reader.parts()

    def fingerprint(self) -> str:
        """See `Reader.fingerprint`."""
        return self.reader.fingerprint()

    def notes(self) -> Collection[str]:
        """Those of the reader, and where the cache is."""
        size = sum(column.bytes for column in self._columns.values()) / 1e6
        where = f"in {self._folder.path} ({size:,.1f} MB), which is removed at the end"
        return (*self.reader.notes(), f"what is decoded is kept {where}")

    def row_of(self, numbers: Array) -> Array:
        """See `Numbered.row_of`."""
        return rows_of(self.reader, numbers)

    def spans(self) -> Array | None:
        """See `Numbered.spans`."""
        return self.reader.spans() if isinstance(self.reader, Numbered) else None

    def _keep(self, numbers: Array, samples: Arrays) -> None:
        for key, values in _columns_of(samples).items():
            self._columns[key].write(numbers, values)
        self._written[numbers] = True


def _columns_of(samples: Arrays) -> dict[tuple[str, str], Any]:
    """The values of samples by role and name."""
    weights = {} if samples.weights is None else {("weights", ""): samples.weights}
    return {
        **{("inputs", name): values for name, values in samples.inputs.items()},
        **{("targets", name): values for name, values in samples.targets.items()},
        **weights,
    }
