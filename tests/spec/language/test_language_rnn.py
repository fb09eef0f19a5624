"""RNN in a config: what its cell reads and gives, where mistakes are reported, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.costs import cost
from netlib.spec.graph import Graph, Ref
from netlib.spec.memory import estimate
from netlib.spec.tensors import TensorSpec

SEQUENCE = {"x": TensorSpec((None, 7, 4))}
ENDLESS = {"x": TensorSpec((None, None, 4))}
BEGUN = {**SEQUENCE, "start": TensorSpec((None, 4))}
BLOCKS = """
  Cell:
    params: {units: $required}
    inputs: [step, h]
    nodes:
      - {Dense: $units, from: step, name: fresh}
      - {Dense: {units: $units, use_bias: false}, from: h, name: kept}
      - {Compute: tanh(fresh + kept), name: new}
    outputs: {output: new, h: new}
  Three: {inputs: [step, h, z], nodes: [{Add: {}, from: [step, h, z]}]}
  Swapped: {inputs: [h, step], nodes: [{Add: {}, from: [step, h]}]}
  Two: {inputs: [step, h, c], nodes: [{Add: {}, from: [step, h, c], name: new}], outputs: {output: new, h: new}}
  Carry: {inputs: [step, h], nodes: [{Compute: step + h, name: new}], outputs: {output: h, h: new}}
