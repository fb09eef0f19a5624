from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter

import optuna
import pytest
from optuna.trial import TrialState

from netlib.tasks.sweep import liveness
from netlib.tasks.sweep.attributes import WORKER
from netlib.tasks.sweep.claims import Claims
from netlib.tasks.sweep.liveness import me
from netlib.tasks.sweep.study import open_study


@pytest.fixture
def study(plan) -> optuna.Study:
    return open_study(plan())


def another(study: optuna.Study) -> optuna.Study:
    """The same, as another process sees it."""
    return optuna.load_study(study_name=study.study_name, storage=study._storage._backend.url)


def dead() -> dict:
    """A worker whose process has ended."""
    code = "from netlib.tasks.sweep.liveness import me; import json; print(json.dumps(me()))"
    import json

    return json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)


def test_trials_are_those_below_the_number_that_is_wanted_however_many_take_them(study):
    found, gate = [], threading.Barrier(6)

    def take_all() -> None:
        claims = Claims(another(study), me(), 12)
        gate.wait()
        while (trial := claims.take()) is not None:
            found.append(trial.number)

    threads = [threading.Thread(target=take_all) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [*range(12)]
    states = Counter(trial.state for trial in study.get_trials())
    assert states[TrialState.RUNNING] == 12
    assert set(states) <= {TrialState.RUNNING, TrialState.WAITING}  # the latter were made too much, and stay


def test_what_was_made_too_much_is_taken_when_more_are_wanted(study):
    for _ in range(3):
        study._storage.create_new_trial(study._study_id, optuna.trial.create_trial(state=TrialState.WAITING))
    few = Claims(study, me(), 2)
    assert [few.take().number, few.take().number, few.take()] == [0, 1, None]
    assert Claims(study, me(), 3).take().number == 2


def test_what_is_given_back_is_taken_by_another(study):
    one, other = Claims(study, me(), 1), Claims(study, me(), 1)
    trial = one.take()
    assert other.take() is None
    assert one.is_mine(trial)
    assert not other.is_mine(trial)
    other.give_back(trial)  # is not its own
    assert one.is_mine(trial)
    one.give_back(trial, {"kept": 3})
    again = other.take()
    assert (again.number, again.user_attrs["kept"]) == (0, 3)
    assert other.is_mine(again)
    assert not one.is_mine(trial)


def test_the_trial_of_a_process_that_has_ended_is_taken_at_once(study):
    assert Claims(study, dead(), 1).take().number == 0
    mine = Claims(study, me(), 1)
    assert mine.take().number == 0
    assert not mine.all_ended()
    study.tell(0, 1.0)
    assert mine.all_ended()


def test_only_one_takes_it_from_the_dead_whoever_has_seen_that(study):
    """One has looked before the other took it, and frees it after."""
    Claims(study, dead(), 1).take()
    slow = Claims(study, me(), 1)
    seen = another(study).get_trials(deepcopy=False)
    quick = Claims(study, me(), 1)
    trial = quick.take()
    slow._free_dead(seen)
    assert quick.is_mine(trial)
    assert slow.take() is None


def test_a_trial_that_was_taken_a_moment_ago_is_not_of_the_dead_worker_before(study):
    Claims(study, dead(), 1).take()
    claims = Claims(study, me(), 1)
    claims._free_dead(study.get_trials(deepcopy=False))
    assert study.get_trials()[0].user_attrs[WORKER] is None


def test_a_worker_elsewhere_is_dead_when_its_beats_stay_away(study, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(liveness.Watch.__init__, "__defaults__", (lambda: now[0],))
    far = Claims(study, {**me(), "machine": "far away"}, 1)
    trial = far.take()
    claims = Claims(study, me(), 1)
    for number in range(20):
        far.beat(trial, number)
        assert claims.take() is None
        now[0] += liveness.GRACE - 1
    now[0] += 2
    assert claims.take().number == 0
    assert not far.is_mine(trial)


def test_without_a_number_there_is_always_another_one(study):
    claims = Claims(study, me(), None)
    assert [claims.take().number for _ in range(3)] == [0, 1, 2]
    assert not claims.all_ended()


def test_a_process_is_recognised_even_if_its_number_is_used_again():
    worker = me()
    assert liveness.is_here(worker)
    assert liveness.is_running(worker)
    assert not liveness.is_running({**worker, "begun": "1"})
    assert not liveness.is_here({**worker, "machine": "another"})
    assert not liveness.is_running({**dead(), "begun": None})


@pytest.mark.skipif(sys.platform != "linux", reason="of /proc")
def test_a_process_that_nobody_waits_for_is_dead():
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert liveness._begun(child) is None
    os.waitpid(child, 0)


def test_beats_come_until_the_trial_is_lost():
    beats = threading.Event()
    numbers = []

    def beat(number: int) -> bool:
        numbers.append(number)
        beats.set()
        return number < 3

    heart = liveness.Heart(beat, every=0.01)
    heart.start()
    heart.join(10)
    assert heart.lost
    assert numbers == [1, 2, 3]
    heart.stop()
