"""When callbacks are told what, in which order, and that none of them loses anything when a training is gone on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import UsageError
from netlib.training.callbacks import (
    EMA,
    Callback,
    Checkpoint,
    CSVLog,
    EarlyStopping,
    JSONLinesLog,
    ReduceOnPlateau,
    StopOnNaN,
    TensorBoard,
    TimeLimit,
    Training,
)
from netlib.training.captured import UnknownVariableError
from netlib.training.fit import fit


class Diary(Callback):
    """Writes down what it is told, by name."""

    def __init__(self, name: str, pages: list[str], **answers: Any) -> None:
        self._pages, self._name, self._answers = pages, name, answers

    def __getattribute__(self, event: str) -> Any:
        quiet = (
            "stop",
            "next_stop",
            "state",
            "restore",
            "variables",
            "device_hook",
            "stand_ins",
            "name",
            "chunk_ended",
        )
        if event.startswith("_") or event in quiet:
            answers = object.__getattribute__(self, "_answers")
            return answers.get(event, object.__getattribute__(self, event))
        return lambda *details: self._pages.append(f"{self._name}.{event}")


def test_the_order_is_the_one_that_fit_promises(lab: Any, blobs: Any, run: RunDirectory, recorder: Any) -> None:
    pages: list[str] = []
    listener = recorder(lambda event, _: pages.append(f"listener.{event}") if event != "chunk_ended" else None)
    callbacks = [Diary("a", pages), Diary("b", pages)]
    fit(lab.job(validation=blobs(20, seed=9), epochs=1, run=run, listeners=[listener], callbacks=callbacks))

    def told(event: str, *names: str) -> list[str]:
        return [f"{name}.{event}" for name in names]

    everybody = ("a", "b", "listener")
    saved = told("checkpoint_saved", *everybody)
    assert [page for page in pages if page in saved] == saved * 2  # whenever they are there
    kept = [page for page in pages if page not in (*told("phase", *everybody), *saved)]
    chunks = told("save", "a", "b")
    first = len(told("join", "a", "b") + told("run_started", *everybody) * 1) + 3
    assert kept[:first] == [
        *told("join", "a", "b"),
        *told("run_started", *everybody),
        *told("epoch_started", *everybody),
    ]
    last = [
        *told("validation_started", *everybody),
        *told("epoch_ended", "a", "b"),
        *told("save", "a", "b"),
        *told("epoch_is_best", *everybody),
        *told("epoch_ended", "listener"),
        *told("run_ended", *everybody),
        *told("close", "a", "b"),
    ]
    assert kept[-len(last) :] == last
    between = kept[first : -len(last)]
    assert between == chunks * (len(between) // 2)
    assert between


def test_the_first_that_asks_to_stop_gives_the_reason(lab: Any) -> None:
    class Asks(Callback):
        def __init__(self, reason: str, step: int) -> None:
            self._reason, self._step = reason, step

        def join(self, training: Training) -> None:
            self._training = training

        def next_stop(self, step: int) -> int:
            return step + 1

        def stop(self) -> str | None:
            return self._reason if self._training.progress.step >= self._step else None

    job = lab.job(epochs=3, callbacks=[Asks("late", 9), Asks("one", 8), Asks("two", 8)])
    assert fit(job) == "one"
    assert (job.progress.epoch, job.progress.position) == (1, 2)


def test_a_chunk_ends_where_a_callback_asks_for_it(lab: Any, recorder: Any) -> None:
    class Asks(Callback):
        def next_stop(self, step: int) -> int | None:
            return next((stop for stop in (4, 9) if stop > step), None)

    fit(lab.job(epochs=2))  # so that chunks are long
    heard = recorder()
    fit(lab.reset().job(epochs=2, callbacks=[Asks()], listeners=[heard]))
    ends = {(epoch - 1) * 6 + position for epoch, position, *_ in heard.of("chunk_ended")}
    assert {4, 9} <= ends

    class Wrong(Callback):
        def next_stop(self, step: int) -> int:
            return step

    with pytest.raises(ValueError, match=r"Wrong.next_stop\(0\) is 0, expected a later step"):
        fit(lab.reset().job(callbacks=[Wrong()]))


def test_a_failure_closes_all_and_is_raised_unless_one_answers_for_it(lab: Any) -> None:
    pages: list[str] = []

    class Fails(Callback):
        def epoch_ended(self, record: Any) -> None:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fit(lab.job(callbacks=[Diary("a", pages), Fails()]))
    assert pages[-1] == "a.close"
    assert "a.run_ended" not in pages


class Counting(Callback):
    """Counts steps on the device and epochs on the host."""

    def join(self, training: Training) -> None:
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.last = tf.Variable(-1, dtype=tf.int64, trainable=False)
        self.epochs = 0

    def device_hook(self) -> Any:
        steps, last = self.steps, self.last

        def count(step: tf.Tensor) -> None:
            steps.assign_add(1)
            last.assign(step)

        return count

    def variables(self) -> dict[str, tf.Variable]:
        return {"steps": self.steps, "last": self.last}

    def epoch_ended(self, record: Any) -> None:
        self.epochs += 1

    def state(self) -> dict[str, Any]:
        return {"epochs": self.epochs}

    def restore(self, state: Any) -> None:
        self.epochs = state["epochs"]


def test_a_device_hook_runs_after_each_update(mode_lab: Any) -> None:
    counting = Counting()
    fit(mode_lab.job(epochs=2, callbacks=[counting]))
    assert (counting.steps.numpy(), counting.last.numpy(), counting.epochs) == (12, 11, 2)


def test_it_runs_in_eager_mode_too(make_lab: Any) -> None:
    lab, counting = make_lab(execution="eager"), Counting()
    fit(lab.job(callbacks=[counting]))
    assert counting.steps.numpy() == 6


def test_a_variable_that_a_callback_does_not_tell_of_is_an_error(make_lab: Any) -> None:
    """It would not be saved."""

    class Silent(Counting):
        def variables(self) -> dict[str, tf.Variable]:
            return {"steps": self.steps}

    with pytest.raises(UnknownVariableError, match="the training step uses a variable that is in no tree"):
        fit(make_lab().job(callbacks=[Silent()]))


def every(folder: Path) -> list[Any]:
    return [
        EarlyStopping(9),
        ReduceOnPlateau(monitor="train.loss", patience=1, min_delta=0.3, factor=0.5, cooldown=1),
        EMA(0.9),
        TimeLimit("1h"),
        StopOnNaN(),
        CSVLog(folder / "metrics.csv"),
        JSONLinesLog(folder / "records.jsonl"),
        TensorBoard(folder / "events"),
        Checkpoint(folder / "own", every_steps=4),
        Counting(),
    ]


def timeless(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in record.items() if k not in ("seconds", "samples_per_second")} for record in records]


@pytest.mark.slow
def test_going_on_with_every_callback_ends_with_the_same_bits(
    make_lab: Any, blobs: Any, run: RunDirectory, tmp_path: Path
) -> None:
    data, validation = blobs(40), blobs(13, seed=9)  # five steps an epoch, the last one of four rows

    def job(where: str, **options: Any) -> tuple[Any, Any]:
        lab = make_lab(None, data, batch_size=9, optimizer={"Adam": {"learning_rate": 0.05}}, execution="xla")
        made = [*every(tmp_path / where), lambda record: None]
        return lab, lab.job(validation=validation, epochs=5, callbacks=made, **options)

    first, straight = job("straight", run=run, checkpoint={"every_steps": 1, "keep_last": 99})
    fit(straight)
    expected = straight.state.snapshot().groups
    assert len({record["learning_rate"] for record in straight.progress.records}) > 1
    assert {"callbacks/EMA/hidden.kernel", "callbacks/Counting/steps"} <= set(expected["loop"])
    saved = checkpoint.read(run.checkpoints / checkpoint.name_of(25))
    for step in (8, 4, 10):  # in mid-epoch, in front of the smaller batch, between epochs
        lab, again = job(f"again{step}")
        again.state.restore(checkpoint.read(run.checkpoints / checkpoint.name_of(step)))
        fit(again)
        for group, arrays in saved.groups.items():
            found = again.state.snapshot().groups[group]
            for name, value in arrays.items():
                if group != "model":  # which has the best averages now
                    np.testing.assert_array_equal(found[name], value, err_msg=f"{group}: {name}")
        for path, value in lab.weights().items():
            np.testing.assert_array_equal(value, first.weights()[path], err_msg=path)
        assert timeless(again.progress.records) == timeless(straight.progress.records)
        assert again.state.plain()["callbacks"] == straight.state.plain()["callbacks"]
        lines = [(tmp_path / where / "metrics.csv").read_text().splitlines() for where in ("straight", f"again{step}")]
        assert len(lines[0]) == len(lines[1]) == 6
        assert [line.split(",")[:5] for line in lines[0]] == [line.split(",")[:5] for line in lines[1]]


class Closing(Callback):
    """Counts how often it is closed, and may fail at it or when it joins."""

    def __init__(self, *, joins: bool = True, closes: bool = True) -> None:
        self.joins, self.closes, self.closed = joins, closes, 0

    def join(self, training: Any) -> None:
        if not self.joins:
            raise UsageError("it cannot join")

    def close(self) -> None:
        self.closed += 1
        if not self.closes:
            raise OSError("it cannot close")


def test_all_are_closed_whatever_one_of_them_raises(lab: Any) -> None:
    first, fails, last = Closing(), Closing(closes=False), Closing()
    with pytest.raises(OSError, match="it cannot close"):
        fit(lab.job(epochs=1, callbacks=[first, fails, last]))
    assert [each.closed for each in (first, fails, last)] == [1, 1, 1]


def test_where_one_cannot_join_those_before_it_are_closed(lab: Any) -> None:
    first, fails, last = Closing(), Closing(joins=False), Closing()
    with pytest.raises(UsageError, match="it cannot join"):
        lab.job(epochs=1, callbacks=[first, fails, last])
    assert [each.closed for each in (first, fails, last)] == [1, 0, 0]
