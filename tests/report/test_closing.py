from __future__ import annotations

import pytest

from netlib.report.closing import next_commands

COMMANDS = [("measure", "netlab eval --checkpoint runs/x-1"), ("plot", "netlab plot runs/x-1")]
PLAIN = "next:\n  measure  netlab eval --checkpoint runs/x-1\n  plot     netlab plot runs/x-1\n"


@pytest.mark.parametrize("columns", ["20", "80", "120"])
def test_commands_are_whole_on_any_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    assert next_commands(COMMANDS) == PLAIN


def test_what_a_command_is_for_steps_back():
    coloured = next_commands(COMMANDS, color=True)
    assert coloured.count("\x1b[2m") == 2
    assert coloured.replace("\x1b[2m", "").replace("\x1b[0m", "") == PLAIN
