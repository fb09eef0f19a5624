"""Loads the files that `--plugin` names. Nothing else does: neither a config nor a run directory makes netlab load code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType

from netlib.spec.errors import UsageError
from netlib.spec.plugins.adding import collected
from netlib.spec.plugins.failures import running
from netlib.spec.plugins.origin import sha256, shown_file

SUFFIX = ".py"
_HOW = "put @netlib.layer above a class of it, or @netlib.loss, @netlib.metric or @netlib.source above a function"


def load_plugins(paths: Sequence[Path]) -> None:
    """Runs each file: what stands in it under `@netlib.layer`, `loss`, `metric` or `source` is known by its name from then on.

    A file may import modules that are beside it.

    Raises:
        UsageError: there is no such file, it is no Python, or it adds nothing, or something that cannot be added.
        NetlabError: its code raised something.
    """
    for path in dict.fromkeys(Path(os.path.realpath(path)) for path in paths):
        _load(path)


def _load(path: Path) -> None:
    content = _read(path)
    code = _compiled(content, path)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # at the end: what is beside the file must not stand in for anything else
    module = ModuleType(f"netlab_plugin_{path.stem}_{sha256(os.fsencode(path))[:8]}")
    module.__file__ = str(path)
    shown = shown_file(str(path))
    with collected(str(path), content) as added:
        sys.modules[module.__name__] = module  # where dataclasses, among others, look for it
        with running(f"plug-in {shown}"):
            exec(code, module.__dict__)
        if not added:
            raise UsageError(f"plug-in {shown} adds nothing: {_HOW}")


def _read(path: Path) -> bytes:
    shown = shown_file(str(path))
    if not path.exists():
        raise UsageError(f"there is no plug-in {shown}")
    if path.is_dir() or path.suffix != SUFFIX:
        raise UsageError(f"a plug-in is a file of Python, ending in '{SUFFIX}', got {shown}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"plug-in {shown} cannot be read: {error.strerror}") from None


def _compiled(content: bytes, path: Path) -> CodeType:
    try:
        return compile(content, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        place = shown_file(str(path)) + (f":{error.lineno}" if error.lineno else "")
        raise UsageError("\n".join([f"{place}: it is no Python: {error.msg}", *_excerpt(error)])) from None
    except ValueError as error:
        raise UsageError(f"{shown_file(str(path))}: it is no Python: {error}") from None


def _excerpt(error: SyntaxError) -> list[str]:
    """The line of a mistake, with a caret under it."""
    if not error.text:
        return []
    line = error.text.rstrip().expandtabs(1)
    return [f"{error.lineno:>5} | {line}", f"      | {' ' * ((error.offset or 1) - 1)}^"]
