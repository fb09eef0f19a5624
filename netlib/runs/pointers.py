"""`latest` and `best`: one-line files that name a checkpoint of their run, and which checkpoints are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from netlib.runs import atomic, staging
from netlib.runs.checkpoint import checkpoints_of, step_of
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import CheckpointError

Pointer = Literal["latest", "best"]
POINTERS: tuple[Pointer, ...] = get_args(Pointer)


def point(run: RunDirectory, pointer: Pointer, checkpoint: Path) -> None:
    """Make a pointer name a checkpoint of its run, atomically.

    Raises:
        ValueError: if the checkpoint is not one of the run.
        NetlabError: if the system refuses; the pointer is then as it was.
    """
    if checkpoint not in checkpoints_of(run):
        raise ValueError(f"{checkpoint} is not a checkpoint of {run.path}")
    atomic.write_text(run.checkpoints / pointer, f"{checkpoint.name}\n")


def pointed(run: RunDirectory, pointer: Pointer) -> Path | None:
    """The checkpoint that a pointer names; None if there is no such pointer yet.

    Raises:
        CheckpointError: if the pointer does not name a checkpoint that is there.
    """
    file = run.checkpoints / pointer
    try:
        text = file.read_bytes().decode("ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{file} cannot be read: {error}") from error
    checkpoint = run.checkpoints / text.removesuffix("\n")
    if checkpoint.parent != run.checkpoints or step_of(checkpoint) is None:
        raise CheckpointError(f"{file} is damaged: expected the name of a checkpoint, got {text[:40]!r}")
    if checkpoint.is_symlink() or not checkpoint.is_dir():
        raise CheckpointError(f"{file} names '{checkpoint.name}', which is not there")
    return checkpoint


def prune(run: RunDirectory, keep_last: int) -> list[Path]:
    """Remove all but the newest `keep_last` checkpoints and those that `best` and `latest` name; return what was removed.

    The checkpoint of step 0 is as any other: the initial weights follow from the config and its seed.

    Raises:
        NetlabError: if a pointer is damaged (nothing is removed then), or the system refuses.
    """
    if keep_last < 1:
        raise ValueError(f"at least 1 checkpoint must be kept, got keep_last={keep_last}")
    kept = {pointed(run, pointer) for pointer in POINTERS}
    removed = [path for path in checkpoints_of(run)[:-keep_last] if path not in kept]
    for path in removed:
        staging.remove(path)
    return removed
