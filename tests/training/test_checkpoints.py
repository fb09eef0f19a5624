"""A run that was stopped in mid-epoch and gone on with in a new model ends with the same bits as one that was not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory, create
from netlib.runs.errors import CheckpointError
from netlib.training.fit import fit

Blobs = Callable[..., Arrays]
MakeLab = Callable[..., Any]


def images() -> Arrays:
    random = np.random.default_rng(3)
    return Arrays(
        {"input": random.normal(size=(40, 6, 6, 2)).astype(np.float32)},
        {"target": random.integers(0, 3, 40).astype(np.int32)},
    )


def words() -> Arrays:
    random = np.random.default_rng(3)
    return Arrays(
        {"input": random.integers(0, 9, (40, 5)).astype(np.int32)},
        {"target": random.integers(0, 3, 40).astype(np.int32)},
    )


COSINE = {"CosineDecay": {"initial_learning_rate": 0.05, "decay_steps": 12}}
CASES: dict[str, tuple[Callable[[], Arrays] | None, list[Any], dict[str, Any]]] = {
    "dropout, Adam with a schedule, xla": (
        None,
        [{"Dense": {"units": 8, "activation": "relu"}}, {"Dropout": 0.3}, {"Dense": 3}],
        {"execution": "xla", "optimizer": {"Adam": {"learning_rate": COSINE}}, "metrics": ["accuracy", "f1"]},
    ),
    "groups with optimizers of their own, xla": (
        None,
        [{"Dense": {"units": 8, "activation": "relu"}, "name": "hidden"}, {"Dense": 3, "name": "head"}],
        {
            "execution": "xla",
            "optimizer": {"AdamW": {"learning_rate": COSINE}},
            "param_groups": [
                {"params": "hidden.**", "learning_rate_scale": 0.1},
                {"params": "**.bias", "weight_decay": 0},
                {"params": "head.kernel", "optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}},
            ],
        },
    ),
    "convolution, batch normalization, graph": (
        images,
        [{"Conv2D": {"filters": 4, "kernel_size": 3}}, "BatchNormalization", "Flatten", {"Dense": 3}],
        {"optimizer": {"RMSprop": {"learning_rate": 0.01, "momentum": 0.9}}, "metrics": ["accuracy"]},
    ),
    "embedding, SGD, graph": (
        words,
        [{"Embedding": {"input_dim": 9, "output_dim": 4}}, "Flatten", {"Dense": 3}],
        {
            "optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9}},
            "metrics": ["AUC"],
            "clip": {"global_norm": 0.5},
        },
    ),
}


def timeless(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in record.items() if k not in ("seconds", "samples_per_second")} for record in records]


def spoil(lab: Any) -> None:
    """Changes everything that a checkpoint must bring back."""
    for variables in lab.job().state._variables.values():
        for variable in variables.values():
            variable.assign(variable + 3)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_going_on_from_mid_epoch_ends_with_the_same_bits(
    make_lab: MakeLab, run: RunDirectory, blobs: Blobs, case: str
) -> None:
    data, nodes, settings = CASES[case]
    samples = data() if data else blobs(40)
    options = {
        "epochs": 3,
        "validation": samples.take(np.arange(13)),
        "early_stopping": {"patience": 9},
    }
    first = make_lab(nodes, samples, batch_size=9, **settings)  # five steps an epoch, the last one of four rows
    straight = first.job(run=run, checkpoint={"every_steps": 1, "keep_last": 99}, **options)
    fit(straight)
    expected = straight.state.snapshot().groups

    second = make_lab(nodes, samples, batch_size=9, **settings)
    for step in (8, 4, 10):  # in mid-epoch, in front of the smaller batch, between epochs
        spoil(second)
        job = second.job(
            run=create(run.path.parent, "again"), **options
        )  # without a run it would end on the best weights
        progress = job.state.restore(checkpoint.read(run.checkpoints / checkpoint.name_of(step)))
        assert progress is job.progress
        assert (progress.step, progress.epoch, progress.position) == (step, step // 5, step % 5)
        fit(job)
        for group, arrays in job.state.snapshot().groups.items():
            assert list(arrays) == list(expected[group])
            for name, value in arrays.items():
                np.testing.assert_array_equal(value, expected[group][name], err_msg=f"{group}: {name}")
        assert timeless(job.progress.records) == timeless(straight.progress.records)
        assert job.state.plain()["callbacks"] == straight.state.plain()["callbacks"]
        assert job.progress.best_step == straight.progress.best_step


def written(job: Any) -> checkpoint.Checkpoint:
    path = job.writer.save()
    job.background.finish()
    return checkpoint.read(path)


def save(lab: Any, run: RunDirectory, **options: Any) -> checkpoint.Checkpoint:
    job = lab.job(run=run, epochs=1, **options)
    return written(job)


def test_a_checkpoint_has_the_names_of_paths(lab: Any, run: RunDirectory) -> None:
    saved = save(lab, run)
    assert set(saved.groups["model"]) == {"hidden.kernel", "hidden.bias", "head.kernel", "head.bias"}
    assert "velocities/hidden.kernel" in saved.groups["optimizer"]
    assert set(saved.groups["loop"]) == {"metrics/accuracy.0.total", "metrics/accuracy.1.count"}
    assert saved.state["progress"]["step"] == 0


@pytest.mark.parametrize(
    ("nodes", "settings", "message"),
    [
        (
            [{"Dense": 9, "name": "hidden"}, {"Dense": 3, "name": "head"}],
            {},
            r"does not fit this model: 'hidden.kernel' is \(6, 8\) float32, expected \(6, 9\) float32; 'hidden.bias'",
        ),
        (
            [{"Dense": 8, "name": "hidden"}, {"Dense": 3, "name": "last"}],
            {},
            "does not fit this model: no 'last.kernel'; no 'last.bias'; unknown 'head.bias'; unknown 'head.kernel'",
        ),
        (None, {"optimizer": "Adagrad"}, "does not fit this optimizer: no 'accumulators/hidden.kernel'"),
        (None, {"optimizer": "Adagrad"}, "; and 7 more"),
        (None, {"metrics": ["Recall"]}, "does not fit this loop: no 'metrics/recall.0.true_positives'"),
    ],
)
def test_what_does_not_fit_is_an_error_and_changes_nothing(
    lab: Any, make_lab: MakeLab, run: RunDirectory, nodes: Any, settings: dict[str, Any], message: str
) -> None:
    saved = save(lab, run)
    other = make_lab(nodes, **{"metrics": ["accuracy"], **settings})
    before = other.weights()
    with pytest.raises(CheckpointError, match=message):
        other.job().state.restore(saved)
    for path, value in other.weights().items():
        np.testing.assert_array_equal(value, before[path])


def test_a_checkpoint_without_a_group_does_not_fit(lab: Any, run: RunDirectory) -> None:
    saved = save(lab, run)
    partial = checkpoint.read(saved.path, ["model"])
    with pytest.raises(CheckpointError, match="does not fit this optimizer: no 'iterations'"):
        lab.job().state.restore(partial)


def test_early_stopping_that_a_run_gets_only_later_begins_then(lab: Any, run: RunDirectory) -> None:
    saved = save(lab, run)
    job = lab.job(early_stopping={"monitor": "train.loss", "patience": 2})
    job.state.restore(saved)
    assert job.state.plain()["callbacks"] == {"early_stopping": {"best": None, "waited": 0}}


def test_early_stopping_goes_on_waiting(lab: Any, run: RunDirectory) -> None:
    stopping = {"monitor": "train.loss", "patience": 5}
    job = lab.job(run=run, early_stopping=stopping)
    job.callbacks["early_stopping"].restore({"best": 0.5, "waited": 4})
    saved = written(job)
    other = lab.job(early_stopping=stopping)
    other.state.restore(saved)
    stopping = other.callbacks["early_stopping"]
    stopping.epoch_ended({"epoch": 9, "train": {"loss": 1.0}})
    assert stopping.stop() is not None
