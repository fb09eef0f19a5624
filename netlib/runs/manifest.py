"""The manifest of a checkpoint: which files it has, their sizes and SHA-256, and the version of the format."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netlib.runs import atomic
from netlib.runs.errors import CheckpointError
from netlib.runs.hashing import sha256_of

NAME = "manifest.json"
FORMAT = 1
_LARGEST = 1 << 16
"""Bytes; a manifest has less than a thousand."""


@dataclass(frozen=True)
class Entry:
    """What the manifest says of one file: its size in bytes and the SHA-256 of its content in hexadecimal."""

    size: int
    sha256: str


def write(folder: Path, known: Mapping[str, str] | None = None) -> None:
    """Write the manifest of the files that are in `folder`; `known` are SHA-256 that the writer has found, by file name."""
    known = known or {}
    paths = sorted(path for path in folder.iterdir() if path.name != NAME)
    found = {**known, **sha256_of([path for path in paths if path.name not in known])}
    files = {path.name: {"size": path.stat().st_size, "sha256": found[path.name]} for path in paths}
    atomic.write_text(folder / NAME, json.dumps({"format": FORMAT, "files": files}, indent=1) + "\n")


def read(folder: Path, known: Iterable[str]) -> dict[str, Entry]:
    """What the manifest of the checkpoint `folder` says, by file name; `known` are the names that a checkpoint can have.

    Raises:
        CheckpointError: if there is no manifest, or it is damaged, of a newer format, or lists a file that is not known.
    """
    content = _parse(folder)
    version = content.get("format")
    if type(version) is int and version > FORMAT:
        raise CheckpointError(
            f"checkpoint {folder} has format {version}, this netlab reads format {FORMAT}: it needs a newer netlab"
        )
    if type(version) is not int or version < 1 or content.keys() != {"format", "files"}:
        raise damaged(folder, f"its {NAME} is not what netlab writes")
    files = content["files"]
    if not isinstance(files, dict):
        raise damaged(folder, f"its {NAME} is not what netlab writes")
    known = set(known)
    for name in files:
        if name not in known:
            raise damaged(folder, f"its {NAME} lists '{name}', which no checkpoint has")
    return {name: _entry(folder, name, values) for name, values in files.items()}


def check(folder: Path, entries: dict[str, Entry], hashed: Iterable[str]) -> None:
    """Compare the files in `folder` with its manifest: names and sizes of all, the content of those in `hashed`.

    Raises:
        CheckpointError: naming the first file that differs.
    """
    try:
        present = {path.name for path in folder.iterdir()} - {NAME}
        for name, entry in entries.items():
            if name not in present:
                raise damaged(folder, f"{name} is missing")
            _check_size(folder, name, entry)
        for name in sorted(present - entries.keys()):
            raise damaged(folder, f"it has a file '{name}' that its {NAME} does not list")
        for name, sha256 in sha256_of([folder / name for name in hashed]).items():
            check_digest(folder, name, entries[name], sha256)
    except OSError as error:
        raise CheckpointError(f"cannot read checkpoint {folder}: {error}") from error


def check_digest(folder: Path, name: str, entry: Entry, sha256: str) -> None:
    """Compare the SHA-256 that a file was found to have with what the manifest says of it.

    Raises:
        CheckpointError: they differ.
    """
    if sha256 != entry.sha256:
        raise damaged(folder, f"{name} has SHA-256 {sha256}, its {NAME} says {entry.sha256}")


def damaged(folder: Path, reason: str) -> CheckpointError:
    """The error that says so."""
    return CheckpointError(f"checkpoint {folder} is damaged: {reason}")


def _parse(folder: Path) -> dict[str, Any]:
    try:
        if not stat.S_ISREG((folder / NAME).lstat().st_mode):
            raise damaged(folder, f"its {NAME} is not a regular file")
        with (folder / NAME).open("rb") as file:
            content = json.loads(file.read(_LARGEST))
    except FileNotFoundError:
        raise CheckpointError(f"{folder} is no checkpoint: it has no {NAME}") from None
    except OSError as error:
        raise CheckpointError(f"cannot read checkpoint {folder}: {error}") from error
    except (ValueError, RecursionError):
        raise damaged(folder, f"its {NAME} is not JSON") from None
    if not isinstance(content, dict):
        raise damaged(folder, f"its {NAME} is not what netlab writes")
    return content


def _entry(folder: Path, name: str, values: Any) -> Entry:
    if isinstance(values, dict) and values.keys() == {"size", "sha256"}:
        size, sha256 = values["size"], values["sha256"]
        if type(size) is int and isinstance(sha256, str):
            return Entry(size, sha256)
    raise damaged(folder, f"its {NAME} does not give the size and sha256 of {name}")


def _check_size(folder: Path, name: str, entry: Entry) -> None:
    # A link could lead out of the checkpoint, to what is not its own.
    status = (folder / name).lstat()
    if not stat.S_ISREG(status.st_mode):
        raise damaged(folder, f"{name} is not a regular file")
    if status.st_size != entry.size:
        raise damaged(folder, f"{name} has {status.st_size} bytes, its {NAME} says {entry.size}")
