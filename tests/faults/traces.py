"""What a run holds, to be compared: with what it held before, or with an undisturbed one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from processes import Done

from netlib.runs import checkpoint, history, plain, pointers
from netlib.runs.directory import RunDirectory

CLOCK = ("seconds", "samples_per_second", "elapsed", "saved")


def need_success(done: Done) -> None:
    assert done.code == 0, done.err


def need_error(done: Done, *words: str, code: int = 1) -> None:
    """It failed as it should: with a message that has these words, and no traceback."""
    said = done.out + done.err  # `check` prints what it found
    assert "Traceback" not in said
    assert done.code == code, (done.code, said)
    missing = [word for word in words if word not in said]
    assert not missing, (missing, said)


def files_of(folder: Path) -> dict[str, bytes | None]:
    """Every entry with its content; that of a folder is None."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def copied(run: Path, folder: Path) -> Path:
    """A copy that may be changed, `run` in a folder."""
    return Path(shutil.copytree(run, folder / "run"))


def without_clock(value: Any) -> Any:
    """Plain values without what a clock says."""
    if isinstance(value, dict):
        return {key: without_clock(each) for key, each in value.items() if key not in CLOCK}
    return [without_clock(each) for each in value] if isinstance(value, list) else value


def records(run: Path) -> list[Any]:
    """The lines of `metrics.jsonl`; of one that was cut, nothing."""
    return [without_clock(record) for record in history.read(RunDirectory(run)).records]


def steps(run: Path) -> list[int]:
    """Of the checkpoints that are there."""
    return [checkpoint.step_of(path) or 0 for path in checkpoint.checkpoints_of(RunDirectory(run))]


def need_same_checkpoints(run: Path, whole: Path) -> None:
    """Every checkpoint of a run verifies, and has the bits of the undisturbed run's checkpoint of that step."""
    for path in checkpoint.checkpoints_of(RunDirectory(run)):
        checkpoint.verify(path)
        other = whole / "checkpoints" / path.name
        for file in path.glob("*.safetensors"):
            assert file.read_bytes() == (other / file.name).read_bytes(), file
        assert _state(path) == _state(other)


def need_same_end(run: Path, whole: Path) -> None:
    """A run that is complete is the same as the undisturbed one, and nothing lies about that a fault left."""
    need_same_checkpoints(run, whole)
    assert records(run) == records(whole)
    for pointer in pointers.POINTERS:
        named = [pointers.pointed(RunDirectory(each), pointer) for each in (run, whole)]
        assert [path and path.name for path in named] == [named[1] and named[1].name] * 2
    left = [path for path in run.rglob("*") if path.name.startswith(".") or path.name.endswith(".tmp")]
    assert left == []


def _state(path: Path) -> Any:
    return without_clock(plain.from_json((path / checkpoint.STATE).read_bytes()))
