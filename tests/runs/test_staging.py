from __future__ import annotations

from pathlib import Path

import pytest

from netlib.runs import staging
from netlib.spec.errors import NetlabError


def fill(folder: Path, text: str) -> None:
    with staging.appearing(folder) as hidden:
        (hidden / "file").write_text(text)


def test_a_folder_appears_whole_and_is_replaced_whole(tmp_path: Path) -> None:
    for text in ("one", "two"):
        fill(tmp_path / "step-1", text)
        assert (tmp_path / "step-1" / "file").read_text() == text
        assert [path.name for path in tmp_path.iterdir()] == ["step-1"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_failing_writer_leaves_the_folder_that_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    def interrupted() -> None:
        with staging.appearing(tmp_path / "step-1") as hidden:
            (hidden / "file").write_text("half")
            raise error

    for expected in ([], ["step-1"]):
        with pytest.raises(error):
            interrupted()
        assert [path.name for path in tmp_path.iterdir()] == expected
        fill(tmp_path / "step-1", "whole")


def test_a_folder_that_cannot_be_put_in_place_gives_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "step-1", "old")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == ".step-1.writing":
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(NetlabError, match=r"^cannot write .*/step-1: Input/output error$"):
        fill(tmp_path / "step-1", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["step-1"]
    assert (tmp_path / "step-1" / "file").read_text() == "old"


def test_a_folder_is_removed(tmp_path: Path) -> None:
    fill(tmp_path / "step-1", "x")
    staging.remove(tmp_path / "step-1")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NetlabError, match=r"^cannot remove .*/step-1: No such file or directory$"):
        staging.remove(tmp_path / "step-1")


def test_what_a_killed_process_began_is_finished(tmp_path: Path) -> None:
    for name in (".step-1.writing", ".step-2.removed", ".step-3.replaced", ".step-4.replaced", "step-4", ".other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    staging.clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"step-3", "step-4", ".other"}
    assert (tmp_path / "step-3" / ".step-3.replaced").exists()
    assert (tmp_path / "step-4" / "step-4").exists()


def test_what_a_writer_of_another_folder_has_begun_stays(tmp_path: Path) -> None:
    (tmp_path / ".step-2.writing").mkdir()
    fill(tmp_path / "step-1", "x")
    with pytest.raises(ValueError, match="no"), staging.appearing(tmp_path / "step-3"):
        raise ValueError("no")
    assert {path.name for path in tmp_path.iterdir()} == {".step-2.writing", "step-1"}


def test_the_next_writer_clears_what_a_killed_one_left(tmp_path: Path) -> None:
    (tmp_path / ".step-1.writing").mkdir()
    (tmp_path / ".step-1.writing" / "rest").touch()
    fill(tmp_path / "step-1", "x")
    assert [path.name for path in (tmp_path / "step-1").iterdir()] == ["file"]
