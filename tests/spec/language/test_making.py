from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.language.making import check_shape
from netlib.spec.language.nodes import NodeSyntax
from netlib.spec.language.state import State
from netlib.spec.language.wiring import Wiring

LOC = ("model", 3)


@pytest.mark.parametrize(
    ("shape", "messages"),
    [
        (None, []),
        ((None, 5), []),
        ((None, None), []),
        ((None, 6), ["declared as (batch, 6), but Dense gives (batch, 5)"]),
        ((None, 5, 1), ["declared as (batch, 5, 1), but Dense gives (batch, 5)"]),
    ],
)
def test_an_asserted_shape(graph_of: Any, shape: Any, messages: list[str]) -> None:
    (node,) = graph_of("[Dense: 5]").nodes
    state = State()
    check_shape(node, NodeSyntax(LOC, "Dense", 5), Wiring(shape=shape), state)
    assert [problem.message for problem in state.problems] == messages
    assert all(problem.loc == (*LOC, "shape") for problem in state.problems)
