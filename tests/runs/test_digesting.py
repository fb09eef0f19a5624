from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from netlib.runs import data_files, digesting
from netlib.runs.data_files import Known
from netlib.runs.digesting import Digesting
from netlib.spec.errors import NetlabError
from netlib.spec.sources.stamps import StampedFile, stamp


def file_of(path: Path, content: bytes) -> StampedFile:
    path.write_bytes(content)
    return StampedFile(path.name, path, *stamp(path))


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_all(run, files) -> dict[str, Known]:
    """What is known when the thread has come to its end."""
    with Digesting(run, files) as reading:
        reading._thread.join(20)
        assert not reading._thread.is_alive()
    return data_files.known(run)


def test_every_file_is_read_to_its_end(run, tmp_path):
    contents = {"a": b"", "b": b"x", "c": os.urandom(digesting.PORTION), "d": os.urandom(2 * digesting.PORTION + 7)}
    files = [file_of(tmp_path / name, content) for name, content in contents.items()]
    found = read_all(run, files)
    assert found == {file.name: Known(digest_of(contents[file.name]), (file.changed,)) for file in files}


def test_what_is_known_is_not_read_again_and_a_new_time_is_added(run, tmp_path):
    kept, touched, other = (file_of(tmp_path / name, name.encode()) for name in ("kept", "touched", "other"))
    data_files.write(
        run,
        {
            "kept": Known("not read", (kept.changed,)),
            "touched": Known(digest_of(b"touched"), (1,)),
            "other": Known(digest_of(b"what it was"), (1,)),
        },
    )
    found = read_all(run, [kept, touched, other])
    assert found == {
        "kept": Known("not read", (kept.changed,)),
        "touched": Known(digest_of(b"touched"), (1, touched.changed)),
        "other": Known(digest_of(b"what it was"), (1,)),
    }


def test_a_file_that_is_no_longer_the_one_that_was_opened_is_left_out(run, tmp_path):
    files = [file_of(tmp_path / name, b"one") for name in "abc"]
    (tmp_path / "a").write_bytes(b"another")
    (tmp_path / "b").unlink()
    assert set(read_all(run, files)) == {"c"}


def test_it_stops_where_the_training_ends_and_keeps_what_it_has(run, tmp_path, monkeypatch):
    files = [file_of(tmp_path / "small", b"x"), file_of(tmp_path / "large", bytes(50 * digesting.PORTION))]
    monkeypatch.setattr(digesting, "REST", 1000.0)
    began = time.monotonic()
    with Digesting(run, files) as reading:
        time.sleep(0.2)
    assert time.monotonic() - began < 5
    assert not reading._thread.is_alive()
    assert set(data_files.known(run)) <= {"small"}
    monkeypatch.undo()
    assert set(read_all(run, files)) == {"small", "large"}


def test_what_is_known_is_kept_on_the_way_for_a_process_that_is_killed(run, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(digesting, "KEPT_EVERY", 0.0)
    monkeypatch.setattr(data_files, "write", lambda run, files: written.append(sorted(files)))
    read_all(run, [file_of(tmp_path / name, b"x") for name in "ab"])
    assert written == [["a"], ["a", "b"]]


def test_of_very_many_files_nothing_is_kept(run, tmp_path, monkeypatch):
    monkeypatch.setattr(digesting, "MOST_FILES", 1)
    assert read_all(run, [file_of(tmp_path / name, b"x") for name in "ab"]) == {}


def test_what_cannot_be_written_or_read_ends_no_training(run, tmp_path, monkeypatch):
    (run.path / data_files.FILE).write_text("{")
    with Digesting(run, [file_of(tmp_path / "a", b"x")]) as reading:
        reading._thread.join(20)
    assert (run.path / data_files.FILE).read_text() == "{"

    def refuse(*_: object) -> None:
        raise NetlabError("the disk is full")

    (run.path / data_files.FILE).unlink()
    monkeypatch.setattr(data_files, "write", refuse)
    assert read_all(run, [file_of(tmp_path / "a", b"x")]) == {}


def test_a_system_without_a_thread_to_give(run, tmp_path, monkeypatch):
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with Digesting(run, [file_of(tmp_path / "a", b"x")]):
        pass
    assert data_files.known(run) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="only there a thread has a priority of its own")
def test_it_alone_has_the_lowest_priority(run, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        data_files, "write", lambda *_: seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    )
    before = os.getpriority(os.PRIO_PROCESS, 0)
    read_all(run, [file_of(tmp_path / "a", b"x")])
    assert seen == [19]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
