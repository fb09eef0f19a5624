"""Measures checkpoints of runs on splits of their data, and on other files. TensorFlow is imported when it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from netlib.data.arrays import Arrays
from netlib.data.load import Splits, load
from netlib.data.measure import remembered
from netlib.data.needs import Needs
from netlib.data.streaming import Samples, form_of
from netlib.runs.reading import read_found
from netlib.spec.heads import Heads
from netlib.tasks.plain_words import in_plain_words
from netlib.tasks.plan import Complete, Elsewhere, EvaluationPlan, plan_evaluation
from netlib.tasks.scored import Scored
from netlib.tasks.scores import Subject, scored

if TYPE_CHECKING:
    from netlib.training.evaluation import Evaluator
    from netlib.training.model import Model
    from netlib.training.output_masks import OutputMasks
    from netlib.training.prediction import Predictor


@dataclass(frozen=True)
class Evaluation:
    """What was measured, on how many samples of which split, or of which other files (`data`), with which weights.

    `outputs` is empty unless scores were asked for, `measured` has the samples then.
    """

    checkpoint: Path
    split: str
    samples: int
    metrics: dict[str, float]
    data: str
    outputs: tuple[Scored, ...] = ()
    measured: Samples | None = None


def evaluate(checkpoint: str, split: str = "test") -> Evaluation:
    """Measures a checkpoint, or the best one of a run, on `test`, `validation` or `train`.

    Raises:
        UsageError: there is no such run, checkpoint or split.
        NetlabError: the checkpoint or the data is damaged.
    """
    return measured(plan_evaluation(checkpoint, split))


def measured(plan: EvaluationPlan) -> Evaluation:
    """Measures as planned; see `evaluate`."""
    return next(all_measured([plan]))


def all_measured(plans: Iterable[EvaluationPlan], *, scores: bool = False, worst: int = 0) -> Iterator[Evaluation]:
    """Measures as planned, one after the other; what follows one another for one checkpoint shares its model.

    Args:
        plans: what is to be measured.
        scores: whether each output is scored, too; that takes a second pass over the samples.
        worst: how many of the worst mistakes are kept of each output then.
    """
    for _, group in groupby(plans, lambda plan: plan.asked):
        first, *others = group
        run = _Opened(first)
        for plan in (first, *others):
            yield run.measured(plan, scores=scores, worst=worst)


class _Opened:
    """A checkpoint with its model, built and loaded, and the data that was read last."""

    def __init__(self, plan: EvaluationPlan) -> None:
        from netlib.tasks.build import build, known_at_build
        from netlib.tasks.run_files import load_preprocessing
        from netlib.training.environment import configure
        from netlib.training.weights import restore_weights

        configure(plan.config.train.threads)
        self._preprocessing = load_preprocessing(plan.run)
        self._read: tuple[Elsewhere | None, Splits[Samples]] | None = None
        self._splits(plan)  # other data than the run's is refused before anything is built
        self._config = plan.config.with_experiment(known_at_build(plan.config.experiment))
        self._model: Model = build(self._config.experiment)
        self._found = read_found(plan.asked, partial(restore_weights, self._model))
        self._tools: _Tools | None = None

    def measured(self, plan: EvaluationPlan, *, scores: bool, worst: int) -> Evaluation:
        """The metrics, in the run's own mode and batch size, so that figures can be compared; and the scores."""
        from netlib.tasks.placed import unknown_placed

        splits = self._splits(plan)
        samples: Samples = getattr(splits, plan.split)
        tools = self._tools = self._tools or _Tools.of(self._model, self._config, samples)
        source = (plan.elsewhere.data if plan.elsewhere else plan.config.data).source
        with unknown_placed(self._config.experiment):
            metrics = tools.metrics(samples, plan.elsewhere.path if plan.elsewhere else None)
            known = remembered(plan.config.data, self._preprocessing) if plan.elsewhere else splits.signature
            outputs = tuple(tools.scores(Subject(samples, known, source), worst)) if scores else ()
        kept = samples if scores else None
        return Evaluation(self._found, plan.split, len(samples), metrics, plan.data, outputs, kept)

    def _splits(self, plan: EvaluationPlan) -> Splits[Samples]:
        if self._read is None or self._read[0] != plan.elsewhere:
            self._read = None  # what was read before need not be in memory while this is
            self._read = plan.elsewhere, self._loaded(plan)
        return self._read[1]

    def _loaded(self, plan: EvaluationPlan) -> Splits[Samples]:
        from netlib.tasks.same_data import need_same_data

        seed = plan.config.experiment.seed
        if plan.elsewhere:
            with in_plain_words():
                return load(plan.elsewhere.data, seed, self._preprocessing)
        splits = load(plan.config.data, seed, self._preprocessing)
        need_same_data(plan.run, splits.fingerprint, plan.config.data)
        return splits


@dataclass(frozen=True)
class _Tools:
    """What measures: what is compiled serves all data of one form."""

    model: Model
    config: Complete
    heads: Heads
    evaluator: Evaluator
    predictor: Predictor
    masks: OutputMasks

    @classmethod
    def of(cls, model: Model, config: Complete, data: Samples) -> _Tools:
        from netlib.training.evaluation import Evaluator
        from netlib.training.output_masks import OutputMasks
        from netlib.training.prediction import Predictor
        from netlib.training.setup import execution_of, heads_of

        heads = heads_of(model, config.train, form_of(data))
        mode = execution_of(model, config.train).mode
        evaluator = Evaluator(model, heads, config.data.batch_size, mode)
        return cls(model, config, heads, evaluator, Predictor(model, config.train), OutputMasks(model))

    def metrics(self, samples: Samples, name: str | None) -> dict[str, float]:
        """The loss and the metrics; samples that have a name were never looked at."""
        from netlib.training.windows import measured as measured_samples

        check = Needs.of(self.model.graph, self.heads, form_of(samples)).check if name else None
        if check and isinstance(samples, Arrays):
            check(samples, name or "")
        return self.evaluator.run(measured_samples(samples, self.config.data.batch_size, check, name or "the samples"))

    def scores(self, subject: Subject, worst: int) -> list[Scored]:
        """What is found of each output."""
        outputs, rows = self.model.graph.output_tensors(), self.config.data.batch_size
        return scored(subject, outputs, self.heads, self.predictor, self.masks, rows, worst)
