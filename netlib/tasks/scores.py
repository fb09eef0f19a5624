"""Scores the predictions of a model over samples, output by output; of these, a window is in memory at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.predicted import heads_told
from netlib.data.streaming import Samples, rows_of
from netlib.spec.features import DataSignature, SourceSpec
from netlib.spec.heads import Heads
from netlib.spec.tensors import TensorSpec
from netlib.tasks.output_tally import OutputTally, why_not
from netlib.tasks.scored import Scored

if TYPE_CHECKING:
    from netlib.training.output_masks import OutputMasks
    from netlib.training.prediction import Predictor

WINDOW = 2**14
"""Samples in memory that are looked at together, about."""


@dataclass(frozen=True)
class Subject:
    """What is scored: samples, what is known of them, and where they come from."""

    samples: Samples
    signature: DataSignature
    source: SourceSpec


def scored(
    subject: Subject,
    outputs: Mapping[str, TensorSpec],
    heads: Heads,
    predictor: Predictor,
    masks: OutputMasks,
    rows: int,
    worst: int,
) -> list[Scored]:
    """What is found of each output.

    Args:
        subject: the samples.
        outputs: of the network, by name.
        heads: the losses, which say what is compared.
        predictor: of the model.
        masks: of the model.
        rows: of a batch.
        worst: how many of the worst mistakes are kept.
    """
    told = heads_told(outputs, heads, subject.signature.targets, "", _joined(subject.source))
    left_out = {head.output: why_not(head, heads.loss_of(head.output)) for head in told}
    tallies: dict[str, OutputTally] = {}
    for head in told:
        loss = heads.loss_of(head.output)
        if loss and not left_out[head.output]:
            tallies[head.output] = OutputTally(head, loss, subject.signature.targets.get(loss.target), worst)
    if tallies:
        _count(subject.samples, tallies, predictor, masks, rows)
    samples, source = subject.samples, subject.source
    return [
        tallies[name].scored(lambda places: _rows(samples, places), lambda found: _files(source, found))
        if name in tallies
        else Scored(name, left_out=left_out[name])
        for name in outputs
    ]


def _count(
    samples: Samples, tallies: Mapping[str, OutputTally], predictor: Predictor, masks: OutputMasks, rows: int
) -> None:
    waiting = _Waiting({tally.target for tally in tallies.values()}, masks, rows)
    first = 0
    for made in predictor.parts(waiting.passed(_windows(samples, rows)), rows):
        count = len(next(iter(made.values())))
        known = waiting.next(count)
        for name, tally in tallies.items():
            tally.add(
                known["target", tally.target], made[name], known.get(("weights", "")), known.get(("mask", name)), first
            )
        first += count


@dataclass
class _Waiting:
    """What is known of samples that are being predicted: targets, which may be inputs, weights and masks."""

    targets: set[str]
    masks: OutputMasks
    rows: int
    _kept: deque[dict[tuple[str, str], Array]] = field(default_factory=deque)

    def passed(self, windows: Iterator[Arrays]) -> Iterator[Arrays]:
        """The samples as they are; what is known of them is kept."""
        for window in windows:
            values = {**window.inputs, **window.targets}
            known = {("target", name): values[name] for name in self.targets}
            known |= {("mask", name): mask for name, mask in self.masks.of(window, self.rows).items()}
            if window.weights is not None:
                known["weights", ""] = window.weights
            self._kept.append(known)
            yield window

    def next(self, count: int) -> dict[tuple[str, str], Array]:
        """Of the next samples."""
        taken: list[dict[tuple[str, str], Array]] = []
        while count:
            known = self._kept.popleft()
            length = len(next(iter(known.values())))
            taken.append({key: values[:count] for key, values in known.items()})
            if length > count:
                self._kept.appendleft({key: values[count:] for key, values in known.items()})
            count -= min(count, length)
        return {key: np.concatenate([each[key] for each in taken]) for key in taken[0]}


def _windows(samples: Samples, rows: int) -> Iterator[Arrays]:
    """All samples in their order, whole batches at once."""
    if not isinstance(samples, Arrays):
        yield from samples.windows(max(samples.window // rows, 1) * rows)
        return
    size = max(WINDOW // rows, 1) * rows
    for start in range(0, len(samples), size):
        yield samples.take(np.arange(start, min(start + size, len(samples))))


def _rows(samples: Samples, places: Array) -> Array:
    """The rows in the source of samples at these places."""
    if isinstance(samples, Arrays):
        return places if samples.rows is None else samples.rows[places]
    return rows_of(samples.reader, samples.numbers[places])


def _files(source: SourceSpec, rows: Array) -> list[str]:
    """The file of each row; empty where a row has none of its own."""
    from netlib.data.originals import FILE, originals  # imports polars

    found = originals(source, typed=False, wide=False)
    if found.names != (FILE,):
        return [""] * len(rows)
    return [str(name) for name in found.of(rows)[FILE]]


def _joined(source: SourceSpec) -> dict[str, tuple[str, ...]]:
    """Targets that are several columns side by side, and these."""
    used: Any = getattr(source, "targets", None)
    return (
        {name: tuple(each) for name, each in used.items() if not isinstance(each, str)}
        if isinstance(used, dict)
        else {}
    )
