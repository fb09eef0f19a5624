"""A config that is a mapping in Python, as the text that says the same: read, checked and kept like that of a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlib.config.dump import to_yaml
from netlib.config.sources import checked_source
from netlib.config.tree import Source
from netlib.spec.base import shown
from netlib.spec.errors import UsageError

NAME = "<mapping>"
"""What messages call it; they show the line of its text."""


def written(values: Mapping[str, Any]) -> Source:
    """The text of a mapping, whose relative paths are relative to the current folder.

    Paths stand for their texts, tuples for lists, and NumPy's numbers for Python's.

    Raises:
        UsageError: it has something that no config can have.
    """
    return checked_source(NAME, "file", to_yaml(_plain(values, "")), Path.cwd())


def _plain(value: Any, place: str) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {_key(key, place): _plain(each, f"{place}.{key}".lstrip(".")) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, f"{place}.{number}".lstrip(".")) for number, each in enumerate(value)]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if type(value).__module__ == "numpy" and not getattr(value, "shape", None):
        return _plain(value.item(), place)
    what = f"got {shown(value)} ({type(value).__name__})"
    raise UsageError(f"{place}: a config has texts, numbers, truth values, lists and mappings, {what}")


def _key(key: Any, place: str) -> Any:
    if isinstance(key, str | int):
        return key
    raise UsageError(f"{place or 'the config'}: the keys of a mapping are texts, got {shown(key)}")
