"""`ProgressDisplay`: what the command line shows of a training, in `Model.fit`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TextIO

from netlib.report.display import display
from netlib.training.callbacks.callback import Callback, Training


class ProgressDisplay(Callback):
    """Shows a bar on a terminal, and one line an epoch elsewhere.

    Args:
        stream: where; stderr if None.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._shown = ExitStack()

    def join(self, training: Training) -> None:
        """Adds a display to those who look on."""
        self.close()
        training.listeners.append(self._shown.enter_context(display(self._stream)))

    def close(self) -> None:
        """Leaves the terminal as it was."""
        self._shown.close()
