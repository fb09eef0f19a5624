"""Pictures of curves and matrices as files, by matplotlib, which is an extra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netlib.spec.errors import NetlabError, UsageError, did_you_mean, one_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
DOTS_PER_INCH = 150


def check_picture(path: Path) -> None:
    """Refuses, before any work is done, a picture that could not be drawn.

    Raises:
        UsageError: the suffix is none of `SUFFIXES`, or matplotlib is not there.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        hint = did_you_mean(suffix, SUFFIXES)
        raise UsageError(f"{path} must end with {one_of(SUFFIXES)} to say what to draw, got '{path.suffix}'{hint}")
    new_figure(1, 1)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches.

    Raises:
        UsageError: matplotlib is not there.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("drawing a picture needs matplotlib: pip install 'netlab[plot]'") from None
    return Figure((width, height), layout="constrained")


def write_figure(figure: Figure, path: Path) -> None:
    """Draws a figure into a file, whose suffix is one of `SUFFIXES`; one that is there is replaced.

    The same figure gives the same bytes: neither the clock nor random names are in the file.

    Raises:
        NetlabError: the file cannot be written.
    """
    from matplotlib import rc_context

    suffix = path.suffix.lower()
    clock = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix, {})
    try:
        with rc_context({"svg.hashsalt": "netlab"}):
            figure.savefig(path, format=suffix.removeprefix("."), dpi=DOTS_PER_INCH, metadata=clock)
    except OSError as error:
        raise NetlabError(f"cannot write {path}: {error.strerror or error}") from error
