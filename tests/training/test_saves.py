"""What is due by the clock waits for nobody."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.runs.background import Background
from netlib.training.due import Due
from netlib.training.progress import Progress
from netlib.training.saves import Saves


class Writer:
    """Counts what it is asked to save."""

    def __init__(self, *, is_writing: bool) -> None:
        self.is_writing = is_writing
        self.count = 0

    def save(self, *, best: bool) -> None:
        del best
        self.count += 1

    def wait(self) -> None:
        assert not self.is_writing, "it would be waited for"

    def saved(self) -> tuple[()]:
        return ()

    def stays(self, record: Any) -> bool:
        del record
        return False


def nobody(*_: object) -> None:
    """Hears nothing."""


@pytest.mark.parametrize("is_writing", [False, True])
def test_a_checkpoint_by_the_clock_waits_until_the_one_before_is_there(is_writing: bool) -> None:
    writer: Any = Writer(is_writing=is_writing)
    saves = Saves(Progress(elapsed=61), Due(every_seconds=60), writer, Background("test"), nobody)
    saves.after_chunk()
    assert writer.count == (not is_writing)
    writer.is_writing = False
    saves.after_epoch({}, best=False, last=False)
    assert writer.count == 1
