from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.runs.directory import RunDirectory
from netlib.spec.errors import UsageError
from netlib.training.callbacks import TensorBoard
from netlib.training.fit import fit

# What reads is TensorFlow's own reader of event files.
events = tf.compat.v1.train.summary_iterator


def scalars(folder: Path) -> dict[tuple[str, int], float]:
    """(tag, step) -> value over a folder's files in order, as TensorBoard reads them: a start takes back later steps."""
    found: dict[tuple[str, int], float] = {}
    for path in sorted(folder.iterdir()):
        for event in events(str(path)):
            if event.session_log.status == tf.compat.v1.SessionLog.START:
                found = {key: value for key, value in found.items() if key[1] < event.step}
            found |= {(value.tag, event.step): value.simple_value for value in event.summary.value}
    return found


def test_event_files_have_the_records(lab: Any, blobs: Any, tmp_path: Path) -> None:
    job = lab.job(validation=blobs(20, seed=9), epochs=3, validate_every=2, callbacks=[TensorBoard(tmp_path)])
    fit(job)
    records = job.progress.records
    train = {
        (tag, record["step"]): np.float32(value)
        for record in records
        for tag, value in [
            *record["train"].items(),
            ("learning_rate", record["learning_rate"]),
            ("samples_per_second", record["samples_per_second"]),
        ]
    }
    assert scalars(tmp_path / "train") == train
    validated = [record for record in records if "validation" in record]
    assert len(validated) == 2
    assert scalars(tmp_path / "validation") == {
        (tag, record["step"]): np.float32(value) for record in validated for tag, value in record["validation"].items()
    }


def test_files_begin_as_the_format_asks_and_have_the_time(lab: Any, tmp_path: Path) -> None:
    fit(lab.job(callbacks=[TensorBoard(tmp_path)]))
    (file,) = (tmp_path / "train").iterdir()
    assert "tfevents" in file.name
    version, start, *rest = events(str(file))
    assert version.file_version == "brain.Event:2"
    assert (start.session_log.status, start.step) == (tf.compat.v1.SessionLog.START, 1)
    assert all(1.7e9 < event.wall_time < 1e10 for event in (version, start, *rest))


def test_steps_that_are_done_again_are_there_once(lab: Any, run: RunDirectory) -> None:
    """A run is killed after two epochs, and gone on with from the first one's checkpoint."""
    from netlib.runs import checkpoint

    first = lab.job(epochs=2, run=run, callbacks=[TensorBoard()])
    fit(first)
    again = lab.job(epochs=3, run=run, callbacks=[TensorBoard()])
    again.state.restore(checkpoint.read(run.checkpoints / "step-00000006"))
    fit(again)
    files = list((run.path / "tensorboard" / "train").iterdir())
    assert len(files) == 2
    found = scalars(run.path / "tensorboard" / "train")
    assert [step for tag, step in found if tag == "loss"] == [6, 12, 18]
    assert found["samples_per_second", 12] == np.float32(again.progress.records[1]["samples_per_second"])


def test_without_a_run_it_needs_a_folder(lab: Any) -> None:
    with pytest.raises(
        UsageError, match=r"TensorBoard needs a path where there is no run directory.*TensorBoard\('tens"
    ):
        lab.job(callbacks=[TensorBoard()])


def test_what_is_taken_back_in_the_middle_is_there_once(lab: Any, tmp_path: Path) -> None:
    board = TensorBoard(tmp_path)
    job = lab.job(epochs=3, callbacks=[board])
    fit(job)
    first = job.progress.records[0]
    job.progress.step = first["step"]
    board.restore({})
    board.epoch_ended({**first, "step": 9, "train": {"loss": 7.0}})
    found = scalars(tmp_path / "train")
    assert found["loss", 9] == 7
    assert {step for _, step in found} == {first["step"], 9}
