"""What a training shows, told by the same calls: a line an epoch, live, or nothing."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from netlib.report.display import display
from netlib.report.epoch_lines import EpochLines
from netlib.report.live import LiveDisplay
from netlib.spec.graph import Parameters
from netlib.spec.listener import Listener

HEADER = {
    "name": "digits-cnn", "config": "digits_cnn.yaml", "parameters": Parameters(610, 0), "execution": "xla",
    "execution_reason": "every operation has a kernel", "devices": ["CPU"], "threads": 2, "data": "digits",
    "samples": {"train": 100, "validation": 20}, "batch_size": 10, "steps": 10, "epochs": 3, "total_steps": None,
    "monitor": {"split": "validation", "metric": "loss", "mode": "min"},
}  # fmt: skip


class Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def record(epoch: int, **more: object) -> dict[str, object]:
    measured = {"train": {"loss": 1 / epoch, "accuracy": 0.5}, "validation": {"loss": 2 / epoch, "accuracy": 0.25}}
    return {
        "epoch": epoch,
        "step": 10 * epoch,
        **measured,
        "learning_rate": 0.1,
        "seconds": 1.5,
        "samples_per_second": 1234.4,
        **more,
    }


def play(listener: Listener, *, best: tuple[int, ...] = (1,), end: bool = True) -> None:
    """Three epochs of a training; the loss is better in the epochs of `best`."""
    listener.run_started(Path("runs/x-1"), HEADER)
    listener.checkpoint_saved(Path("step-0"), False)
    for epoch in (1, 2, 3):
        listener.epoch_started(epoch, 3, 10)
        if epoch == 1:
            listener.phase("compiling")
        listener.chunk_ended(epoch, 10, 10, {"loss": 0.5, "learning_rate": 0.1}, 1234.4)
        listener.validation_started()
        if epoch in best:
            listener.epoch_is_best(epoch)
        listener.checkpoint_saved(Path("step"), epoch in best)
        listener.epoch_ended(record(epoch))
    listener.message("the budget is spent")
    if end:
        listener.run_ended({})


def drawn(listener: LiveDisplay, width: int = 80) -> list[str]:
    """The lines of the live display as they are now."""
    file = io.StringIO()
    Console(file=file, width=width, color_system=None).print(listener.frame(width))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_a_listener_hears_everything_and_does_nothing():
    play(Listener())


def test_a_line_an_epoch():
    file = io.StringIO()
    play(EpochLines(file), best=(1, 3))
    header, lines = file.getvalue().splitlines()[:4], file.getvalue().splitlines()[4:]
    assert header[0] == "digits-cnn: 610 parameters, 610 trainable"
    assert header[3] == "run: runs/x-1"
    assert lines[0] == (
        "epoch 1/3  train.loss 1.0000  train.accuracy 0.5000  validation.loss 2.0000  validation.accuracy 0.2500"
        "  1,234 samples/s  1.5 s  best"
    )
    assert re.fullmatch(r"epoch 2/3 .* 1\.5 s  \d+ ms left", lines[1])
    assert lines[2].endswith("1.5 s  best")
    assert lines[3:] == ["the budget is spent"]


def test_an_epoch_that_was_not_validated():
    file = io.StringIO()
    EpochLines(file).epoch_ended(record(4, validation={}))
    assert file.getvalue() == "epoch 4  train.loss 0.2500  train.accuracy 0.5000  1,234 samples/s  1.5 s\n"


def test_the_live_display_from_beginning_to_end():
    live = LiveDisplay(Screen())
    assert drawn(live)[0].endswith("0%  starting")
    live.epoch_started(1, 3, 10)
    live.phase("compiling")
    assert re.fullmatch(r"epoch 1/3 .* 0%  compiling", drawn(live)[0])
    live.chunk_ended(1, 5, 10, {"loss": 0.5, "learning_rate": 0.1}, 1234.4)
    assert re.fullmatch(r"epoch 1/3 .* 17%  1,234 samples/s", drawn(live)[0])
    assert [line.split() for line in drawn(live)[1:]] == [["train"], ["loss", "0.5000"]]
    live.validation_started()
    assert drawn(live)[0].endswith("17%  validating")
    live.epoch_is_best(1)
    live.epoch_ended(record(1))
    live.epoch_started(2, 3, 10)
    live.chunk_ended(2, 10, 10, {"loss": 0.4, "learning_rate": 0.1}, 1234.4)
    live.epoch_ended(record(2))
    assert re.fullmatch(r"epoch 2/3 .* 67%  1,234 samples/s  \d+ ms left", drawn(live)[0])
    assert [line.split() for line in drawn(live)[1:]] == [
        ["train", "validation", "best"],
        ["loss", "0.5000", "1.0000", "2.0000", "█▁"],
        ["accuracy", "0.5000", "0.2500", "0.2500", "▄▄"],
        ["best:", "epoch", "1,", "by"],
    ]
    assert max(map(len, drawn(live))) <= 80
    live.phase("compiling")
    live.chunk_ended(3, 5, 10, {"loss": 0.4, "learning_rate": 0.1}, 1234.4)
    assert re.fullmatch(r"epoch 2/3 .* 83%  1,234 samples/s", drawn(live)[0])


def test_without_a_number_of_epochs_the_bar_is_the_epochs():
    live = LiveDisplay(Screen())
    live.epoch_started(7, None, 10)
    live.chunk_ended(7, 5, 10, {"loss": 0.5}, 99.0)
    assert re.fullmatch(r"epoch 7  .* 50%  99 samples/s", drawn(live)[0])


def test_the_live_display_prints_what_stays_and_takes_the_rest_away():
    screen = Screen()
    with display(screen) as live:
        assert isinstance(live, LiveDisplay)
        play(live)
    text = screen.getvalue()
    assert text.index("digits-cnn: 610 parameters") < text.index("the budget is spent")
    assert text.endswith("\x1b[2K")  # the last line of the display is erased
    assert "\x1b[?25l" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is back


def test_the_terminal_is_as_before_when_training_fails():
    screen = Screen()
    with pytest.raises(ZeroDivisionError), display(screen) as live:  # noqa: PT012
        play(live, end=False)
        raise ZeroDivisionError
    assert screen.getvalue().rindex("\x1b[?25h") > screen.getvalue().rindex("\x1b[?25l")


def test_which_display_it_is(capsys):
    with display(io.StringIO()) as lines:
        assert isinstance(lines, EpochLines)
    with display(Screen(), quiet=True) as nothing:
        play(nothing)
    with display() as on_stderr:
        on_stderr.message("to stderr")
    assert capsys.readouterr() == ("", "to stderr\n")


def test_a_stream_whose_end_is_not_known_has_an_empty_bar():
    live = LiveDisplay(Screen())
    live.epoch_started(1, 3, None)
    live.chunk_ended(1, 7, None, {"loss": 0.5, "learning_rate": 0.1}, 1234.4)
    assert re.fullmatch(r"epoch 1/3 .* 0%  1,234 samples/s", drawn(live)[0])


def test_a_budget_of_steps_has_a_bar_of_the_run():
    live = LiveDisplay(Screen())
    live.run_started(None, {**HEADER, "epochs": None, "total_steps": 100})
    live.stop()
    live.epoch_started(2, None, 10)
    live.chunk_ended(2, 5, 10, {"loss": 0.5}, 99.0)
    assert re.fullmatch(r"epoch 2  .* 15%  99 samples/s  \d+ ms left", drawn(live)[0])


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_the_frame_fits_into_the_terminal(width):
    live = LiveDisplay(Screen())
    play(live, end=False)
    live.stop()
    lines = drawn(live, width)
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("epoch 3/3  ")
    assert ("━" in lines[0]) == (width >= 60)


def test_what_is_drawn_follows_the_terminal_when_it_is_resized(monkeypatch):
    live = LiveDisplay(Screen())
    play(live, end=False)
    live.stop()
    for columns in (100, 44):
        monkeypatch.setenv("COLUMNS", str(columns))
        live._console = Console(file=Screen(), highlight=False)
        frame = live._live.get_renderable()
        file = io.StringIO()
        Console(file=file, width=columns, color_system=None).print(frame)
        assert max(len(line.rstrip()) for line in file.getvalue().splitlines()) <= columns


def test_without_colour(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen()
    with display(screen) as live:
        play(live)
    assert not re.search(r"\x1b\[[\d;]*3[0-7]m|\x1b\[38;", screen.getvalue())


def test_a_dumb_terminal_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    with display(Screen()) as lines:
        assert isinstance(lines, EpochLines)
