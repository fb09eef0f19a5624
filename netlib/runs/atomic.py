"""Files that appear whole or not at all: written beside, synced, renamed."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from netlib.spec.errors import NetlabError

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new name beside `path` to write to; the file becomes `path` when the block ends, and is removed if it fails.

    Raises:
        NetlabError: if the system refuses (no space, no permission); what `path` held before is untouched.
    """
    beside = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        with explained(path):
            yield beside
            sync(beside)
            beside.replace(path)
            sync(path.parent)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Make `data` the whole content of the file `path`."""
    with replacing(path) as beside:
        beside.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Make `text` the whole content of the file `path`, in UTF-8 and with its line ends as they are."""
    write_bytes(path, text.encode())


def sync(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a folder; a file they can.
        if not path.is_dir() or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def clear_temporary(folder: Path) -> None:
    """Remove what killed writers left in `folder`."""
    for entry in folder.iterdir():
        if _TEMPORARY.fullmatch(entry.name):
            entry.unlink(missing_ok=True)


@contextmanager
def explained(path: Path, verb: str = "write") -> Iterator[None]:
    """The system's refusals inside the block, as an error that says what could not be done and why."""
    try:
        yield
    except OSError as error:
        raise NetlabError(f"cannot {verb} {path}: {error.strerror or error}") from error
