"""The moments between the making of a run directory and the first step: a training that is refused there leaves nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from netlib.runs.directory import RunDirectory


@contextmanager
def gone_unless_ready(run: RunDirectory) -> Iterator[None]:
    """Inside, a run that was just made gets all that it begins with; if that fails, it is removed."""
    try:
        yield
    except BaseException:
        shutil.rmtree(run.path, ignore_errors=True)
        raise
