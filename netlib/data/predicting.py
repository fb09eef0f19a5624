"""The samples of other files than those of a run, as its network reads them: read, checked and preprocessed piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Literal

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.contract import check_arrays
from netlib.data.load import READERS
from netlib.data.preprocessing import Preprocessing
from netlib.data.row_error import RowError
from netlib.data.streaming import Numbered, Reader
from netlib.data.unconverted import Unconverted
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.features import DataSignature, Feature, SourceSpec
from netlib.spec.pipeline import Pipeline
from netlib.spec.sources.table import TableSpec
from netlib.spec.tensors import show

OnError = Literal["fail", "skip"]


@dataclass
class Incoming:
    """The samples of other files.

    Attributes:
        source: of these files; see `SourceSpec.elsewhere`.
        name: of the files, for messages.
        raw: what was given to train on.
        preprocessing: as it was fitted then.
        tables: input -> length of the embedding table that it is looked up in.
        on_error: whether a row that cannot be used is an error, or is left out.
        skipped: what is wrong -> how many rows were left out for it so far.
        notes: what the reader found.
    """

    source: SourceSpec
    name: str
    raw: DataSignature
    preprocessing: Preprocessing
    tables: Mapping[str, int]
    on_error: OnError = "fail"
    skipped: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def pieces(self, rows: int) -> Iterator[Arrays]:
        """Inputs as the network reads them, with their numbers in the source, so many rows at once but for the last ones.

        Raises:
            UsageError: they are not such inputs as it was trained on.
            NetlabError: the files are damaged, or have rows that cannot be used and are not to be left out.
        """
        for samples in self._read(rows):
            usable = self._usable(self._conformed(samples))
            if len(usable):
                yield self._ready(usable)

    def said(self) -> tuple[str, ...]:
        """What is to be said: what the reader found, and how many rows were left out."""
        left_out = [
            f"{count:,} row{'s are' if count > 1 else ' is'} left out: {what}" for what, count in self.skipped.items()
        ]
        return (*self.notes, *left_out)

    def _read(self, rows: int) -> Iterator[Arrays]:
        if isinstance(self.source, TableSpec) and (self.source.form != "parquet" or self.source.on_error == "skip"):
            from netlib.data.sources.table_passing import Passing

            passing = Passing(self.source)
            yield from passing.samples(rows)
            self.notes = passing.notes()
            return
        module = import_module(READERS[type(self.source).__module__])
        opened = getattr(module, "reader", None)
        reader: Reader | Unconverted | None = opened(self.source) if opened else None
        if reader is not None and not isinstance(reader, Unconverted):
            self.notes = tuple(reader.notes())
            for start in range(0, reader.rows, rows):
                numbers = np.arange(start, min(start + rows, reader.rows))
                places = reader.row_of(numbers) if isinstance(reader, Numbered) else numbers
                yield replace(reader.take(numbers), rows=places)
            return
        try:
            whole: Arrays = module.read(self.source, 0)
        except MemoryError:
            raise NetlabError(f"the samples of {self.name} do not fit into memory") from None
        self.notes = whole.notes
        for start in range(0, len(whole), rows):
            yield whole.take(np.arange(start, min(start + rows, len(whole))))

    def _conformed(self, samples: Arrays) -> Arrays:
        inputs = {
            name: self._like(name, samples.inputs[name], feature, samples) for name, feature in self.raw.inputs.items()
        }
        return Arrays(inputs, {}, rows=samples.rows)

    def _like(self, name: str, values: Any, feature: Feature, rows: Arrays) -> Any:
        """The values of an input or column, if they are such as it was trained on: integers do for floats, not the other way."""
        if not isinstance(values, np.ndarray):
            return values
        wanted = feature.tensor
        if feature.is_label and isinstance(self.source, TableSpec) and values.dtype.kind == "f":
            return self._fractions(name, values.reshape(len(values)), rows)
        if wanted.dtype == "float32" and values.dtype.kind != "f":
            values = values.astype(np.float32)
            values = values[:, None] if values.ndim == 1 else values
        axes = wanted.shape[1:]
        same = len(axes) == values.ndim - 1 and all(
            a is None or a == b for a, b in zip(axes, values.shape[1:], strict=True)
        )
        if not same:
            found = f"{self.name}: '{name}' has the shape {show(values.shape[1:])} a sample"
            raise UsageError(f"{found}, but {show(axes)} was trained on")
        if wanted.dtype == "int32" and values.dtype.kind == "f":
            raise UsageError(f"{self.name}: '{name}' has floating-point numbers, but integers were trained on")
        return values

    def _fractions(self, name: str, values: Array, rows: Arrays) -> Array:
        """A column of integers of which one is missing or has a fraction: that does where a step makes floats of it anyway."""
        pipeline = self._pipeline
        counts = pipeline.after(name, self.raw.inputs[name], self.preprocessing.learned()).tensor.dtype == "float32"
        joined = any(name in parts for parts in self.raw.joins.values())
        tells = any("text" in step.takes for step in pipeline.steps.get(name, ()))  # apart which numbers there are
        broken = np.isfinite(values) & (values != np.floor(values))
        if broken.any() and (tells or not (counts or joined)):
            row = int(broken.argmax())
            what = f"'{name}' is {values[row]:g}, but integers were trained on"
            raise NetlabError(f"{self.name}, row {rows.row(row)} (from 0): {what}")
        return values

    @property
    def _pipeline(self) -> Pipeline:
        return Pipeline(self.raw, self.preprocessing.specs())

    def _usable(self, samples: Arrays) -> Arrays:
        """Without the rows in which a value is missing that no step fills in."""
        pipeline = self._pipeline
        usable = np.ones(len(samples), bool)
        for name, values in samples.inputs.items():
            for wrong, what in _flaws(values, fills=pipeline.fills(name)):
                found = wrong & usable
                usable &= ~wrong
                if found.any():
                    self._told(samples, f"'{name}' {what}", found)
        return samples if usable.all() else samples.take(np.flatnonzero(usable))

    def _told(self, samples: Arrays, what: str, wrong: Array) -> None:
        count = int(wrong.sum())
        if self.on_error == "skip":
            self.skipped[what] = self.skipped.get(what, 0) + count
            return
        first = samples.row(int(wrong.argmax()))
        more = f" ({count} such rows)" if count > 1 else ""
        remedy = "correct such rows, or leave them out (--on-error skip)"
        raise NetlabError(f"{self.name}, row {first} (from 0): {what}{more}\n{remedy}")

    def _ready(self, samples: Arrays) -> Arrays:
        try:
            ready = self.preprocessing.apply_to(samples)
        except RowError as error:
            raise error.within(self.name) from None
        except UsageError as error:
            raise UsageError(f"{self.name}: {error}") from None
        except NetlabError as error:
            raise NetlabError(f"{self.name}: {error}") from None
        check_arrays(ready, where=self.name, vocabulary=self.tables)
        return ready


def _flaws(values: Any, *, fills: bool) -> Iterator[tuple[Array, str]]:
    """Rows that no step can make something of, and what is wrong with them."""
    if not isinstance(values, np.ndarray):
        if not fills and values.null_count():
            yield values.is_null().to_numpy(), "has no value, and no step of the run fills it in"
        return
    if values.dtype.kind != "f":
        return
    flat = values.reshape(len(values), -1)
    yield np.asarray(np.isinf(flat).any(axis=1)), "is infinite"
    if not fills:
        yield np.asarray(np.isnan(flat).any(axis=1)), "has no value, and no step of the run fills it in"
