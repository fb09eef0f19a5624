"""What is asked of a prediction, with all that can be refused before TensorFlow is imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from netlib.data.arrays import Array
from netlib.data.measure import remembered
from netlib.data.originals import Originals, originals
from netlib.data.predicted import Head, Wanted, columns, heads_told
from netlib.data.predicting import OnError
from netlib.data.prediction_files import FORMS, Form
from netlib.data.preprocessing import Preprocessing
from netlib.data.spread import spread_columns
from netlib.spec.errors import UsageError, one_of
from netlib.spec.features import DataSignature, SourceSpec
from netlib.spec.sampling import need_draws
from netlib.spec.tensors import show
from netlib.tasks.plain_words import in_plain_words
from netlib.tasks.plan import Complete, EvaluationPlan, plan_evaluation
from netlib.tasks.run_files import load_preprocessing
from netlib.tasks.written_files import need_room

PREFIX = "predicted_"
"""Begins the names of the columns of predictions."""


@dataclass(frozen=True)
class Asked:
    """What a user asks for.

    Attributes:
        path: the files to predict on; None for a split of the run's own.
        split: that split.
        output: the file that is written; None for a stream.
        form: of what is written to a stream.
        probabilities: whether the probability of each class is given, too.
        top: how many of the best classes are given.
        prefix: begins the names of the columns of predictions.
        on_error: whether a row that cannot be used is an error or is left out; None for what the run's config says.
        samples: how many draws of a network that is random at prediction are averaged; None for one, as it is.
        overwrite: whether `output` may be there.
    """

    path: str | None = None
    split: str | None = None
    output: Path | None = None
    form: Form = "csv"
    probabilities: bool = False
    top: int = 1
    prefix: str = PREFIX
    on_error: OnError | None = None
    overwrite: bool = False
    samples: int | None = None

    @property
    def written(self) -> Form:
        """What is written: by the file's suffix."""
        return FORMS[self.output.suffix.lower()] if self.output else self.form

    @property
    def wanted(self) -> Wanted:
        """What is asked for beside the predictions."""
        return Wanted(self.probabilities, self.top, arrays=self.written == "npz")


@dataclass(frozen=True)
class PredictionPlan:
    """A checkpoint that is about to predict: with `source` on other files, without on a split of the run's own.

    `raw` is what the run's own source gave to train on, `known` what the preprocessing made of it, with the names of classes.
    """

    evaluation: EvaluationPlan
    asked: Asked
    preprocessing: Preprocessing
    raw: DataSignature
    known: DataSignature
    source: SourceSpec | None
    beside: Originals

    @property
    def config(self) -> Complete:
        """The run's."""
        return self.evaluation.config


def plan_prediction(checkpoint: str, asked: Asked) -> PredictionPlan:
    """Checks what is asked for.

    Raises:
        UsageError: there is no such run, file or split, the file has not the columns that the run needs, or the output is there.
        NetlabError: a file is damaged.
    """
    if (asked.path is None) == (asked.split is None):
        raise UsageError(
            "predict needs files (--input FILE) or a split of the run's own data (--split test), and not both"
        )
    if asked.top < 1:
        raise UsageError(f"--top takes how many of the best classes are wanted, 1 or more, got {asked.top}")
    if asked.samples is not None and asked.samples < 2:
        raise UsageError(f"--samples takes how many draws are averaged, 2 or more, got {asked.samples}")
    _check_output(asked)
    evaluation = plan_evaluation(checkpoint, asked.split or "train", reads=asked.path is None)
    data = evaluation.config.data
    preprocessing = load_preprocessing(evaluation.run)
    with in_plain_words():
        raw, known = data.raw(), remembered(data, preprocessing)
        source = None if asked.path is None else _elsewhere(data.source, asked, raw)
        beside = originals(source or data.source, typed=asked.written != "csv", wide=asked.written == "npz")
    plan = PredictionPlan(evaluation, asked, preprocessing, raw, known, source, beside)
    if evaluation.config.graph.known:
        heads_of(plan, evaluation.config)
    return plan


def heads_of(plan: PredictionPlan, config: Complete) -> list[Head]:
    """What is said of each output of the network, which is known by now.

    Raises:
        UsageError: it cannot be written as is asked for, or a column of the files has the name of one of the predictions'.
    """
    graph, targets = config.graph, plan.known.targets
    if plan.asked.samples:
        need_draws(graph)
    outputs = graph.output_tensors()
    heads = config.train.bind(list(outputs), list(targets), list(graph.inputs))
    used = getattr(config.data.source, "targets", {})
    joined = (
        {name: tuple(each) for name, each in used.items() if not isinstance(each, str)}
        if isinstance(used, dict)
        else {}
    )
    found = heads_told(outputs, heads, targets, plan.asked.prefix, joined)
    _check_form(found, plan.asked)
    _check_names(found, plan)
    return found


def told(head: Head, values: Array, std: Array | None, asked: Asked) -> dict[str, Any]:
    """The columns of an output: what is predicted, and how far apart the draws are, if there are several."""
    made = columns(head, values, asked.wanted)
    return made if std is None else made | spread_columns(head, values, std, asked.wanted)


def _elsewhere(source: SourceSpec, asked: Asked, raw: DataSignature) -> SourceSpec:
    assert asked.path is not None
    found = source.elsewhere(asked.path, raw)
    if asked.on_error and "on_error" in type(found).model_fields:
        found = found.model_copy(update={"on_error": asked.on_error})
    found.signature()
    return found


def _check_output(asked: Asked) -> None:
    path = asked.output
    if path is None:
        return
    if path.suffix.lower() not in FORMS:
        raise UsageError(
            f"{path} does not tell by its end what is to be written; give a name that ends in {one_of(FORMS)}"
        )
    need_room(path, asked.overwrite)


def _check_form(heads: list[Head], asked: Asked) -> None:
    for head in heads:
        if not head.tensor.batched:
            raise UsageError(f"output '{head.output}' has no value for each sample: it cannot stand beside them")
        if asked.written == "csv" and not head.single:
            what = f"output '{head.output}' has the shape {show(head.tensor.shape[1:])} for each sample"
            remedy = "write arrays or lists: --output FILE.npz, FILE.parquet or FILE.jsonl"
            raise UsageError(f"{what}, but a value of CSV is a single one; {remedy}")


def _check_names(heads: list[Head], plan: PredictionPlan) -> None:
    """Refuses columns of one name: nothing that was given is written over."""
    made: list[str] = []
    for head in heads:
        shape = tuple(1 if length is None else length for length in head.tensor.shape)
        zeros = np.zeros(shape, np.float32)
        made += told(head, zeros, zeros if plan.asked.samples else None, plan.asked)
    taken = [name for name in plan.beside.names if name in made]
    if taken:
        what = f"{plan.asked.path or 'the data'} has a column '{taken[0]}' already"
        raise UsageError(f"{what}; let the names of predictions begin otherwise: --prefix new_")
    twice = next((name for name in made if made.count(name) > 1), None)
    if twice:
        raise UsageError(f"two columns of predictions would be called '{twice}': write arrays, --output FILE.npz")
