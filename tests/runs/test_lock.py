from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from threading import Timer

import pytest

from netlib.runs.directory import RunDirectory, create
from netlib.runs.lock import alone, is_taken, need_free
from netlib.spec.errors import NetlabError, UsageError

HOLDER = """
import sys
from pathlib import Path
from netlib.runs.directory import open_run
from netlib.runs.lock import alone, is_taken, need_free
with alone(open_run(Path(sys.argv[1]))):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def run(tmp_path) -> RunDirectory:
    return create(tmp_path, "a")


def test_a_run_that_another_process_trains_is_refused_until_that_one_is_killed(run):
    command = [sys.executable, "-c", HOLDER, str(run.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "locked\n"
        refused = "is being trained by another process; wait until it ends, or stop it"
        with pytest.raises(UsageError, match=refused), alone(run):
            pytest.fail("both have the run")
        holder.kill()
    with alone(run):
        pass


def test_who_looks_does_not_disturb_who_trains_nor_who_looks_too(run):
    descriptor = os.open(run.checkpoints, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)  # as somebody has it who just looks
    assert not is_taken(run)
    need_free(run)
    closing = Timer(0.1, os.close, [descriptor])
    closing.start()
    with alone(run):
        assert is_taken(run)
    closing.join()


def test_it_can_be_had_again_and_other_runs_with_it(run, tmp_path):
    for _ in range(2):
        with alone(run), alone(create(tmp_path, "b")):
            pass


def test_nothing_is_left_in_the_run(run):
    with alone(run):
        assert [path.name for path in run.path.rglob("*")] == ["checkpoints"]


def test_a_file_system_without_locks_refuses_nothing(run, monkeypatch):
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with alone(run):
        pass


def test_a_run_that_is_gone(run):
    run.checkpoints.rmdir()
    with pytest.raises(NetlabError, match=r"cannot lock .*a-1: No such file or directory"), alone(run):
        pass


def test_a_run_that_is_trained_is_known_before_it_is_read(run):
    need_free(run)
    assert not is_taken(run)
    with alone(run):
        with pytest.raises(UsageError, match="is being trained by another process"):
            need_free(run)
        assert is_taken(run)
    run.checkpoints.rmdir()
    assert not is_taken(run)
