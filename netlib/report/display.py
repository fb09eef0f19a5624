"""Which display a training gets: live on a terminal, a line an epoch elsewhere, none when quiet."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from netlib.report.epoch_lines import EpochLines
from netlib.report.terminal import is_live
from netlib.spec.listener import Listener


@contextmanager
def display(stream: TextIO | None = None, *, quiet: bool = False) -> Iterator[Listener]:
    """What to pass to a training as a listener; leaves the terminal as it was however the training ends.

    Args:
        stream: where it is shown; stderr if None.
        quiet: show nothing.
    """
    stream = stream or sys.stderr
    if quiet:
        yield Listener()
    elif not is_live(stream):
        yield EpochLines(stream)
    else:
        from netlib.report.live import LiveDisplay

        live = LiveDisplay(stream)
        try:
            yield live
        finally:
            live.stop()
