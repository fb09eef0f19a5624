from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.config.problems import ConfigError, PlacedProblem, in_file_order, printable, render
from netlib.config.tree import Place, Source
from netlib.spec.errors import UsageError

DENSE = Source("configs/digits_mlp.yaml", "file", "\n" * 13 + "  - Dense: {untis: 64, activation: relu}\n", Path())
MESSAGE = "Dense has no parameter 'untis'; did you mean 'units'?"


def test_a_problem_as_the_design_shows_it():
    text = render([PlacedProblem(Place(DENSE, 13, 12, 5), MESSAGE)])
    assert text == (
        "configs/digits_mlp.yaml:14:13: error: Dense has no parameter 'untis'; did you mean 'units'?\n"
        "   14 |   - Dense: {untis: 64, activation: relu}\n"
        "      |             ^^^^^"
    )


def test_a_problem_of_the_command_line():
    source = Source("<command line>", "command line", "train.epochs=abc", Path())
    problem = PlacedProblem(Place(source, 0, 13, 3), "expected an integer, got 'abc'")
    assert render([problem]) == (
        "<command line>: train.epochs=abc: error: expected an integer, got 'abc'\n                             ^^^"
    )
    assert (problem.line, problem.column) == (None, 14)


def test_a_problem_without_a_place():
    problem = PlacedProblem(None, "there is no file 'x.yaml'")
    assert render([problem]) == "error: there is no file 'x.yaml'"
    assert (problem.line, problem.column, problem.where) == (None, None, "")


def test_a_warning_says_so():
    assert ":14:13: warning: x\n" in render([PlacedProblem(Place(DENSE, 13, 12), "x", "warning")])


def test_colours_change_nothing_but_the_colours():
    problems = [
        PlacedProblem(Place(DENSE, 13, 12, 5), MESSAGE),
        PlacedProblem(Place(DENSE, 13, 2), "x", "warning"),
        PlacedProblem(None, "y"),
    ]
    colored = render(problems, color=True)
    assert "\x1b[31merror:\x1b[0m" in colored
    assert "\x1b[33mwarning:\x1b[0m" in colored
    assert re.sub("\x1b\\[[0-9]+m", "", colored) == render(problems)


def test_the_caret_stands_below_wide_and_combining_characters():
    source = Source("a", "file", "漢字: e\u0301\t{x: 1}", Path())
    lines = render([PlacedProblem(Place(source, 0, 8, 1), "m")]).splitlines()
    assert lines[1] == "    1 | 漢字: e\u0301 {x: 1}"
    assert lines[2] == "      | " + " " * (4 + 2 + 1 + 1 + 1) + "^"


def test_a_long_line_is_cut_around_its_problem():
    source = Source("a", "file", "x" * 1000 + "bad" + "y" * 1000, Path())
    _, line, carets = render([PlacedProblem(Place(source, 0, 1000, 3), "m")]).splitlines()
    assert len(line) < 200
    assert line.startswith("    1 | ...")
    assert line.endswith("...")
    assert line[carets.index("^") : carets.rindex("^") + 1] == "bad"


@given(st.integers(0, 400), st.integers(40, 200))
def test_on_a_terminal_no_line_is_broken(column, columns):
    source = Source("a", "file", "x" * column + "bad" + "y" * (400 - column), Path())
    _, line, carets = render([PlacedProblem(Place(source, 0, column, 3), "m")], columns=columns).splitlines()
    assert max(len(line), len(carets)) <= columns
    assert line[carets.index("^") : carets.rindex("^") + 1] == "bad"


def test_on_a_terminal_a_long_message_does_not_come_between_an_override_and_its_caret():
    source = Source("<command line>", "command line", "train.epochs=abc", Path())
    problem = PlacedProblem(Place(source, 0, 13, 3), "expected an integer, got 'abc'")
    one_line = render([problem])
    assert render([problem], columns=len(one_line.splitlines()[0])) == one_line
    assert render([problem], columns=len(one_line.splitlines()[0]) - 1) == (
        "<command line>: train.epochs=abc\n                             ^^^\nerror: expected an integer, got 'abc'"
    )


def test_the_end_of_a_file_has_a_line_too():
    source = Source("a", "file", "a: [", Path())
    assert render([PlacedProblem(Place(source, 1, 0), "m")]) == "a:2:1: error: m\n    2 |\n      | ^"


def test_a_terminal_obeys_nothing_of_a_message():
    source = Source("a\x1b[31m", "file", "a: \x1b[2J", Path())
    text = render([PlacedProblem(Place(source, 0, 3), "got '\x1b]0;x\x07' and \ud800")])
    assert printable(text.replace("\n", "")) == text.replace("\n", "")
    assert "got '\\x1b]0;x\\x07' and \\ud800" in text


@given(st.text(st.characters()))
def test_printable_text_can_always_be_printed(text):
    shown = printable(text)
    assert shown.isprintable()
    shown.encode("utf-8")
    assert printable(shown) == shown


def test_problems_come_in_file_order_and_once():
    first, base, command = (Source(name, "file", "", Path()) for name in "abc")
    wanted = [
        PlacedProblem(None, "no file"),
        PlacedProblem(Place(first, 1, 5), "x"),
        PlacedProblem(Place(first, 3, 0), "x"),
        PlacedProblem(Place(first, 3, 2), "x"),
        PlacedProblem(Place(base, 0, 0), "x"),
        PlacedProblem(Place(command, 0, 0), "x"),
    ]
    assert in_file_order([*reversed(wanted), *wanted], [first, base, command]) == wanted


def test_what_leads_to_a_problem_stands_below_it():
    problem = PlacedProblem(Place(DENSE, 13, 12, 5), MESSAGE, via=("in A, used at x.yaml:3:5", "in B\x1b, used at y"))
    assert render([problem]).splitlines()[2:] == [
        "      |             ^^^^^",
        "        in A, used at x.yaml:3:5",
        "        in B\\x1b, used at y",
    ]


def test_a_mistake_that_several_uses_of_a_block_lead_to_stands_once():
    def found(*via, column=5, message="x", severity="error"):
        return PlacedProblem(Place(DENSE, 1, column), message, severity, via)

    problems = [
        found("in A, used at 1", "in B, used at 2"),
        found("in A, used at 1", "in B, used at 3"),
        found("in A, used at 4"),
    ]
    assert in_file_order([*problems, found(), *problems], [DENSE]) == [
        found("in A, used at 1", "in B, used at 2 (and 2 more uses)")
    ]
    assert in_file_order(problems[:2], [DENSE]) == [found("in A, used at 1", "in B, used at 2 (and 1 more use)")]
    assert in_file_order([found(), problems[2]], [DENSE]) == [problems[2]]
    assert in_file_order([found(), found()], [DENSE]) == [found()]
    others = [found("a", column=3), found("a"), found("a", message="y"), found("a", severity="warning")]
    assert in_file_order(others, [DENSE]) == others


def test_the_error_has_its_problems_and_shows_them():
    problems = [PlacedProblem(Place(DENSE, 13, 12, 5), MESSAGE)]
    with pytest.raises(UsageError, match="Dense has no parameter 'untis'") as caught:
        raise ConfigError(problems)
    assert caught.value.exit_code == 2
    assert isinstance(caught.value, ConfigError)
    assert caught.value.problems == problems
    assert str(caught.value) == render(problems)


def test_of_very_many_problems_the_first_are_shown():
    problems = [PlacedProblem(None, f"m{i}") for i in range(60)]
    lines = render(problems).splitlines()
    assert lines[-2:] == ["error: m49", "and 10 more problems"]
    assert len(render(problems[:50]).splitlines()) == 50
