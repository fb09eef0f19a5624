"""Folders that cannot be written, or are none: an error that says so, and what can be read is read."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from mounts import read_only, small_disk
from traces import copied, files_of, need_error, need_same_checkpoints, need_same_end, need_success

pytestmark = pytest.mark.slow

REFUSED = "Read-only file system"


def test_the_folder_of_runs(netlab, folder):
    (folder / "runs").mkdir()
    with read_only(folder / "runs"):
        need_error(netlab("train", "mlp.yaml", folder=folder), f"error: cannot make runs/mlp-1: {REFUSED}")
        need_error(
            netlab("train", "mlp.yaml", "--run-dir", "runs/a/b", folder=folder), f"cannot make runs/a: {REFUSED}"
        )


@pytest.mark.parametrize("part", [".", "checkpoints"])
def test_a_run_that_is_resumed(netlab, folder, undisturbed, part):
    run = copied(undisturbed("mlp.yaml", "train.epochs=1"), folder)
    before = files_of(run)
    with read_only(run / part):
        need_error(netlab("train", "--resume", "run", "train.epochs=2", folder=folder), "error: cannot ", REFUSED)
        need_success(netlab("eval", "--checkpoint", "run", folder=folder))
        need_success(netlab("summary", "run", folder=folder))
    changed = {name for name, content in files_of(run).items() if content != before.get(name)}
    assert changed <= {"resolved.yaml", "changes.jsonl", "log.txt"}
    assert before.keys() - files_of(run).keys() == set()
    need_success(netlab("train", "--resume", "run", "train.epochs=2", folder=folder))
    need_same_end(run, undisturbed("mlp.yaml", "train.epochs=2"))


def test_a_disk_that_becomes_so_while_it_trains(netlab, folder, undisturbed):
    whole, disk = undisturbed("mlp.yaml", "train.epochs=2"), folder / "disk"
    with small_disk(disk, 1 << 22):
        remount = ["mount", "-o", "remount,ro", str(disk)]
        words = ["train", "mlp.yaml", "--run-dir", "disk/run"]
        done = netlab(*words, folder=folder, after="step-00000030", do=[remount])
        need_error(done, "error: cannot write", REFUSED)
        need_same_checkpoints(disk / "run", whole)
        need_error(netlab("train", "--resume", "disk/run", folder=folder), "error: cannot ", REFUSED)
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        need_success(netlab("train", "--resume", "disk/run", folder=folder))
        need_same_end(disk / "run", whole)


def test_a_file_in_place_of_a_folder(netlab, folder, undisturbed):
    (folder / "file").write_text("")
    for words in (["--runs", "file"], ["--runs", "file/runs"], ["--run-dir", "file/run"]):
        need_error(netlab("train", "mlp.yaml", *words, folder=folder), "error: cannot ", "file")
    need_error(netlab("train", "mlp.yaml", "--run-dir", "file", folder=folder), "a file of that name exists", code=2)
    run = copied(undisturbed("mlp.yaml", "train.epochs=1"), folder)
    shutil.rmtree(run / "checkpoints")
    (run / "checkpoints").write_text("")
    for words in (["train", "--resume", "run"], ["eval", "--checkpoint", "run"]):
        need_error(netlab(*words, folder=folder), "'run' is not a run directory", code=2)
