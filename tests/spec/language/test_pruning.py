from __future__ import annotations

from typing import Any

import pytest
import yaml

from netlib.spec.language.analysis import analyse
from netlib.spec.language.pruning import needed
from netlib.spec.tensors import TensorSpec


def kept(nodes: str, outputs: str) -> list[str]:
    section: Any = {"nodes": yaml.safe_load(nodes), "outputs": yaml.safe_load(outputs)}
    every = {
        "nodes": section["nodes"],
        "outputs": {f"o{i}": n["name"] for i, n in enumerate(section["nodes"]) if "out" not in n["name"]},
    }
    graph, problems = analyse(every, {"row": TensorSpec((None, 4))})
    assert graph is not None, problems
    chosen = {name: ref for name, ref in graph.outputs.items() if ref.node in section["outputs"]}
    pruned = needed(type(graph)(graph.inputs, graph.nodes, chosen))
    for node in pruned.nodes:
        assert all(ref.node is None or pruned.node(ref.node) for ref in node.reads.values())
    return [node.name for node in pruned.nodes]


@pytest.mark.parametrize(
    ("nodes", "outputs", "names"),
    [
        ("[{Dense: 4, name: a}, {Dense: 4, name: b}, {Dense: 4, name: c, from: a}]", "[c]", ["a", "c"]),
        ("[{Dense: 4, name: a}, {Dense: 4, name: b, from: row, tie: {kernel: a.kernel}}]", "[b]", ["a", "b"]),
        ("[{Dense: 4, name: z}, {Dense: 4, name: a}, {share: a, name: b, from: row}]", "[b]", ["z", "a", "b"]),
        (
            """[{Sequential: [{Dense: 4, name: d}], name: a},
                {Sequential: [{Dense: 4, tie: {kernel: a.d.kernel}}], name: b, from: row}]""",
            "[b]",
            ["a", "b"],
        ),
        (
            "[{Dense: 4, name: a}, {AddLoss: mean(a), name: out1}, {Dense: 4, name: b}, {AddLoss: mean(b), name: out2}]",
            "[a]",
            ["a", "out1"],
        ),
    ],
    ids=["chain", "tie", "share", "tie_inside", "loss"],
)
def test_what_the_outputs_need_is_kept(nodes: str, outputs: str, names: list[str]) -> None:
    assert kept(nodes, outputs) == names
