from __future__ import annotations

from pathlib import Path

import pytest

from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import CheckpointError
from netlib.runs.pointers import point, pointed
from netlib.runs.retention import prune
from netlib.spec.errors import NetlabError


@pytest.fixture
def written(run: RunDirectory) -> list[Path]:
    return [checkpoint.write(run, step, {"model": {}}, {}) for step in (0, 10, 20, 30, 40)]


def test_a_pointer_is_one_line_and_can_be_moved(run: RunDirectory, written: list[Path]) -> None:
    assert pointed(run, "best") is None
    for path in written:
        point(run, "best", path)
        assert (run.checkpoints / "best").read_text() == f"{path.name}\n"
        assert pointed(run, "best") == path
        assert pointed(run, "latest") is None


def test_a_pointer_names_only_checkpoints_of_its_run(run: RunDirectory, written: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^.*/step-00000001 is not a checkpoint of .*/digits-1$"):
        point(run, "latest", run.checkpoints / "step-00000001")
    with pytest.raises(ValueError, match="is not a checkpoint of"):
        point(run, "latest", tmp_path / written[0].name)
    assert not (run.checkpoints / "latest").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"checkpoints/best is damaged: expected the name of a checkpoint, got ''$"),
        (b"../../digits-2/checkpoints/step-00000010", r"is damaged: expected the name of a checkpoint, got '\.\./"),
        (b"/etc/step-00000010", r"is damaged: expected the name of a checkpoint, got '/etc/"),
        (b"step-00000010\nstep-00000020\n", r"is damaged: expected the name of a checkpoint"),
        (b"step-10", r"is damaged: expected the name of a checkpoint"),
        (b"step-00000010\0", r"is damaged: expected the name of a checkpoint"),
        (b"\xff" * 9, r"checkpoints/best cannot be read: 'ascii' codec"),
        (b"x" * 10_000, r"is damaged: expected the name of a checkpoint, got 'x{40}'$"),
        (b"step-00000011\n", r"checkpoints/best names 'step-00000011', which is not there$"),
    ],
)
def test_a_pointer_that_leads_elsewhere_or_nowhere_is_damaged(
    run: RunDirectory, written: list[Path], content: bytes, message: str
) -> None:
    (run.checkpoints / "best").write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        pointed(run, "best")
    with pytest.raises(CheckpointError, match=message):
        prune(run, keep_last=1)
    assert checkpoint.checkpoints_of(run) == written


def test_a_pointer_to_a_link_is_refused(run: RunDirectory, written: list[Path], tmp_path: Path) -> None:
    point(run, "best", written[1])
    written[1].rename(tmp_path / "away")
    written[1].symlink_to(tmp_path / "away")
    with pytest.raises(CheckpointError, match="names 'step-00000010', which is not there"):
        pointed(run, "best")


def test_a_pointer_that_cannot_be_written_is_reported(run: RunDirectory, written: list[Path]) -> None:
    (run.checkpoints / "best").mkdir()
    with pytest.raises(NetlabError, match=r"^cannot write .*/checkpoints/best: Is a directory$"):
        point(run, "best", written[0])
    with pytest.raises(CheckpointError, match=r"checkpoints/best cannot be read: .*Is a directory"):
        pointed(run, "best")
