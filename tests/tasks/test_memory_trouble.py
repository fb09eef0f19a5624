from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.runs.locate import newest_valid
from netlib.spec.memory import estimate
from netlib.spec.training import TrainSpec
from netlib.tasks import training_session
from netlib.tasks.memory_trouble import Need, OutOfMemoryError, memory_explained
from netlib.tasks.plan import plan_training
from netlib.tasks.train import train

GIB = 1 << 30


def need(**changed: Any) -> Need:
    section = {"loss": "mse", "epochs": 1, **changed.pop("train", {})}
    values = {"total": 3 * GIB, "data": GIB, "batch_size": 512, "room": 2 * GIB, "largest": 200, **changed}
    return Need(train=TrainSpec.parse(section), **values)


def test_the_warning_says_how_much_and_what_to_lower() -> None:
    assert need().warning() == (
        "warning: a step is estimated to take 3.0 GiB with data.batch_size: 512, and 2.0 GiB are there for it: the training may"
        " run out of memory; lower data.batch_size to at most 200 (train.accumulate: 3 keeps the samples of a step as many as"
        " now), or set train.precision: mixed_bfloat16, or let data.memory hold fewer samples than now (1.0 GiB), or make the"
        " network smaller"
    )


def test_there_is_no_warning_where_it_fits_or_nobody_knows() -> None:
    assert need(room=3 * GIB).warning() is None
    assert need(room=None).warning() is None
    assert need(total=None).warning() is None


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [
        ({"largest": 0, "data": 0}, "set train.precision: mixed_bfloat16, or make the network smaller"),
        ({"largest": 0, "data": 0, "train": {"precision": "mixed_bfloat16"}}, "make the network smaller"),
        (
            {"largest": None, "data": 0, "train": {"precision": "mixed_float16", "accumulate": 4}},
            "lower data.batch_size (train.accumulate: 8 keeps the samples of a step as many as now), or make the network smaller",
        ),
        ({"batch_size": 1, "data": 0, "train": {"precision": "mixed_float16"}}, "make the network smaller"),
    ],
)
def test_what_cannot_help_is_not_proposed(changed: dict[str, Any], remedy: str) -> None:
    assert need(**changed).remedy() == remedy


def lacks() -> list[Exception]:
    oom = "OOM when allocating tensor with shape[4,9] and type float on /job:localhost [Op:Y]\nmore"
    return [
        MemoryError(),
        np._core._exceptions._ArrayMemoryError((9,), np.dtype(float)),
        tf.errors.ResourceExhaustedError(None, None, oom),
        tf.errors.InternalError(None, None, "RESOURCE_EXHAUSTED: Out of memory allocating 99 bytes."),
    ]


@pytest.mark.parametrize("error", lacks(), ids=lambda error: type(error).__name__)
def test_a_lack_of_memory_is_explained(error: Exception) -> None:
    message = r"^there is not enough memory(.*): a step is estimated to take 3\.0 GiB with .*\. Lower data\.batch_size to at most"
    with pytest.raises(OutOfMemoryError, match=message) as caught, memory_explained(need(), None):
        raise error
    assert caught.value.exit_code == 1
    assert ("OOM when allocating tensor with shape[4,9]" in str(caught.value)) == ("OOM" in str(error))
    assert "/job:" not in str(caught.value)
    message = r"^there is not enough memory.* for data\.batch_size: 512\. Lower "
    with pytest.raises(OutOfMemoryError, match=message), memory_explained(need(total=None), None):
        raise error


@pytest.mark.parametrize(
    "error", [ValueError("x"), tf.errors.InternalError(None, None, "another"), KeyboardInterrupt()]
)
def test_other_errors_stay_what_they_are(error: BaseException) -> None:
    with pytest.raises(type(error)), memory_explained(need(), None):
        raise error


def test_a_step_that_is_really_too_large_leaves_the_last_checkpoint(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(job: Any) -> str:
        """The training, after which TensorFlow is asked for more memory than any machine has."""
        original(job)
        tf.zeros([1 << 46], tf.float32) + 1.0
        raise AssertionError

    original = training_session.fit
    monkeypatch.setattr(training_session, "fit", fit)
    with pytest.raises(OutOfMemoryError) as caught:
        train(write(), run_dir=tmp_path / "run")
    last = newest_valid(training_session.RunDirectory(tmp_path / "run"))[0]
    assert re.search(r"there is not enough memory \(OOM when allocating tensor", str(caught.value))
    assert str(caught.value).endswith(f"The last checkpoint stands: {last}")
    assert str(caught.value) in (tmp_path / "run" / "log.txt").read_text()


def test_a_training_that_does_not_fit_is_warned_of_before_it_starts(
    write: Callable[..., Path], recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write()
    plan = plan_training(path, [])
    known = estimate(plan.config.graph, plan.config.train, 64, "graph")
    assert known
    for room, expected in ((known.total // 2, 1), (known.total * 2, 0)):
        recorder.events.clear()
        monkeypatch.setattr(training_session, "process_memory", lambda room=room: room)
        train(path, [], dry_run=True, listeners=[recorder])
        found = [text for text in recorder.of("message") if "the training may run out of memory" in text]
        assert len(found) == expected
        assert all("with data.batch_size: 64, and" in text for text in found)
