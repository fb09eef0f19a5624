"""From a `DataSpec` to splits of preprocessed samples in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Generic, TypeVar

from netlib.data.arrays import Arrays
from netlib.data.contract import check_arrays
from netlib.data.missing import refuse_gaps
from netlib.data.overlaps import without_overlaps
from netlib.data.parts import with_parts
from netlib.data.preprocessing import Preprocessing
from netlib.data.row_error import RowError
from netlib.data.splits import split
from netlib.data.stratifying import classes_of
from netlib.data.streaming import Samples
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.features import DataSignature, SourceSpec
from netlib.spec.looks import Anomaly
from netlib.spec.pipeline import Pipeline
from netlib.spec.registry import origin_of
from netlib.spec.sources.table import TableSpec

READERS = {
    "netlib.spec.sources.bundled": "netlib.data.sources.bundled",
    "netlib.spec.sources.npz": "netlib.data.sources.npz",
    "netlib.spec.sources.keras_sets": "netlib.data.sources.keras_sets",
    "netlib.spec.sources.plugin": "netlib.data.sources.plugin",
    "netlib.spec.sources.npy": "netlib.data.sources.npy",
    "netlib.spec.sources.tables": "netlib.data.sources.tables",
    "netlib.spec.sources.time_series": "netlib.data.sources.time_series",
    "netlib.spec.sources.texts": "netlib.data.sources.texts",
    "netlib.spec.sources.image_folder": "netlib.data.sources.image_folder",
    "netlib.spec.sources.image_files": "netlib.data.sources.image_files",
    "netlib.spec.sources.image_table": "netlib.data.sources.image_table",
    "netlib.spec.sources.tfrecord": "netlib.data.sources.tfrecord",
    "netlib.spec.sources.tfds": "netlib.data.sources.tfds",
    **dict.fromkeys(
        (
            f"netlib.spec.sources.{kind}"
            for kind in ("generators", "noise", "pairs", "sequences", "customers", "pictures")
        ),
        "netlib.data.sources.generators",
    ),
}
"""Module of a source's spec -> module whose `read(source, seed)` gives its samples."""


Kind = TypeVar("Kind", bound=Samples, covariant=True)


