from __future__ import annotations

from io import StringIO

from netlib.report.bench_progress import BenchProgress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def told(stream: StringIO) -> str:
    with BenchProgress(stream, ["a.yaml", "b.yaml"]) as progress:
        progress.tell("a.yaml", "compiling")
        progress.tell("a.yaml", "round 1 of 5")
        progress.tell("b.yaml", "compiling")
    return stream.getvalue()


def test_a_pipe_gets_a_line_for_each_config():
    assert told(StringIO()) == "1/2 a.yaml\n2/2 b.yaml\n"


def test_a_terminal_shows_the_phase_on_one_line_that_goes_away(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    _, *shown = told(Terminal()).split("\r\x1b[K")
    assert [line.split("  ")[0] for line in shown] == [
        "1/2 a.yaml: compiling",
        "1/2 a.yaml: round 1 of 5",
        "2/2 b.yaml: compiling",
        "",
    ]
    assert max(map(len, shown)) < 30
