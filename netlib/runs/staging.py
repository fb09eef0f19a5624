"""Folders that appear whole and vanish whole, whenever the process is killed.

A folder is filled under a hidden name and renamed, and renamed to a hidden name before it is deleted. What a killed process left
under hidden names is cleared by the next one that writes; who only reads changes nothing.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netlib.runs import atomic

_HIDDEN = re.compile(r"\.(?P<name>.+)\.(?P<state>writing|replaced|removed)")


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A hidden folder to fill with synced files; it becomes `folder` when the block ends, and is removed if it fails.

    A folder that has the name already is replaced.

    Raises:
        NetlabError: if the system refuses; a folder that had the name is still there.
    """
    with atomic.explained(folder):
        clear(folder.parent, folder.name)
        hidden = _hidden(folder, "writing")
        try:
            hidden.mkdir()
            yield hidden
            atomic.sync(hidden)
            _put_in_place(hidden, folder)
        except BaseException:
            clear(folder.parent, folder.name)
            raise


def remove(folder: Path) -> None:
    """Delete a folder; a process killed meanwhile leaves no part of it under its name."""
    with atomic.explained(folder, "remove"):
        removed = _hidden(folder, "removed")
        folder.rename(removed)
        atomic.sync(folder.parent)
        shutil.rmtree(removed)


def clear(parent: Path, name: str | None = None) -> None:
    """Finish what a killed process began in `parent`: half-written and half-deleted folders go, a replaced one comes back.

    With a `name` only of the folder that is called so: another process may be writing others.
    """
    for entry in list(parent.iterdir()):
        match = _HIDDEN.fullmatch(entry.name)
        if not match or name not in (None, match["name"]):
            continue
        folder = parent / match["name"]
        if match["state"] == "replaced" and not folder.exists():
            entry.rename(folder)
        else:
            shutil.rmtree(entry, ignore_errors=True)


def _put_in_place(hidden: Path, folder: Path) -> None:
    replaced = _hidden(folder, "replaced")
    if folder.exists():
        folder.rename(replaced)
    hidden.rename(folder)
    atomic.sync(folder.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _hidden(folder: Path, state: str) -> Path:
    return folder.with_name(f".{folder.name}.{state}")
