"""Every report of the table, on 80 and on 120 columns, without and with colour, against what is recorded in `golden/`.

Where one was changed on purpose: the failing test names the file in which the new text is, to be read and copied.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from report_table import ROWS

import netlib.report

ANSI = re.compile(r"\x1b\[[0-9;]*m")
GOLDEN = Path(__file__).parent / "golden"
WIDTHS = (80, 120)

PARTS = {
    "bench_progress", "display", "epoch_lines", "live", "layout", "peek_samples", "progress", "sparkline", "summary_closing",
    "summary_columns", "summary_html", "terminal",
}  # fmt: skip
"""Modules of which the reports of the table consist, and what moves or is no text: these have tests of their own."""


@pytest.fixture
def shown(monkeypatch):
    def show(name: str, columns: int, color: bool = False) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("FORCE_COLOR", "1" if color else "")
        return ROWS[name].show(columns, color)

    return show


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("name", ROWS)
def test_it_looks_as_it_did(shown, name, columns, tmp_path):
    golden, now = GOLDEN / f"{name}-{columns}.txt", tmp_path / f"{name}-{columns}.txt"
    now.write_text(shown(name, columns))
    assert golden.exists(), f"read {now}, then copy it to {golden}"
    assert now.read_text() == golden.read_text(), f"if that is right: cp {now} {golden}"


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("name", ROWS)
def test_colour_changes_no_character(shown, name, columns):
    plain, coloured = shown(name, columns), shown(name, columns, color=True)
    assert "\x1b" not in plain
    assert ANSI.sub("", coloured) == plain
    assert ("\x1b[" in coloured) == ROWS[name].colored


@pytest.mark.parametrize("name", ROWS)
def test_a_style_ends_on_the_line_on_which_it_begins(shown, name):
    for line in shown(name, 80, color=True).splitlines():
        codes = ANSI.findall(line)
        assert not codes or codes[-1] == "\x1b[0m", line


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
@pytest.mark.parametrize("name", ROWS)
def test_it_fits(shown, name, columns):
    assert [line for line in shown(name, columns).splitlines() if not ROWS[name].fits(line, columns)] == []


@pytest.mark.parametrize("name", ROWS)
def test_it_ends_with_one_line_end_and_no_line_with_a_space(shown, name):
    text = shown(name, 80)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def test_nothing_is_recorded_of_a_report_that_is_not_in_the_table():
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}-{columns}.txt" for name in ROWS for columns in WIDTHS}


def reports() -> Iterator[str]:
    """The functions that give a text for a width, or with colour; `for_stream` takes what one of these gives."""
    for module in pkgutil.iter_modules(netlib.report.__path__):
        if module.name in PARTS or module.ispkg:
            continue
        for name, function in inspect.getmembers(import_module(f"netlib.report.{module.name}"), inspect.isfunction):
            is_own = function.__module__.endswith(f".{module.name}") and not name.startswith("_")
            takes = {"color", "columns", "width", "stream", "style"} & set(inspect.signature(function).parameters)
            if is_own and takes and name != "for_stream" and inspect.signature(function).return_annotation == "str":
                yield f"{module.name}.{name}"


def test_every_report_has_a_row():
    rows = {f"{row.of.__module__.rpartition('.')[2]}.{row.of.__name__}" for row in ROWS.values()}
    assert set(reports()) - rows == set()
