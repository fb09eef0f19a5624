"""From a `DataSpec` to splits of preprocessed samples in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from netlib.data.arrays import Array, Arrays
from netlib.data.contract import check_arrays
from netlib.data.preprocessing import Preprocessing
from netlib.data.splits import split
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.spec.features import DataSignature, SourceSpec
from netlib.spec.pipeline import Pipeline

READERS = {
    "netlib.spec.sources.bundled": "netlib.data.sources.bundled",
    "netlib.spec.sources.npz": "netlib.data.sources.npz",
    "netlib.spec.sources.tables": "netlib.data.sources.tables",
    **dict.fromkeys(
        (
            f"netlib.spec.sources.{kind}"
            for kind in ("generators", "noise", "pairs", "sequences", "customers", "pictures")
        ),
        "netlib.data.sources.generators",
    ),
}
"""Module of a source's spec -> module whose `read(source, seed)` gives its samples."""


@dataclass(frozen=True)
class Splits:
    """Preprocessed samples of each split, None where the config holds out none.

    `signature` is of what the network reads, and knows all that the fit told. `fingerprint` is of the source's samples as they
    were read: before preprocessing, all splits together. `notes` say what was chosen where the config left it open.
    """

    train: Arrays
    validation: Arrays | None
    test: Arrays | None
    preprocessing: Preprocessing
    fingerprint: str
    signature: DataSignature
    notes: tuple[str, ...] = ()


_kept: dict[Any, Splits] = {}
"""What was loaded last to be measured; whoever loads the same next gets it."""


def keep(spec: DataSpec, seed: int, splits: Splits) -> None:
    """Keeps what was loaded for whoever loads it next, instead of anything kept before."""
    _kept.clear()
    _kept[_key(spec, seed)] = splits


def _key(spec: DataSpec, seed: int) -> Any:
    return json.dumps(spec.to_plain(), sort_keys=True), seed, spec.source.stamp()


def load(spec: DataSpec, seed: int, preprocessing: Preprocessing | None = None) -> Splits:
    """Reads the source, splits it by the seed and preprocesses it.

    The preprocessing is fitted on the training split, unless one that was fitted before is given.

    Raises:
        SpecError: the section does not fit the source.
        UsageError: the preprocessing that is given does not fit the data.
        NetlabError: the data is damaged, or has numbers that are not finite.
    """
    if preprocessing is None and (kept := _kept.pop(_key(spec, seed), None)):
        return kept
    spec.signature()  # refuses what can be refused before anything is read
    raw = spec.raw()
    arrays = _read(spec.apart(), seed)
    pipeline = Pipeline.of(spec.preprocess, raw)
    _check(arrays, raw, pipeline, spec.source)
    rows = split(len(arrays), spec.validation, spec.test, seed, _classes(spec, raw, arrays))
    parts = {name: arrays.take(numbers) for name, numbers in rows.items() if len(numbers)}
    notes: tuple[str, ...] = ()
    if preprocessing is None:
        pipeline, notes = _chosen(pipeline, parts["train"])
        preprocessing = Preprocessing.fit(
            pipeline.steps, {**parts["train"].inputs, **parts["train"].targets}, raw.joins
        )
    else:
        pipeline = pipeline.with_steps(preprocessing.specs())
    ready = {name: preprocessing.apply_to(part) for name, part in parts.items()}
    signature = pipeline.signature(preprocessing.learned())
    held_out = ready.get("validation"), ready.get("test")
    return Splits(ready["train"], *held_out, preprocessing, arrays.fingerprint(), signature, notes)


def _chosen(pipeline: Pipeline, samples: Arrays) -> tuple[Pipeline, tuple[str, ...]]:
    """With steps where they are to be chosen, and what is to be said of that."""
    if not pipeline.auto:
        return pipeline, ()
    from netlib.data.proposing import proposed

    steps, notes = proposed(pipeline, samples)
    return pipeline.with_steps(steps), notes


def _check(arrays: Arrays, raw: DataSignature, pipeline: Pipeline, source: SourceSpec) -> None:
    """Looks at what was read; values that a step fills in may be missing."""
    classes = {name: feature.num_classes for name, feature in raw.targets.items() if feature.num_classes}
    filled = frozenset(name for name in raw.inputs if pipeline.fills(name))
    check_arrays(arrays, where=f"source '{source.type_name()}'", num_classes=classes, may_miss=filled)


def _read(source: SourceSpec, seed: int) -> Arrays:
    reader = import_module(READERS[type(source).__module__])
    try:
        arrays: Arrays = reader.read(source, seed)
    except MemoryError:
        raise NetlabError(f"the samples of source '{source.type_name()}' do not fit into memory") from None
    return arrays


def _classes(spec: DataSpec, raw: DataSignature, arrays: Arrays) -> Array | None:
    return arrays.targets[next(iter(raw.targets))] if spec.stratified(raw) else None
