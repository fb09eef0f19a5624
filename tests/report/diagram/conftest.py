"""Networks to draw: a plain chain with skips, nested containers, and one with several inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec

MakeGraph = Callable[..., Graph]

TWO = {
    "inputs": {"image": {"shape": [28, 28, 1]}, "features": {"shape": [12]}},
    "nodes": [
        {"Conv2D": {"filters": 8, "kernel_size": 3}, "name": "conv", "from": "image"},
        "Flatten",
        {"Dense": 32, "name": "seen"},
        {
            "Sequential": [{"Dense": 16, "name": "first"}, {"Dense": 32, "name": "last"}],
            "name": "told",
            "from": "features",
        },
        {"Concatenate": None, "from": ["seen", "told"], "name": "both"},
        {"Dense": 10, "name": "digit"},
        {"Dense": 1, "name": "confidence", "from": "both"},
    ],
    "outputs": ["digit", "confidence"],
}


def _conv(filters: int, name: str, **wiring: Any) -> dict[str, Any]:
    return {"Conv2D": {"filters": filters, "kernel_size": 3, "padding": "same"}, "name": name, **wiring}


def _residual(name: str) -> dict[str, Any]:
    body = [_conv(8, "one"), {"Activation": "relu"}, _conv(8, "two"), {"Add": None, "from": ["two", "input"]}]
    return {"Sequential": body, "name": name}


def _make(section: Any, **inputs: tuple[int | None, ...]) -> Graph:
    given = {name: TensorSpec((None, *shape)) for name, shape in inputs.items()}
    graph, problems = analyse(section, given or None, loc=())
    assert graph is not None, problems
    return graph


@pytest.fixture(scope="session")
def make_graph() -> MakeGraph:
    """The graph of a section, from shapes by input name without the batch axis."""
    return _make


@pytest.fixture(scope="session", params=["chain", "skips", "nested", "two", "identity"])
def graph(request: pytest.FixtureRequest) -> Graph:
    """Each of the networks."""
    if request.param == "two":
        return _make(TWO)
    if request.param == "chain":
        return _make(["Flatten", {"Dense": 4}], image=(8, 8, 1))
    if request.param == "identity":
        passing = {
            "Network": {"nodes": [{"Dense": 3}], "outputs": {"same": "input", "new": "dense"}},
            "name": "passing",
        }
        nodes = [
            passing,
            {"Sequential": [], "name": "nothing", "from": "passing.same"},
            {"Add": None, "from": ["nothing", "passing.new"]},
        ]
        return _make(nodes, x=(3,))
    residuals = [{"Sequential": [_residual("a"), _residual("b")], "name": "stage"}, _residual("c")]
    if request.param == "nested":
        return _make(
            [_conv(8, "stem"), *residuals, {"GlobalAveragePooling2D": None, "name": "pooled"}, {"Dense": 10}],
            image=(16, 16, 3),
        )
    nodes = [_conv(8, "start")]
    for index in range(8):
        before = nodes[-1]["name"]
        nodes += [_conv(8, f"conv{index}"), {"Add": None, "from": [f"conv{index}", before], "name": f"add{index}"}]
    return _make(nodes, image=(16, 16, 3))
