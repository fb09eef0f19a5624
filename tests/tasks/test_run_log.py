from __future__ import annotations

import pytest

from netlib.runs import history, outcome
from netlib.runs.directory import create
from netlib.spec.errors import NetlabError
from netlib.tasks.run_log import RunLog, go_on


def record(epoch, step):
    return {"epoch": epoch, "step": step, "train": {"loss": 1.0 / step}, "seconds": 0.1 + step}


@pytest.fixture
def run(tmp_path):
    return create(tmp_path, "run")


def kept(run):
    return history.read(run).records


def test_records_and_messages_are_written_at_once(run):
    log = RunLog(run)
    log.epoch_ended(record(1, 5))
    assert kept(run) == [record(1, 5)]
    log.message("one")
    log.message("zwei – 二")
    assert run.log.read_text(encoding="utf-8") == "one\nzwei – 二\n"


def test_the_last_line_is_of_the_test(run):
    log = RunLog(run)
    log.epoch_ended(record(1, 5))
    log.run_ended({"epoch": 1, "step": 5, "test": {"loss": 0.5}, "train": {"loss": 0.2}, "seconds": 3.0})
    assert kept(run) == [record(1, 5), {"epoch": 1, "step": 5, "test": {"loss": 0.5}}]


def test_without_a_test_split_there_is_no_such_line(run):
    RunLog(run).run_ended({"epoch": 1, "step": 5, "train": {"loss": 0.2}})
    assert kept(run) == []


def test_how_it_began_and_ended_is_kept(run):
    log = RunLog(run)
    log.run_started(run.path, {"name": "tiny", "epochs": 2})
    assert outcome.header(run) == {"name": "tiny", "epochs": 2}
    log.run_ended({"reason": "done", "epoch": 1, "step": 5, "best_epoch": 1, "train": {"loss": 0.2}, "seconds": 3.0})
    assert outcome.result(run)["metrics"] == {"train": {"loss": 0.2}}
    log.run_started(run.path, {"name": "tiny", "epochs": 4})
    assert outcome.result(run) is None


def test_a_failure_is_kept_and_a_signal_is_none(run):
    log = RunLog(run)
    stopped = NetlabError("stopped")
    stopped.exit_code = 128 + 15
    log.failed(stopped)
    assert outcome.failure(run) is None
    log.failed(NetlabError("the loss is not finite"))
    assert outcome.failure(run)["error"] == "the loss is not finite"
    assert run.log.read_text() == "stopped\nthe loss is not finite\n"


def test_an_error_that_is_none_of_ours_is_a_failure_with_its_kind(run):
    RunLog(run).failed(ZeroDivisionError("by nought, in caf\udce9.py"))
    failure = outcome.failure(run)
    assert failure is not None
    assert failure["error"] == "ZeroDivisionError: by nought, in caf\udce9.py"
    assert run.log.read_text(encoding="utf-8") == "ZeroDivisionError: by nought, in caf\\udce9.py\n"


@pytest.mark.parametrize("there", range(4))
def test_the_records_are_those_of_the_checkpoint_whatever_is_there(run, there):
    past = [record(1, 5), record(2, 10)]
    lines = [*past, {"epoch": 2, "step": 10, "test": {"loss": 0.5}}, record(3, 15)]
    for line in lines[: there + 1]:
        history.append(run, line)
    go_on(run, 12, past)
    assert kept(run) == past


def test_a_line_that_was_cut_goes(run):
    history.append(run, record(1, 5))
    with run.metrics.open("a") as file:
        file.write('{"epoch": 2, "st')
    go_on(run, 10, [record(1, 5), record(2, 10)])
    assert kept(run) == [record(1, 5), record(2, 10)]
    assert run.metrics.read_text().count("\n") == 2


def test_numbers_that_are_not_finite_stay(run):
    past = [{"epoch": 1, "step": 5, "train": {"loss": float("inf"), "accuracy": float("nan")}}]
    history.append(run, past[0])
    before = run.metrics.read_bytes()
    go_on(run, 5, past)
    assert run.metrics.read_bytes() == before


def test_a_run_without_a_record(run):
    go_on(run, 0, [])
    assert not run.metrics.exists()
