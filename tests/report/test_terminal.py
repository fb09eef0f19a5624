from __future__ import annotations

import io
import os

import pytest

from netlib.report import terminal


class Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_a_file_is_neither_live_nor_coloured():
    assert not terminal.is_live(io.StringIO())
    assert not terminal.has_color(io.StringIO())


def test_a_terminal_is_both_unless_told_otherwise(monkeypatch):
    assert terminal.is_live(Screen())
    assert terminal.has_color(Screen())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.has_color(Screen())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not terminal.has_color(Screen())
    monkeypatch.delenv("NO_COLOR")
    assert terminal.has_color(io.StringIO())


def test_a_dumb_terminal_gets_plain_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert not terminal.is_live(Screen())
    assert not terminal.has_color(Screen())


def test_what_can_be_drawn_depends_on_the_encoding():
    assert terminal.can_draw(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert not terminal.can_draw(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))


def test_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "93")
    assert terminal.width() == 93


def test_a_notice_goes_away_again():
    screen, file = Screen(), io.StringIO()
    with terminal.notice(screen, "starting"), terminal.notice(file, "starting"):
        assert (screen.getvalue(), file.getvalue()) == ("starting", "")
    assert (screen.getvalue(), file.getvalue()) == ("starting\r\x1b[K", "")


def test_the_edge_is_that_of_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    assert (terminal.edge(Screen()), terminal.edge(io.StringIO())) == (50, None)
    monkeypatch.delenv("COLUMNS")
    assert terminal.edge(Screen()) is None  # it has no file descriptor that could be asked
    monkeypatch.setattr(Screen, "fileno", lambda self: 1)
    monkeypatch.setattr("os.get_terminal_size", lambda descriptor: os.terminal_size((70, 24)))
    assert terminal.edge(Screen()) == 70
