"""Reading a checkpoint of a run that may be trained meanwhile: what a pointer names is then soon another, the old one gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from netlib.runs.directory import RunDirectory
from netlib.runs.errors import CheckpointError
from netlib.runs.locate import find_checkpoint
from netlib.runs.lock import is_taken

_TRIES = 20
_PAUSE = 0.05


def read_found(text: str, read: Callable[[Path], None]) -> Path:
    """Lets the checkpoint be read that `text` means (see `find_checkpoint`); returns the one that was read.

    Where it was removed or replaced while it was read, the one is read that is meant now.

    Raises:
        UsageError: there is no such checkpoint (any more).
        CheckpointError: it is damaged, or the process that trains the run is always faster.
    """
    for left in reversed(range(_TRIES)):
        path = find_checkpoint(text)
        try:
            read(path)
        except CheckpointError:
            if not left or (path.is_dir() and not is_taken(RunDirectory(path.absolute().parent.parent))):
                raise
            time.sleep(_PAUSE)
        else:
            return path
    raise AssertionError
