from __future__ import annotations

import json
import os
import signal
import sys
import warnings

import pytest

from netlib.runs.directory import open_run
from netlib.runs.environment import describe
from netlib.runs.lock import alone
from netlib.runs.overview import overview
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.execution import Choice
from netlib.spec.graph import Parameters
from netlib.spec.listener import Listener
from netlib.tasks.train import train
from netlib.training.evaluation import Evaluator
from netlib.training.interrupt import Interrupted

STEPS = 17


def test_what_listeners_are_told(write, tmp_path, recorder):
    config = write()
    done = train(config, runs_root=tmp_path, listeners=[recorder])
    ((run, header),) = recorder.of("run_started")
    assert run == done.run
    assert header["execution_reason"] == "train.execution is graph"
    assert header["devices"]
    assert {key: header[key] for key in header if key not in ("execution_reason", "devices", "threads")} == {
        "name": "tiny",
        "config": str(config),
        "parameters": Parameters(64 * 8 + 8 + 8 * 10 + 10, 0),
        "execution": "graph",
        "samples": {"train": 1079, "validation": 359, "test": 359},
        "data": "digits",
        "batch_size": 64,
        "steps": STEPS,
        "epochs": 2,
        "total_steps": None,
        "monitor": {"split": "validation", "metric": "loss", "mode": "min"},
    }
    names = [name for name, _ in recorder.events]
    assert (names[0], names[-2:]) == ("run_started", ["message", "run_ended"])
    assert recorder.of("epoch_started") == [(1, 2, STEPS), (2, 2, STEPS)]
    disk, reason = recorder.of("message")
    assert disk.startswith("a checkpoint takes 7.2 KiB; at most 3 are there at once (")
    assert (reason, done.reason) == ("all 2 epochs are trained", "the budget is spent")
    (ended,) = recorder.of("run_ended")
    summary = {"reason": done.reason, "epoch": 2, "step": 2 * STEPS, "best_epoch": done.best_epoch}
    assert ended == {**summary, **done.metrics, "seconds": done.seconds}


def test_a_crash_that_is_no_error_of_ours_is_a_failure_of_the_run(write, tmp_path):
    class Broken(Listener):
        def epoch_started(self, *_):
            raise ZeroDivisionError("by nought")

    with pytest.raises(ZeroDivisionError):
        train(write(), run_dir=tmp_path / "run", listeners=[Broken()])
    found = overview(open_run(tmp_path / "run"))
    assert (found.state, found.failure) == ("failed", "ZeroDivisionError: by nought")
    assert train(None, resume=tmp_path / "run").epochs == 2
    assert overview(open_run(tmp_path / "run")).state == "finished"


def test_warnings_are_told_once(write, tmp_path, recorder):
    class Warner(type(recorder)):
        def __getattribute__(self, name):
            if name in ("epoch_started", "epoch_ended"):
                return lambda *_: warnings.warn("look out", UserWarning, stacklevel=2)
            return super().__getattribute__(name)

    warner = Warner()
    config = write(
        ("decay_steps: 20, decay_rate: 0.9", "decay_steps: 20, alpha: 0.1"), ("ExponentialDecay", "CosineDecay")
    )
    with warnings.catch_warnings(record=True) as elsewhere:
        run = train(
            config, ["train.optimizer.learning_rate.decay_steps=900"], runs_root=tmp_path, listeners=[warner]
        ).run
    said = [text for text in warner.of("message") if "warning: " in text]
    schedule = f"{config}:15:3: warning: the schedule CosineDecay takes 900 steps, but training has 34: it is cut short"
    assert said == [schedule, "warning: look out"]
    log = (run / "log.txt").read_text().splitlines()
    assert [line for line in log if not line.startswith("a checkpoint takes ")] == [*said, "all 2 epochs are trained"]
    assert [str(warning.message) for warning in elsewhere if "look out" in str(warning.message)] == []


