"""The files of Keras's data sets: found where Keras keeps them and held against its checksums, or downloaded."""

from __future__ import annotations

import hashlib
import os
import tempfile
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from netlib.spec.errors import NetlabError
from netlib.spec.sources.keras_sets import KerasFile, folder

SECONDS = 30
"""How long the server may be silent."""
_BLOCK = 1 << 20


def obtained(file: KerasFile) -> Path:
    """Where the file is; it is downloaded first if it is not there.

    Raises:
        NetlabError: it is not what Keras has, cannot be read, or cannot be downloaded.
    """
    path = folder() / file.place
    if not path.exists():
        _download(file, path)
    elif file.sha256 is not None:
        found = _sha256_of(path)
        if found != file.sha256:
            difference = f"its SHA-256 is {found}, that of Keras's file {file.sha256}"
            raise NetlabError(f"{path} is damaged: {difference}; delete it, and it is downloaded again from {file.url}")
    return path


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise NetlabError(f"{path} cannot be read: {error.strerror}") from None
    return digest.hexdigest()


def _download(file: KerasFile, path: Path) -> None:
    """Into a file beside it that gets the name when it is whole, so that no part is ever taken for the file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise NetlabError(f"there is no {path}, and it cannot be written: {error.strerror}") from None
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as target:
            found = _fetched(file, path, target)
        if file.sha256 not in (None, found):
            difference = f"its SHA-256 is {found}, expected {file.sha256}"
            raise NetlabError(f"what {file.url} gave is not Keras's file: {difference}; it was not kept")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _fetched(file: KerasFile, path: Path, target: IO[bytes]) -> str:
    """The SHA-256 of what was written."""
    digest = hashlib.sha256()
    try:
        with urlopen(file.url, timeout=SECONDS) as response:
            expected = response.headers.get("Content-Length")
            while block := response.read(_BLOCK):
                digest.update(block)
                target.write(block)
        if expected is not None and target.tell() != int(expected):
            raise HTTPException(f"only {target.tell():,} of {int(expected):,} bytes came")
    except (HTTPException, OSError, ValueError) as error:  # of urllib, OSErrors; of what the server says, ValueErrors
        remedy = "where there is a network, download it and put it there"
        raise NetlabError(
            f"there is no {path}, and {file.url} cannot be downloaded ({_reason(error)}); {remedy}"
        ) from None
    return digest.hexdigest()


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"{error.code} {error.reason}"
    reason = error.reason if isinstance(error, URLError) else error
    return (reason.strerror if isinstance(reason, OSError) else None) or str(reason) or type(reason).__name__
