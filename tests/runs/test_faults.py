"""What a run must survive: processes killed at any moment, full disks, folders that may not be written."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from netlib.runs import checkpoint, history, pointers, retention
from netlib.runs.directory import RunDirectory, create, create_at
from netlib.runs.locate import newest_valid
from netlib.spec.errors import NetlabError

WRITER = """
import sys
from pathlib import Path
import numpy as np
from netlib.runs import checkpoint, history, pointers, retention
from netlib.runs.directory import RunDirectory

run, start = RunDirectory(Path(sys.argv[1])), int(sys.argv[2])
for step in range(start, start + 1_000_000):
    weights = {f"layer.{n}": np.full((32, 32), step, np.float32) for n in range(8)}
    history.append(run, {"epoch": step, "step": step, "train": {"loss": 1 / step}})
    path = checkpoint.write(run, step, {"model": weights, "optimizer": weights, "loop": {}}, {"epoch": step})
    pointers.point(run, "latest", path)
    if step % 5 == 0:
        pointers.point(run, "best", path)
        checkpoint.write(run, step, {"model": weights}, {"epoch": step, "again": True})
    retention.prune(run, keep_last=2)
    print(step, flush=True)
"""


def kill_a_writer(run: RunDirectory, start: int, seconds: float) -> int:
    """The last step that a writer said it had finished before it was killed, `seconds` after its first one."""
    command = [sys.executable, "-c", WRITER, str(run.path), str(start)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        first = child.stdout.readline()
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        steps = [first, *child.stdout.read().split()]
    assert child.returncode == -signal.SIGKILL
    return int(steps[-1])


def assert_nothing_is_lost(run: RunDirectory, finished: int) -> int:
    for path in checkpoint.checkpoints_of(run):
        found = checkpoint.read(path)
        assert found.state["epoch"] == found.step
        assert all(np.all(array == found.step) for array in found.groups["model"].values())
    checkpoint.clear_leftovers(run)
    assert not [path for path in run.checkpoints.iterdir() if path.name.startswith(".")]
    newest, damaged = newest_valid(run)
    assert damaged == []
    step = checkpoint.read(newest).step
    assert step >= finished
    for pointer in pointers.POINTERS:
        pointed = pointers.pointed(run, pointer)
        assert pointed is None or checkpoint.read(pointed).step <= step
    assert pointers.pointed(run, "latest") is not None
    history.truncate_after(run, step)
    assert [record["step"] for record in history.read(run).records] == list(range(1, step + 1))
    return step


@pytest.mark.parametrize("times", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_a_writer_that_is_killed_at_any_moment_loses_nothing(run: RunDirectory, times: int) -> None:
    moments = random.Random(times)
    step = 0
    for _ in range(times):
        finished = kill_a_writer(run, step + 1, seconds=moments.uniform(0, 0.05))
        step = assert_nothing_is_lost(run, finished)


KILLED_AT = """
import os, sys
from pathlib import Path
import numpy as np
from netlib.runs import checkpoint, pointers, retention
from netlib.runs.directory import RunDirectory

EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir", "os.scandir"}
run, left = RunDirectory(Path(sys.argv[1])), int(sys.argv[2])

def die_at_the_last(event, arguments):
    global left
    if event in EVENTS and str(run.path) in str(arguments[0]):
        left -= 1
        if left < 0:
            os._exit(9)

