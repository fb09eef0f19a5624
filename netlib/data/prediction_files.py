"""Files of predictions: CSV, Parquet, JSON lines and arrays, written as the predictions come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Literal, Protocol
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.data.original_tables import as_texts

Form = Literal["csv", "parquet", "json_lines", "npz"]
FORMS: dict[str, Form] = {".csv": "csv", ".parquet": "parquet", ".jsonl": "json_lines", ".npz": "npz"}
"""How a file's name ends -> what is written."""


class Writer(Protocol):
    """Takes the columns of some samples after the other."""

    def write(self, columns: Mapping[str, Any]) -> None:
        """Adds samples; all have the same columns."""
        ...


@contextmanager
def writing(path: Path, form: Form) -> Iterator[Writer]:
    """Inside, what is written goes to the file, which is complete when the block ends."""
    if form == "npz":
        kept = _Arrays()
        yield kept
        kept.save(path)
    elif form == "parquet":
        with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            parts = _Parts(Path(folder))
            yield parts
            parts.save(path)
    else:
        with path.open("wb") as stream:
            yield Lines(stream, form)


class Lines:
    """Writes CSV or JSON lines to a stream."""

    def __init__(self, stream: IO[bytes], form: Form) -> None:
        self._stream = stream
        self._form = form
        self._begun = False

    def write(self, columns: Mapping[str, Any]) -> None:
        """See `Writer.write`."""
        frame = framed(columns)
        if self._form == "json_lines":
            text = frame.write_ndjson()
        else:
            plain = pl.DataFrame({column.name: as_texts(column) for column in frame})
            text = plain.write_csv(include_header=not self._begun)
        self._begun = True
        self._stream.write(text.encode())


class Frames:
    """Keeps all of it in memory, for Python."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    def write(self, columns: Mapping[str, Any]) -> None:
        """See `Writer.write`."""
        self._parts.append(framed(columns))

    def joined(self) -> pl.DataFrame:
        """All samples, of which there are some."""
        return pl.concat(self._parts, how="vertical_relaxed", rechunk=True)


class _Parts:
    """Keeps parts of a Parquet file in a folder, so that they need not be in memory together."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[Path] = []

    def write(self, columns: Mapping[str, Any]) -> None:
        self._files.append(self._folder / f"{len(self._files):06d}.parquet")
        framed(columns).write_parquet(self._files[-1])

    def save(self, path: Path) -> None:
        pl.concat([pl.scan_parquet(file) for file in self._files], how="vertical_relaxed").sink_parquet(path)


class _Arrays:
    """Keeps arrays until all are there."""

    def __init__(self) -> None:
        self._parts: dict[str, list[Array]] = {}

    def write(self, columns: Mapping[str, Any]) -> None:
        for name, values in columns.items():
            self._parts.setdefault(name, []).append(_array(values))

    def save(self, path: Path) -> None:
        """As `numpy.savez` does it, which takes no array that is called `file`."""
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            for name, parts in self._parts.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.concatenate(parts), allow_pickle=False)


def framed(columns: Mapping[str, Any]) -> pl.DataFrame:
    """The columns as a frame; of an array with several values a sample, lists."""
    return pl.DataFrame({name: _series(name, values) for name, values in columns.items()})


def _series(name: str, values: Any) -> pl.Series:
    if isinstance(values, pl.Series):
        return values.alias(name)
    return pl.Series(name, np.ascontiguousarray(values))


def _array(values: Any) -> Array:
    """Texts as NumPy's own, so that nothing has to be unpickled; missing ones as empty, missing numbers as NaN."""
    if isinstance(values, np.ndarray):
        return values
    if values.dtype == pl.String() or values.dtype.is_nested():
        return np.array(as_texts(values).fill_null("").to_list(), np.str_)
    if values.dtype == pl.Binary() or values.dtype == pl.Categorical():
        return np.array(as_texts(values).cast(pl.String()).fill_null("").to_list(), np.str_)
    if values.dtype == pl.Boolean():
        return np.asarray(values.cast(pl.Float32()).to_numpy() if values.null_count() else values.to_numpy())
    found = np.asarray(values.to_numpy())
    return found if found.dtype != object else np.array([str(each) for each in values.to_list()], np.str_)
