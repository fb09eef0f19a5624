from __future__ import annotations

from pathlib import Path

import pytest

from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory, create
from netlib.runs.errors import CheckpointError
from netlib.runs.locate import find_checkpoint, newest_valid, read_newest
from netlib.runs.pointers import point
from netlib.spec.errors import UsageError


@pytest.fixture
def written(run: RunDirectory) -> list[Path]:
    return [checkpoint.write(run, step, {"model": {}}, {"step": step}) for step in (10, 20, 30)]


def test_a_run_stands_for_its_best_or_its_latest_or_its_newest_checkpoint(
    run: RunDirectory, written: list[Path]
) -> None:
    assert find_checkpoint(run.path) == written[2]
    point(run, "latest", written[1])
    assert find_checkpoint(run.path) == written[1]
    point(run, "best", written[0])
    assert find_checkpoint(str(run.path)) == written[0]


def test_every_way_to_name_a_checkpoint(
    run: RunDirectory, written: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point(run, "latest", written[2])
    point(run, "best", written[1])
    monkeypatch.chdir(run.path.parent)
    for text, expected in {
        "digits-1": 1,
        "digits-1/": 1,
        "digits-1/best": 1,
        "digits-1/latest": 2,
        "digits-1/checkpoints/best": 1,
        "digits-1/checkpoints/latest": 2,
        "digits-1/checkpoints/step-00000010": 0,
    }.items():
        assert find_checkpoint(text).resolve() == written[expected]
    monkeypatch.chdir(run.path)
    assert find_checkpoint(".").resolve() == written[1]
    assert find_checkpoint("latest").resolve() == written[2]
    monkeypatch.chdir(run.checkpoints)
    assert find_checkpoint("step-00000020").resolve() == written[1]
    copied = written[0].rename(tmp_path / "mine")
    assert find_checkpoint(copied) == copied


def test_latest_is_the_newest_when_there_is_no_pointer_yet(run: RunDirectory, written: list[Path]) -> None:
    assert find_checkpoint(run.path / "latest") == written[2]


def test_what_is_not_there_is_reported_with_what_is(run: RunDirectory, written: list[Path]) -> None:
    point(run, "latest", written[2])
    there = "step-00000010, step-00000020, step-00000030, latest"
    for text, message in {
        "best": rf"^run '.*/digits-1' has no 'best' checkpoint; the run has: {there}$",
        "checkpoints": rf"^there is no checkpoint '.*/digits-1/checkpoints'; the run has: {there}$",
        "checkpoints/bset": rf"^there is no checkpoint '.*/checkpoints/bset'; the run has: {there}$",
        "checkpoints/step-00000021": r"^there is no checkpoint .*; did you mean 'step-000000\d0'\?$",
        "step-00000020": r"^there is no checkpoint '.*/digits-1/step-00000020'; did you mean 'step-00000020'\?$",
    }.items():
        with pytest.raises(UsageError, match=message) as caught:
            find_checkpoint(run.path / text)
        assert caught.value.exit_code == 2


def test_a_run_that_is_not_there_is_reported_with_those_that_are(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.path.parent.parent)
    missing = r"^there is no run 'runs/digit-1'; did you mean 'runs/digits-1'\?$"
    for text in ("runs/digit-1", "runs/digit-1/best", "runs/digit-1/checkpoints/step-00000010"):
        with pytest.raises(UsageError, match=missing):
            find_checkpoint(text)
    with pytest.raises(UsageError, match=r"^'runs' is not a run directory .*; the runs there: runs/digits-1$"):
        find_checkpoint("runs/latest")
    with pytest.raises(UsageError, match=r"^cannot look for the run 'x+': File name too long$"):
        find_checkpoint("x" * 300)
    Path("model.h5").touch()
    with pytest.raises(UsageError, match=r"^'model\.h5' is a file, not a run directory"):
        find_checkpoint("model.h5")


def test_a_run_without_checkpoints_says_so(run: RunDirectory) -> None:
    with pytest.raises(UsageError, match=r"^run '.*/digits-1' has no checkpoint yet$"):
        find_checkpoint(run.path)
    with pytest.raises(UsageError, match=r"has no 'best' checkpoint; the run has none yet$"):
        find_checkpoint(run.path / "best")
    with pytest.raises(UsageError, match=r"^run '.*/digits-1' has no checkpoint to go on from$"):
        newest_valid(run)
    run.write("resolved.yaml", "format: 1\n")
    again = r"go on from; start again with: netlab train .*/digits-1/resolved\.yaml$"
    with pytest.raises(UsageError, match=again):
        newest_valid(run)


def test_a_damaged_pointer_is_no_reason_to_take_another_checkpoint(run: RunDirectory, written: list[Path]) -> None:
    (run.checkpoints / "best").write_text("step-00000099\n")
    with pytest.raises(CheckpointError, match="best names 'step-00000099', which is not there"):
        find_checkpoint(run.path)


def test_the_newest_checkpoint_that_verifies_is_found_and_the_damaged_are_reported(
    run: RunDirectory, written: list[Path]
) -> None:
    assert newest_valid(run) == (written[2], [])
    (written[2] / "state.json").write_text("{}")
    (written[1] / "manifest.json").unlink()
    found, damaged = newest_valid(run)
    assert found == written[0]
    assert [entry.path for entry in damaged] == [written[2], written[1]]
    assert "state.json has 2 bytes" in damaged[0].reason
    assert "is no checkpoint: it has no manifest.json" in damaged[1].reason
    saved, passed_over = read_newest(run)
    assert (saved.path, saved.step, [each.path for each in passed_over]) == (found, 10, [written[2], written[1]])


def test_no_checkpoint_that_verifies_is_an_error_with_all_reasons(run: RunDirectory, written: list[Path]) -> None:
    for path in written:
        (path / "state.json").unlink()
    message = r"^run '.*' has no checkpoint that can be used:\n  checkpoint .*30 is damaged: .*\n.*20 is damaged.*\n.*10 is dam"
    with pytest.raises(CheckpointError, match=message):
        newest_valid(run)


def test_a_relative_run_gives_relative_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = create(Path("runs"), "a")
    path = checkpoint.write(run, 1, {"model": {}}, {})
    point(run, "best", path)
    assert find_checkpoint("runs/a-1") == Path("runs/a-1/checkpoints/step-00000001")