def test_a_run_that_fails_can_be_looked_at(write, tmp_path, recorder):
    config = write(("Adam:", "SGD:"), ("initial_learning_rate: 0.01", "initial_learning_rate: 1e30"))
    failed = r"became .* in step \d+, in epoch 1; the last checkpoint, step-00000000, stands"
    with pytest.raises(NetlabError, match=failed) as caught:
        train(config, runs_root=tmp_path, listeners=[recorder])
    run = tmp_path / "tiny-1"
    assert (run / "checkpoints" / "latest").read_text() == "step-00000000\n"
    assert recorder.of("run_ended") == []
    said = recorder.of("message")
    assert "steps are run again from step-00000000 on, to find where that began" in said[-2]
    assert said[-1].endswith(" node by node")
    assert (run / "log.txt").read_text() == "".join(f"{line}\n" for line in (*said, caught.value))
    with pytest.raises(NetlabError, match=failed):
        train(None, resume=run)  # the same step, the same number


@pytest.mark.slow
def test_a_run_that_is_interrupted_goes_on_to_the_same_bits(write, tmp_path, recorder, weights, records):
    class Impatient(type(recorder)):
        def __getattribute__(self, name):
            if name == "chunk_ended":
                return lambda epoch, step, *_: os.kill(os.getpid(), signal.SIGTERM) if (epoch, step) >= (2, 1) else None
            return super().__getattribute__(name)

    config = write()
    through = train(config, ["train.epochs=3"], run_dir=tmp_path / "whole")
    with pytest.raises(
        Interrupted, match=r"stopped by SIGTERM after .*; saved, go on with: netlab train --resume .*cut"
    ):
        train(config, ["train.epochs=3"], run_dir=tmp_path / "cut", listeners=[Impatient()])
    assert len(records(tmp_path / "cut")) <= 2
    assert (tmp_path / "cut" / "log.txt").read_text().splitlines()[-1].startswith("stopped by SIGTERM after ")
    done = train(None, resume=tmp_path / "cut")
    assert done.metrics == through.metrics
    assert weights(tmp_path / "cut") == weights(through.run)
    assert records(tmp_path / "cut") == records(through.run)


def test_the_command_is_recorded(whole):
    facts = json.loads((whole.run / "environment.json").read_text())
    assert facts.keys() == {*describe(0, None, Choice("graph", "why"), [], None), "plugins"}
    assert facts["command"] == sys.argv


def test_a_signal_before_the_first_step_leaves_a_run_that_goes_on(write, tmp_path, recorder, weights):
    class Impatient(type(recorder)):
        def __getattribute__(self, name):
            if name == "run_started":
                return lambda *_: os.kill(os.getpid(), signal.SIGTERM)
            return super().__getattribute__(name)

    with pytest.raises(
        Interrupted, match=r"stopped by SIGTERM after epoch 0; saved, go on with: netlab train --resume"
    ):
        train(write(), run_dir=tmp_path / "cut", listeners=[Impatient()])
    through = train(write(), run_dir=tmp_path / "whole")
    train(None, resume=tmp_path / "cut")
    assert weights(tmp_path / "cut") == weights(through.run)


def test_a_signal_while_the_test_split_is_measured(write, tmp_path, monkeypatch, weights, records):
    measure, through = Evaluator.run, train(write(), run_dir=tmp_path / "whole")

    calls = []

    def run(self, data, poll):
        calls.append(data)
        if len(calls) == 3:  # after the validations of two epochs
            os.kill(os.getpid(), signal.SIGTERM)
        return measure(self, data, poll)

    with monkeypatch.context() as patched:
        patched.setattr(Evaluator, "run", run)
        message = (
            r"^stopped by SIGTERM while the test split was measured; saved, go on with: netlab train --resume .*cut$"
        )
        with pytest.raises(Interrupted, match=message) as caught:
            train(write(), run_dir=tmp_path / "cut")
    assert caught.value.exit_code == 143
    done = train(None, resume=tmp_path / "cut")
    assert done.metrics == through.metrics
    assert weights(tmp_path / "cut") == weights(through.run)
    assert records(tmp_path / "cut") == records(through.run)


def test_a_run_that_is_being_trained_is_refused_to_another_process(short, copied):
    run = copied(short)
    with (
        alone(open_run(run)),
        pytest.raises(UsageError, match="is being trained by another process; wait until it ends, or stop it"),
    ):
        train(None, ["train.epochs=9"], resume=run)
