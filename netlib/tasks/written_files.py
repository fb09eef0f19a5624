"""Whether a file that is to be written can be put where it is asked for: known before the work that makes it."""

from __future__ import annotations

from pathlib import Path

from netlib.spec.errors import UsageError


def need_room(path: Path, overwrite: bool) -> None:
    """Refuses a file that cannot be put there.

    Raises:
        UsageError: it is there already, unless it may be, or its folder is not.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give the name of a file to write")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} is there already; choose another name, or write over it with --overwrite")
    need_folder(path)


def need_folder(path: Path) -> None:
    """Refuses a file or folder in a folder that is not there.

    Raises:
        UsageError: so it is.
    """
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder '{path.parent}' to write '{path.name}' into")
