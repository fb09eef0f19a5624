"""Which samples of a stream are kept as they are decoded, so that they are decoded once and not in each epoch."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from netlib.data.disk_cache import DiskCache, size_of
from netlib.data.streaming import Reader
from netlib.data.temporary_folder import free_room
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.spec.launched import launched_workers

MOST_BYTES = 8 * 10**9
"""Of samples that are kept without being asked for, on one machine."""
SHARE = 0.5
"""Of the disk's free room that they may take, with those of other workers that `netlab launch` started beside this process."""


@runtime_checkable
class Costly(Protocol):
    """A `Reader` that says whether it takes much longer to decode its samples than to read what was decoded."""

    @property
    def costly(self) -> bool:
        """Whether it does."""
        ...


def kept(spec: DataSpec, reader: Reader) -> tuple[Reader, tuple[str, ...]]:
    """What reads the samples, and keeps them where that is asked for or worth it; and what is to be said if it is not done.

    Raises:
        NetlabError: it is asked for, and the disk has no room.
    """
    if spec.cache == "disk":
        return DiskCache.of(reader), ()
    if spec.cache == "none" or not (isinstance(reader, Costly) and reader.costly):
        return reader, ()
    size, most = size_of(reader), min(MOST_BYTES, SHARE * free_room()) / max(1, launched_workers())
    if not size:
        return reader, ()
    if size > most:
        return reader, (_decoded_anew(f"kept they would take {size / 1e6:,.1f} MB, more than {most / 1e6:,.1f} MB"),)
    try:
        return DiskCache.of(reader), ()
    except NetlabError as error:
        return reader, (_decoded_anew(str(error)),)


def _decoded_anew(why: str) -> str:
    return f"samples are decoded anew in each epoch: {why}; data.cache (disk, none) says whether they are kept"
