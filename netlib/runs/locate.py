"""Which checkpoint is meant: by what a user typed, or to go on from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from netlib.runs import manifest
from netlib.runs.checkpoint import Checkpoint, checkpoints_of, read, step_of, verify
from netlib.runs.directory import CHECKPOINTS, RunDirectory, is_run, open_run
from netlib.runs.errors import CheckpointError
from netlib.runs.pointers import POINTERS, Pointer, pointed
from netlib.spec.errors import UsageError, did_you_mean

Used = TypeVar("Used")


@dataclass(frozen=True)
class Damaged:
    """A checkpoint that was passed over, and why."""

    path: Path
    reason: str


def find_checkpoint(text: str | Path) -> Path:
    """The checkpoint that `--checkpoint` means, not yet verified.

    A run directory stands for its best checkpoint, or its latest if none was called best. `RUN/best`, `RUN/latest` (with or
    without `checkpoints/` between) and the folder of a checkpoint are also taken.

    Raises:
        UsageError: if there is no such run or checkpoint.
        CheckpointError: if a pointer is damaged.
    """
    path = Path(text)
    if is_run(path):
        return _best(RunDirectory(path))
    if _is_checkpoint(path):
        return path
    run = open_run(_run_of(path))
    if path.name in POINTERS:
        return _named(run, path.name)
    raise UsageError(f"there is no checkpoint '{path}'{_checkpoints_there(run, path.name)}")


def newest_valid(run: RunDirectory) -> tuple[Path, list[Damaged]]:
    """The newest checkpoint of a run that verifies, and the newer ones that do not.

    Raises:
        UsageError: if the run has no checkpoint.
        CheckpointError: if none verifies.
    """

    def verified(path: Path) -> Path:
        verify(path)
        return path

    return _newest_that(verified, run)


def read_newest(run: RunDirectory) -> tuple[Checkpoint, list[Damaged]]:
    """That checkpoint, which is verified as it is read, and the newer ones that are not whole; raises as `newest_valid` does."""
    return _newest_that(read, run)


def _newest_that(use: Callable[[Path], Used], run: RunDirectory) -> tuple[Used, list[Damaged]]:
    """What `use` makes of the newest checkpoint of which it does not say that it is damaged; and those of which it does."""
    damaged: list[Damaged] = []
    for path in reversed(checkpoints_of(run)):
        try:
            return use(path), damaged
        except CheckpointError as error:
            damaged.append(Damaged(path, str(error)))
    if not damaged:
        again = f"; start again with: netlab train {run.resolved}" if run.resolved.is_file() else ""
        raise UsageError(f"run '{run.path}' has no checkpoint to go on from{again}")
    reasons = "\n".join(f"  {entry.reason}" for entry in damaged)
    raise CheckpointError(f"run '{run.path}' has no checkpoint that can be used:\n{reasons}")


def _is_checkpoint(path: Path) -> bool:
    try:
        return (step_of(path) is not None and path.is_dir()) or (path / manifest.NAME).is_file()
    except OSError:  # a name too long, a folder that may not be searched: `open_run` says so
        return False


def _run_of(path: Path) -> Path:
    """The run directory that is meant by a path into it."""
    if path.parent.name == CHECKPOINTS:
        return path.parent.parent
    return path.parent if path.name in POINTERS or is_run(path.parent) else path


def _best(run: RunDirectory) -> Path:
    return pointed(run, "best") or pointed(run, "latest") or _newest(run)


def _named(run: RunDirectory, pointer: Pointer) -> Path:
    found = pointed(run, pointer)
    if found:
        return found
    if pointer == "latest":
        return _newest(run)
    raise UsageError(f"run '{run.path}' has no '{pointer}' checkpoint{_checkpoints_there(run, pointer)}")


def _newest(run: RunDirectory) -> Path:
    """For a run that was killed between its first checkpoint and the pointer to it."""
    there = checkpoints_of(run)
    if not there:
        raise UsageError(f"run '{run.path}' has no checkpoint yet")
    return there[-1]


def _checkpoints_there(run: RunDirectory, name: str) -> str:
    names = [path.name for path in checkpoints_of(run)]
    if not names:
        return "; the run has none yet"
    return did_you_mean(name, names) or f"; the run has: {', '.join([*names, *_pointers_there(run)])}"


def _pointers_there(run: RunDirectory) -> list[str]:
    return [pointer for pointer in POINTERS if (run.checkpoints / pointer).is_file()]
