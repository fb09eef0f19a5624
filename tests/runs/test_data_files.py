from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from netlib.runs import data_files
from netlib.runs.data_files import FILE, Known
from netlib.spec.errors import NetlabError
from netlib.spec.sources.stamps import StampedFile


def file_of(path: Path, content: bytes, changed: int = 5) -> StampedFile:
    path.write_bytes(content)
    return StampedFile(path.name, path, len(content), changed)


def test_what_is_kept_comes_back(run):
    assert data_files.known(run) == {}
    kept = {"a/ü.csv": Known("0f", (2**62, 1)), "b": Known("aa", (0,))}
    data_files.write(run, kept)
    assert data_files.known(run) == kept


def test_touched_are_those_of_another_time_than_any_that_is_known(run, tmp_path):
    files = [StampedFile(name, tmp_path / name, 1, 5) for name in "abc"]
    assert data_files.touched(files, {"a": Known("", (4, 5)), "b": Known("", (4, 6))}) == [files[1]]


def test_others_are_those_that_hold_something_else(tmp_path):
    files = [file_of(tmp_path / name, name.encode()) for name in "abc"]
    then = {file.name: Known(hashlib.sha256(file.name.encode()).hexdigest(), (1,)) for file in files}
    assert data_files.others(files, then) == []
    (tmp_path / "b").write_bytes(b"x")
    assert data_files.others(files, then) == [files[1]]
    (tmp_path / "c").unlink()
    with pytest.raises(NetlabError, match=r"cannot read .*/c: No such file or directory"):
        data_files.others(files, then)


@pytest.mark.parametrize(
    "text",
    [
        "", "[1]", "{", "3", '{"a": 1}', '{"a": {"sha256": "0"}}', '{"a": {"sha256": 1, "changed": [1]}}',
        '{"a": {"sha256": "0", "changed": []}}', '{"a": {"sha256": "0", "changed": [1.5]}}', "[" * 5000,
        '{"a": {"sha256": "0", "changed": "1"}}', '{"a": {"sha256": "0", "changed": [true]}}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_named(run, text):
    (run.path / FILE).write_text(text)
    with pytest.raises(NetlabError, match=r"data_files\.json is damaged: "):
        data_files.known(run)
