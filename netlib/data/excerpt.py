"""Some of the samples that stay in their files, in memory, so that they can be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from netlib.data.anomalies import anomalies
from netlib.data.arrays import Array, Arrays
from netlib.data.load import Parts, Splits
from netlib.data.streaming import Streamed
from netlib.spec.looks import Anomaly
from netlib.spec.pipeline import Pipeline

SAMPLES = 4096
"""Of a split, at most."""
NEIGHBOURS = 64
"""That are taken together, at most: where many lie together, each by itself would be slow to read."""
_OF_ALL = ("unseen",)
"""Kinds of anomalies of which some samples tell nothing."""


def excerpt(splits: Splits[Streamed], pipeline: Pipeline) -> tuple[Parts, Splits[Arrays]]:
    """Samples from everywhere in each split, no more than a window: as the source gives them, and preprocessed.

    Args:
        splits: the samples in their files.
        pipeline: what they go through, with the steps that were chosen.

    Raises:
        NetlabError: they cannot be read.
    """
    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    raw = {name: part.raw(_places(part)) for name, part in parts.items() if part is not None}
    ready = {name: splits.preprocessing.apply_to(samples) for name, samples in raw.items()}
    few: Splits[Arrays] = Splits(
        ready["train"],
        ready.get("validation"),
        ready.get("test"),
        splits.preprocessing,
        splits.fingerprint,
        splits.signature,
        (*splits.notes, f"{len(raw['train']):,} of {len(splits.train):,} samples to train on were looked at"),
    )
    return Parts(raw, pipeline, splits.fingerprint), replace(few, anomalies=tuple(_seen(raw, few, pipeline)))


def _places(part: Streamed) -> Array:
    """Of the samples among the split's own, in rising order."""
    count = min(len(part), SAMPLES, part.window)
    together = min(part.reader.chunk, NEIGHBOURS, count)
    starts = np.linspace(0, len(part) - together, max(count // together, 1)).astype(np.int64)
    return np.unique(starts[:, None] + np.arange(together))


def _seen(raw: dict[str, Arrays], splits: Splits[Arrays], pipeline: Pipeline) -> Iterator[Anomaly]:
    for each in anomalies(raw, splits, pipeline):
        if each.kind not in _OF_ALL:
            yield replace(each, message=f"{each.message} (of {len(raw['train']):,} samples looked at)")
