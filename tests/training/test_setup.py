from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netlib.data.arrays import Arrays
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import SpecError
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.training.budget import Budget
from netlib.training.due import Due
from netlib.training.model import Model
from netlib.training.progress import Progress
from netlib.training.setup import device_kind, execution_of, heads_of

Blobs = Callable[..., Arrays]


def train(**words: Any) -> TrainSpec:
    return TrainSpec.parse({"epochs": 1, "loss": "sparse_categorical_crossentropy", **words})


@pytest.mark.parametrize(
    ("nodes", "shape", "execution", "mode"),
    [
        (["Flatten", {"Dense": 3}], (None, 6), "auto", "xla"),
        ([{"Conv2D": {"filters": 2, "kernel_size": 3}}, "Flatten"], (None, 6, 6, 1), "auto", "graph"),
        ([{"Dense": 3}], (None, 6), "eager", "eager"),
    ],
)
def test_the_mode_follows_from_the_network(nodes: list[Any], shape: Any, execution: str, mode: str) -> None:
    model = Model(nodes, seed=1)
    model.ensure_built(TensorSpec(shape))
    if device_kind() == "cpu":
        assert execution_of(model, train(execution=execution)).mode == mode


def test_heads_name_what_the_data_has(lab: Any) -> None:
    heads = heads_of(lab.engine.model, train(metrics=["accuracy"]), lab.data)
    assert [(loss.output, loss.target) for loss in heads.losses] == [("head", "target")]
    with pytest.raises(SpecError, match="there is no target 'labels'"):
        heads_of(lab.engine.model, train(loss={"mse": None, "target": "labels"}), lab.data)


def test_a_job_has_what_the_train_section_says(lab: Any, blobs: Blobs, run: RunDirectory) -> None:
    job = lab.job(
        validation=blobs(20),
        run=run,
        epochs=7,
        steps=9,
        max_time="2m",
        validate_every=3,
        checkpoint={"every_epochs": 2, "every_steps": 5, "every_minutes": 1.5},
        early_stopping=4,
        monitor="validation.accuracy",
    )
    assert job.budget == Budget(epochs=7, steps=9, max_time=120)
    assert (job.validate_every, job.due) == (3, Due(2, 5, 90))
    assert (job.monitor.name, job.monitor.watched.mode) == ("validation.accuracy", "max")
    assert list(job.callbacks) == ["early_stopping"]
    assert (job.feed.samples, job.feed.steps, job.feed.seed) == (90, 6, 5)
    assert job.writer is not None


def test_without_a_run_nothing_is_written_and_without_validation_the_training_is_watched(lab: Any) -> None:
    job = lab.job()
    assert job.writer is None
    assert job.validation is None
    assert job.monitor.name == "train.loss"
    assert job.progress == Progress()


def test_what_is_watched_must_be_logged(lab: Any) -> None:
    with pytest.raises(SpecError, match=r"validation.loss is not logged: there is no validation split"):
        lab.job(monitor="validation.loss")
