"""Predicts with a checkpoint of a run, on other files or on a split of its own. What needs TensorFlow is imported when needed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.needs import embedding_tables
from netlib.data.predicted import classes_of
from netlib.data.predicting import Incoming, OnError
from netlib.data.prediction_files import Lines, Writer, writing
from netlib.data.streaming import Samples
from netlib.runs.atomic import replacing
from netlib.runs.reading import read_found
from netlib.spec.errors import NetlabError
from netlib.spec.features import DataSignature
from netlib.tasks.plain_words import in_plain_words
from netlib.tasks.plan import Complete
from netlib.tasks.plan_prediction import Asked, PredictionPlan, heads_of, plan_prediction, told

if TYPE_CHECKING:
    from netlib.training.prediction import Predictor

PIECE_BYTES = 2**26
"""Of samples that are preprocessed together, about."""
PIECE_ROWS = 16_384
"""How many these are at most."""
_ROWS = "row"


@dataclass(frozen=True)
class Prediction:
    """How many samples were predicted, and what is to be said of them."""

    checkpoint: Path
    samples: int
    notes: tuple[str, ...]


def predict(checkpoint: str, asked: Asked, stream: IO[bytes] | None = None) -> Prediction:
    """Predicts with a checkpoint, or the best one of a run, to the file that is asked for, or to `stream`.

    Raises:
        UsageError: there is no such run or file, or it does not fit the run.
        NetlabError: a file is damaged, or has a row that cannot be used.
    """
    return predicted(plan_prediction(checkpoint, asked), stream)


def predicted(plan: PredictionPlan, stream: IO[bytes] | None = None, into: Writer | None = None) -> Prediction:
    """Predicts as planned, see `predict`; or gives what is predicted to a writer."""
    from netlib.tasks.build import build, known_at_build
    from netlib.tasks.placed import unknown_placed
    from netlib.training.environment import configure
    from netlib.training.prediction import Predictor
    from netlib.training.weights import restore_weights

    configure(plan.config.train.threads)
    config = plan.config.with_experiment(known_at_build(plan.config.experiment))
    heads = heads_of(plan, config)
    model = build(config.experiment)
    found = read_found(plan.evaluation.asked, partial(restore_weights, model))
    count = 0
    with in_plain_words(), unknown_placed(config.experiment):
        samples = _elsewhere(plan, config) if plan.source else _of_split(plan, config)
        parts = _outputs(Predictor(model, config.train), samples.batches(), config.data.batch_size, plan.asked.samples)
        with _writer(plan.asked, stream) if into is None else nullcontext(into) as writer:
            for outputs in parts:
                rows = len(next(iter(outputs.values()))[0])
                made: dict[str, Any] = samples.beside(rows)
                for head in heads:
                    made |= told(head, *outputs[head.output], plan.asked)
                writer.write(made)
                count += rows
    return Prediction(found, count, (*samples.notes(), *plan.beside.notes))


def _outputs(
    predictor: Predictor, batches: Iterator[Arrays], rows: int, draws: int | None
) -> Iterator[dict[str, tuple[Array, Array | None]]]:
    """What each output gives piece by piece, and the spread of its draws, if there are several."""
    if draws is None:
        for outputs in predictor.parts(batches, rows):
            yield {name: (values, None) for name, values in outputs.items()}
        return
    for moments in predictor.drawn(batches, rows, draws):
        yield {name: (each.mean, each.std) for name, each in moments.items()}


@dataclass
class _Given:
    """Samples as the network reads them, and what stands beside the predictions of each, which are made later."""

    plan: PredictionPlan
    pieces: Iterator[Arrays]
    targets: DataSignature | None = None
    incoming: Incoming | None = None
    _waiting: list[dict[str, Any]] = field(default_factory=list)

    def batches(self) -> Iterator[Arrays]:
        """All samples, some at once.

        Raises:
            NetlabError: there are none.
        """
        first = next(self.pieces, None)
        if first is None:
            raise NetlabError("\n".join([f"{self.plan.asked.path}: no row can be used", *self.notes()]))
        return self._kept(first)

    def _kept(self, first: Arrays | None) -> Iterator[Arrays]:
        while first is not None:
            rows = np.arange(len(first)) if first.rows is None else first.rows
            self._waiting.append({_ROWS: rows, **({"targets": first.targets} if self.targets else {})})
            yield first
            first = next(self.pieces, None)

    def beside(self, count: int) -> dict[str, Any]:
        """What stands beside the predictions of the next samples: what the files have, or else the targets that are known."""
        rows, targets = self._next(count)
        made = dict(self.plan.beside.of(rows))
        for name, values in targets.items():
            assert self.targets
            if name not in made and (values.ndim == 1 or values[:1].size == 1 or self.plan.asked.written == "npz"):
                made[name] = classes_of(self.targets.targets[name], values)
        return made

    def notes(self) -> tuple[str, ...]:
        """What is to be said of them."""
        return self.incoming.said() if self.incoming else ()

    def _next(self, count: int) -> tuple[Any, dict[str, Any]]:
        rows: list[Any] = []
        targets: dict[str, list[Any]] = {}
        while count:
            first = self._waiting[0]
            rows.append(first[_ROWS][:count])
            for name, values in first.get("targets", {}).items():
                targets.setdefault(name, []).append(values[:count])
            taken = len(rows[-1])
            count -= taken
            if taken == len(first[_ROWS]):
                self._waiting.pop(0)
            else:
                first[_ROWS] = first[_ROWS][taken:]
                if "targets" in first:
                    first["targets"] = {name: values[taken:] for name, values in first["targets"].items()}
        return np.concatenate(rows), {name: np.concatenate(parts) for name, parts in targets.items()}


def _elsewhere(plan: PredictionPlan, config: Complete) -> _Given:
    """The samples of other files."""
    assert plan.source
    on_error: OnError = plan.asked.on_error or getattr(config.data.source, "on_error", None) or "fail"
    tables = embedding_tables(config.graph)
    incoming = Incoming(plan.source, str(plan.asked.path), plan.raw, plan.preprocessing, tables, on_error)
    return _Given(plan, incoming.pieces(_piece(config)), incoming=incoming)


def _of_split(plan: PredictionPlan, config: Complete) -> _Given:
    """The samples of a split, read as they are to be measured."""
    from netlib.data.load import load
    from netlib.tasks.same_data import need_same_data

    splits = load(config.data, config.experiment.seed, plan.preprocessing)
    need_same_data(plan.evaluation.run, splits.fingerprint, config.data)
    samples: Samples = getattr(splits, plan.evaluation.split)
    return _Given(plan, _in_pieces(samples, _piece(config)), None if plan.beside.has_targets else splits.signature)


def _in_pieces(samples: Samples, rows: int) -> Iterator[Arrays]:
    if not isinstance(samples, Arrays):
        yield from samples.windows(rows)
        return
    for start in range(0, len(samples), rows):
        yield samples.take(np.arange(start, min(start + rows, len(samples))))


def _piece(config: Complete) -> int:
    """How many samples are read at once: whole batches."""
    sizes = [math.prod(length or 1 for length in tensor.shape) for tensor in config.graph.inputs.values()]
    rows = config.data.batch_size
    most = min(PIECE_ROWS, PIECE_BYTES // max(4 * sum(sizes), 1))
    return max(most // rows, 1) * rows


@contextmanager
def _writer(asked: Asked, stream: IO[bytes] | None) -> Iterator[Writer]:
    """Writes to the stream, or to a file that is there once all is written."""
    if asked.output is None:
        assert stream
        yield Lines(stream, asked.written)
        return
    with replacing(asked.output) as beside, writing(beside, asked.written) as writer:
        yield writer
