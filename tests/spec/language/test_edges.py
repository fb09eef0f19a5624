from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.graph import Ref
from netlib.spec.language.edges import Reader, Signature, Source, bind, expression_reads, follow, sources
from netlib.spec.language.scope import Found, Scope
from netlib.spec.tensor_expressions import TensorExpression
from netlib.spec.tensors import TensorSpec

LOC = ("model", 1)
A, B = Ref("a", "output"), Ref(None, "b")
ONE = Signature(("input",))
TWO = Signature(("query", "value"), ("key",))


def node(source: Any = None) -> Reader:
    return Reader("Thing", source, LOC if source is None else (*LOC, "from"))


def one(**refs: Ref) -> dict[str, Found]:
    return {key.strip("_"): Found({"": ref}) for key, ref in refs.items()}


def refused(source: Any, found: dict[str, Found], signature: Signature) -> list[tuple[Loc, str, str]]:
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
    assert found == {"0": Found({"": B}), "1": None, "2": None}
    assert [problem.message for problem in problems] == [
        "there is no node or input 'z' before this one; a node stands before what reads it",
        "expected the name of a node or an input, got 5",
    ]
    assert not scope.complete
    assert not outer.complete


def test_by_order() -> None:
    assert bind(node("a"), one(_0=A), ONE) == {"input": A}
    assert bind(node(["a", "b"]), one(_0=A, _1=B), TWO) == {"query": A, "value": B}
    assert bind(node(["a", "b", "a"]), one(_0=A, _1=B, _2=A), TWO) == {"query": A, "value": B, "key": A}
    assert bind(node("a.*"), {"0": Found({"0": A, "1": B}, several=True)}, TWO) == {"query": A, "value": B}


def test_by_name_in_the_order_of_the_signature() -> None:
    bound = bind(node({"value": "b", "query": "a"}), one(value=B, query=A), TWO)
    assert list(bound.items()) == [("query", A), ("value", B)]
    found = {**one(value=B), "query": Found({"0": A, "1": B}, several=True)}
    message = "Thing's input 'query' is one tensor, but this is a list of 2"
    assert refused({"value": "b", "query": "a.*"}, found, TWO) == [((*LOC, "from", "query"), message, "value")]


def test_any_number() -> None:
    variadic = Signature((), variadic=True)
    assert bind(node(["a", "b"]), one(_0=A, _1=B), variadic) == {"0": A, "1": B}
    listed = {"0": Found({"": A}), "1": Found({"0": B, "1": A}, several=True)}
    assert bind(node(["a", "b.*"]), listed, variadic) == {"0": A, "1": B, "2": A}
    message = "Thing reads any number of inputs, which have no names; write `from` as a list"
    assert refused({"x": "a"}, one(x=A), variadic) == [((*LOC, "from"), message, "value")]


def test_too_few_and_too_many() -> None:
    reads = "Thing reads query and value, and may read key, but"
    alone = f"{reads} is given only what is before it; say in `from` what each one is"
    assert refused(None, one(_0=A), TWO) == [(LOC, alone, "value")]
    assert refused("a", one(_0=A), TWO) == [((*LOC, "from"), f"{reads} `from` gives 1", "value")]
    assert refused([], {}, ONE) == [((*LOC, "from"), "Thing reads input, but `from` gives 0", "value")]
    assert refused(["a", "b"], one(_0=A, _1=B), ONE) == [
        ((*LOC, "from"), "Thing reads input, but `from` gives 2", "value")
    ]


def test_names_that_are_wrong_or_missing() -> None:
    assert refused({"qery": "a", "zzz": "b"}, one(qery=A, zzz=B), TWO) == [
        ((*LOC, "from", "qery"), "Thing has no input 'qery'; did you mean 'query'?", "key"),
        ((*LOC, "from", "zzz"), "Thing has no input 'zzz'; it reads 'query', 'value' or 'key'", "key"),
    ]
    message = "Thing also reads query and value; say in `from` what that is"
    assert refused({"key": "a"}, one(key=A), TWO) == [((*LOC, "from"), message, "value")]


def test_the_first_entry_may_be_given() -> None:
    scope = Scope({"b": TensorSpec((None, 2))})
    given = Found({"": A})
    assert follow([Source("0", "zzz", LOC), Source("1", "b", LOC)], scope, [], given) == {
        "0": given,
        "1": Found({"": B}),
    }


def read(text: str, source: Any = None, first: Found | None = None) -> tuple[dict[str, Ref] | None, list[str]]:
    """What an expression reads beside a node `a` and two inputs, and the messages."""
    scope = Scope({"b": TensorSpec((None, 2)), "c": TensorSpec((None, 2))})
    scope.declare("a", scope.add("a", {"output": TensorSpec((None, 2)), "h": TensorSpec((None, 3))}))
    problems: list[Problem] = []
    reader = Reader("Compute", source, (*LOC, "from"), first)
    refs = expression_reads(TensorExpression.parse(text), reader, scope, problems, LOC)
    return refs, [problem.message for problem in problems]


def test_what_an_expression_reads() -> None:
    assert read("x + 1") == ({"x": A}, [])
    assert read("b * c") == ({"b": B, "c": Ref(None, "c")}, []), "x is not used: previous is not read"
    assert read("x + a.h", "b") == ({"x": B, "a.h": Ref("a", "h")}, [])
    assert read("sum(stack(x, axis=1))", ["a", "b"]) == ({"x.0": A, "x.1": B}, [])
    assert read("q @ k", {"q": "a", "k": "b"}) == ({"q": A, "k": B}, [])
    assert read("stack(q, axis=1)", {"q": ["a", "b"]}) == ({"q.0": A, "q.1": B}, [])
    assert read("x * 2", None, Found({"": B})) == ({"x": B}, [])


def test_what_an_expression_cannot_read() -> None:
    assert read("b + 1", "a") == (None, ["the expression does not use 'x', which `from` gives it"])
    assert read("q + 1", {"q": "a", "k": "b"})[1] == ["the expression does not use 'k', which `from` gives it"]
    assert read("q + 1", {"q": []})[1] == ["expected the names of nodes or inputs, got an empty list"]
    assert read("zz + 1")[1] == ["there is no node or input 'zz' before this one; a node stands before what reads it"]
    message = "copies in a chain read one another as 'x', which the expression does not use; write `each` for `repeat`"
    assert read("b + 1", None, Found({"": A})) == (None, [message])
