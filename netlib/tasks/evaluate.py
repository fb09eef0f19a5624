"""Measures a checkpoint of a run on one of its splits. What needs TensorFlow is imported when it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from netlib.data.load import load
from netlib.data.streaming import Samples, form_of
from netlib.runs.reading import read_found
from netlib.tasks.plan import Complete, EvaluationPlan, plan_evaluation

if TYPE_CHECKING:
    from netlib.training.model import Model


@dataclass(frozen=True)
class Evaluation:
    """What was measured, on how many samples of which split, with which weights."""

    checkpoint: Path
    split: str
    samples: int
    metrics: dict[str, float]


def evaluate(checkpoint: str, split: str = "test") -> Evaluation:
    """Measures a checkpoint, or the best one of a run, on `test`, `validation` or `train`.

    Raises:
        UsageError: there is no such run, checkpoint or split.
        NetlabError: the checkpoint or the data is damaged.
    """
    return measured(plan_evaluation(checkpoint, split))


def measured(plan: EvaluationPlan) -> Evaluation:
    """Measures as planned; see `evaluate`."""
    from netlib.tasks.build import build, known_at_build
    from netlib.tasks.run_files import check_fingerprint, load_preprocessing
    from netlib.training.environment import configure
    from netlib.training.weights import restore_weights

    configure(plan.config.train.threads)
    splits = load(plan.config.data, plan.config.experiment.seed, load_preprocessing(plan.run))
    check_fingerprint(plan.run, splits.fingerprint)
    data: Samples = getattr(splits, plan.split)
    config = plan.config.with_experiment(known_at_build(plan.config.experiment))
    model = build(config.experiment)
    found = read_found(plan.asked, partial(restore_weights, model))
    return Evaluation(found, plan.split, len(data), _metrics(config, model, data))


def _metrics(config: Complete, model: Model, data: Samples) -> dict[str, float]:
    """The loss and the metrics over some samples, in the run's own mode and batch size, so that figures can be compared."""
    from netlib.tasks.placed import unknown_placed
    from netlib.training.evaluation import Evaluator
    from netlib.training.setup import execution_of, heads_of
    from netlib.training.windows import measured as measured_samples

    heads = heads_of(model, config.train, form_of(data))
    mode = execution_of(model, config.train).mode
    with unknown_placed(config.experiment):
        rows = config.data.batch_size
        return Evaluator(model, heads, rows, mode).run(measured_samples(data, rows, None, "the samples"))
