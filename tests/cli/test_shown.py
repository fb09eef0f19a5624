"""What verbs print: on 80 and on 120 columns, in a pipe without colour, and with colour the same text."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from netlab.app import app

ANSI = re.compile(r"\x1b\[[0-9;]*m")
CODE = r"error: |^ +\d+ \| |^ +\| |^ *- "
"""Lines of a config and errors are not broken."""
COMMAND = typer.main.get_command(app)
VERBS = {
    "check": ("check", "tiny.yaml"),
    "check mistakes": ("check", "tiny.yaml", "mistakes.yaml", "--strict"),
    "compare": ("compare", "runs/tiny-1", "runs/tiny-2"),
    "data": ("data",),
    "data csv": ("data", "csv"),
    "layers": ("layers",),
    "layers Attention": ("layers", "MultiHeadAttention"),
    "layers optimizer": ("layers", "optimizer"),
    "new": ("new",),
    "peek": ("peek", "tiny.yaml"),
    "plot": ("plot", "runs/tiny-1", "runs/tiny-2"),
    "runs": ("runs",),
    "summary": ("summary", "tiny.yaml"),
    "summary of all": ("summary", "tiny.yaml", "--columns", "name,type,output,parameters,size,flops,dtype,weights"),
    "summary of mistakes": ("summary", "mistakes.yaml"),
}
WITHOUT_COLOUR = ("check",)
"""There is nothing to stand out."""


@pytest.fixture
def printed(config: Path, mistakes: Path, logged_run, tmp_path, monkeypatch, capsys) -> Callable[..., str]:
    logged_run(tmp_path / "runs" / "tiny-1", day=1)
    logged_run(tmp_path / "runs" / "tiny-2", "train.optimizer.learning_rate=0.1", losses=(0.9, 0.2, 0.4), day=2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def run(words: tuple[str, ...], columns: int, *, color: bool = False) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("FORCE_COLOR", "1" if color else "")
        with pytest.raises(SystemExit) as ended:
            COMMAND(list(words), "netlab")
        assert ended.value.code == (2 if "mistakes.yaml" in words else 0)
        return "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("verb", VERBS)
def test_it_fits_and_colour_changes_no_character(printed, verb, columns):
    plain, coloured = printed(VERBS[verb], columns), printed(VERBS[verb], columns, color=True)
    assert "\x1b" not in plain
    assert ANSI.sub("", coloured) == plain
    assert ("\x1b" in coloured) == (verb not in WITHOUT_COLOUR)
    assert [line for line in plain.splitlines() if len(line) > columns and not re.search(CODE, line)] == []


@pytest.mark.parametrize("verb", ["check", "compare", "layers", "peek", "runs", "summary"])
def test_what_is_for_programs_has_no_colour(printed, verb):
    assert "\x1b" not in printed((*VERBS[verb], "--json"), 80, color=True)


def test_the_files_that_were_checked_and_their_mistakes_add_up(printed):
    lines = printed(VERBS["check mistakes"], 80).splitlines()
    errors, warnings = (sum(f": {kind}: " in line for line in lines) for kind in ("error", "warning"))
    verdicts = [line for line in lines if re.match(r"\w+\.yaml: ", line)]
    assert [bool(re.search(r"\d errors?", line)) for line in verdicts] == [False, True]
    told = f"{errors} error{'s' * (errors != 1)}" + (f", {warnings} warning{'s' * (warnings != 1)}" if warnings else "")
    assert lines[-1] == f"2 files: 1 ok, 1 with errors ({told})"
