"""Temporary folders that killed processes have left: each has a file that its process keeps locked, and the system takes the lock
back however the process ends. A folder whose file can be locked by another belongs to nobody any more.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

LOCK = "netlab.lock"
"""The empty file in each folder; a folder without it is none of ours."""
_COMING = f"{LOCK}.new"


def make(prefix: str) -> tuple[Path, int | None]:
    """A new folder, and the descriptor that holds its lock as long as it is open; see `let_go`.

    None where files cannot be locked, as on Windows and some network file systems: such a folder is never called a leftover.

    Raises:
        OSError: the system refuses.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        return folder, _hold(folder)
    except OSError:
        _remove(folder)
        raise


def let_go(folder: Path, lock: int | None) -> None:
    """Removes the folder, then gives up its lock."""
    _remove(folder)
    if lock is not None:
        os.close(lock)


def clear(place: Path, prefix: str) -> None:
    """Removes this user's folders in `place` whose names begin with `prefix` and whose processes are gone.

    What is a link, another user's or without the file `LOCK` stays, and so does what the system does not let go.
    """
    if sys.platform == "win32":
        return
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    _clear_one(place / entry.name)


def _hold(folder: Path) -> int | None:
    if sys.platform == "win32":
        return None
    coming = folder / _COMING
    descriptor = os.open(coming, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    if not _locked(descriptor):
        os.close(descriptor)
        coming.unlink()
        return None
    coming.rename(folder / LOCK)  # only now: an unlocked file of that name would say that the folder is nobody's
    return descriptor


def _remove(folder: Path) -> None:
    """The file `LOCK` goes last: if the process is killed meanwhile, the rest is still known as a leftover."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name == LOCK:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        (folder / LOCK).unlink(missing_ok=True)
        folder.rmdir()


def _clear_one(folder: Path) -> None:
    if folder.lstat().st_uid != os.geteuid():
        return
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
        if ours and _locked(descriptor) and os.path.samestat(status, (folder / LOCK).lstat()):
            _remove(folder)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Whether the file is this process's from now on."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another process has it, or this file system has no locks
        return False
    return True