checkpoint.write(run, 1, {"model": {"w": np.zeros(2)}}, {})  # imports what it needs
pointers.point(run, "latest", run.checkpoints / "step-00000001")
pointers.point(run, "best", checkpoint.write(run, 2, {"model": {"w": np.zeros(2)}}, {}))
sys.addaudithook(die_at_the_last)
checkpoint.write(run, 2, {"model": {"w": np.ones(2)}}, {})
pointers.point(run, "latest", checkpoint.write(run, 3, {"model": {"w": np.zeros(2)}}, {}))
retention.prune(run, keep_last=1)
"""


@pytest.mark.slow
def test_a_writer_that_dies_before_any_of_its_system_calls_loses_nothing(tmp_path: Path) -> None:
    survived = None
    for calls in range(500):
        run = create(tmp_path, "a")
        done = subprocess.run([sys.executable, "-c", KILLED_AT, str(run.path), str(calls)], check=False)
        there = checkpoint.checkpoints_of(run)
        assert there
        for path in there:
            checkpoint.verify(path)
        checkpoint.clear_leftovers(run)
        assert {path.name for path in run.checkpoints.iterdir() if path.name.startswith(".")} == set()
        assert checkpoint.read(newest_valid(run)[0]).step >= 2
        assert checkpoint.read(pointers.pointed(run, "best")).step == 2
        assert pointers.pointed(run, "latest") is not None
        shutil.rmtree(run.path)
        if done.returncode == 0:
            survived = calls
            break
        assert done.returncode == 9
    assert survived is not None
    assert survived > 30  # it did die at that many different calls


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As a full disk: a write beyond `size` bytes of a file fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 1, 100, 2_000, 5_000, 40_000])
def test_a_full_disk_is_an_error_and_the_last_checkpoint_stands(run: RunDirectory, size: int) -> None:
    large = {"model": {"w": np.ones(2_000, np.float32)}, "loop": {"w": np.ones(20_000, np.float32)}}
    pointers.point(run, "latest", checkpoint.write(run, 1, large, {"text": "x" * 3_000}))
    before = sorted(run.path.rglob("*"))
    for step in (1, 2):
        with files_no_larger_than(size), pytest.raises(NetlabError, match=r"^cannot write .*File too large") as caught:
            checkpoint.write(run, step, large, {"text": "y" * 3_000})
        assert caught.value.exit_code == 1
        assert sorted(run.path.rglob("*")) == before
    assert checkpoint.read(newest_valid(run)[0]).state == {"text": "x" * 3_000}


def test_a_full_disk_leaves_pointers_logs_and_folders_as_they_were(run: RunDirectory) -> None:
    paths = [checkpoint.write(run, step, {"model": {}}, {}) for step in (1, 2)]
    pointers.point(run, "latest", paths[0])
    history.append(run, {"step": 1})
    log = run.metrics.read_bytes()
    latest_refused = pytest.raises(NetlabError, match=r"^cannot write .*/checkpoints/latest: File too large$")
    with files_no_larger_than(3), latest_refused:
        pointers.point(run, "latest", paths[1])
    with files_no_larger_than(len(log) + 5):
        with pytest.raises(NetlabError, match=r"^cannot write .*/metrics\.jsonl: File too large$"):
            history.append(run, {"step": 2, "train": {"loss": 1.0}})
        with pytest.raises(NetlabError, match=r"^cannot write .*/new-1/config\.yaml: File too large$"):
            create(run.path.parent, "new", {"config.yaml": "x" * 100})
        with pytest.raises(NetlabError, match=r"^cannot write .*/there/config\.yaml: File too large$"):
            create_at(run.path.parent / "there", {"config.yaml": "x" * 100})
    assert pointers.pointed(run, "latest") == paths[0]
    assert run.metrics.read_bytes() == log
    assert [path.name for path in run.path.parent.iterdir()] == ["digits-1"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder whose parents every user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Permissions do not bind root, so as somebody else for a while."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_folder_that_may_not_be_written_is_reported_and_can_be_read(open_folder: Path) -> None:
    run = create(open_folder, "a")
    path = checkpoint.write(run, 1, {"model": {"w": np.ones(2)}}, {})
    pointers.point(run, "latest", path)
    for folder in (open_folder, run.path, run.checkpoints):
        folder.chmod(0o555)
    try:
        with as_an_ordinary_user():
            assert newest_valid(run) == (path, [])
            assert checkpoint.read(path).step == 1
            denied = "Permission denied$"
            with pytest.raises(NetlabError, match=rf"^cannot write .*/step-00000002: {denied}"):
                checkpoint.write(run, 2, {"model": {}}, {})
            with pytest.raises(NetlabError, match=rf"^cannot write .*/latest: {denied}"):
                pointers.point(run, "latest", path)
            with pytest.raises(NetlabError, match=rf"^cannot write .*/metrics\.jsonl: {denied}"):
                history.append(run, {"step": 1})
            with pytest.raises(NetlabError, match=rf"^cannot make .*/a-2: {denied}"):
                create(open_folder, "a")
            with pytest.raises(NetlabError, match=rf"^cannot remove .*/step-00000001: {denied}"):
                checkpoint.staging.remove(path)
    finally:
        for folder in (open_folder, run.path, run.checkpoints):
            folder.chmod(0o755)
    assert [entry.name for entry in open_folder.iterdir()] == ["a-1"]


def test_files_that_may_not_be_read_are_reported(open_folder: Path) -> None:
    run = create(open_folder, "a")
    path = checkpoint.write(run, 1, {"model": {"w": np.ones(2)}}, {})
    for name in ("model.safetensors", "manifest.json"):
        (path / name).chmod(0)
        with as_an_ordinary_user(), pytest.raises(NetlabError, match=r"^cannot read checkpoint .*Permission denied"):
            checkpoint.read(path)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to count open files")
def test_many_checkpoints_leave_no_file_open(run: RunDirectory) -> None:
    arrays = {"model": {"w": np.ones(1000)}}
    checkpoint.read(checkpoint.write(run, 0, arrays, {}))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for step in range(1, 51):
        checkpoint.read(checkpoint.write(run, step, arrays, {}))
        retention.prune(run, keep_last=2)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
