"""Faults that a process meets at a place in its own course: at the n-th write to a run, when a file is opened, and so on.

They are real: the process is killed by the system, files are limited by the system, data is removed from the disk.
"""

from __future__ import annotations

import io
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR
CHANGING = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "shutil.move"}


def arrange(
    run: str | None = None,
    kill_at: int | None = None,
    count_to: str | None = None,
    files_no_larger_than: int | None = None,
    full_at: tuple[str, int] | None = None,
    clock: float | None = None,
    after: str | None = None,
    do: list[list[str]] | None = None,
    memory: int | None = None,
) -> None:
    """Makes faults come.

    Args:
        run: the folder that `kill_at`, `count_to` and `full_at` are about.
        kill_at: the number of the call that changes the run, or writes to it, before which the process is killed; of what is
            written then, half is written before.
        count_to: a file to which the number of such calls is written.
        files_no_larger_than: bytes; no file can become larger.
        full_at: a part of a file's name, and a number; when such a file of the run is opened to be written for that time, and
            from then on, no file can grow.
        clock: seconds by which the clock is wrong.
        after: a part of a name; when something has been renamed to such a name, `do` is done.
        do: commands, word by word.
        memory: bytes of memory that the process may take beyond what it has.
    """
    if files_no_larger_than is not None:
        _limit_files(files_no_larger_than)
    if memory is not None:
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + memory, resource.RLIM_INFINITY))
    if clock is not None:
        really = time.time
        time.time = lambda: really() + clock
    if full_at is not None:
        _on_open(run, *full_at, lambda: _limit_files(5))
    if after is not None:
        _on_rename(after, do or [])
    if kill_at is not None or count_to is not None:
        _Calls(_absolute(run or "."), kill_at, count_to)


def _absolute(path: str | os.PathLike[str]) -> str:
    return str(Path(path).absolute())


def _limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def _on_open(run: str | None, part: str, time: int, act: Callable[[], None]) -> None:
    inside, left = _absolute(run or "."), [time]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str) or not (arguments[2] or 0) & WRITING:
            return
        if _absolute(arguments[0]).startswith(inside) and part in Path(arguments[0]).name:
            left[0] -= 1
            if left[0] == 0:
                act()

    sys.addaudithook(hook)


def _on_rename(part: str, commands: list[list[str]]) -> None:
    rename, done = os.rename, []

    def renamed(source: Any, target: Any, **options: Any) -> None:
        rename(source, target, **options)
        if part in Path(target).name and not done:
            done.append(True)
            for words in commands:
                subprocess.run(words, check=True)

    os.rename = renamed


class _Calls:
    """Counts the calls that change a run."""

    def __init__(self, run: str, kill_at: int | None, count_to: str | None) -> None:
        self._run = run
        self._kill_at = kill_at
        self._count_to = count_to
        self._count = 0
        self._lock = threading.RLock()
        self._fsync, self._open = os.fsync, io.open
        os.fsync = self._counted_fsync
        io.open = self._watched_open
        sys.addaudithook(self._hook)

    def call(self, half: Callable[[], object] | None = None) -> None:
        """One more; `half` does half of it."""
        with self._lock:
            self._count += 1
            if self._count == self._kill_at:
                if half:
                    half()
                os.kill(os.getpid(), signal.SIGKILL)
            if self._count_to:
                descriptor = os.open(self._count_to, os.O_RDWR | os.O_CREAT)
                os.pwrite(descriptor, b"%8d" % self._count, 0)
                os.close(descriptor)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in CHANGING:
            if self._is_of_run(arguments[0]) or (event in ("os.remove", "os.rmdir") and arguments[1] != -1):
                self.call()
        elif event == "open" and (arguments[2] or 0) & WRITING and self._is_of_run(arguments[0]):
            self.call()

    def _is_of_run(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and _absolute(path).startswith(self._run)

    def _counted_fsync(self, descriptor: int) -> None:
        self.call()
        self._fsync(descriptor)

    def _watched_open(self, file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        opened = self._open(file, mode, *arguments, **options)
        return _Watched(opened, self) if set(mode) & set("wax+") and self._is_of_run(file) else opened


class _Watched:
    """A file of the run that is written."""

    def __init__(self, file: Any, calls: _Calls) -> None:
        self._file = file
        self._calls = calls

    def write(self, data: Any) -> Any:
        def half() -> None:
            self._file.write(data[: len(data) // 2])
            self._file.flush()

        self._calls.call(half)
        return self._file.write(data)

    def __enter__(self) -> _Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
