"""Adds a user's spec to the registry, for this process."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from netlib.spec.base import Spec
from netlib.spec.plugins.origin import Origin, origin_of, origin_of_class
from netlib.spec.registry import ADDED, Added, resolve

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*")

_content: dict[str, bytes] = {}
"""File -> what is in it, of the plug-in that is being loaded, if one is."""
_new: list[tuple[str, str]] = []
"""Kind and name of what was added since that began."""


@contextmanager
def collected(file: str, content: bytes) -> Iterator[list[tuple[str, str]]]:
    """Inside, that file is loaded: gives a list that gets kind and name of all that is added meanwhile.

    If the block fails, what was added is taken back.
    """
    before = {kind: dict(added) for kind, added in ADDED.items()}
    _content[file] = content
    try:
        yield _new
    except BaseException:
        ADDED.update(before)
        raise
    finally:
        _content.clear()
        _new.clear()


def written_at(kind: str, function: Callable[..., Any]) -> Origin:
    """Where a function is written that is to be added.

    Raises:
        TypeError: it is no plain function.
        PluginMistake: it has no name that a config can write.
    """
    plain = inspect.isfunction(function) and not inspect.iscoroutinefunction(function)
    if not plain or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"@netlib.{kind} stands above a plain function that returns what it has, got {function!r}")
    origin = origin_of(function, _content)
    if not _NAME.fullmatch(origin.name):
        raise origin.mistake("a config calls it so: give it a name of lower-case letters, digits and '_'")
    return origin


def class_written_at(kind: str, written: type, method: str) -> Origin:
    """Where a class is written that is to be added, and that has such a method.

    Raises:
        TypeError: it is no class, or has no such method.
        PluginMistake: it has no name that a config can write.
    """
    found = vars(written).get(method) if isinstance(written, type) else None
    if not inspect.isfunction(found):
        raise TypeError(f"@netlib.{kind} stands above a class that defines `{method}`, got {written!r}")
    origin = origin_of_class(written, found, _content)
    if not _CLASS.fullmatch(origin.name):
        raise origin.mistake("a config calls it so: give it a name of letters and digits that begins with a capital")
    return origin


def add(kind: str, spec: type[Spec], origin: Origin) -> None:
    """Registers a spec under its name. One that the same code had before gives way to it.

    Raises:
        PluginMistake: the name is taken.
    """
    name = spec.type_name()
    taken = resolve(kind, name) or resolve(kind, origin.name)
    if taken is not None:
        added = ADDED[kind].get(taken)
        if added is None:
            raise origin.mistake(f"netlab has a {kind} '{taken}' of its own; choose another name")
        if (kind, taken) in _new or not origin.same_code(added.origin):
            raise origin.mistake(f"there is a {kind} of that name already: {added.origin}; choose another name")
        del ADDED[kind][taken]
    ADDED[kind][name] = Added(spec, origin)
    if _content:
        _new.append((kind, name))
