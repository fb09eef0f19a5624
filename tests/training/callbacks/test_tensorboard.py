from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.runs.directory import RunDirectory
from netlib.spec.errors import SpecError, UsageError
from netlib.training.callbacks import TensorBoard
from netlib.training.event_files import histogram
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


def summaries(folder: Path) -> list[tuple[int, Any]]:
    """(step, value) of everything that a folder's files have."""
    paths = sorted(folder.iterdir())
    return [(event.step, value) for path in paths for event in events(str(path)) for value in event.summary.value]


@pytest.fixture
def config_of(run: RunDirectory) -> RunDirectory:
    run.write("config.yaml", "name: blobs\nseed: 3\n")
    return run


def test_histograms_have_the_values_of_the_weights(lab: Any, tmp_path: Path) -> None:
    job = lab.job(epochs=4, callbacks=[TensorBoard(tmp_path, histograms="**.kernel", every=2)])
    fit(job)
    found = [(step, value) for step, value in summaries(tmp_path / "train") if value.HasField("histo")]
    kernels = {each.path: each.variable.numpy() for each in job.state.model.named_variables() if "kernel" in each.path}
    steps = [record["step"] for record in job.progress.records if record["epoch"] % 2 == 0]
    assert [(step, value.tag) for step, value in found] == [(step, path) for step in steps for path in kernels]
    last = {value.tag: value.histo for _, value in found[-len(kernels) :]}
    for path, kernel in kernels.items():
        values, drawn = kernel.astype(np.float64).ravel(), last[path]
        assert (drawn.num, drawn.min, drawn.max) == (values.size, values.min(), values.max())
        np.testing.assert_allclose([drawn.sum, drawn.sum_squares], [values.sum(), (values**2).sum()], rtol=1e-12)
        below = [np.sum(values <= limit + 1e-9) for limit in drawn.bucket_limit]
        assert np.abs(np.cumsum(drawn.bucket) - below).max() <= 1  # a value may lie on a limit
        assert sum(drawn.bucket) == values.size


def test_a_histogram_leaves_out_what_is_not_finite() -> None:
    found = histogram(np.array([[1.0, np.nan], [np.inf, 3.0]], np.float32))
    assert (found.num, found.min, found.max, found.sum) == (2, 1, 3, 4)
    assert histogram(np.array([np.nan])).num == 0
    same = histogram(np.zeros(5))
    assert (same.num, sum(same.bucket)) == (5, 5)


def test_a_run_has_the_text_of_its_config(lab: Any, config_of: RunDirectory) -> None:
    fit(lab.job(run=config_of, callbacks=[TensorBoard()]))
    (found,) = [each for each in summaries(config_of.path / "tensorboard" / "train") if each[1].tag == "config"]
    step, value = found
    assert (step, value.metadata.plugin_data.plugin_name) == (0, "text")
    assert tf.make_ndarray(value.tensor).tolist() == [b"    name: blobs\n    seed: 3\n"]


def test_the_confusion_matrix_is_that_of_the_predictions(lab: Any, blobs: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    validation = blobs(40, seed=9)
    board = TensorBoard(tmp_path, confusion=True, every=2)
    job = lab.job(validation=validation, epochs=2, callbacks=[board])
    fit(job)
    assert board._confusion is not None
    ((output, matrix),) = board._confusion.matrices().items()
    targets, weights = next(iter(validation.targets.values())), validation.weights
    (inputs,) = validation.inputs.values()
    predicted = np.argmax(job.state.model(tf.constant(inputs)).numpy(), axis=-1)
    expected = np.zeros(matrix.shape)
    np.add.at(expected, (targets.ravel(), predicted), 1 if weights is None else weights)
    np.testing.assert_array_equal(matrix, expected)
    ((step, picture),) = [each for each in summaries(tmp_path / "validation") if each[1].HasField("image")]
    assert (step, picture.tag) == (job.progress.step, f"confusion/{output}")
    image = tf.io.decode_png(picture.image.encoded_image_string)
    assert image.shape[:2] == (picture.image.height, picture.image.width)


def test_a_matrix_of_no_samples_is_refused(lab: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no validation split to draw the confusion matrix of; set 'data.validation'"):
        lab.job(callbacks=[TensorBoard(tmp_path, confusion=True)])


def test_a_selector_of_nothing_is_refused(lab: Any, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"the selector '\*\*.kernl' fits none .* did you mean '\*\*.kernel'"):
        lab.job(callbacks=[TensorBoard(tmp_path, histograms=["**.kernl"])])


def test_what_a_person_sees_is_read_by_tensorboard_itself(lab: Any, config_of: RunDirectory) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    fit(lab.job(run=config_of, callbacks=[TensorBoard(histograms="**")]))
    read = accumulator.EventAccumulator(str(config_of.path / "tensorboard" / "train"))
    read.Reload()
    tags = read.Tags()
    assert "loss" in tags["scalars"]
    assert "config" in tags["tensors"]
    assert tags["histograms"]


def test_a_matrix_of_numbers_is_refused(lab: Any, blobs: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    board = TensorBoard(tmp_path, confusion=True)
    lab.job(validation=blobs(8, seed=9), loss="mean_squared_error", metrics=[], callbacks=[board])
    assert board._confusion is not None
    with pytest.raises(UsageError, match="TensorBoard: no output gives one class for a sample; leave 'confusion' out"):
        board._confusion.matrices()
