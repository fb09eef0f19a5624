"""Checkpoints are copied at once and written while the training goes on; which of them stay."""

from __future__ import annotations

import resource
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.runs import checkpoint, pointers
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError
from netlib.training.callbacks import Callback, Checkpoint, StopOnNaN
from netlib.training.checkpoints import TrainingError
from netlib.training.fit import fit

Blobs = Callable[..., Arrays]
STEPS = 6  # an epoch


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Opened at the end, so that no thread of a test that fails is waited for."""
    event = threading.Event()
    yield event
    event.set()


def hold(gate: threading.Event, seconds: float = 30) -> Callable[[], None]:
    """A job that keeps those after it from being done."""

    def job() -> None:
        gate.wait(seconds)

    return job


def steps_in(run: RunDirectory) -> list[int | None]:
    return [checkpoint.step_of(path) for path in checkpoint.checkpoints_of(run)]


def bytes_of(job: Any) -> dict[str, bytes]:
    """What TensorFlow itself says of the values, which shares no memory with them."""
    return {
        f"{group}/{name}": tf.io.serialize_tensor(variable).numpy()
        for group, variables in job.state._variables.items()
        for name, variable in variables.items()
    }


def bytes_in(path: Path) -> dict[str, bytes]:
    groups = checkpoint.read(path).groups
    return {
        f"{group}/{name}": tf.io.serialize_tensor(tf.constant(value)).numpy()
        for group, values in groups.items()
        for name, value in values.items()
    }


def told(job: Any, values: list[float], name: str = "loss") -> Any:
    """Puts the validation losses of the coming epochs in the place of measured ones."""
    coming = iter(values)

    class Told:
        def run(self, *details: Any) -> dict[str, float]:
            del details
            return {"loss": 0.0, name: next(coming)}

    job.evaluator = Told()
    return job


def test_training_on_does_not_change_what_is_written(mode_lab: Any, run: RunDirectory, gate: threading.Event) -> None:
    """The thread is held up until weights, slots and counters have changed, in steps and in place, and plain values too."""
    job = mode_lab.job(run=run)
    fit(job)
    expected, plain = bytes_of(job), job.state.plain()
    job.background.hand_over(hold(gate))
    path = job.writer.save()
    fit(mode_lab.job(epochs=2, progress=job.progress))
    for variables in job.state._variables.values():
        for variable in variables.values():
            variable.assign_add(tf.ones_like(variable))
    assert all(value != expected[name] for name, value in bytes_of(job).items())
    gate.set()
    job.background.finish()
    assert bytes_in(path) == expected
    assert checkpoint.read(path).state == plain
    assert len(plain["progress"]["records"]) == 1


def test_a_copy_has_memory_of_its_own(lab: Any) -> None:
    """TensorFlow makes no promise of what it does to memory that NumPy still looks at."""
    groups = lab.job().state.copied().groups
    assert all(value.flags.owndata for values in groups.values() for value in values.values())


def test_the_loop_goes_on_while_one_is_written(
    lab: Any, run: RunDirectory, recorder: Any, gate: threading.Event
) -> None:
    opened = []

    def open_late(event: str, details: tuple[Any, ...]) -> None:
        if event == "chunk_ended" and details[1] == STEPS:
            opened.append(heard.of("checkpoint_saved"))
            gate.set()

    heard = recorder(open_late)
    job = lab.job(run=run, listeners=[heard])
    late = []
    job.background.hand_over(lambda: late.append(not gate.wait(30)))
    fit(job)
    assert late == [False]  # nobody waited for it
    assert opened[0] == []  # what is not there is not told of
    assert [path.name for path, _ in heard.of("checkpoint_saved")] == ["step-00000000", "step-00000006"]


def test_what_is_told_of_is_whole_and_there(lab: Any, run: RunDirectory, recorder: Any) -> None:
    def read(event: str, details: tuple[Any, ...]) -> None:
        if event == "checkpoint_saved":
            checkpoint.verify(details[0])
            assert pointers.pointed(run, "latest") == details[0]

    heard = recorder(read)
    fit(lab.job(epochs=3, run=run, listeners=[heard], checkpoint={"every_steps": 1, "keep_last": 1}))
    assert [checkpoint.step_of(path) for path, _ in heard.of("checkpoint_saved")] == list(range(3 * STEPS + 1))


def test_an_error_names_the_step_of_the_save_and_not_of_now(lab: Any, run: RunDirectory, gate: threading.Event) -> None:
    job = lab.job(run=run, epochs=3)
    job.background.hand_over(hold(gate))
    weight = job.state.model.trainable_variables[0]
    good = weight.numpy()
    job.progress.step = 4
    weight.assign(np.full(weight.shape, np.nan, np.float32))
    job.writer.save()
    weight.assign(good)
    job.progress.step = 9
    gate.set()
    with pytest.raises(
        TrainingError, match=r"weight 'hidden.kernel' is not finite after step 4; the last checkpoint st"
    ):
        job.background.finish()
    assert steps_in(run) == []
    job.writer.save()
    job.background.finish()
    assert steps_in(run) == [9]


class Spoils(Callback):
    """Makes a weight infinite after an epoch, for the moment of its checkpoint alone."""

    def join(self, training: Any) -> None:
        self._weight = training.model.trainable_variables[0]

    def epoch_ended(self, record: Any) -> None:
        if record["epoch"] == 2:
            self._good = self._weight.numpy()
            self._weight.assign(np.full(self._weight.shape, np.inf, np.float32))

    def save(self, record: Any) -> None:
        if record and record["epoch"] == 2:
            self._weight.assign(self._good)


@pytest.mark.parametrize("epochs", [2, 5])
def test_it_ends_the_training_at_the_next_chunk_or_at_the_end(lab: Any, run: RunDirectory, epochs: int) -> None:
    job = lab.job(epochs=epochs, run=run, callbacks=[Spoils()])
    with pytest.raises(TrainingError, match=r"weight 'hidden.kernel' is not finite after step 12; the last checkpoint"):
        fit(job)
    assert job.progress.epoch <= 3
    assert steps_in(run) == [0, 6]


def test_a_callback_may_answer_for_it(lab: Any, run: RunDirectory) -> None:
    job = lab.job(epochs=2, run=run, callbacks=[Spoils(), StopOnNaN()])
    weight = job.state.model.trainable_variables[0]
    reason = fit(job)
    assert reason == "weight 'hidden.kernel' is not finite after step 12; the weights are those of step 6"
    np.testing.assert_array_equal(
        weight.numpy(), checkpoint.read(run.checkpoints / "step-00000006").groups["model"]["hidden.kernel"]
    )


def test_a_disk_that_is_full_ends_the_training_and_the_last_checkpoint_stands(
    lab: Any, run: RunDirectory, recorder: Any
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(event: str, details: tuple[Any, ...]) -> None:
        if event == "epoch_ended" and details[0]["epoch"] == 1:
            job.background.finish()
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))

    job = lab.job(epochs=9, run=run, listeners=[recorder(fill)])
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(NetlabError, match=r"^cannot write .*: File too large$"):
            fit(job)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert job.progress.epoch <= 3
    assert steps_in(run) == [0, 6]
    assert pointers.pointed(run, "latest") == run.checkpoints / "step-00000006"
    checkpoint.verify(run.checkpoints / "step-00000006")


def test_what_was_saved_is_there_when_a_callback_fails(lab: Any, run: RunDirectory, gate: threading.Event) -> None:
    class Fails(Callback):
        def epoch_started(self, epoch: int, epochs: int | None, steps: int | None) -> None:
            threading.Timer(0.2, gate.set).start()
            raise RuntimeError("no")

    job = lab.job(epochs=3, run=run, callbacks=[Fails()])
    job.background.hand_over(hold(gate))
    with pytest.raises(RuntimeError, match="no"):
        fit(job)
    assert gate.is_set()
    assert steps_in(run) == [0]


def test_what_fails_besides_is_said(lab: Any, run: RunDirectory, recorder: Any, gate: threading.Event) -> None:
    class Fails(Callback):
        def epoch_started(self, epoch: int, epochs: int | None, steps: int | None) -> None:
            (run.checkpoints / "latest").mkdir()
            gate.set()
            raise RuntimeError("no")

    heard = recorder()
    job = lab.job(run=run, callbacks=[Fails()], listeners=[heard])
    job.background.hand_over(hold(gate))
    with pytest.raises(RuntimeError, match="no"):
        fit(job)
    assert [text.partition(": ")[2] for (text,) in heard.of("message")] == ["Is a directory"]


def test_a_callback_s_checkpoints_are_there_when_fit_returns(lab: Any, tmp_path: Path, gate: threading.Event) -> None:
    job = lab.job(epochs=2, callbacks=[Checkpoint(tmp_path, keep_last=9)])
    job.background.hand_over(hold(gate, 0.5))
    fit(job)
    paths = sorted((tmp_path / "checkpoints").glob("step-*"))
    assert [path.name for path in paths] == ["step-00000006", "step-00000012"]
    for path in paths:
        checkpoint.verify(path)


def test_by_the_clock_changes_no_bits(lab: Any, run: RunDirectory, recorder: Any) -> None:
    fit(lab.job(epochs=2))
    expected = lab.weights()
    heard = recorder()
    job = lab.reset().job(epochs=2, run=run, listeners=[heard], checkpoint={"every_minutes": 1e-9, "every_epochs": 9})
    fit(job)
    for path, value in lab.weights().items():
        np.testing.assert_array_equal(value, expected[path])
    chunks = [STEPS * (epoch - 1) + position for epoch, position, *_ in heard.of("chunk_ended")]
    saved = [checkpoint.step_of(path) for path, _ in heard.of("checkpoint_saved")]
    assert saved == sorted({0, *saved}), "each once, in their order"
    assert {0, chunks[-1]} < {*saved} <= {0, *chunks}, "but for those that would have had to wait"


LOSSES = [5.0, 1.0, 2.0, float("nan"), 1.5, 1.0, 3.0]
"""Of seven epochs: the best are 2, 6 (as good, but later), 5 and 3."""


@pytest.mark.parametrize(
    ("keep_best", "epochs"),
    [
        (1, {2, 7}),
        (2, {2, 6, 7}),
        (3, {2, 5, 6, 7}),
        ({"validation.loss": 3}, {2, 5, 6, 7}),
        ({"validation.loss": {"count": 2, "mode": "max"}}, {1, 2, 7}),
    ],
)
def test_the_best_stay(lab: Any, blobs: Blobs, run: RunDirectory, keep_best: Any, epochs: set[int]) -> None:
    """They are written, too, though checkpoints are due after nine epochs only. The last one is as ever."""
    settings = {"keep_best": keep_best, "keep_last": 1, "every_epochs": 9}
    job = told(lab.job(validation=blobs(20), epochs=7, run=run, checkpoint=settings), LOSSES)
    fit(job)
    assert pointers.pointed(run, "best") == run.checkpoints / f"step-{2 * STEPS:08d}"
    assert {step // STEPS for step in steps_in(run)} == epochs


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_which_were_best_survives_a_resume(lab: Any, blobs: Blobs, run: RunDirectory, stop: int) -> None:
    settings = {"keep_best": {"validation.loss": 3, "train.accuracy": 1}, "keep_last": 1, "every_epochs": 9}
    straight = told(lab.job(validation=blobs(20), epochs=7, run=run, checkpoint=settings), LOSSES)
    fit(straight)
    expected = steps_in(run)
    for path in checkpoint.checkpoints_of(run):
        checkpoint.staging.remove(path)
    for pointer in pointers.POINTERS:
        (run.checkpoints / pointer).unlink()

    lab.reset()
    fit(told(lab.job(validation=blobs(20), epochs=stop, run=run, checkpoint=settings), LOSSES))
    again = lab.job(validation=blobs(20), epochs=7, run=run, checkpoint=settings)
    again.state.restore(checkpoint.read(pointers.pointed(run, "latest")))
    fit(told(again, LOSSES[stop:]))
    assert steps_in(run) == expected


def test_all_stay(lab: Any, run: RunDirectory) -> None:
    fit(lab.job(epochs=4, run=run, checkpoint={"keep_last": "all"}))
    assert steps_in(run) == [0, 6, 12, 18, 24]
