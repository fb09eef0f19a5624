from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.names import check_name

LOC = ("model", 3)


@pytest.mark.parametrize("name", ["a", "_a", "A1", "conv_2d", "class"])
def test_good_names(name: str) -> None:
    assert check_name(name, LOC) == []


@pytest.mark.parametrize("name", ["", "1a", "a.b", "a-b", "a b", "ä", "a\n", None, 3, ["a"]])
def test_bad_names(name: Any) -> None:
    (problem,) = check_name(name, LOC)
    assert problem.message.startswith("expected a name of letters, digits and '_' that begins with no digit, got ")


@pytest.mark.parametrize("name", ["input", "previous"])
def test_words_that_have_a_meaning_are_no_names(name: str) -> None:
    (problem,) = check_name(name, LOC, at="key")
    assert problem.message == f"'{name}' has a meaning of its own in `from`; choose another name"
    assert problem.at == "key"
