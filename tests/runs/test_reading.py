"""A checkpoint is read of a run that another process trains, which keeps one only."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

from netlib.runs import checkpoint, pointers, staging
from netlib.runs.directory import RunDirectory, create
from netlib.runs.errors import CheckpointError
from netlib.runs.reading import read_found
from netlib.spec.errors import UsageError

TRAINING = """
import sys
from pathlib import Path
import numpy as np
from netlib.runs import checkpoint, pointers
from netlib.runs.directory import open_run
from netlib.runs.lock import alone
from netlib.runs.retention import prune
run = open_run(Path(sys.argv[1]))
with alone(run):
    for step in range(1, 10**6):
        number = step // 2  # each is replaced once
        path = checkpoint.write(run, number, {"model": {"w": np.full(50_000, number, np.float32)}}, {})
        for pointer in ("latest", "best"):
            pointers.point(run, pointer, path)
        prune(run, 1)
        if step == 1:
            print("begun", flush=True)
"""


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return create(tmp_path, "a")


def write(run: RunDirectory, step: int) -> Path:
    path = checkpoint.write(run, step, {"model": {"w": np.full(3, step, np.float32)}}, {})
    pointers.point(run, "best", path)
    return path


def test_while_it_is_trained_what_is_read_is_whole(run):
    command = [sys.executable, "-c", TRAINING, str(run.path)]
    steps: list[int] = []
    found: list[checkpoint.Checkpoint] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as training:
        assert training.stdout.readline() == "begun\n"
        deadline = time.monotonic() + 30
        for text in cycle([str(run.path), f"{run.path}/latest", f"{run.path}/best"]):
            if len(set(steps)) >= 20 or time.monotonic() > deadline:
                break
            path = read_found(text, lambda path: found.append(checkpoint.read(path)))
            assert path.name == checkpoint.name_of(found[-1].step)
            assert np.all(found[-1].groups["model"]["w"] == found[-1].step)
            steps.append(found[-1].step)
        training.kill()
    assert len(set(steps)) == 20


def test_one_that_is_removed_while_it_is_read(run):
    first = write(run, 1)
    read = []

    def removed_meanwhile(path: Path) -> None:
        if path == first:
            write(run, 2)
            staging.remove(first)
        read.append(checkpoint.read(path).step)

    assert read_found(str(run.path), removed_meanwhile).name == "step-00000002"
    assert read == [2]


def test_one_that_was_named_and_is_gone_is_said_to_be(run):
    first = write(run, 1)

    def removed_meanwhile(path: Path) -> None:
        write(run, 2)
        staging.remove(first)
        checkpoint.read(path)

    with pytest.raises(UsageError, match=r"there is no checkpoint '.*step-00000001'"):
        read_found(str(first), removed_meanwhile)


def test_one_that_is_damaged_is_read_once(run):
    (write(run, 1) / "model.safetensors").write_bytes(b"no")
    tries = []

    def read(path: Path) -> None:
        tries.append(path)
        checkpoint.read(path)

    with pytest.raises(CheckpointError, match="is damaged"):
        read_found(str(run.path), read)
    assert len(tries) == 1
