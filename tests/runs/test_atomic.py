from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from netlib.runs import atomic
from netlib.spec.errors import NetlabError


def test_a_file_is_written_and_replaced_with_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "summary.txt"
    atomic.write_text(file, "one\r\nzwei ü\n")
    assert file.read_bytes() == "one\r\nzwei ü\n".encode()
    atomic.write_bytes(file, b"\0\1")
    assert file.read_bytes() == b"\0\1"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_gets_the_permissions_that_the_user_gives_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic.write_text(tmp_path / "log.txt", "")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "log.txt").stat().st_mode) == 0o640


def test_a_failing_writer_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "state"
    atomic.write_text(file, "old")

    def interrupted() -> None:
        with atomic.replacing(file) as beside:
            beside.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_system_s_refusal_names_the_file_and_the_reason(tmp_path: Path) -> None:
    with pytest.raises(NetlabError, match=r"^cannot write .*/missing/file: No such file or directory$") as caught:
        atomic.write_text(tmp_path / "missing" / "file", "")
    assert caught.value.exit_code == 1
    (tmp_path / "folder").mkdir()
    with pytest.raises(NetlabError, match=r"^cannot write .*/folder: Is a directory$"):
        atomic.write_text(tmp_path / "folder", "")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_another_verb_can_be_given(tmp_path: Path) -> None:
    with pytest.raises(NetlabError, match=r"^cannot remove .*/x: "), atomic.explained(tmp_path / "x", "remove"):
        (tmp_path / "x").unlink()


def test_temporary_files_of_a_killed_writer_are_cleared_and_no_others(tmp_path: Path) -> None:
    for name in (".latest.0a1b2c3d.tmp", ".hidden", "a.tmp", ".latest.tmp"):
        (tmp_path / name).touch()
    atomic.clear_temporary(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".hidden", "a.tmp", ".latest.tmp"}
