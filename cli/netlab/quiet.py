"""Keeps TensorFlow's notices about itself off the screen; its errors reach the user as Python's exceptions.

TF_CPP_MIN_LOG_LEVEL rules what TensorFlow logs once it is loaded, but not what its libraries write to stderr while they are.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_NOTHING = "3"
_WITH_NOTICES = ("0", "1")
_STDERR = 2


def hold_back_tensorflow() -> None:
    """Makes TensorFlow quiet, whoever imports it and whenever, unless the user's TF_CPP_MIN_LOG_LEVEL asks for its notices."""
    if os.environ.setdefault(LOG_LEVEL, _NOTHING) not in _WITH_NOTICES:
        sys.meta_path.insert(0, _QuietFinder())


@contextmanager
def starting_tensorflow(threads: int | None, quiet: bool = False) -> Iterator[None]:
    """Around an import that takes seconds: says so on a terminal, unless `quiet`. `threads` are those that the run asks for."""
    from netlab.compiled import keep_compiled, take_in
    from netlib.report.terminal import notice
    from netlib.tasks.starting import uncollected

    kept = keep_compiled(threads)
    with uncollected(), nullcontext() if quiet else notice(sys.stderr, "starting TensorFlow"):
        yield
        if kept:
            take_in(kept)


class _QuietFinder(MetaPathFinder):
    """Finds `tensorflow`, once, where it would be found without it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec and spec.loader:
            spec.loader = _QuietLoader(spec.loader)
        return spec


class _QuietLoader(Loader):
    """Loads a module with stderr held back, and is then replaced by the loader that the module would have had."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__:
            module.__spec__.loader = self._loader
        with stderr_held_back():
            self._loader.exec_module(module)


@contextmanager
def stderr_held_back() -> Iterator[None]:
    """Inside, what the process writes to stderr, from C++ too, is kept; it is shown only if an error ends the block."""
    try:
        screen = os.dup(_STDERR)
    except OSError:  # stderr is closed
        yield
        return
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), _STDERR)
        try:
            yield
        except Exception:
            sys.stderr.flush()
            kept.seek(0)
            os.write(screen, kept.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(screen, _STDERR)
            os.close(screen)
