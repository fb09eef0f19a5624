from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import Loc, Problem
from netlib.spec.language.containers import UNKNOWN, Container, opened, parse_container
from netlib.spec.wrappers import TimeDistributed, While

LOC = ("model", 0, "Some")


def parsed(kind: str, value: Any) -> Container:
    problems: list[Problem] = []
    container = parse_container(kind, value, LOC, ["Mine"], problems)
    assert not problems
    return container


def test_a_list_of_nodes() -> None:
    for kind in ("Sequential", "Network"):
        section = parsed(kind, ["Flatten"]).section
        assert (section.nodes, section.nodes_loc, section.outputs) == (["Flatten"], LOC, None)
    assert parsed("Sequential", None).section.nodes == []


def test_what_a_residual_adds() -> None:
    (add,) = parsed("Residual", ["Flatten"]).section.implied
    assert (add.type, add.wiring, add.implied) == ("Add", {"from": ["previous", "input"]}, True)
    body, shortcut, add = parsed("Residual", {"body": ["Flatten"], "shortcut": None}).section.implied
    assert (body.type, body.wiring, body.loc) == ("Sequential", {"name": "body", "from": "input"}, (*LOC, "body"))
    assert shortcut.parameters is None
    assert add.wiring == {"from": ["body", "shortcut"]}


def test_the_branches_of_parallel() -> None:
    value = {"branches": {"a": ["Flatten"], "b": {"Mine": 3, "from": "z"}}, "merge": {"Stack": 1, "trainable": False}}
    section = parsed("Parallel", value).section
    assert [(node.type, dict(node.wiring)) for node in section.implied] == [
        ("Sequential", {"name": "a", "from": "input"}),
        ("Mine", {"name": "b", "from": "z"}),
        ("Stack", {"trainable": False, "from": ["a", "b"]}),
    ]
    assert section.outputs is None
    assert parsed("Parallel", {"branches": {"a": []}}).section.outputs == {"a": "a"}
    merged = parsed("Parallel", {"branches": {"a": []}, "merge": {"Compute": "a"}}).section.implied[-1]
    assert merged.wiring == {"from": {"a": "a"}}


def test_wrappers() -> None:
    container = parsed("TimeDistributed", {"Dense": 3})
    assert isinstance(container.wrapper, TimeDistributed)
    assert [node.type for node in container.section.implied] == ["Dense"]
    assert parsed("TimeDistributed", ["Flatten"]).section.nodes == ["Flatten"]
    loop = parsed("While", {"body": "x / 2", "max_iterations": 3})
    assert isinstance(loop.wrapper, While)
    assert loop.wrapper.max_iterations == 3
    (compute,) = loop.section.implied
    assert (compute.type, compute.parameters, compute.loc) == ("Compute", "x / 2", (*LOC, "body"))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("Sequential", "$a", ["A"]),
        ("Sequential", ["$a"], ["$a"]),
        ("Network", {"nodes": "$a", "outputs": "$b"}, {"nodes": ["A"], "outputs": "$b"}),
        ("Residual", {"body": "$a", "shortcut": "$zz"}, {"body": ["A"], "shortcut": []}),
        ("Parallel", {"branches": {"p": "$a", "q": "$zz"}}, {"branches": {"p": ["A"], "q": []}}),
        ("Parallel", {"branches": {}, "merge": "$zz"}, {"branches": {}}),
        ("Parallel", {"branches": "$zz"}, UNKNOWN),
        ("Network", {"inputs": "$zz", "nodes": []}, UNKNOWN),
        ("TimeDistributed", "$zz", UNKNOWN),
        ("TimeDistributed", {"Dense": "$a"}, {"Dense": "$a"}),
        ("While", {"body": "$a", "max_iterations": "$a"}, {"body": ["A"], "max_iterations": ["A"]}),
        ("While", {"body": "x * $a", "max_iterations": "$zz"}, {"body": "x * $a"}),
    ],
)
def test_what_stands_for_nodes_is_replaced_and_nothing_else(kind: str, value: Any, expected: Any) -> None:
    def replaced(part: Any, loc: Loc) -> Any:
        assert loc[: len(LOC)] == LOC
        return {"$a": ["A"], "$zz": UNKNOWN}.get(part, part)

    assert opened(kind, value, LOC, replaced) == expected