@dataclass(frozen=True)
class Splits(Generic[Kind]):
    """Preprocessed samples of each split, None where the config holds out none.

    `signature` is of what the network reads, and knows all that the fit told. `fingerprint` is of the source's samples as they
    were read: before preprocessing, all splits together. `notes` say what was chosen where the config left it open, `anomalies`
    what is remarkable about the samples; they are looked for only where the preprocessing is fitted.
    """

    train: Kind
    validation: Kind | None
    test: Kind | None
    preprocessing: Preprocessing
    fingerprint: str
    signature: DataSignature
    notes: tuple[str, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()


@dataclass(frozen=True)
class Parts:
    """The samples of each split that has some (`train`, `validation`, `test`) as the source gives them.

    `pipeline` is what they will go through, `fingerprint` that of `Splits`, `notes` say what was found in the source.
    """

    samples: dict[str, Arrays]
    pipeline: Pipeline
    fingerprint: str
    notes: tuple[str, ...] = ()


_kept: dict[Any, Splits[Samples]] = {}
"""What was loaded last to be measured; whoever loads the same next gets it."""


def keep(spec: DataSpec, seed: int, splits: Splits[Samples]) -> None:
    """Keeps what was loaded for whoever loads it next, instead of anything kept before."""
    _kept.clear()
    _kept[_key(spec, seed)] = splits


def _key(spec: DataSpec, seed: int) -> Any:
    return json.dumps(spec.to_plain(), sort_keys=True), seed, spec.source.stamp()


def load(spec: DataSpec, seed: int, preprocessing: Preprocessing | None = None) -> Splits[Samples]:
    """Reads the source, splits it by the seed and preprocesses it.

    The preprocessing is fitted on the training split, unless one that was fitted before is given.

    Raises:
        SpecError: the section does not fit the source.
        UsageError: the preprocessing that is given does not fit the data.
        NetlabError: the data is damaged, or has numbers that are not finite.
    """
    if preprocessing is None and _kept and (kept := _kept.pop(_key(spec, seed), None)):
        return kept
    if spec.memory is not None:
        from netlib.data.excerpt import excerpt
        from netlib.data.stream_load import streamed

        if found := streamed(spec, seed, spec.memory, preprocessing):
            splits, pipeline = found
            return (
                replace(splits, anomalies=excerpt(splits, pipeline)[1].anomalies) if preprocessing is None else splits
            )
    read = parts(spec, seed)
    _need_room(spec, read)
    return prepared(read, preprocessing)


def _need_room(spec: DataSpec, read: Parts) -> None:
    size = sum(samples.bytes for samples in read.samples.values())
    if spec.memory is not None and size > spec.memory:
        what = f"the samples take {size / 1e6:,.1f} MB, more than the {spec.memory / 1e6:,.1f} MB that are allowed"
        why = f"source '{spec.source.type_name()}' is read whole: allow more, or write it as Parquet or npy, read in parts"
        raise SpecError([Problem(("memory",), f"{what}, and {why}")], "data")


def parts(spec: DataSpec, seed: int) -> Parts:
    """Reads the source and splits it by the seed; raises as `load` does, but for what only preprocessing finds."""
    spec = spec.seeded(seed)
    pipeline = spec.pipeline()  # refuses what can be refused before anything is read
    raw = pipeline.raw
    arrays = _read(spec.apart(), seed)
    _check(arrays, raw, pipeline, spec.source)
    rows = with_parts(
        arrays, classes_of(spec, raw, arrays.targets), lambda some, of: split(spec.split, spec.shares, some, seed, of)
    )
    rows, notes = (rows, ()) if arrays.spans is None else without_overlaps(rows, arrays.spans)
    samples = {name: arrays.take(numbers) for name, numbers in rows.items() if len(numbers)}
    return Parts(samples, pipeline, arrays.fingerprint(), (*arrays.notes, *notes))


def prepared(parts: Parts, preprocessing: Preprocessing | None = None) -> Splits[Arrays]:
    """Preprocesses the samples; what the fit is for, and what is raised, is as `load` says."""
    pipeline, train = parts.pipeline, parts.samples["train"]
    notes: tuple[str, ...] = ()
    fits = preprocessing is None
    if preprocessing is None:
        pipeline, notes = with_chosen(pipeline, parts.samples)
        with _in_split("train"):
            preprocessing = Preprocessing.fit_to(pipeline.steps, train, pipeline.raw.joins)
    else:
        pipeline = pipeline.with_steps(preprocessing.specs())
    ready = {}
    for name, part in parts.samples.items():
        with _in_split(name):
            ready[name] = preprocessing.apply_to(part)
    signature = pipeline.signature(preprocessing.learned())
    held_out = ready.get("validation"), ready.get("test")
    splits = Splits(ready["train"], *held_out, preprocessing, parts.fingerprint, signature, (*parts.notes, *notes))
    return replace(splits, anomalies=_anomalies(parts.samples, splits, pipeline)) if fits else splits


def _anomalies(samples: dict[str, Arrays], splits: Splits[Arrays], pipeline: Pipeline) -> tuple[Anomaly, ...]:
    from netlib.data.anomalies import anomalies

    return tuple(anomalies(samples, splits, pipeline))


@contextmanager
def _in_split(name: str) -> Iterator[None]:
    """Says in an error about a row which split it is in."""
    try:
        yield
    except RowError as error:
        raise error.within(f"the {'training' if name == 'train' else name} split") from None


def with_chosen(pipeline: Pipeline, samples: dict[str, Arrays]) -> tuple[Pipeline, tuple[str, ...]]:
    """With steps where they are to be chosen, and what is to be said of that."""
    if not pipeline.auto:
        return pipeline, ()
    from netlib.data.proposing import proposed

    steps, notes = proposed(pipeline, samples["train"], [part for name, part in samples.items() if name != "train"])
    return pipeline.with_steps(steps), notes


def _check(arrays: Arrays, raw: DataSignature, pipeline: Pipeline, source: SourceSpec) -> None:
    """Looks at what was read; values that a step fills in may be missing."""
    classes = {name: feature.num_classes for name, feature in raw.targets.items() if feature.num_classes}
    if isinstance(source, TableSpec):
        refuse_gaps(arrays, pipeline)
    filled = frozenset(name for name in raw.inputs if pipeline.fills(name))
    origin = origin_of("source", source.type_name())
    where = f"source '{source.type_name()}'" + (f" ({origin.place})" if origin else "")
    check_arrays(arrays, where=where, num_classes=classes, may_miss=filled)


def _read(source: SourceSpec, seed: int) -> Arrays:
    reader = import_module(READERS[type(source).__module__])
    try:
        arrays: Arrays = reader.read(source, seed)
    except MemoryError:
        raise NetlabError(f"the samples of source '{source.type_name()}' do not fit into memory") from None
    return arrays
