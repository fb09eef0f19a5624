from __future__ import annotations

from pathlib import Path

import pytest

from netlib.spec.errors import UsageError
from netlib.tasks.written_files import need_folder, need_room


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("there.csv").touch()
    Path("folder").mkdir()


@pytest.mark.parametrize("path", ["new.csv", "folder/new.csv"])
def test_there_is_room(path):
    need_room(Path(path), overwrite=False)
    need_folder(Path(path))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("folder", "folder is a folder; give the name of a file to write"),
        ("there.csv", "there.csv is there already; choose another name, or write over it with --overwrite"),
        ("my nets/new.csv", "there is no folder 'my nets' to write 'new.csv' into"),
        ("there.csv/new.csv", "there is no folder 'there.csv' to write 'new.csv' into"),
    ],
)
def test_there_is_none(path, message):
    with pytest.raises(UsageError) as caught:
        need_room(Path(path), overwrite=False)
    assert str(caught.value) == message


def test_what_is_there_may_be_written_over():
    need_room(Path("there.csv"), overwrite=True)
    with pytest.raises(UsageError, match="is a folder"):
        need_room(Path("folder"), overwrite=True)
