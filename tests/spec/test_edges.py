from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.edges import Signature, Source, bind, follow, sources
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.graph import Ref
from netlib.spec.nodes import NodeSyntax
from netlib.spec.scope import Scope
from netlib.spec.tensors import TensorSpec

LOC = ("model", 1)
A, B = Ref("a", "output"), Ref(None, "b")
ONE = Signature(("input",))
TWO = Signature(("query", "value"), ("key",))


def node(source: Any = None) -> NodeSyntax:
    return NodeSyntax(LOC, "Thing", None, source=source)


def refused(source: Any, found: dict[str, Ref | None], signature: Signature) -> list[tuple[Loc, str, str]]:
    with pytest.raises(SpecError) as caught:
        bind(node(source), found, signature)
    return [(problem.loc, problem.message, problem.at) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (None, [Source("0", "previous", LOC)]),
        ("a.h", [Source("0", "a.h", (*LOC, "from"))]),
        (["a", 3], [Source("0", "a", (*LOC, "from", 0)), Source("1", 3, (*LOC, "from", 1))]),
        ({"query": "a"}, [Source("query", "a", (*LOC, "from", "query"))]),
        ([], []),
    ],
)
def test_the_entries_of_a_from(source: Any, expected: list[Source]) -> None:
    assert sources(node(source)) == expected


def test_every_entry_is_followed_and_a_lost_one_is_noted_in_all_scopes_around() -> None:
    outer = Scope({"x": TensorSpec((None, 2))})
    scope = Scope({"b": TensorSpec((None, 2))}, outer)
    problems: list[Problem] = []
    found = follow([Source("0", "b", LOC), Source("1", "z", LOC), Source("2", 5, LOC)], scope, problems)
    assert found == {"0": B, "1": None, "2": None}
    assert [problem.message for problem in problems] == [
        "there is no node or input 'z' before this one; a node stands before what reads it",
        "expected the name of a node or an input, got 5",
    ]
    assert not scope.complete
    assert not outer.complete


def test_by_order() -> None:
    assert bind(node("a"), {"0": A}, ONE) == {"input": A}
    assert bind(node(["a", "b"]), {"0": A, "1": B}, TWO) == {"query": A, "value": B}
    assert bind(node(["a", "b", "a"]), {"0": A, "1": B, "2": None}, TWO) == {"query": A, "value": B, "key": None}


def test_by_name_in_the_order_of_the_signature() -> None:
    found: dict[str, Ref | None] = {"value": B, "query": A}
    assert list(bind(node({"value": "b", "query": "a"}), found, TWO).items()) == [("query", A), ("value", B)]


def test_any_number() -> None:
    variadic = Signature((), variadic=True)
    assert bind(node(["a", "b"]), {"0": A, "1": B}, variadic) == {"0": A, "1": B}
    message = "Thing reads any number of inputs, which have no names; write `from` as a list"
    assert refused({"x": "a"}, {"x": A}, variadic) == [((*LOC, "from"), message, "value")]


def test_too_few_and_too_many() -> None:
    message = "Thing reads query and value and key, but `from` gives 1"
    assert refused(None, {"0": A}, TWO) == [(LOC, message, "value")]
    assert refused("a", {"0": A}, TWO) == [((*LOC, "from"), message, "value")]
    assert refused([], {}, ONE) == [((*LOC, "from"), "Thing reads input, but `from` gives 0", "value")]
    found: dict[str, Ref | None] = {"0": A, "1": B}
    assert refused(["a", "b"], found, ONE) == [((*LOC, "from"), "Thing reads input, but `from` gives 2", "value")]


def test_names_that_are_wrong_or_missing() -> None:
    assert refused({"qery": "a", "zzz": "b"}, {"qery": A, "zzz": B}, TWO) == [
        ((*LOC, "from", "qery"), "Thing has no input 'qery'; did you mean 'query'?", "key"),
        ((*LOC, "from", "zzz"), "Thing has no input 'zzz'; it reads 'query', 'value' or 'key'", "key"),
    ]
    message = "Thing also reads query and value; say in `from` what that is"
    assert refused({"key": "a"}, {"key": A}, TWO) == [((*LOC, "from"), message, "value")]
