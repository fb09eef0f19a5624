"""Scope, names, sharing and paths; the signature; nodes that nothing reads."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.graph import Graph, Ref
from netlib.spec.tensors import TensorSpec

TWO = {"a": TensorSpec((None, 4)), "b": TensorSpec((None, 4))}


def paths(graph: Graph) -> list[str]:
    return [node.path for node in graph.walk()]


def shapes(graph: Graph) -> dict[str, tuple[int | None, ...]]:
    return {name: tensor.shape for name, tensor in graph.output_tensors().items()}


# One signature for blocks, Network and the model: inputs, nodes, outputs.


@pytest.mark.parametrize("whole", ["{nodes: $LIST}", "$LIST"])
def test_the_model_is_a_list_or_has_a_signature(graph_of: Any, whole: str) -> None:
    assert paths(graph_of(whole.replace("$LIST", "[Dense: 3]"))) == ["dense"]


def test_nodes_may_be_a_variable(graph_of: Any, problems_of: Any) -> None:
    assert paths(graph_of("{vars: {n: [Flatten]}, model: {nodes: $n}}")) == ["flatten"]
    assert problems_of("{vars: {n: 3}, model: {nodes: $n}}") == [(("nodes",), "expected a list of nodes, got 3")]
    assert problems_of("nodes: $n")[0] == (("nodes",), "there is no value 'n' here (known: row, input)")


@pytest.mark.parametrize(
    ("outputs", "names"),
    [
        ("", ["b"]),
        ("outputs: b", ["b"]),
        ("outputs: [b, a]", ["b", "a"]),
        ("outputs: {one: a, two: b, three: row}", ["one", "two", "three"]),
        ("outputs: [a.output, b]", ["output", "b"]),
        ("outputs: c.1", ["1"]),
    ],
)
def test_outputs_are_a_name_a_list_or_a_mapping(graph_of: Any, outputs: str, names: list[str]) -> None:
    nodes = "nodes: [{Dense: 4, name: a}, {Dense: 4, name: c, repeat: 2}, {Dense: 4, name: b}]"
    if outputs == "outputs: c.1":
        nodes = nodes.replace(", {Dense: 4, name: b}", "")
    assert list(graph_of(f"{{{nodes}, {outputs}}}").outputs) == names


def test_the_default_output_is_the_last_node_by_its_name_or_output(graph_of: Any) -> None:
    assert list(graph_of("[{Dense: 3, name: head}]").outputs) == ["head"]
    assert list(graph_of("[{Dense: 3}]").outputs) == ["output"]


def test_an_output_is_one_tensor_for_each_sample(problems_of: Any) -> None:
    copies = "nodes: [{Dense: 4, each: 2, name: e}]\noutputs: "
    assert problems_of(f"{copies} e.*") == [(("outputs",), "an output is one tensor, but this is a list of 2")]
    assert problems_of(f"{copies} [e.0, [e.1]]")[0][0] == ("outputs", 1)
    total = "nodes: [{{Compute: sum(x), name: t}}]\noutputs: {}"
    message = "output '{}' has no batch axis, (): an output has a value for each sample"
    for outputs, name, loc in (
        ("[t]", "t", ("outputs", 0)),
        ("{u: t}", "u", ("outputs", "u")),
        ("t", "t", ("outputs",)),
    ):
        found = problems_of(total.format(outputs))
        assert (loc, message.format(name)) in found


def test_the_first_output_is_the_bare_name_and_an_unread_port_is_no_error(graph_of: Any) -> None:
    box = "{Network: {nodes: [{Dense: 3, name: d}, {Dense: 2, name: e}], outputs: {deep: e, wide: d}}, name: box}"
    graph = graph_of(f"[{box}, {{Dense: 1, name: head}}]")
    assert graph.node("head").reads == {"input": Ref("box", "deep")}


def test_a_port_that_is_not_there(problems_of: Any) -> None:
    box = "{Network: {nodes: [{Dense: 3, name: d}], outputs: {deep: d, wide: d}}, name: box}"
    assert problems_of(f"[{box}, {{Dense: 1, from: box.dep}}]") == [
        ((1, "from"), "'box' has no port 'dep'; did you mean 'deep'?")
    ]
    assert problems_of(f"[{box}, {{Dense: 1, from: box.x}}]")[0][1] == "'box' has no port 'x'; it has 'deep' or 'wide'"
    assert problems_of("[{Dense: 1, from: row.x}]")[0][1] == "'row' is an input and has no port 'x'"


def test_input_exists_where_there_is_exactly_one(graph_of: Any, problems_of: Any) -> None:
    assert graph_of("[{Dense: 3, from: input}]").nodes[0].reads == {"input": Ref(None, "row")}
    assert problems_of("[{Dense: 3, from: input}]", TWO) == [
        ((0, "from"), "`input` needs exactly one input; here are 'a' or 'b', name the one meant")
    ]


def test_with_several_inputs_the_first_node_needs_a_from(graph_of: Any, problems_of: Any) -> None:
    assert problems_of("[{Dense: 3}]", TWO) == [((0,), "the first node needs a `from` that names an input: 'a' or 'b'")]
    graph = graph_of("[{Variable: [4], name: w}, {Dense: 4, from: a}, {Add: , from: [previous, b]}]", TWO)
    assert paths(graph) == ["w", "dense", "add"]


def test_a_container_with_named_inputs_whose_shapes_are_checked(graph_of: Any, problems_of: Any) -> None:
    box = "[{{Network: {{inputs: {}, nodes: [{{Add: , from: [q, k]}}]}}, from: [a, b]}}]"
    assert graph_of(box.format("[q, k]"), TWO).nodes[0].reads == {"q": Ref(None, "a"), "k": Ref(None, "b")}
    assert shapes(graph_of(box.format("{q: {shape: [4]}, k: }"), TWO)) == {"output": (None, 4)}
    assert problems_of(box.format("{q: {shape: [5]}, k: }"), TWO) == [
        ((0, "Network", "inputs", "q"), "declared as (batch, 5) float32, but it reads (batch, 4) float32")
    ]
    assert problems_of(box.format("{q: 5, k: }"), TWO)[0][0] == (0, "Network", "inputs", "q")


# Scope


def test_a_container_sees_the_inputs_and_the_named_nodes_before_it(graph_of: Any) -> None:
    text = "[{Dense: 4, name: stem}, {Sequential: [Dense: 4, {Sequential: [{Add: , from: [previous, stem, row]}]}]}]"
    graph = graph_of(text)
    body = graph.node("sequential").body
    assert body.nodes[1].reads["stem"] == Ref(None, "stem")
    assert graph.node("sequential").reads == {
        "input": Ref("stem", "output"),
        "stem": Ref("stem", "output"),
        "row": Ref(None, "row"),
    }


def test_a_container_does_not_see_default_names_nor_what_stands_after_it(problems_of: Any) -> None:
    assert problems_of("[{Dense: 4}, {Sequential: [{Add: , from: [previous, dense]}]}]") == [
        (
            (1, "Sequential", 0, "from", 1),
            "'dense' is a default name, which serves only beside its node; give that node a `name`",
        )
    ]
    later = "[{Sequential: [{Dense: 4, from: later}]}, {Dense: 4, name: later}]"
    assert problems_of(later)[0][1].startswith("there is no node or input 'later' before this one")


def test_input_and_previous_are_the_innermost_scopes(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 5}, {Sequential: [{Concatenate: , from: [input, previous, row]}]}]")
    assert shapes(graph) == {"output": (None, 14)}


def test_a_name_inside_hides_the_one_outside(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: a}, {Sequential: [{Dense: 7, name: a}, {Dense: 2, from: a}]}]")
    assert [node.output.shape[1] for node in graph.leaves()] == [4, 7, 2]


def test_a_block_sees_only_its_inputs_its_params_and_vars(graph_of: Any, problems_of: Any) -> None:
    block = "{{params: {{p: 2}}, nodes: [Dense: $(w + p + input.channels), {}]}}"
    config = f"{{{{vars: {{{{w: 3}}}}, blocks: {{{{B: {block}}}}}, model: [{{{{Dense: 4, name: stem}}}}, B]}}}}"
    assert [node.output.shape[1] for node in graph_of(config.format("Flatten")).leaves()] == [4, 9, 9]
    assert problems_of(config.format("{Dense: 3, from: stem}")) == [
        (
            ("blocks", "B", "nodes", 1, "from"),
            "there is no node or input 'stem' before this one; a node stands before what reads it",
        )
    ]
    assert problems_of(config.format("{Dense: 3, from: row}"))[0][0] == ("blocks", "B", "nodes", 1, "from")
    assert problems_of(config.format("{Dense: $(row.channels)}"))[0][1].startswith("there is no value 'row' here")


def test_a_node_that_nothing_reads_is_an_error(problems_of: Any) -> None:
    message = "nothing reads node 'a', and it is no output; read it in a `from` or delete it"
    assert problems_of("[{Dense: 4, name: a}, {Dense: 4, from: row}]") == [((0,), message)]
    inside = "{blocks: {B: [{Dense: 4, name: a}, {Dense: 4, from: input}]}, model: [B]}"
    assert problems_of(inside) == [(("blocks", "B", 0), message)]


def test_sources_and_leaves_need_no_reader_and_are_not_previous(graph_of: Any) -> None:
    graph = graph_of(
        "[{Dense: 4}, {Variable: [3]}, {Constant: 2}, {AddLoss: mean(x)}, {AddMetric: mean(x)}, {Dense: 2}]"
    )
    assert graph.nodes[-1].reads == {"input": Ref("dense", "output")}


def test_nodes_and_inputs_share_one_namespace(problems_of: Any) -> None:
    assert problems_of("[{Dense: 4, name: row}]")[0][1].startswith("an input here is called 'row' already")
    assert problems_of("[{Dense: 4, name: dense}, {Dense: 4}]") == [
        ((1,), "another node here is called 'dense' already; give this one another `name`")
    ]


# Names


def test_default_names_are_the_type_in_snake_case_and_numbered(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4}, {Dense: 4, name: mine}, {Dense: 4}, {Sequential: [{Dense: 4}]}, LayerNormalization]")
    assert paths(graph) == ["dense", "mine", "dense_2", "sequential", "sequential.dense", "layer_normalization"]


def test_a_default_name_may_be_used_only_while_it_is_alone(graph_of: Any, problems_of: Any) -> None:
    message = "'dense' is the default name of one of 2 Dense nodes here; give that node a `name`"
    for use in ("{Add: , from: [dense, row]}", "{share: dense}", "{Compute: dense + row}"):
        assert graph_of(f"[{{Dense: 4}}, {use}]")
        assert message in [found for _, found in problems_of(f"[{{Dense: 4}}, {{Dense: 4}}, {use}]")]
    assert graph_of("{nodes: [{Dense: 4}], outputs: dense}")
    assert problems_of("{nodes: [{Dense: 4}, {Dense: 4}], outputs: dense}") == [(("outputs",), message)]


def test_what_a_residual_adds_on_its_own_is_not_counted(graph_of: Any) -> None:
    graph = graph_of("[{Residual: [{Add: , from: [input, input]}, {Dense: 4, from: add}]}]")
    assert paths(graph) == ["residual", "residual.add", "residual.dense", "residual.add_2"]
    assert paths(graph_of("[{Residual: [{Dense: 4, name: add}]}]")) == ["residual", "residual.add", "residual.add_2"]


# Paths


def test_every_node_and_weight_has_one_dotted_path(graph_of: Any) -> None:
    text = """
    blocks:
      ConvBlock: [{Conv2D: {filters: 3, kernel_size: 3, padding: same}}]
      Stage:
        params: {depth: $required}
        nodes: [{Residual: [ConvBlock], repeat: $depth, name: body}]
    model: [{Stage: 2, repeat: 2, name: stage}]
    """
    graph = graph_of(text, {"image": TensorSpec((None, 8, 8, 3))})
    weights = [node.weight_path(weight) for node in graph.walk() for weight in node.weights]
    assert "stage.1.body.0.conv_block.conv_2d.kernel" in weights
    assert len(set(weights)) == len(weights) == 8


# Sharing


def test_share_runs_a_node_again_with_the_same_weights(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: hidden}, {Activation: relu}, {share: hidden}, {share: hidden, name: third}]")
    again, third = graph.nodes[2:]
    assert (again.name, again.path, again.shares, again.type) == ("share", "hidden", "hidden", "Dense")
    assert again.reads == {"input": Ref("activation", "output")}
    assert third.reads == {"input": Ref("share", "output")}
    assert graph.parameters().total == 20
    assert graph.macs() == 3 * 16


def test_share_again_and_again(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: hidden}, {share: hidden, repeat: 11, name: more}]")
    assert [node.path for node in graph.nodes] == ["hidden"] * 12
    assert graph.node("more.10").reads == {"input": Ref("more.9", "output")}
    assert graph.parameters().total == 20


def test_from_says_on_what_it_runs(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 3, name: h, from: a}, {share: h, from: b}, {Subtract: , from: [h, share]}]", TWO)
    assert graph.nodes[1].reads == {"input": Ref(None, "b")}


def test_share_of_what_is_shared_leads_to_the_owner(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: h}, {share: h, name: i}, {share: i, name: j}]")
    assert [(node.path, node.shares) for node in graph.nodes] == [("h", None), ("h", "h"), ("h", "h")]


def test_share_of_a_copy(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: h, repeat: 2}, {share: h.0, name: i}, {share: h}]")
    assert [node.path for node in graph.nodes] == ["h.0", "h.1", "h.0", "h.1"]


@pytest.mark.parametrize(
    "shared",
    [
        "{Sequential: [{Dense: 4, name: d}, BatchNormalization], name: s}",
        "{Network: {nodes: [{Dense: 4, name: d}, BatchNormalization], outputs: {o: batch_normalization}}, name: s}",
        "{B: , name: s}",
    ],
)
def test_share_of_a_container_and_of_a_block(graph_of: Any, shared: str) -> None:
    blocks = "{B: [{Dense: 4, name: d}, BatchNormalization]}"
    graph = graph_of(f"{{blocks: {blocks}, model: [{shared}, {{share: s, name: t}}]}}")
    assert [node.path for node in graph.walk()] == ["s", "s.d", "s.batch_normalization"] * 2
    assert graph.node("t").shares == "s"
    assert graph.parameters() == (20 + 8, 8)
    assert graph.macs() == 32


def test_share_of_a_node_in_a_scope_around(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: h}, {Sequential: [{Sequential: [{share: h}]}], name: s}]")
    _, inner = graph.leaves()
    assert (inner.path, inner.shares, inner.name) == ("h", "h", "share")
    assert graph.parameters().total == 20


def test_share_of_containers_that_share_others(graph_of: Any) -> None:
    text = (
        "[{Dense: 4, name: h}, {Sequential: [{share: h}, {share: h}], name: s}, {Sequential: [{share: s}, {share: s}]}]"
    )
    graph = graph_of(text)
    assert [node.path for node in graph.leaves()] == ["h"] * 7
    assert graph.parameters().total == 20


def test_frozen_and_dtype_come_from_the_owner(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: h, trainable: false, dtype: bfloat16}, {share: h, training: true}]")
    again = graph.nodes[1]
    assert (again.trainable, again.dtype, again.training) == (False, "mixed_bfloat16", True)
    assert again.output.dtype == "bfloat16"


@pytest.mark.parametrize("wiring", ["trainable: false", "dtype: float32", "tie: {kernel: h.kernel}", "shape: [4]"])
def test_what_belongs_to_the_owner(problems_of: Any, wiring: str) -> None:
    key = wiring.partition(":")[0]
    assert problems_of(f"[{{Dense: 4, name: h}}, {{share: h, {wiring}}}]") == [
        ((1, key), f"'{key}' belongs to the node that is shared: write it there")
    ]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ("{Dense: 4, name: h}, {share: k}", "there is no node 'k' before this one; a node stands before what reads it"),
        ("{Dense: 4, name: hid}, {share: hit}", "there is no node 'hit' before this one; did you mean 'hid'?"),
        ("{Dense: 4}, {share: row}", "'row' is an input, which has no weights to share"),
        ("{Dense: 4}, {share: 3}", "expected the name of a node, got 3"),
        ("{Dense: 4}, {share: }", "expected the name of a node, got nothing"),
        ("{Dense: 4}, {share: $zz}", "there is no value 'zz' here (known: row, input)"),
        ("{Dense: 4, name: h}, {share: h.output}", "'h.output' is a port, and it is nodes that are shared: write h"),
        ("{Compute: x * 2, name: h}, {share: h}", "'h' is a Compute, which has no weights to share: write it again"),
        (
            "{Variable: [4], name: h}, {share: h}",
            "'h' is a Variable, which has no weights to share: read it again by its name",
        ),
    ],
)
def test_what_cannot_be_shared(problems_of: Any, nodes: str, message: str) -> None:
    ((loc, found),) = problems_of(f"[{nodes}]")
    assert loc == (1, "share")
    assert found.startswith(message)


def test_a_node_cannot_share_itself(problems_of: Any) -> None:
    assert problems_of("[{share: me, name: me}]")[0][1].startswith("there is no node 'me' before this one")
    inside = problems_of("[{Sequential: [{share: me}], name: me}]")
    assert inside[0][1].startswith("there is no node 'me' before this one")


def test_weights_that_would_have_another_shape(problems_of: Any) -> None:
    assert problems_of("[{Dense: 3, name: h}, {share: h}]") == [
        ((1,), "'h.kernel' has the shape [4, 3]; for what this node reads it would have the shape [3, 3]")
    ]
    box = "[{Sequential: [{Dense: 3, name: d}], name: s}, {share: s}]"
    assert problems_of(box)[0][1].startswith("'s.d.kernel' has the shape [4, 3]; for what this node reads")
    dollar = (
        "[{Sequential: [{Dense: 3, name: d, if: $(input.channels == 4)}, {Dense: 3, name: e}], name: s}, {share: s}]"
    )
    assert problems_of(dollar)[0][1] == (
        "'s.d.kernel' has the shape [4, 3]; for what this node reads it would have no use"
    )


def test_a_layer_that_cannot_take_what_it_is_shared_on(problems_of: Any) -> None:
    text = "[{Conv2D: {filters: 3, kernel_size: 1}, name: c}, Flatten, {share: c}]"
    ((loc, message),) = problems_of(text, {"image": TensorSpec((None, 4, 4, 3))})
    assert loc == (2, "share")
    assert message.startswith("Conv2D needs an input of rank 4")


def test_a_container_that_reads_by_name_is_shared_only_beside_itself(graph_of: Any, problems_of: Any) -> None:
    nodes = "{Dense: 4, name: stem}, {Sequential: [{Add: , from: [previous, stem]}], name: s}"
    assert graph_of(f"[{nodes}, {{share: s}}]")
    assert problems_of(f"[{nodes}, {{Sequential: [{{share: s}}]}}]") == [
        (
            (2, "Sequential", 0, "share"),
            "'s' reads nodes around it by name, so it can be shared only in the list in which it is",
        )
    ]
