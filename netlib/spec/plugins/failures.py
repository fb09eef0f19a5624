"""What a user's code raises, with the lines of it that led there and none of anyone else's."""

from __future__ import annotations

import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from netlib.spec.errors import NetlabError
from netlib.spec.plugins.origin import PluginMistake, shown_file

MOST_FRAMES = 20
_INSTALLED = (sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib"))
_NOT_THEIRS = (Path(__file__).parents[2], *map(Path, {path for path in _INSTALLED if path}))


@contextmanager
def running(what: str) -> Iterator[None]:
    """Inside, a user's code runs: what it prints goes to stderr, as stdout has results; what it raises is put into words.

    Args:
        what: the code, for the message.

    Raises:
        PluginMistake: it adds something that cannot be added.
        NetlabError: it raised something; the message has a line for each frame that is the user's, the innermost last.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except PluginMistake:  # which says itself where
        raise
    except (Exception, SystemExit) as error:
        raise NetlabError("\n".join([f"{what} raised {_said(error)}", *frames_of(error)])) from error


def place_of(error: BaseException) -> str:
    """`my_layers.py:12`, the innermost line of the user's that led to an exception; empty where there is none."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_theirs(frame.filename)]
    return f"{shown_file(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""


def frames_of(error: BaseException) -> list[str]:
    """A line for each frame of an exception that is neither netlab's nor of an installed package, the innermost last."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_theirs(frame.filename)]
    lines = [f"  {shown_file(each.filename)}:{each.lineno}, in {each.name}: {each.line}" for each in frames]
    left_out = len(lines) - MOST_FRAMES
    return [f"  ... and {left_out} before", *lines[left_out:]] if left_out > 0 else lines


def _said(error: BaseException) -> str:
    """As Python says it, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_theirs(file: str) -> bool:
    return not file.startswith("<frozen") and not any(Path(file).is_relative_to(folder) for folder in _NOT_THEIRS)
