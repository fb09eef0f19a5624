"""Reads the files of a run's data to their end while it trains, to know what they held; see `netlib.runs.data_files`."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from typing import Self

from netlib.runs import data_files
from netlib.runs.data_files import Known
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError
from netlib.spec.sources.stamps import StampedFile, stamp

MOST_FILES = 100_000
"""Of more, nothing is kept: the list itself would be a large file."""
PORTION = 2**20
"""Bytes that are read at once."""
REST = 3.0
"""For how many times as long as a portion took it rests after it: it takes a quarter of a core and of the disk, at most."""
KEPT_EVERY = 30.0
"""Seconds after which what is known by then is kept, for a process that is killed."""
LONGEST_WAIT = 2.0
"""Seconds that the end of a training waits for a disk that does not answer."""


class Digesting:
    """Inside, a thread of lowest priority reads files and writes down their SHA-256; it stops when the block ends.

    What it has not come to it does when the run is gone on with. It changes nothing that is computed, and what it cannot do is no
    error: a file that was touched is then refused as one that has changed.

    Args:
        run: whose `data_files.json` is written.
        files: as they were when the training opened them.
    """

    def __init__(self, run: RunDirectory, files: Sequence[StampedFile]) -> None:
        self._run = run
        self._files = files if len(files) <= MOST_FILES else ()
        self._portion = bytearray(PORTION)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="netlab-digest", daemon=True)

    def __enter__(self) -> Self:
        with suppress(RuntimeError):  # the system has no thread to give
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(LONGEST_WAIT)

    def _work(self) -> None:
        _lowest_priority()
        with suppress(NetlabError):
            self._add_to(data_files.known(self._run))

    def _add_to(self, then: dict[str, Known]) -> None:
        """Finds what is not known yet, and keeps it."""
        kept, at = dict(then), time.monotonic()
        for file in self._files:
            known = then.get(file.name)
            if known and file.changed in known.changed:
                continue
            digest = self._digest(file)
            if self._stop.is_set():
                break
            if digest and digest == (known.sha256 if known else digest):
                then[file.name] = Known(digest, (*(known.changed if known else ()), file.changed))
            if time.monotonic() - at > KEPT_EVERY:
                data_files.write(self._run, then)
                kept, at = dict(then), time.monotonic()
        if then != kept:
            data_files.write(self._run, then)

    def _digest(self, file: StampedFile) -> str | None:
        """Its SHA-256; None where it cannot be read to its end, or is no longer the file that was opened."""
        digest = hashlib.sha256()
        with suppress(OSError), file.path.open("rb", buffering=0) as opened:
            while self._rested(opened, digest):
                pass
            if not self._stop.is_set() and stamp(file.path) == (file.size, file.changed):
                return digest.hexdigest()
        return None

    def _rested(self, opened: FileIO, digest: hashlib._Hash) -> bool:
        """Takes a portion, and rests; whether there may be another one."""
        began = time.monotonic()
        length = opened.readinto(self._portion)
        digest.update(memoryview(self._portion)[:length])
        return length > 0 and not self._stop.wait(REST * (time.monotonic() - began))


def _lowest_priority() -> None:
    """Of this thread alone, which only Linux can do."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
