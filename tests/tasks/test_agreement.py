"""What workers tell each other before they train; each is a thread here."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError
from netlib.tasks.agreement import REMEDIES, compare
from netlib.tasks.training_session import _search_told
from netlib.training.checkpoints import TrainingError
from netlib.training.replicas import Replicas


class Meeting(Replicas):
    """Workers that are threads, and tell each other what they have over a table."""

    def __init__(self, worker: int, workers: int, table: list[list[float]], barrier: threading.Barrier) -> None:
        self.worker, self.workers, self._table, self._barrier = worker, workers, table, barrier

    def agreed(self, values: Sequence[float]) -> list[float]:
        self._table.append(list(values))
        self._barrier.wait(10)
        return [max(column) for column in zip(*self._table, strict=True)]


def told(facts: list[dict[str, str]]) -> list[str]:
    """What each of the workers with these facts is told."""
    table: list[list[float]] = []
    barrier, answers = threading.Barrier(len(facts)), [""] * len(facts)

    def worker(number: int) -> None:
        try:
            compare(Meeting(number, len(facts), table, barrier), facts[number])
        except NetlabError as error:
            answers[number] = str(error)

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(len(facts))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return answers


SAME = dict.fromkeys(REMEDIES, "the same")


def test_workers_that_are_about_to_do_the_same_go_on():
    assert told([SAME, SAME, SAME]) == ["", "", ""]


@pytest.mark.parametrize("fact", REMEDIES)
def test_all_are_told_who_differs_in_what(fact):
    answers = told([SAME, SAME, {**SAME, fact: "another"}])
    assert all(each.startswith(f"worker 2 has not the same {fact} as worker 0") for each in answers)
    assert all(each.endswith(REMEDIES[fact]) for each in answers)


def test_where_all_differ_from_the_first_all_are_named():
    answers = told([{**SAME, "config": "another"}, SAME, SAME])
    assert set(answers) == {f"workers 1, 2 have not the same config as worker 0: {REMEDIES['config']}"}


def test_the_first_cause_is_told_first():
    other = {**SAME, "config": "another", "checkpoint": "step 3"}
    assert all("config" in each for each in told([SAME, other]))


def test_each_says_at_which_step_it_is():
    answers = told([{**SAME, "checkpoint": "step 40"}, {**SAME, "checkpoint": "step 80"}])
    assert "(worker 0 is at step 40)" in answers[0]
    assert "(worker 1 is at step 80)" in answers[1]


@pytest.mark.parametrize(("count", "told"), [(1, False), (2, True)])
def test_replicas_say_how_a_number_that_is_not_finite_is_looked_for(count, told):
    session: Any = SimpleNamespace(replicas=SimpleNamespace(count=count), run=RunDirectory(Path("runs/a b")))
    with pytest.raises(TrainingError, match="the loss is nan") as caught, _search_told(session):
        raise TrainingError("the loss is nan")
    wanted = "Where that began is found on one device: netlab train --resume 'runs/a b' train.distribute=null"
    assert (wanted in str(caught.value)) == told
