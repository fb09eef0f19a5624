"""Columns that are written as Parquet, piece by piece, to a folder that is there as long as they are wanted."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import polars as pl

from netlib.spec.errors import NetlabError

PREFIX = "netlab-"
"""How the names of such folders begin."""


class ParquetStore:
    """A new folder of Parquet files; it is removed when nothing refers to it any more, at the latest as the process ends.

    Attributes:
        files: what was written, in that order.
        rows: how many each of them has.
    """

    def __init__(self, name: object, needed: int) -> None:
        """Makes the folder where temporary files are kept.

        Args:
            name: what is to be converted.
            needed: how many bytes that is, about.

        Raises:
            NetlabError: the disk has less room than that, or nothing can be written.
        """
        self.name = name
        self.files: list[Path] = []
        self.rows: list[int] = []
        try:
            place = tempfile.gettempdir()
            free = shutil.disk_usage(place).free
            if free < needed:
                room = f"takes about {needed / 1e6:,.1f} MB, but {place} has room for {free / 1e6:,.1f} MB"
                raise NetlabError(f"{name} is more than data.memory: converted to Parquet it {room}; {_REMEDY}")
            self._folder = tempfile.TemporaryDirectory(prefix=PREFIX)
        except OSError as error:
            raise self._failed(error) from None

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return Path(self._folder.name)

    @property
    def bytes(self) -> int:
        """What the files take."""
        return sum(file.stat().st_size for file in self.files)

    def told(self) -> str:
        """What is to be said of it."""
        where = f"in {self.folder} ({self.bytes / 1e6:,.1f} MB), which is removed at the end"
        return f"{sum(self.rows):,} samples of {self.name} were converted to Parquet {where}"

    def add(self, frame: pl.DataFrame, together: int) -> None:
        """Writes rows behind those that were written before.

        Args:
            frame: the rows, at least one.
            together: how many are best read together.

        Raises:
            NetlabError: they cannot be written, as where the disk is full.
        """
        file = self.folder / f"{len(self.files):06}.parquet"
        try:
            frame.write_parquet(file, compression="lz4", statistics=False, row_group_size=together)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._failed(error) from None
        self.files.append(file)
        self.rows.append(frame.height)

    def _failed(self, error: Exception) -> NetlabError:
        return NetlabError(f"{self.name} cannot be converted to Parquet: {str(error).splitlines()[0]}; {_REMEDY}")


_REMEDY = "name a folder with more room in the variable TMPDIR, or allow more memory"
