"""Removes runs, each whole; what is no run, is being trained, or lies behind a link is refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netlib.runs import atomic
from netlib.runs.directory import RunDirectory, open_run
from netlib.runs.lock import alone, need_free
from netlib.runs.overview import Overview, overview
from netlib.spec.errors import UsageError


@dataclass(frozen=True)
class Doomed:
    """A run that would be removed, and the bytes of its files."""

    run: RunDirectory
    overview: Overview
    bytes: int


def doomed(paths: Sequence[Path]) -> list[Doomed]:
    """What would be removed; nothing is touched.

    Raises:
        UsageError: one is no run, is a link, or is being trained.
    """
    runs = {path.resolve(): _removable(path) for path in paths}
    return [Doomed(run, overview(run), _size(run.path)) for run in runs.values()]


def remove_run(each: Doomed) -> None:
    """Removes it. It is renamed first, so that what a kill leaves of it is never taken for a run.

    Raises:
        UsageError: it is being trained by now.
        NetlabError: the system refuses.
    """
    path = each.run.path.resolve()
    hidden = path.with_name(f".{path.name}.{os.urandom(4).hex()}.removed")
    with alone(each.run), atomic.explained(each.run.path, "remove"):
        path.rename(hidden)
        shutil.rmtree(hidden / each.run.checkpoints.name)
        shutil.rmtree(hidden)
        atomic.sync(path.parent)


def _removable(path: Path) -> RunDirectory:
    if path.is_symlink():
        raise UsageError(f"'{path}' is a link to '{path.resolve()}': remove the link yourself, or name the run")
    run = open_run(path)
    for file in (run.resolved, run.environment):  # many a folder has one that is called checkpoints
        if not file.is_file():
            raise UsageError(f"'{path}' is not removed: it has no {file.name}, as every run has; look what it is")
    if run.checkpoints.is_symlink():
        raise UsageError(f"'{path}' is not removed: its {run.checkpoints.name} are a link; look what it is")
    need_free(run)
    return run


def _size(folder: Path) -> int:
    """Of all files in it, without what links lead to."""
    found = (Path(place) / name for place, _, names in os.walk(folder) for name in names)
    return sum(path.lstat().st_size for path in found)
