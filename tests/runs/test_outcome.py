from __future__ import annotations

import math

import pytest

from netlib.runs import outcome
from netlib.spec.errors import NetlabError
from netlib.spec.graph import Parameters

HEADER = {
    "name": "tiny",
    "epochs": 3,
    "parameters": Parameters(10, 2),
    "monitor": {"split": "train", "metric": "loss", "mode": "min"},
    "not kept": object(),
}
RESULT = {"reason": "done", "epoch": 3, "step": 30, "best_epoch": None, "seconds": 1.5, "train": {"loss": math.inf}}


def test_what_was_said_at_the_beginning(run):
    assert outcome.header(run) is None
    outcome.begin(run, HEADER)
    found = outcome.header(run)
    assert found == {
        "name": "tiny", "epochs": 3, "monitor": HEADER["monitor"], "parameters": {"trainable": 10, "non_trainable": 2},
    }  # fmt: skip


def test_what_came_out(run):
    outcome.begin(run, HEADER)
    assert outcome.result(run) is None
    outcome.end(run, RESULT)
    found = outcome.result(run)
    assert found is not None
    finished = found.pop("finished")
    assert finished.endswith("+00:00")
    metrics = {"train": {"loss": math.inf}}
    assert found == {"reason": "done", "epoch": 3, "step": 30, "best_epoch": None, "seconds": 1.5, "metrics": metrics}


def test_a_run_that_is_gone_on_with_has_not_ended(run):
    outcome.end(run, RESULT)
    outcome.fail(run, "the disk is full")
    failure = outcome.failure(run)
    assert failure is not None
    assert failure["error"] == "the disk is full"
    outcome.begin(run, HEADER)
    assert (outcome.result(run), outcome.failure(run)) == (None, None)


@pytest.mark.parametrize("text", ["", "[1]", '{"epoch": ', "3"])
def test_a_damaged_file_is_named(run, text):
    run.result.write_text(text)
    with pytest.raises(NetlabError, match=r"result\.json is damaged: "):
        outcome.result(run)
