"""`--help` of every verb of the installed command: its lines fit, and every example in it is one that the verb takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from netlab.app import app
from netlab.verbs import GROUPS

WIDTHS = (60, 80, 120)
WIDEST = 80
"""Columns in which everything fits; examples and tables are not broken where there are fewer."""


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every verb, and those inside of it, by the words that lead to it."""

    def inside(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield words, command
        for name, inner in getattr(command, "commands", {}).items():
            if not inner.hidden:
                yield from inside((*words, name), inner)

    return inside((), typer.main.get_command(app))


COMMANDS = dict(commands())
VERBS = [words for words in COMMANDS if words]


@pytest.fixture(scope="module")
def help_of(netlab) -> Any:
    known: dict[tuple[tuple[str, ...], int], str] = {}

    def of(words: tuple[str, ...], columns: int = WIDEST) -> str:
        if (words, columns) not in known:
            done = netlab(*words, "--help", COLUMNS=str(columns))
            assert (done.returncode, done.stderr) == (0, "")
            known[words, columns] = done.stdout
        return known[words, columns]

    return of


def test_every_verb_is_in_a_group_and_has_a_line():
    listed = [verb for lines in GROUPS.values() for verb in lines]
    assert sorted(listed) == sorted({words[0] for words in VERBS})
    assert all(line.endswith(".") for lines in GROUPS.values() for line in lines.values())


def test_the_command_lists_its_verbs_under_headings(help_of):
    shown = help_of(())
    for heading, lines in GROUPS.items():
        section = shown.partition(f"\n{heading}:\n")[2].partition("\n\n")[0]
        found = [line.split(maxsplit=1) for line in section.splitlines()]
        assert found == [[verb, line] for verb, line in lines.items()]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_fits(help_of, words):
    for line in help_of(words).splitlines():
        assert len(line) <= WIDEST, line


@pytest.mark.slow
@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_width_changes_only_where_lines_break(help_of, words, columns):
    assert help_of(words, columns).split() == help_of(words).split()


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_verb_and_option_says_what_it_is_for(words):
    command = COMMANDS[words]
    assert command.help or command.commands, "one with verbs of its own may show the help of its first"
    for option in command.params:
        if option.param_type_name == "option":
            assert option.help, option.opts
            assert option.help.endswith((".", ")")), f"{option.opts}: {option.help}"


def examples(text: str) -> Iterator[list[str]]:
    """The words of each example, `netlab` left out; of a line of several commands, of ours; without what a shell redirects."""
    for line in text.splitlines():
        for part in re.split(r"\s\|\s", line):
            if not part.strip().startswith("netlab ") or "<TAB>" in part or "VERB" in part:
                continue
            command = re.split(r"\s{2,}|\s>>?\s", part.strip())[0]
            yield shlex.split(command)[1:]


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_example_is_one_that_the_verb_takes(help_of, words):
    """It is parsed as when it is run; whether the files are there is not looked at."""
    found = [*examples(help_of(words))]
    assert any(tuple(each[: len(words)]) == words for each in found), f"no example of netlab {' '.join(words)}"
    for example in found:
        command, rest = COMMANDS[()], example
        path: tuple[str, ...] = ()
        while rest and (*path, rest[0]) in COMMANDS:
            path, rest = (*path, rest[0]), rest[1:]
        assert path, example
        command = COMMANDS[path]
        command.make_context(path[-1], list(rest))


def test_an_example_that_is_wrong_would_be_found():
    (example,) = examples("  cat a | netlab train a.yaml --no-such-option | head\n")
    assert example == ["train", "a.yaml", "--no-such-option"]
    with pytest.raises(Exception, match="No such option"):
        COMMANDS["train",].make_context("train", example[1:])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evaluate"], "No such command 'evaluate'. Did you mean 'eval'?"),
        (["docter"], "Did you mean 'doctor'?"),
        (["train", "--dryrun"], "--dry-run"),
        (["doctor", "--quik"], "--quick"),
    ],
)
def test_a_slip_gets_a_suggestion(netlab, words, message):
    done = netlab(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
