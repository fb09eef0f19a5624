"""Disks of a test's own: small ones, and folders that cannot be written, for root either."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """`mount OPTIONS FOLDER`, until the block ends; the test is skipped where nothing may be mounted."""
    _mount(*options, str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """`folder` is a disk of `size` bytes, in pages of the system's size."""
    folder.mkdir()
    with mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "netlab-tests"):
        yield


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody can write in `folder`."""
    with mounted(folder, "--bind", str(folder)):
        _mount("-o", "remount,bind,ro", str(folder))
        yield


@contextmanager
def filled(disk: Path, left: int) -> Iterator[None]:
    """On the disk only `left` pages are free."""
    filler, state = disk / "filler", os.statvfs(disk)
    filler.write_bytes(b"x" * max(0, (state.f_bavail - left) * state.f_frsize))
    try:
        yield
    finally:
        filler.unlink()


def _mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs to mount a folder: {done.stderr.strip()}")
