"""From a `DataSpec` to splits whose samples stay in their files, because they are more than the memory that is allowed.

What is decided of all samples, which split each is in and what the preprocessing learns, is decided as in memory, a column at a
time: a stream differs from samples in memory in the order of an epoch only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.load import READERS, Splits, with_chosen
from netlib.data.parts import with_parts
from netlib.data.preprocessing import Preprocessing
from netlib.data.splits import split
from netlib.data.stratifying import classes_of
from netlib.data.streaming import Reader, Streamed, window_for
from netlib.spec.data import DataSpec
from netlib.spec.errors import Problem, SpecError
from netlib.spec.features import DataSignature
from netlib.spec.pipeline import Pipeline
from netlib.spec.splits import Hash


@dataclass(frozen=True)
class Columns(Mapping[str, Any]):
    """The columns, inputs and targets of some rows, each read when it is asked for, and not kept."""

    reader: Reader
    names: tuple[str, ...]
    numbers: Array

    def __getitem__(self, name: str) -> Values:
        if name not in self.names:
            raise KeyError(name)
        return self.reader.values(name)[self.numbers]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def streamed(spec: DataSpec, seed: int, memory: int, preprocessing: Preprocessing | None) -> Splits[Streamed] | None:
    """The splits, whose samples are read when they are needed; None where they fit the memory, or the source cannot do that.

    Raises:
        SpecError: what is asked for takes all samples at once.
        NetlabError: a file is damaged.
    """
    from importlib import import_module

    source = spec.apart()
    open_reader = getattr(import_module(READERS[type(source).__module__]), "reader", None)
    reader: Reader | None = open_reader(source) if open_reader else None
    if reader is None or reader.rows * reader.row_bytes <= memory:
        return None
    pipeline = spec.pipeline()
    raw = pipeline.raw
    _refuse(spec, pipeline)
    rows = _rows(spec, seed, reader, raw)
    notes: tuple[str, ...] = ()
    if preprocessing is None:
        train = Columns(reader, (*raw.inputs, *raw.targets), rows["train"])
        pipeline, notes = with_chosen(pipeline, {"train": Arrays(train, {}, rows=rows["train"])})  # type: ignore[arg-type]
        preprocessing = Preprocessing.fit(pipeline.steps, train, raw.joins)
    else:
        pipeline = pipeline.with_steps(preprocessing.specs())
    window = window_for(reader, memory)
    ready = {name: Streamed(reader, part, preprocessing, window) for name, part in rows.items() if len(part)}
    signature = replace(pipeline.signature(preprocessing.learned()), samples=reader.rows)
    held_out = ready.get("validation"), ready.get("test")
    told = (_told(reader, window), *reader.notes(), *notes)
    return Splits(ready["train"], *held_out, preprocessing, reader.fingerprint(), signature, told)


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


def _rows(spec: DataSpec, seed: int, reader: Reader, raw: DataSignature) -> dict[str, Array]:
    """The rows of each split, as `netlib.data.load` finds them."""
    beside = {name: reader.values(name) for name in spec.split.columns}
    targets = Columns(reader, tuple(raw.targets), np.arange(reader.rows))
    classes = classes_of(spec, raw, targets)
    samples = Arrays({"row": np.arange(reader.rows)}, {}, beside=beside, parts=reader.parts())
    return with_parts(samples, classes, lambda some, of: split(spec.split, spec.shares, some, seed, of))


def _told(reader: Reader, window: int) -> str:
    size = reader.rows * reader.row_bytes / 1e6
    return (
        f"{reader.rows:,} samples of about {size:,.1f} MB in all are read from their files in each epoch,"
        f" {min(window, reader.rows):,} at a time"
    )