"""


def config(*nodes: str) -> str:
    return f"blocks:{BLOCKS}model:\n" + "".join(f"  - {node}\n" for node in nodes)


CELL = "RNN: {cell: {Cell: {units: 5}}, state: {h: 5}}"


def test_its_nodes_ports_weights_and_costs(graph_of: Any) -> None:
    graph: Graph = graph_of(config(CELL), SEQUENCE)
    assert [(node.path, node.times) for node in graph.walk()] == [
        ("rnn", 1), ("rnn.cell", 7), ("rnn.cell.fresh", 7), ("rnn.cell.kept", 7), ("rnn.cell.new", 7),
    ]  # fmt: skip
    rnn = graph.node("rnn")
    assert rnn.reads == {"sequence": Ref(None, "x")}
    assert rnn.outputs == {"output": TensorSpec((None, 5)), "h": TensorSpec((None, 5))}
    assert graph.parameters().total == 5 * 4 + 5 + 5 * 5
    assert graph.macs() == 7 * (4 * 5 + 5 * 5)
    assert graph_of(config(CELL), ENDLESS).macs() is None
    memory = estimate(graph, None, 8, "graph")
    assert memory is not None
    assert memory.activations > 0
    assert cost(rnn, [SEQUENCE["x"].shape]).macs == 0


def test_all_outputs_and_states_by_their_ports(graph_of: Any) -> None:
    nodes = (
        "{RNN: {cell: {Cell: {units: 5}}, state: {h: 5}, return_sequences: true}, name: encoder}",
        "{RNN: {cell: {Cell: {units: 5}}, state: {h: [5]}}, from: {sequence: x, h: encoder.h}, name: decoder}",
        "{Concatenate: {}, from: [decoder, encoder.h]}",
        "{Compute: 'sum(encoder, axis=1) + concatenate[:, :5]'}",
    )
    graph = graph_of(config(*nodes), SEQUENCE)
    assert graph.node("encoder").outputs["output"] == TensorSpec((None, 7, 5))
    assert graph.node("decoder").reads == {"sequence": Ref(None, "x"), "h": Ref("encoder", "h")}
    assert graph_of(config(nodes[0]), ENDLESS).node("encoder").output.shape == (None, None, 5)


@pytest.mark.parametrize(
    "cell",
    [
        "Add",
        "{Compute: x + h}",
        "{Sequential: [Identity, {Compute: x + h}]}",
        "{Residual: [{Compute: x * h}]}",
        "{Network: {nodes: [{Compute: x + h}]}}",
        "{Network: {inputs: [step, h], nodes: [{Compute: step + h}]}}",
        "{Network: {inputs: {at: {shape: [4]}, h: {shape: [4]}}, nodes: [{Add: {}, from: [at, h]}]}, name: added}",
    ],
)
def test_what_may_be_a_cell(graph_of: Any, cell: str) -> None:
    graph = graph_of(config(f"RNN: {{cell: {cell}, state: {{h: 4}}}}"), SEQUENCE)
    assert graph.output_tensors() == {"output": TensorSpec((None, 4))}
    assert len(graph.node("rnn").body.nodes) == 1


def test_it_reads_what_is_the_same_at_every_step(graph_of: Any) -> None:
    nodes = (
        "{Dense: 4, name: memory}",
        "{RNN: {cell: {Sequential: [{Compute: 'x + h + sum(memory, axis=1)'}]}, state: {h: 4}}, from: x}",
    )
    assert graph_of(config(*nodes), SEQUENCE).node("rnn").reads == {
        "sequence": Ref(None, "x"),
        "memory": Ref("memory", "output"),
    }


def test_an_output_that_is_the_state_of_before(graph_of: Any) -> None:
    graph = graph_of(config("RNN: {cell: Carry, state: {h: 4}}"), SEQUENCE)
    node, port = graph.produced("output")
    assert (node.path, port) == ("rnn", "output")
    assert estimate(graph, None, 8, "graph") is not None


def test_it_takes_parameters_from_around(graph_of: Any) -> None:
    text = """
        blocks:
          Encoder:
            params: {cell: $required, units: $required, all: true}
            nodes: [{RNN: {cell: $cell, state: {h: $units}, return_sequences: $all}}]
        model: [{Encoder: {cell: {Compute: x + h}, units: 4}}]
    """
    assert graph_of(text, SEQUENCE).output_tensors() == {"output": TensorSpec((None, 7, 4))}


def test_dtypes(graph_of: Any) -> None:
    node = "{RNN: {cell: {Cell: {units: 5}}, state: {h: 5}}, dtype: mixed_bfloat16}"
    outputs = graph_of(config(node), SEQUENCE).node("rnn").outputs
    assert {tensor.dtype for tensor in outputs.values()} == {"bfloat16"}
    mixed = "RNN: {cell: {Cell: {units: 5}, dtype: mixed_bfloat16}, state: {h: 5}}"
    outputs = graph_of(config(mixed), SEQUENCE).node("rnn").outputs
    assert [tensor.dtype for tensor in outputs.values()] == ["bfloat16", "float32"]


HERE = (0, "RNN")


@pytest.mark.parametrize(
    ("rnn", "loc", "message"),
    [
        ("{cell: {Cell: {units: 3}}, state: {h: 5}}", ("cell",),
         "the state 'h' is (batch, 5) float32, but for the next step the cell gives (batch, 3) float32"),
        ("{cell: {Cell: {units: 3}}, state: {h: 3, c: 3}}", ("cell",),
         "Cell has no input 'c' for the state; besides the step, 'step', it reads 'h'"),
        ("{cell: Three, state: {h: 4}}", ("cell",),
         "Three's input 'z' is neither the step, its first input, nor a state: h"),
        ("{cell: Swapped, state: {h: 4}}", ("cell",),
         "Swapped's first input, 'h', is the step, so no state can have that name"),
        ("{cell: Two, state: {h: 4, c: 4}}", ("cell",),
         ("no port of Two gives the next state 'c': it gives 'output' or 'h'; the first is the output, the others are called"
         " as the states")),
        ("{cell: {Dense: 4}, state: {h: 4}}", ("cell",),
         "Dense has no input 'h' for the state; besides the step, 'input', it reads nothing"),
        ("{cell: {Compute: x + 1}, state: {h: 4}}", ("cell",), "nothing in Compute reads the state 'h'"),
        ("{cell: [Cell], state: {h: 4}}", ("cell",),
         "the cell is one node: write a block, or {Network: {inputs: [step, h], nodes: [...], outputs: {...}}}, got a list"),
        ("{cell: {Cell: {units: 4}, from: x}, state: {h: 4}}", ("cell", "from"),
         "the cell reads the step and the states; leave out 'from'"),
        ("{cell: {Cell: {units: 4}, repeat: 2}, state: {h: 4}}", ("cell", "repeat"),
         "the cell reads the step and the states; leave out 'repeat'"),
        ("{cell: {Cel: {units: 4}}, state: {h: 4}}", ("cell", "Cel"), "there is no layer 'Cel'; did you mean 'Cell'?"),
        ("{cell: {Dense: {unit: 4}}, state: {h: 0}}", ("cell", "Dense", "unit"),
         "Dense has no parameter 'unit'; did you mean 'units'?"),
        ("{cell: {Cell: {units: 4}}}", (),
         ("RNN needs 'state': shape of each state by its name, the batch left out: `{h: 32}`. States begin as zeros, unless"
         " `from` gives them by these names")),
        ("{state: {h: 4}}", (), "RNN needs 'cell'"),
        ("Cell", (), "RNN expects a mapping of 'cell', 'state', 'return_sequences' or 'go_backwards', got 'Cell'"),
        ("{cell: {Cell: {units: 4}}, state: {h: 4}, unroll: true}", ("unroll",),
         "RNN takes no 'unroll': the steps run in a loop; unrolled, they would take many times as long to compile"),
        ("{cell: {Cell: {units: 4}}, state: {h: 4}, return_sequence: true}", ("return_sequence",),
         "RNN has no key 'return_sequence'; did you mean 'return_sequences'?"),
        ("{cell: {Sequential: [{AddLoss: mean(x)}, {Compute: x + h}]}, state: {h: 4}}", ("cell", "Sequential", 0),
         "AddLoss cannot stand in a While or an RNN: what it adds cannot leave the loop"),
    ],
)  # fmt: skip
def test_mistakes_are_reported_where_they_are(problems_of: Any, rnn: str, loc: Any, message: str) -> None:
    found = problems_of(config(f"RNN: {rnn}"), SEQUENCE)
    assert ((*HERE, *loc), message) in found
    assert len(found) == (2 if "unit: 4" in rnn else 1)


@pytest.mark.parametrize(
    ("node", "loc", "message"),
    [
        ("{RNN: {cell: {Compute: x + h}, state: {h: 4}}, from: start}", ("RNN",),
         "RNN needs an input of rank 3 or more, (batch, time, ...), got (batch, 4)"),
        ("{RNN: {cell: {Compute: x + h}, state: {h: 4}}, from: {sequence: x, h: x}}", ("RNN",),
         "RNN needs an initial h of (batch, 4) float32, got (batch, 7, 4) float32"),
        ("{RNN: {cell: {Compute: x + h}, state: {h: 4}}, from: {sequence: x, c: start}}", ("from", "c"),
         "RNN has no input 'c'; it reads 'sequence' or 'h'"),
        ("{RNN: {cell: {Compute: x + h}, state: {h: 4}}, from: [x, start, start]}", ("from",),
         "RNN reads sequence, and may read h, but `from` gives 3"),
    ],
)  # fmt: skip
def test_inputs_that_it_cannot_read(problems_of: Any, node: str, loc: Any, message: str) -> None:
    assert problems_of(config(node), BEGUN) == [((0, *loc), message)]


def test_initial_states_in_their_order(graph_of: Any) -> None:
    graph = graph_of(config("{RNN: {cell: {Compute: x + h}, state: {h: 4}}, from: [x, start]}"), BEGUN)
    assert graph.node("rnn").reads == {"sequence": Ref(None, "x"), "h": Ref(None, "start")}
