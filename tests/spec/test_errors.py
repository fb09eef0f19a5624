from __future__ import annotations

import pytest

from netlib.spec.errors import NetlabError, Problem, SpecError, UsageError, did_you_mean, one_of


def test_what_was_asked_for_and_what_failed_have_their_own_exit_codes() -> None:
    assert NetlabError("damaged").exit_code == 1
    assert UsageError("no such run").exit_code == 2
    assert issubclass(SpecError, UsageError)


def test_a_problem_seen_from_a_container_keeps_the_rest() -> None:
    problem = Problem(("units",), "wrong", at="key", severity="warning", via=(("model", 3),))
    seen = Problem(("model", 0, "units"), "wrong", at="key", severity="warning", via=(("model", 3),))
    assert problem.under(("model", 0)) == seen


def test_the_text_has_title_and_place_of_every_problem() -> None:
    error = SpecError([Problem(("model", 0), "first"), Problem((), "second")], "Dense")
    assert str(error) == "Dense: model.0: first\nDense: second"
    assert str(SpecError("alone")) == "alone"
    assert SpecError("alone").problems == [Problem((), "alone")]


def test_problems_may_come_from_a_generator() -> None:
    error = SpecError(Problem((i,), "wrong") for i in range(2))
    assert [problem.loc for problem in error.problems] == [(0,), (1,)]
    assert str(error) == "0: wrong\n1: wrong"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("untis", "; did you mean 'units'?"),
        ("USE_BIAS", "; did you mean 'use_bias'?"),
        ("UseBias", "; did you mean 'use_bias'?"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_the_closest_word_is_suggested(word: str, hint: str) -> None:
    assert did_you_mean(word, iter(["units", "use_bias"])) == hint


def test_lists_of_words_read_as_a_sentence() -> None:
    assert one_of([]) == "nothing"
    assert one_of(["a"]) == "'a'"
    assert one_of(iter(["a", "b"])) == "'a' or 'b'"
    assert one_of(["a", "b", "c"]) == "'a', 'b' or 'c'"
