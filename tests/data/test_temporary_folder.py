"""Folders of processes that were killed go; folders that are in use, links and what others made stay."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netlib.data import temporary_leftovers
from netlib.data.temporary_folder import TemporaryFolder
from netlib.data.temporary_leftovers import LOCK
from netlib.spec.errors import NetlabError

HOLDER = """
import sys
from netlib.data.temporary_folder import TemporaryFolder
folder = TemporaryFolder("it", "it cannot be kept", 10)
(folder.path / "000000.parquet").write_bytes(b"x" * 100)
(folder.path / "inner").mkdir()
(folder.path / "inner" / "000001").write_bytes(b"x" * 100)
print(folder.path, flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files cannot be locked so")


def made() -> TemporaryFolder:
    return TemporaryFolder("it", "it cannot be kept", 10)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made, here and in child processes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@contextmanager
def holder() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that has made a folder and uses it, and the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout
            yield child, Path(child.stdout.readline().strip())
        finally:
            child.kill()


def kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL


def test_the_folder_of_a_killed_process_goes_and_that_of_a_living_one_stays(place: Path) -> None:
    with holder() as (first, dead), holder() as (_, living):
        assert dead.parent == living.parent == place
        kill(first)
        assert (dead / "000000.parquet").is_file()
        folder = made()
        assert sorted(place.iterdir()) == sorted([living, folder.path])
        assert (living / "inner" / "000001").stat().st_size == 100


def test_processes_that_make_and_clear_folders_at_once_lose_none_of_theirs(place: Path) -> None:
    code = """
from netlib.data.temporary_folder import TemporaryFolder
for number in range(60):
    folder = TemporaryFolder("it", "it cannot be kept", 10)
    (folder.path / "file").write_text(str(number))
    other = TemporaryFolder("it", "it cannot be kept", 10)
    assert (folder.path / "file").read_text() == str(number)
"""
    with holder() as (first, dead):
        kill(first)
    children = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for child in children:
        assert child.communicate()[1] == ""
        assert child.returncode == 0
    assert not dead.exists()
    assert list(place.iterdir()) == []


def test_a_process_that_ends_removes_its_folder(place: Path) -> None:
    with holder() as (child, folder):
        assert folder.is_dir()
        child.communicate("")
        assert child.returncode == 0
    assert list(place.iterdir()) == []
    kept = made()
    assert list(place.iterdir()) == [kept.path]
    del kept
    gc.collect()
    assert list(place.iterdir()) == []


def test_what_netlab_did_not_make_stays(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / LOCK).touch()
    (elsewhere / "precious").touch()
    (place / "netlab-link").symlink_to(elsewhere)
    (place / "netlab-file").touch()
    for name in ("netlab-without", "netlab-locklink", "netlab-lockfolder", "netlab-pipe", "other-folder"):
        (place / name).mkdir()
    (place / "netlab-locklink" / LOCK).symlink_to(elsewhere / LOCK)
    (place / "netlab-lockfolder" / LOCK).mkdir()
    os.mkfifo(place / "netlab-pipe" / LOCK)
    (place / "other-folder" / LOCK).touch()
    before = sorted(place.rglob("*"))
    folder = made()
    assert sorted(path for path in place.rglob("*") if folder.path not in (path, path.parent)) == before
    assert sorted(path.name for path in elsewhere.iterdir()) == sorted([LOCK, "precious"])


def test_links_inside_a_leftover_are_not_followed(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "precious").touch()
    leftover = place / "netlab-leftover"
    leftover.mkdir()
    (leftover / LOCK).touch()
    (leftover / "link").symlink_to(elsewhere)
    temporary_leftovers.clear(place, "netlab-")
    assert list(place.iterdir()) == []
    assert (elsewhere / "precious").is_file()


def test_a_leftover_that_may_not_be_removed_stops_nothing(place: Path) -> None:
    leftover = place / "netlab-leftover"
    leftover.mkdir()
    (leftover / LOCK).touch()
    (leftover / "file").touch()
    before = os.geteuid()
    try:
        if before == 0:  # permissions do not bind root
            os.chown(leftover, 65534, -1)
        else:
            leftover.chmod(0o500)
        folder = made()
        assert folder.path.is_dir()
        assert (leftover / "file").is_file()
    finally:
        leftover.chmod(0o700)


def test_a_place_that_cannot_be_written_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(place / "nothing"))
    with pytest.raises(
        NetlabError, match=r"^it cannot be kept: .*No such file or directory.*; name a folder with more room"
    ):
        made()
