"""`latest` and `best`: one-line files that name a checkpoint of their run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal, get_args

from netlib.runs import atomic
from netlib.runs.checkpoint import checkpoints_of, step_of
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import CheckpointError

Pointer = Literal["latest", "best"]
POINTERS: tuple[Pointer, ...] = get_args(Pointer)
_TRIES = 10
_PAUSE = 0.02


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

    Another process may be writing the run: where the checkpoint is not there, the pointer may name another by now, or the
    checkpoint is being replaced, and is there in a moment.

    Raises:
        CheckpointError: if the pointer does not name a checkpoint that is there.
    """
    tries = _TRIES
    while (checkpoint := _named(run, pointer)) and (checkpoint.is_symlink() or not checkpoint.is_dir()):
        if not (tries := tries - 1):
            raise CheckpointError(f"{run.checkpoints / pointer} names '{checkpoint.name}', which is not there")
        time.sleep(_PAUSE)
    return checkpoint


def _named(run: RunDirectory, pointer: Pointer) -> Path | None:
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
    return checkpoint
