"""A disk that becomes full, at whatever file: an error that says so, and no training is lost."""

from __future__ import annotations

import pytest
from mounts import filled, small_disk
from traces import need_error, need_same_checkpoints, need_same_end, need_success, steps

pytestmark = pytest.mark.slow

TOO_LARGE = "File too large"
FIRST_FILES = (
    *("config.yaml", "resolved.yaml", "environment.json", "summary.txt", "data.json"),
    *("preprocessing.json", "preprocessing.safetensors"),
)


@pytest.mark.parametrize("file", FIRST_FILES)
def test_when_a_run_begins(netlab, folder, file):
    before = sorted(folder.iterdir())
    done = netlab("train", "mlp.yaml", "--run-dir", "run", folder=folder, run="run", full_at=(file, 1))
    need_error(done, f"error: cannot write run/{file}: {TOO_LARGE}")
    assert sorted(folder.iterdir()) == before, "nothing is left of a run that did not begin"


def test_a_disk_without_room_for_two_checkpoints(netlab, folder):
    disk = folder / "disk"
    with small_disk(disk, 512 << 10):
        done = netlab("train", "mlp.yaml", "model.1.units=512", "--runs", disk / "runs", folder=folder)
        need_error(done, f"error: the disk of {disk}/runs/mlp-1 has ", "and two must have room")
        assert not list((disk / "runs").iterdir())


WHILE_IT_TRAINS = (
    ("log.txt", 1),
    ("model.safetensors", 4),
    ("optimizer.safetensors", 2),
    ("loop.safetensors", 3),
    ("state.json", 2),
    ("manifest.json", 3),
    ("latest", 3),
    ("best", 2),
    ("metrics.jsonl", 3),
)
"""Files of a run, each with the number of the time, since the command began, at which it cannot be written."""


def test_while_it_trains(netlab, folder, undisturbed):
    whole, run = undisturbed("mlp.yaml", "train.epochs=8"), folder / "run"
    need_success(netlab("train", "mlp.yaml", "train.epochs=1", "--run-dir", "run", folder=folder))
    for file, time in WHILE_IT_TRAINS:
        reached = max(steps(run))
        done = netlab("train", "--resume", "run", "train.epochs=8", folder=folder, run="run", full_at=(file, time))
        need_error(done, "error: cannot write run/", file, TOO_LARGE)
        need_same_checkpoints(run, whole)
        assert max(steps(run)) >= reached
    need_success(netlab("train", "--resume", "run", "train.epochs=8", folder=folder))
    need_same_end(run, whole)


@pytest.mark.parametrize("size", [0, 100, 900, 3000])
def test_from_the_start(netlab, folder, size):
    done = netlab("train", "mlp.yaml", folder=folder, files_no_larger_than=size)
    need_error(done, "error: cannot write runs/mlp-1", TOO_LARGE)


def test_a_small_disk(netlab, folder, undisturbed):
    whole, disk = undisturbed("mlp.yaml", "train.epochs=4"), folder / "disk"
    with small_disk(disk, 1 << 20):
        run = disk / "run"
        need_success(netlab("train", "mlp.yaml", "train.epochs=1", "--run-dir", run, folder=folder))
        said = set()
        for pages in range(14):
            reached = max(steps(run))
            with filled(disk, pages):
                done = netlab("train", "--resume", run, "train.epochs=4", folder=folder)
            if done.code == 0:
                break
            need_error(done, "error: cannot write", "No space left on device")
            said.add(done.err.partition("cannot write ")[2].partition(":")[0].rpartition("/")[2])
            need_same_checkpoints(run, whole)
            assert max(steps(run)) >= reached
        assert len(said) >= 3, said  # files of several kinds had no room
        need_success(netlab("train", "--resume", run, "train.epochs=4", folder=folder))
        need_same_end(run, whole)
