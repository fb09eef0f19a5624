"""What is probably not as it should be about samples that can be trained on all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.columns import listed, names_of_axis, sampled, single_columns
from netlib.data.duplicates import duplicates
from netlib.data.leaks import leaks
from netlib.data.scales import scales
from netlib.spec.looks import Anomaly
from netlib.spec.pipeline import Pipeline

if TYPE_CHECKING:
    from netlib.data.load import Splits

IMBALANCE = 20.0
"""How many times as many samples the largest class may have as the smallest."""
MOST_CLASSES = 1000
"""Integers of which there are more different ones are numbers, unless the source says that they are classes."""
_TRIED = 100_000
"""Numbers of a channel that are looked at first; only where they are equal are all others."""


def anomalies(samples: Mapping[str, Arrays], splits: Splits[Arrays], pipeline: Pipeline) -> Iterator[Anomaly]:
    """All that is found, the gravest first.

    Args:
        samples: those of each split as the source gives them, `train` among them.
        splits: the same, preprocessed.
        pipeline: what they went through, with the steps that were chosen.
    """
    train = samples["train"]
    yield from leaks(train.inputs, train.targets)
    yield from duplicates(samples)
    yield from _of_classes(splits)
    yield from _missing(train, pipeline)
    yield from _constant(train)
    learned = splits.preprocessing.learned()
    yield from scales(splits.train.inputs, lambda name, width: names_of_axis(pipeline, learned, name, width))


def _of_classes(splits: Splits[Arrays]) -> Iterator[Anomaly]:
    """Of each target that is a class: whether all can be learned that are asked for, and how even they are."""
    for name, feature in splits.signature.targets.items():
        if not feature.is_label:
            continue
        classes, counts = np.unique(splits.train.targets[name], return_counts=True)
        if not feature.num_classes and len(classes) > MOST_CLASSES:
            continue
        called = dict(enumerate(feature.class_names))
        for split, part in (("validation", splits.validation), ("test", splits.test)):
            if part is not None:
                yield from _unseen(name, split, part.targets[name], classes, called)
        least, most = int(counts.argmin()), int(counts.argmax())
        if counts[most] > IMBALANCE * counts[least]:
            ends = [f"{counts[i]:,} of class {_class(classes[i], called)}" for i in (most, least)]
            share = f"{counts[most] / counts.sum():.1%} are right by always saying the former"
            yield Anomaly("imbalance", f"target '{name}' has {' and '.join(ends)} to train on: {share}", name)


def _unseen(name: str, split: str, labels: Array, known: Array, called: Mapping[int, str]) -> Iterator[Anomaly]:
    found, counts = np.unique(labels, return_counts=True)
    new = ~np.isin(found, known)
    if new.any():
        parts = [f"{_class(each, called)} ({count:,})" for each, count in zip(found[new], counts[new], strict=True)]
        what = f"{counts[new].sum():,} of {len(labels):,} {split} samples are of classes that none to train on has"
        yield Anomaly("unseen", f"target '{name}': {what}: {listed(parts)}", name)


def _class(number: int, called: Mapping[int, str]) -> str:
    return f"{number} ({called[int(number)]})" if str(number) != called.get(int(number), str(number)) else str(number)


def _missing(train: Arrays, pipeline: Pipeline) -> Iterator[Anomaly]:
    """Numbers can be missing only where a step fills them in: all others are refused."""
    rows = np.zeros(len(train), bool)
    columns = []
    inputs: Mapping[str, Values] = train.inputs
    for name, values in inputs.items():
        if not isinstance(values, np.ndarray):
            gone = values.is_null().to_numpy() if values.null_count() else None
        else:
            gone = np.isnan(values) if values.dtype.kind == "f" and pipeline.fills(name) else None
        if gone is not None and gone.any():
            of_rows = gone.reshape(len(gone), -1).any(axis=1)
            rows |= of_rows
            columns.append((int(of_rows.sum()), name))
    if columns:
        parts = [f"'{name}' {count:,}" for count, name in sorted(columns, key=lambda found: -found[0])]
        share = f"{rows.sum():,} of {len(rows):,} samples to train on ({rows.mean():.1%})"
        yield Anomaly("missing", f"values are missing in {share}: {listed(parts)}")


def _constant(train: Arrays) -> Iterator[Anomaly]:
    """Columns of tables, and channels of images and series; not the places of integers, which may be a text's."""
    found = [f"'{name}' ({_shown(values)})" for name, values in _axes(train.inputs) if _is_constant(values)]
    if found:
        noun = "a column says nothing, for it" if len(found) == 1 else f"{len(found)} columns say nothing, for each"
        yield Anomaly("constant", f"{noun} has one value in all samples to train on: {listed(found)}")


def _axes(inputs: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    for name, values in inputs.items():
        if isinstance(values, np.ndarray) and values.ndim > 2:
            yield from ((f"{name}[..., {i}]", values[..., i]) for i in range(values.shape[-1]))
        elif not (isinstance(values, np.ndarray) and values[:1].size > 1 and values.dtype.kind != "f"):
            yield from single_columns({name: values})


def _is_constant(values: Values) -> bool:
    """Whether all values that are there are the same, and there are at least two samples."""
    if len(values) < 2:
        return False
    if not isinstance(values, np.ndarray):
        return values.drop_nulls().n_unique() == 1
    return _same(sampled(values, _TRIED)) and _same(values)


def _same(values: Array) -> bool:
    return bool(np.fmin.reduce(values, axis=None) == np.fmax.reduce(values, axis=None))


def _shown(values: Values) -> str:
    if isinstance(values, np.ndarray):
        return f"{np.fmin.reduce(values, axis=None):g}"
    return str(values.drop_nulls()[0])[:20]
