"""Samples that stay decoded on the disk, so that no file has to be decoded twice."""

from __future__ import annotations

import mmap
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Self

import numpy as np

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.rows import gathered, there_and_back
from netlib.data.streaming import Numbered, Reader, rows_of
from netlib.data.temporary_folder import TemporaryFolder
from netlib.spec.errors import NetlabError

_REFUSED = "decoded samples cannot be kept (data.cache)"


Key = tuple[str, str]
"""Role and name of values of samples."""
_WEIGHTS = "weights", ""


@dataclass(frozen=True)
class Block:
    """A file with the values of all rows, of which some are written; values of one form stand side by side in a row.

    It is mapped anew for every part, so that what was looked at before does not count as memory of the process.

    Attributes:
        path: where it is.
        keys: whose values stand side by side.
        dtype: of the values.
        shape: rows, how many stand side by side, and the axes of one.
    """

    path: Path
    keys: tuple[Key, ...]
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

    def write(self, numbers: Array, found: dict[Key, Array]) -> None:
        """Writes the rows of these numbers.

        Raises:
            NetlabError: values have another form than those of the file.
        """
        for key in self.keys:
            self._need_form(numbers, found[key])
        self._mapped(write=True)[numbers] = np.stack([found[key] for key in self.keys], axis=1)

    def read(self, numbers: Array) -> dict[Key, Array]:
        """The rows of these numbers, which were written before."""
        rows = gathered(self._mapped(), numbers)
        return {key: rows[:, place] for place, key in enumerate(self.keys)}

    def read_one(self, key: Key, numbers: Array) -> Array:
        """The same of one key only."""
        return gathered(self._mapped()[:, self.keys.index(key)], numbers)

    def _need_form(self, numbers: Array, values: Array) -> None:
        wanted = self.shape[2:]
        if values.dtype != self.dtype or values.shape[1:] != wanted:
            forms = f"{values.dtype.name} {values.shape[1:]}, the first is {self.dtype.name} {wanted}"
            raise NetlabError(f"{_REFUSED}: row {numbers[0]} is {forms}")

    def _mapped(self, *, write: bool = False) -> Array:
        with self.path.open("r+b" if write else "rb") as file:
            mapped = mmap.mmap(file.fileno(), self.bytes, access=mmap.ACCESS_WRITE if write else mmap.ACCESS_READ)
        return np.frombuffer(mapped, self.dtype).reshape(self.shape)  # which is unmapped when nothing looks at it


class DiskCache:
    """The samples of a reader, each of which is asked for once and kept; see `netlib.data.streaming.Reader` and `Numbered`."""

    def __init__(self, reader: Reader, folder: TemporaryFolder, blocks: Sequence[Block], keys: Sequence[Key]) -> None:
        self.reader = reader
        self._folder = folder
        self._blocks = blocks
        self._names = {role: [name for of, name in keys if of == role] for role in ("inputs", "targets")}
        self._texts = [key for key in keys if not any(key in block.keys for block in blocks)]
        self._written = np.zeros(reader.rows, bool)

    @classmethod
    def of(cls, reader: Reader) -> Self:
        """Keeps the numbers that the reader gives in a temporary folder; they must all be of one form.

        Texts and times are read from the files whenever they are wanted.

        Raises:
            NetlabError: the disk has no room for all samples, or nothing can be written.
        """
        forms = _forms_of(reader)
        folder = TemporaryFolder("what is decoded (data.cache)", _REFUSED, size_of(reader))
        blocks = [
            Block(folder.path / f"{number:06}", keys, dtype, (reader.rows, len(keys), *axes))
            for number, ((dtype, axes), keys) in enumerate(_alike(forms).items())
        ]
        try:
            for block in blocks:
                block.make()
        except OSError as error:
            raise folder.failed(error) from None
        return cls(reader, folder, blocks, list(forms))

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
        found: dict[Key, Any] = {key: self._read_anew(key[1], numbers) for key in self._texts}
        for block in self._blocks:
            found |= block.read(numbers)
        inputs, targets = ({name: found[role, name] for name in names} for role, names in self._names.items())
        return Arrays(inputs, targets, found.get(_WEIGHTS))

    def some(self, name: str, numbers: Array) -> Values:
        """See `Reader.some`."""
        for key in (("inputs", name), ("targets", name)):
            for block in self._blocks:
                if key in block.keys and self._written[numbers].all():
                    return block.read_one(key, numbers)
        return self.reader.some(name, numbers)

    def parts(self) -> Array | None:
        """See `Reader.parts`."""
        return self.reader.parts()

    def fingerprint(self) -> str:
        """See `Reader.fingerprint`."""
        return self.reader.fingerprint()

    def notes(self) -> Collection[str]:
        """Those of the reader, and where the cache is."""
        size = sum(block.bytes for block in self._blocks) / 1e6
        where = f"in {self._folder.path} ({size:,.1f} MB), which is removed at the end"
        return (*self.reader.notes(), f"what is decoded is kept {where}")

    def row_of(self, numbers: Array) -> Array:
        """See `Numbered.row_of`."""
        return rows_of(self.reader, numbers)

    def spans(self) -> Array | None:
        """See `Numbered.spans`."""
        return self.reader.spans() if isinstance(self.reader, Numbered) else None

    def _read_anew(self, name: str, numbers: Array) -> Values:
        order, back = there_and_back(numbers)
        return self.reader.some(name, numbers[order])[back]

    def _keep(self, numbers: Array, samples: Arrays) -> None:
        found = _columns_of(samples)
        for block in self._blocks:
            block.write(numbers, found)
        self._written[numbers] = True


def size_of(reader: Reader) -> int:
    """The bytes that the numbers of all samples take as they are decoded."""
    values = (each for each in _forms_of(reader).values() if isinstance(each, np.ndarray))
    return reader.rows * sum(each.nbytes for each in values)


def _forms_of(reader: Reader) -> dict[Key, Values]:
    """The values of the first sample."""
    return _columns_of(reader.take(np.arange(1)))


def _alike(forms: dict[Key, Values]) -> dict[tuple[np.dtype[Any], tuple[int, ...]], tuple[Key, ...]]:
    """The keys whose values are numbers of one form, by dtype and axes of one."""
    found: dict[tuple[np.dtype[Any], tuple[int, ...]], tuple[Key, ...]] = {}
    for key, values in forms.items():
        if isinstance(values, np.ndarray):
            form = values.dtype, values.shape[1:]
            found[form] = (*found.get(form, ()), key)
    return found


def _columns_of(samples: Arrays) -> dict[Key, Any]:
    """The values of samples by role and name."""
    weights = {} if samples.weights is None else {_WEIGHTS: samples.weights}
    return {
        **{("inputs", name): values for name, values in samples.inputs.items()},
        **{("targets", name): values for name, values in samples.targets.items()},
        **weights,
    }
