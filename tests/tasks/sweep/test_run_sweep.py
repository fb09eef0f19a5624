"""The process that runs a sweep, with workers that train nothing: killed, stopped, joined, and failing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.sweep.run_sweep import Watcher, sweep
from netlib.tasks.sweep.study import open_study
from netlib.tasks.sweep.view import view
from netlib.training.interrupt import Interrupted

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are killed")
AGAIN = "netlab sweep search.yaml"


def counted(asked) -> list[tuple[int, str]]:
    return [(trial.number, trial.state) for trial in view(open_study(asked)).trials]


def completed() -> int:
    """How many are, without the second of processor that opening the study takes."""
    if not Path("runs/search/study.db").exists():
        return 0
    with closing(sqlite3.connect("runs/search/study.db")) as reading:
        tables = reading.execute("select count(*) from sqlite_master where name = 'trials'").fetchone()[0]
        asked = "select count(*) from trials where state = 'COMPLETE'"
        return int(reading.execute(asked).fetchone()[0]) if tables else 0


def all_complete(count: int) -> list[tuple[int, str]]:
    return [(number, "complete") for number in range(count)]


def test_workers_end_as_many_trials_as_are_wanted(plan, pretending):
    asked = plan(trials=7, workers=2)
    shown = []
    result = sweep(asked, pretending("pause=0.02"), AGAIN, Watcher(shown.append))
    assert counted(asked) == all_complete(7)
    assert result.reason == "all trials have ended"
    assert result.study.best.number == 6
    assert len(shown[0].trials) == 0
    assert shown[-1] == result.study
    more = plan(trials=9, workers=1)
    assert len(sweep(more, pretending(), AGAIN).study.trials) == 9
    assert sweep(more, pretending(), AGAIN).seconds < 5  # no worker is started where nothing is left


def test_a_worker_that_dies_is_replaced_and_its_trial_gone_on_with(plan, pretending):
    asked, said = plan(trials=6, workers=1), []
    sweep(asked, pretending("pause=0.02", "die=1,4"), AGAIN, Watcher(say=said.append))
    assert counted(asked) == all_complete(6)
    assert said == [
        f"warning: a worker was ended by SIGKILL in trial {number}, which is gone on with" for number in (1, 4)
    ]


def test_workers_that_cannot_begin_end_the_sweep(plan, pretending):
    with pytest.raises(
        NetlabError, match="3 workers in a row ended with code 1 before they began a trial: nothing works here"
    ):
        sweep(plan(workers=1), pretending("hasty"), AGAIN)


def test_the_first_trials_that_fail_alike_end_the_sweep(plan, pretending):
    asked = plan(trials=500, workers=1)
    with pytest.raises(NetlabError) as caught:
        sweep(asked, pretending("pause=0.1", "fail=layer N: 'trial-N' has no room for 12N bytes"), AGAIN)
    text = str(caught.value)
    assert text.startswith(
        "the first 3 trials have all failed alike, so the sweep ends: layer 2: 'trial-2' has no room"
    )
    assert "mend that, then start it again, under another name" in text
    assert caught.value.exit_code == 1
    assert len(counted(asked)) < 100


def test_a_sweep_of_failures_alone_fails(plan, pretending):
    with pytest.raises(NetlabError, match="all trials have failed; the last one: no room in 1"):
        sweep(plan(trials=2, workers=1), pretending("fail=no room in N"), AGAIN)


def test_ctrl_c_saves_and_says_how_to_go_on(plan, pretending):
    asked = plan(trials=400, workers=2)

    def press() -> None:
        wait_until(lambda: completed() >= 3)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    with pytest.raises(Interrupted) as caught:
        sweep(asked, pretending("pause=0.3"), AGAIN)
    assert caught.value.exit_code == 130
    ended = sum(state == "complete" for _, state in counted(asked))
    text = str(caught.value)
    waiting = [state for _, state in counted(asked) if state != "complete"]
    assert set(waiting) <= {"waiting"}  # one worker may have been between two trials
    saved = f"; {len(waiting)} more {'is' if len(waiting) == 1 else 'are'} saved on the way" if waiting else ""
    assert text == f"stopped by SIGINT after {ended} of 400 trials{saved}; go on with: {AGAIN}"
    fewer = plan(trials=ended + 3, workers=1)
    sweep(fewer, pretending(), AGAIN)
    assert counted(fewer) == all_complete(ended + 3)


PARENT = """
import sys
from pathlib import Path
from netlib.config.sweep_file import load_sweep
from netlib.tasks.sweep.plan import plan_sweep
from netlib.tasks.sweep.run_sweep import sweep
plan = plan_sweep(load_sweep("search.yaml"), trials=int(sys.argv[1]), workers=1, storage=sys.argv[2] or None)
sweep(plan, sys.argv[3:], "again")
"""
TRIALS = 16


def parent(command: list[str], storage: str = "") -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", PARENT, str(TRIALS), storage, *command], start_new_session=True)


def workers_of(process: subprocess.Popen) -> list[int]:
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [*map(int, path.read_text().split())] if path.exists() else []


def wait_until(met, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


@pytest.mark.slow
def test_killed_in_the_middle_and_started_again_the_count_is_right(plan, pretending):
    """Once all, once only the one that runs the sweep; the workers, whose stdin ends, end by themselves."""
    asked = plan(trials=TRIALS)
    command = pretending("pause=0.05")
    for turn, kills_workers in enumerate((True, False), start=1):
        process = parent(command)
        wait_until(lambda r=turn: completed() >= 3 * r)
        workers = workers_of(process)
        assert workers
        for number in [process.pid, *(workers if kills_workers else [])]:
            os.kill(number, signal.SIGKILL)
        process.wait()
        wait_until(lambda w=workers: not any(Path(f"/proc/{number}").exists() for number in w))
    assert parent(command).wait(120) == 0
    assert counted(asked) == all_complete(TRIALS)


@pytest.mark.slow
@pytest.mark.parametrize("storage", ["", os.environ.get("NETLAB_TEST_POSTGRES", "none")])
def test_two_processes_on_one_storage_are_one_sweep(plan, pretending, storage):
    if storage == "none":
        pytest.skip("NETLAB_TEST_POSTGRES has the URL of a server's database")
    asked = plan(trials=TRIALS, **({"storage": storage} if storage else {}))
    try:
        both = [parent(pretending("pause=0.05"), storage) for _ in range(2)]
        assert [process.wait(120) for process in both] == [0, 0]
        assert counted(asked) == all_complete(TRIALS)
    finally:
        if storage:
            import optuna

            optuna.delete_study(study_name="search", storage=open_study(asked)._storage)


def test_a_search_that_was_changed_ends_the_workers(plan, pretending):
    asked = plan(trials=5, workers=1)
    sweep(asked, pretending(), AGAIN)
    with pytest.raises(UsageError, match="searches something else"):
        sweep(plan("seed: 9\n"), pretending(), AGAIN)
