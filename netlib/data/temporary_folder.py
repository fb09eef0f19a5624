"""A folder for what is more than memory may hold, that is there as long as it is wanted."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

from netlib.data.temporary_leftovers import clear, let_go, make
from netlib.spec.errors import NetlabError

PREFIX = "netlab-"
"""How the names of such folders begin."""
MOUNTS = Path("/proc/self/mounts")
"""What is mounted where, as Linux tells it."""
_IN_MEMORY = ("tmpfs", "ramfs")
_REMEDY = "name a folder with more room in the variable TMPDIR, or allow more memory"


class TemporaryFolder:
    """A new folder; it is removed when nothing refers to it any more, at the latest as the process ends.

    That of a process that was killed is removed by the next process that makes one.
    """

    def __init__(self, what: str, refused: str, needed: int) -> None:
        """Makes the folder where temporary files are kept.

        Args:
            what: takes the room.
            refused: what is said to fail where the system refuses.
            needed: how many bytes it takes, about.

        Raises:
            NetlabError: the disk has less room than that, or nothing can be written.
        """
        self._refused = refused
        try:
            place = tempfile.gettempdir()
            clear(Path(place), PREFIX)
            free = shutil.disk_usage(place).free
            if free < needed:
                room = f"takes about {needed / 1e6:,.1f} MB, but {place} has room for {free / 1e6:,.1f} MB"
                raise NetlabError(f"{what} {room}; {_REMEDY}")
            self._path, lock = make(PREFIX)
        except OSError as error:
            raise self.failed(error) from None
        weakref.finalize(self, let_go, self._path, lock)

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    def failed(self, error: Exception) -> NetlabError:
        """What is to be said where nothing can be written to it."""
        return NetlabError(f"{self._refused}: {str(error).splitlines()[0]}; {_REMEDY}")


def free_room() -> int:
    """How many bytes there is room for where temporary files are kept; 0 where that is memory, or cannot be told."""
    try:
        place = Path(tempfile.gettempdir()).resolve()
        return 0 if _is_memory(place) else shutil.disk_usage(place).free
    except OSError:
        return 0


def _is_memory(place: Path) -> bool:
    """Whether files there take memory; Linux says it, elsewhere temporary files are on disks."""
    if not MOUNTS.exists():
        return False
    mounts = [line.split()[1:3] for line in MOUNTS.read_text().splitlines()]
    around = [(len(point), kind) for point, kind in mounts if place.is_relative_to(point)]
    return bool(around) and max(around)[1] in _IN_MEMORY
