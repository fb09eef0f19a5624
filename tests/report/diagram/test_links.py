from __future__ import annotations

from netlib.report.diagram.links import links
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec


def test_states_that_begin_by_themselves_have_no_edge() -> None:
    cell = {"Network": {"inputs": ["step", "h"], "nodes": [{"Add": {}, "from": ["step", "h"]}]}}
    model = [{"RNN": {"cell": cell, "state": {"h": 4}}}]
    inputs = {"x": TensorSpec((None, 7, 4))}
    graph, _ = analyse(model, inputs)
    assert graph is not None
    ends = [(link.source.path, link.target.path) for link in links(graph)]
    assert ends == [("x", "rnn.network.add"), ("rnn.network.add", "output")]

    begun = [{**model[0], "from": {"sequence": "x", "h": "start"}}]
    graph, _ = analyse(begun, {**inputs, "start": TensorSpec((None, 4))})
    assert graph is not None
    assert ("start", "rnn.network.add") in [(link.source.path, link.target.path) for link in links(graph)]
