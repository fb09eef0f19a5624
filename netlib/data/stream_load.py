"""From a `DataSpec` to splits whose samples stay in their files, because they are more than the memory that is allowed.

What is decided of all samples, which split each is in and what the preprocessing learns, is decided as in memory, of a portion of
a column at a time: a stream differs from samples in memory in the order of an epoch only. But what may be wrong with samples that
can be trained on all the same is looked for in some of them only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.keeping import kept
from netlib.data.load import READERS, Splits, with_chosen
from netlib.data.overlaps import without_overlaps
from netlib.data.parts import with_parts
from netlib.data.portions import RoomError
from netlib.data.preprocessing import Preprocessing
from netlib.data.row_error import RowError
from netlib.data.splits import split
from netlib.data.stored import Stored
from netlib.data.stratifying import classes_of
from netlib.data.streaming import Numbered, Reader, Streamed, rows_of, window_for
from netlib.data.unconverted import Unconverted
from netlib.spec.data import DataSpec
from netlib.spec.errors import Problem, SpecError
from netlib.spec.features import DataSignature
from netlib.spec.pipeline import Pipeline
from netlib.spec.splits import Hash


@dataclass(frozen=True)
class Columns(Mapping[str, Any]):
    """Columns, inputs and targets, each read as a whole when it is asked for, and not kept."""

    stored: Mapping[str, Stored]

    def __getitem__(self, name: str) -> Values:
        try:
            return self.stored[name].whole()
        except RoomError as error:
            what = f"auto looks at all values of '{name}' at once, which {error}: allow more, or say its steps"
            raise SpecError([Problem(("preprocess",), what)], "data") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.stored)

    def __len__(self) -> int:
        return len(self.stored)


def streamed(
    spec: DataSpec, seed: int, memory: int, preprocessing: Preprocessing | None
) -> tuple[Splits[Streamed], Pipeline] | None:
    """The splits, whose samples are read when they are needed, and what these go through.

    None where they fit the memory, or the source cannot do that. Nothing is looked for in the samples.

    Raises:
        SpecError: what is asked for takes all samples at once.
        NetlabError: a file is damaged.
    """
    from importlib import import_module

    source = spec.apart()
    open_reader = getattr(import_module(READERS[type(source).__module__]), "reader", None)
    found: Reader | Unconverted | None = open_reader(source) if open_reader else None
    if found is None or found.rows * found.row_bytes <= memory:
        return None
    pipeline = spec.pipeline()
    raw = pipeline.raw
    _refuse(spec, pipeline)
    reader = found.converted() if isinstance(found, Unconverted) else found
    reader, anew = kept(spec, reader)
    rows, apart = _apart(reader, _rows(spec, seed, memory, reader, raw))
    notes: tuple[str, ...] = ()
    if preprocessing is None:
        stored = {name: _stored(reader, memory, (*raw.inputs, *raw.targets), part) for name, part in rows.items()}
        pipeline, notes = with_chosen(pipeline, {name: _unread(stored[name]) for name in rows if len(rows[name])})
        preprocessing = _fitted(pipeline, stored["train"], reader, rows["train"])
    else:
        pipeline = pipeline.with_steps(preprocessing.specs())
    window = window_for(reader, memory, Streamed(reader, rows["train"], preprocessing, 1).row_bytes)
    ready = {name: Streamed(reader, part, preprocessing, window) for name, part in rows.items() if len(part)}
    signature = replace(pipeline.signature(preprocessing.learned()), samples=reader.rows)
    held_out = ready.get("validation"), ready.get("test")
    told = (_told(reader, window), *reader.notes(), *anew, *apart, *notes)
    return Splits(ready["train"], *held_out, preprocessing, reader.fingerprint(), signature, told), pipeline


def _refuse(spec: DataSpec, pipeline: Pipeline) -> None:
    """What cannot be done a column or a window at a time."""
    for name in pipeline.raw.joins:
        if name in pipeline.steps:
            message = f"'{name}' is joined of columns, which together are more than data.memory: give its steps to the columns"
            raise SpecError([Problem(("preprocess", name), message, at="key")], "data")
    if isinstance(spec.split, Hash) and spec.split.by is None:
        message = (
            "a hash of whole rows takes all of them in memory, which data.memory does not allow: name a column (by)"
        )
        raise SpecError([Problem(("split",), message)], "data")


def _stored(reader: Reader, memory: int, names: Iterable[str], numbers: Array | None = None) -> dict[str, Stored]:
    return {name: Stored(reader, name, memory, numbers) for name in names}


def _unread(stored: Mapping[str, Stored]) -> Arrays:
    """Samples whose columns are read when they are looked at."""
    return Arrays(Columns(stored), {})  # type: ignore[arg-type]


def _fitted(pipeline: Pipeline, train: Mapping[str, Stored], reader: Reader, numbers: Array) -> Preprocessing:
    try:
        return Preprocessing.fit(pipeline.steps, train, pipeline.raw.joins)
    except RowError as error:
        row = int(rows_of(reader, numbers[[error.index]])[0])
        raise error.at(row).within("the training split") from None


def _rows(spec: DataSpec, seed: int, memory: int, reader: Reader, raw: DataSignature) -> dict[str, Array]:
    """The rows of each split, as `netlib.data.load` finds them."""
    beside = _stored(reader, memory, spec.split.columns)
    classes = classes_of(spec, raw, _stored(reader, memory, raw.targets))
    counted = np.broadcast_to(np.int8(0), reader.rows)  # as many as there are samples, in no memory
    samples = Arrays({"row": counted}, {}, beside=beside, parts=reader.parts())
    return with_parts(samples, classes, lambda some, of: split(spec.split, spec.shares, some, seed, of))


def _apart(reader: Reader, rows: dict[str, Array]) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Without samples that share rows with others that are held out; and what is said of that."""
    spans = reader.spans() if isinstance(reader, Numbered) else None
    return (rows, ()) if spans is None else without_overlaps(rows, spans)


def _told(reader: Reader, window: int) -> str:
    size = reader.rows * reader.row_bytes / 1e6
    return (
        f"{reader.rows:,} samples of about {size:,.1f} MB in all are read from their files in each epoch,"
        f" {min(window, reader.rows):,} at a time"
    )
