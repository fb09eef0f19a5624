from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import Problem, SpecError
from netlib.spec.graph import Tie
from netlib.spec.language.wiring import MAX_COPIES, Wiring, copies, is_left_in, parse_wiring

LOC = ("model", 2)


def parsed(**values: Any) -> tuple[Wiring, list[Problem]]:
    problems: list[Problem] = []
    return parse_wiring(values, LOC, problems), problems


def test_nothing_is_the_default() -> None:
    assert parsed() == (Wiring(), [])
    assert parsed(dtype=None, shape=None, tie=None, trainable=None, training=None) == (Wiring(), [])


def test_what_stands_beside_a_type() -> None:
    wiring, problems = parsed(
        trainable=False, dtype="bfloat16", shape=[3.0, None], training=True, tie={"a": "b.c", "d": {"to": "e"}}
    )
    assert not problems
    assert (wiring.trainable, wiring.dtype, wiring.shape, wiring.training) == (
        False,
        "mixed_bfloat16",
        (None, 3, None),
        True,
    )
    assert wiring.ties == {"a": Tie("b.c"), "d": Tie("e")}
    assert parsed(**{"from": ["a"]})[0].source == ["a"]


def test_what_is_wrong_is_reported_and_left_out() -> None:
    wiring, problems = parsed(trainable="no", dtype="float8", training=[], shape="3", tie={"kernel": 3, "bias": "a.b"})
    assert wiring == Wiring(ties={"bias": Tie("a.b")})
    assert [problem.loc[2:] for problem in problems] == [
        ("trainable",),
        ("dtype",),
        ("shape",),
        ("training",),
        ("tie", "kernel"),
    ]


def test_copies_with_what_dollar_sees_in_them() -> None:
    assert copies(2, LOC) == {"0": {"index": 0}, "1": {"index": 1}}
    assert copies(["a"], LOC) == {"0": {"index": 0, "item": "a"}}
    assert copies({"k": 3}, LOC) == {"k": {"index": 0, "key": "k", "item": 3}}
    assert copies(0, LOC) == copies([], LOC) == copies({}, LOC) == {}
    assert len(copies(MAX_COPIES, LOC)) == MAX_COPIES


@pytest.mark.parametrize("value", [True, None, -1, 1.5, "3", MAX_COPIES + 1, [0] * (MAX_COPIES + 1)])
def test_what_is_no_number_of_copies(value: Any) -> None:
    with pytest.raises(SpecError, match=f"expected a number of copies from 0 to {MAX_COPIES}"):
        copies(value, LOC)


@pytest.mark.parametrize("value", [None, 0, 1, "false"])
def test_what_is_neither_true_nor_false(value: Any) -> None:
    assert is_left_in(True, LOC)
    assert not is_left_in(False, LOC)
    with pytest.raises(SpecError, match="expected true or false"):
        is_left_in(value, LOC)
