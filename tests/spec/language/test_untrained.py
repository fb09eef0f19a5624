from __future__ import annotations

from typing import Any

import pytest

P = "{Parallel: {branches: {a: {Dense: 16}, b: {Dense: 400}}}, name: p}"
TWO = "{Network: {nodes: [{Dense: 4, name: a}, {Dense: 5, name: b, from: input}], outputs: [a, b]}, name: p}"
UNREAD_B = "nothing reads port 'b' of 'p': the weights of p.b are never trained"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"[{P}, {{Dense: 10, from: p.a}}]", UNREAD_B),
        (f"[{TWO}, {{share: p, name: q}}, {{Add: , from: [p.a, q.a]}}]", UNREAD_B),
        ("[{Variable: [3], name: v}, {Dense: 3}]", "nothing reads 'v': it is never trained"),
        ("[{Dense: 4, name: a}, {Dense: 4, if: false}, {Dense: 3, from: row}]", "nothing reads 'a': its weights are"),
        (f"[{P[:-1]}, repeat: 3}}]", "nothing reads port 'b' of 'p.0' (nor 2 more that are written here): the weights"),
    ],
)
def test_trained_weights_behind_what_nothing_reads(text: str, message: str, warnings_of: Any) -> None:
    assert [(loc, told[: len(message)]) for loc, told in warnings_of(text)] == [((0,), message)]


@pytest.mark.parametrize(
    "text",
    [
        f"[{{Sequential: [{P}, {{Dense: 3, from: p.a}}], trainable: false}}]",
        f"[{TWO.replace('input}]', 'input}, {AddLoss: mean(b)}]')}, {{Dense: 10, from: p.a}}]",
        f"[{TWO}, {{share: p, name: q}}, {{Concatenate: , from: [p.a, q.b]}}]",
        "[{Variable: [4], name: v}, {Compute: x * 2}, {Sequential: [{Compute: x + v}]}]",
        "[{While: {max_iterations: 3, body: [{Dense: 4}]}}]",
    ],
)
def test_weights_that_serve_something_or_are_frozen(text: str, warnings_of: Any) -> None:
    assert warnings_of(text) == []
