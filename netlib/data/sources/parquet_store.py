"""Columns that are written as Parquet, piece by piece, to a folder that is there as long as they are wanted."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from netlib.data.temporary_folder import TemporaryFolder


class ParquetStore:
    """A new temporary folder of Parquet files.

    Attributes:
        files: what was written, in that order.
        rows: how many each of them has.
    """

    def __init__(self, name: object, needed: int) -> None:
        """Makes the folder.

        Args:
            name: what is to be converted.
            needed: how many bytes that is, about.

        Raises:
            NetlabError: the disk has less room than that, or nothing can be written.
        """
        self.name = name
        self.files: list[Path] = []
        self.rows: list[int] = []
        whole = f"{name} is more than data.memory: converted to Parquet it"
        self._folder = TemporaryFolder(whole, f"{name} cannot be converted to Parquet", needed)

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self._folder.path

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
            raise self._folder.failed(error) from None
        self.files.append(file)
        self.rows.append(frame.height)
