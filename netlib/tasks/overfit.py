"""A trial: trains on a few batches alone, which any network that is able to learn anything can learn by heart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netlib.data.arrays import Arrays
from netlib.data.shuffling import permutation
from netlib.data.streaming import Samples
from netlib.spec.callbacks import EMA
from netlib.spec.layer import LayerSpec
from netlib.spec.listener import Listener
from netlib.spec.training import TrainSpec
from netlib.tasks.plan import TrainPlan
from netlib.tasks.session import Session, start
from netlib.tasks.training_session import trained
from netlib.tasks.trial import shortened, without_files
from netlib.training.callbacks.callback import Callback
from netlib.training.interrupt import watch_signals

MOST_STEPS = 1000
LOOK_EVERY = 20
"""Steps between two validations, about."""
LEFT_SHARE = 0.1
"""Of the loss before the first step, what may be left of it when the batches are learned."""
ACCURATE = 0.99
RULE = f"at most {LEFT_SHARE:.0%} of the loss is left, or every accuracy has reached {ACCURATE:.0%}"

Values = Mapping[str, float]


@dataclass(frozen=True)
class Overfit:
    """How the trial ended.

    Attributes:
        learned: by `RULE`.
        samples: that it was trained on.
        steps: of the training.
        before: what was measured of these samples before the first step.
        after: the same after the last one.
        left: what makes learning by heart harder, and was left as it is.
        seconds: of the training.
    """

    learned: bool
    samples: int
    steps: int
    before: Values
    after: Values
    left: tuple[str, ...]
    seconds: float


def overfit(plan: TrainPlan, listeners: Sequence[Listener] = ()) -> Overfit:
    """Trains on the first batches of the first epoch, in the same order in every epoch, until they are learned or 1,000 steps are
    done, and measures the same samples. Nothing is written; early stopping is off, everything else is as the config says.

    Raises:
        UsageError: the data does not fit the config.
        NetlabError: the data is damaged, or training failed.
    """
    assert plan.overfit is not None
    whole = plan.config.train
    session = start(plan, _trial(whole, plan.overfit), list(map(_Looks, listeners)))
    rows = plan.overfit * plan.config.data.batch_size * whole.batches_per_step
    few = _first(session.splits.train, rows, session)
    session.splits = replace(session.splits, train=few, validation=few, test=None)
    session.shuffle = False
    engine = session.engine()
    with watch_signals() as interrupt:
        until = _UntilLearned()
        job = session.job(engine, interrupt, [until])
        assert job.validation is not None
        until.before = job.evaluator.run(job.validation)
        done = trained(session, job)
    after = job.progress.records[-1]["validation"]
    left = tuple(_left(session))
    return Overfit(is_learned(until.before, after), len(few), done.steps, until.before, after, left, done.seconds)


def is_learned(before: Values, after: Values) -> bool:
    """Whether samples are learned by heart, by what was measured of them before and after. A loss that was negative must fall by
    the same part of its size."""
    loss = before["loss"]
    if loss - after["loss"] >= (1 - LEFT_SHARE) * abs(loss):
        return True
    accuracies = [name for name in after if "accuracy" in name and "top_k" not in name]
    return any(before[name] < ACCURATE for name in accuracies) and all(after[name] >= ACCURATE for name in accuracies)


def _trial(train: TrainSpec, batches: int) -> TrainSpec:
    changed: dict[str, Any] = {
        **shortened(MOST_STEPS),
        "early_stopping": None,
        "callbacks": without_files(train),
        "validate_every": max(1, LOOK_EVERY // batches),
    }
    return train.model_copy(update=changed)


def _first(samples: Samples, rows: int, session: Session) -> Arrays:
    """The samples with which the training itself would begin."""
    seed, shuffled = session.config.experiment.seed, session.config.data.shuffle
    if isinstance(samples, Arrays):
        order = permutation(seed, 0, len(samples)) if shuffled else np.arange(len(samples))
        return samples.take(order[:rows])
    windows = samples.mixed(seed, 0, rows) if shuffled else samples.windows(rows)
    return next(windows)


def _left(session: Session) -> Iterator[str]:
    """What makes learning by heart harder, as far as it is known."""
    train = session.train
    random = [node.path for node in session.config.graph.walk() if node.spec is not None and _draws(node.spec)]
    if random:
        yield f"{', '.join(random)} {'draws' if len(random) == 1 else 'draw'} random numbers in training"
    if train.mix is not None:
        yield f"train.mix ({train.mix.type_name()})"
    if train.freeze:
        yield "train.freeze"
    if getattr(train.optimizer, "weight_decay", None):
        yield "weight_decay of the optimizer"
    if any(isinstance(spec, EMA) for spec in train.callbacks):
        yield "EMA, whose averages are what is measured"
    schedule = next(train.schedules(), None)
    if schedule:
        yield f"the schedule {schedule[1].type_name()}"


def _draws(layer: LayerSpec) -> bool:
    """Whether it draws random numbers in training, as it is: one that may drop something, and never does, draws none."""
    fields = type(layer).model_fields
    rates = [getattr(layer, name) for name in fields if name == "rate" or name.endswith("dropout")]
    return layer.random and (not rates or any(rates))


class _UntilLearned(Callback):
    """Ends the training as soon as the samples are learned."""

    before: Values

    def __init__(self) -> None:
        self._learned = False

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        if record.get("validation"):
            self._learned = is_learned(self.before, record["validation"])

    def stop(self) -> str | None:
        return "the batches are learned" if self._learned else None


class _Looks(Listener):
    """Passes on what happens, of the epochs, which are short, only those that were validated."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        for name in ("run_started", "phase", "epoch_started", "chunk_ended", "message", "run_ended"):
            setattr(self, name, getattr(listener, name))

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        if record.get("validation"):
            self._listener.epoch_ended(record)
