"""SHA-256 of several files at once: the hash of one keeps one core busy, whatever the disk gives.

One hash of a whole file, not one of its pieces, is enough: where the processor knows SHA-256, a core hashes 1.2 GB/s, which is
more than most disks read, and the files of a checkpoint are several.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from netlib.spec.cores import available_cores

Item = TypeVar("Item")
Result = TypeVar("Result")


def sha256_of(paths: Sequence[Path]) -> dict[str, str]:
    """The SHA-256 of each file in hexadecimal, by the file's name.

    Raises:
        OSError: the system refuses to read one.
    """
    return dict(zip((path.name for path in paths), at_once(sha256, paths), strict=True))


def at_once(act: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What `act` returns for each item, in their order; as many at once as there are cores.

    Raises:
        Exception: that of the first item, in their order, for which `act` raised one.
    """
    items = list(items)
    if len(items) < 2:
        return [act(item) for item in items]
    with ThreadPoolExecutor(min(len(items), available_cores()), "netlab-read") as pool:
        return list(pool.map(act, items))


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal.

    Raises:
        OSError: the system refuses to read it.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
