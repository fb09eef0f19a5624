from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from netlib.tasks import next_steps as module
from netlib.tasks.next_steps import next_steps
from netlib.tasks.plan import plan_training
from netlib.tasks.train import TrainResult

DONE = TrainResult(Path("runs/a b-1"), "the budget is spent", 2, 34, 2, {}, 1.5)


@pytest.fixture
def commands(write):
    def commands(*overrides: str, done: TrainResult = DONE) -> list[str]:
        return [command for _, command in next_steps(plan_training(write(), overrides), done)]

    return commands


def test_after_a_budget_is_spent(commands):
    assert commands() == [
        "netlab eval --checkpoint 'runs/a b-1'",
        "netlab predict --checkpoint 'runs/a b-1' --input FILE",
        "netlab plot 'runs/a b-1'",
        "netlab train --resume 'runs/a b-1' train.epochs=4",
    ]


def test_after_it_ended_by_itself_there_is_no_more(commands):
    stopped = replace(DONE, reason="validation.loss has not become better for 10 epochs")
    assert "--resume" not in "".join(commands(done=stopped))
    assert commands("~train.epochs", "train.steps=34")[3] == "netlab train --resume 'runs/a b-1' train.steps=68"


def test_time_that_is_spent_is_that_of_all_starts(commands):
    assert commands("~train.epochs", "train.max_time=1h")[3].endswith(" train.max_time=7200")


def test_the_split_that_there_is(commands):
    assert commands("data.test=0")[0].endswith(" --split validation")
    assert commands("data.test=0", "data.validation=0")[0].endswith(" --split train")


def test_tensorboard_where_its_callback_is(commands, monkeypatch):
    asked = "train.callbacks=[TensorBoard]"
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    assert commands(asked)[4:] == ["tensorboard --logdir 'runs/a b-1/tensorboard'"]
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert commands(asked)[4:] == ["pip install 'netlab[tensorboard]'", "tensorboard --logdir 'runs/a b-1/tensorboard'"]


def test_without_a_run_there_is_nothing(commands):
    assert commands(done=replace(DONE, run=None)) == []
