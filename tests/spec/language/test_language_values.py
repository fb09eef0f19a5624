"""Values that are not layers: Variable(s), Constant, Compute, AddLoss, AddMetric, StopGradient, Random; and shapes."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.graph import Graph, Ref
from netlib.spec.tensors import TensorSpec

TWO = {"a": TensorSpec((None, 4)), "b": TensorSpec((None, 4))}


def weights(graph: Graph) -> dict[str, tuple[tuple[int, ...], bool]]:
    """Shape of each weight by its path, and whether it is trained."""
    return {
        node.weight_path(weight): (weight.shape, weight.trainable) for node in graph.walk() for weight in node.weights
    }


def output(graph: Graph) -> TensorSpec:
    (tensor,) = graph.output_tensors().values()
    return tensor


# Variable, Variables, Constant


@pytest.mark.parametrize(
    ("written", "shape"),
    [
        ("[4]", (4,)),
        ("{shape: [2, 4]}", (2, 4)),
        ("[]", ()),
        ("{shape: []}", ()),
        ("{value: [[1, 2], [3, 4]]}", (2, 2)),
    ],
)
def test_a_variable_is_a_trainable_tensor_whose_path_is_its_name(graph_of: Any, written: str, shape: Any) -> None:
    graph = graph_of(f"[{{Variable: {written}, name: w}}, {{Sequential: [{{Variable: {written}, name: v}}], name: s}}]")
    assert weights(graph) == {"w": (shape, True), "s.v": (shape, True)}
    assert graph.node("w").output == TensorSpec(shape)
    assert not graph.node("w").output.batched


def test_a_variable_that_is_frozen(graph_of: Any) -> None:
    graph = graph_of("[{Variable: [3], name: w, trainable: false}]")
    assert graph.parameters() == (0, 3)


def test_variables_are_any_nest_and_each_is_read_by_its_place(graph_of: Any) -> None:
    nest = "{Variables: {A: [{shape: [4]}, {shape: [], trainable: false}], B: {c: {value: 0.5}}}, name: nest}"
    graph = graph_of(f"[{nest}, {{Compute: 'row * nest.A[0] + nest.A[1] * nest.B.c', name: out}}]")
    assert weights(graph) == {"nest.A.0": ((4,), True), "nest.A.1": ((), False), "nest.B.c": ((), True)}
    assert graph.node("out").reads == {
        "row": Ref(None, "row"),
        "nest.A.0": Ref("nest", "A.0"),
        "nest.A.1": Ref("nest", "A.1"),
        "nest.B.c": Ref("nest", "B.c"),
    }
    assert graph.parameters() == (5, 1)


def test_a_part_of_the_nest_is_a_list(graph_of: Any, problems_of: Any) -> None:
    nest = "{Variables: {A: [{shape: [4]}, {shape: [4]}]}, name: nest}"
    assert output(graph_of(f"[{nest}, {{Compute: 'row + sum(stack(nest.A, axis=0), axis=0)'}}]")).shape == (None, 4)
    assert output(
        graph_of(f"[{nest}, {{Compute: 'row + sum(stack(p, axis=0), axis=0)', from: {{p: nest.A}}}}]")
    ).batched
    inside = f"[{nest}, {{Sequential: [{{Compute: 'x + nest.A[1]'}}], name: s, from: row}}]"
    assert graph_of(inside).node("s").reads == {"input": Ref(None, "row"), "nest.A.1": Ref("nest", "A.1")}
    assert problems_of(f"[{nest}, {{Compute: row + nest.C}}]")[0][0] == (1, "Compute")
    assert problems_of(f"[{nest}, {{Add: , from: [row, nest.C]}}]")[0][1] == (
        "'nest' has no port 'C'; it has 'A.0' or 'A.1'"
    )


def test_copies_of_variables(graph_of: Any) -> None:
    graph = graph_of(
        "[{Variable: [4], each: 3, name: w}, {Compute: 'x + sum(stack(ws, axis=0), axis=0)', from: {x: row, ws: w.*}}]"
    )
    assert list(graph.nodes[-1].reads) == ["x", "ws.0", "ws.1", "ws.2"]
    assert graph.parameters().total == 12


def test_a_constant_is_saved_and_never_trained(graph_of: Any) -> None:
    graph = graph_of("[{Constant: [1, 2], name: c}, {Constant: {shape: [3], initializer: uniform}, name: d}]")
    assert weights(graph) == {"c": ((2,), False), "d": ((3,), False)}
    assert [node.output.dtype for node in graph.nodes] == ["int32", "float32"]
    assert graph.parameters() == (0, 5)


def test_a_source_reads_nothing(problems_of: Any) -> None:
    assert problems_of("[{Variable: [3], from: row}]") == [
        ((0, "from"), "Variable reads nothing; leave out `from`"),
    ]


# Compute


def test_x_is_what_from_gives_previous_by_default(graph_of: Any) -> None:
    graph = graph_of(
        "[{Dense: 4, name: d}, {Compute: x * 2, name: p}, {Compute: x + d, from: row, name: q}, {Add: , from: [p, q]}]"
    )
    assert graph.node("p").reads == {"x": Ref("d", "output")}
    assert graph.node("q").reads == {"x": Ref(None, "row"), "d": Ref("d", "output")}


def test_with_a_mapping_its_keys_are_the_names_with_a_list_x_is_one(graph_of: Any) -> None:
    mixed = "{Compute: 'sum(stack(experts, axis=1), axis=1)', from: {experts: expert.*}}"
    graph = graph_of(f"[{{Dense: 3, each: 4, name: expert, from: row}}, {mixed}]")
    assert list(graph.nodes[-1].reads) == [f"experts.{copy}" for copy in range(4)]
    assert output(graph).shape == (None, 3)
    assert output(graph_of("[{Compute: 'x[0] - x[1]', from: [a, b]}]", TWO)).shape == (None, 4)


def test_an_expression_reads_nodes_and_inputs_of_the_scope_by_name(graph_of: Any) -> None:
    graph = graph_of("[{Compute: a - b, name: d}, {Sequential: [{Compute: x * a + d}]}]", TWO)
    assert graph.nodes[1].reads == {"input": Ref("d", "output"), "a": Ref(None, "a"), "d": Ref("d", "output")}


def test_what_an_expression_reads_is_read(graph_of: Any) -> None:
    assert graph_of("[{Dense: 4, name: side}, {Compute: row + side}]")


def test_several_results_are_ports(graph_of: Any) -> None:
    graph = graph_of(
        "[{Compute: ['x * 2', 'sum(x, axis=-1, keepdims=true)'], name: c}, {Concatenate: , from: [c.1, c.0, c]}]"
    )
    assert list(graph.node("c").outputs) == ["0", "1"]
    assert [ref.port for ref in graph.nodes[1].reads.values()] == ["1", "0", "0"]


def test_an_expression_sees_the_batch_axis(graph_of: Any) -> None:
    assert output(graph_of("[{Compute: 'mean(x, axis=1)'}]")).shape == (None,)


def test_dtypes_promote_as_in_numpy(graph_of: Any) -> None:
    whole = {"n": TensorSpec((None, 3), "int32")}
    assert output(graph_of("[{Compute: x + 1}]", whole)).dtype == "int32"
    assert output(graph_of("[{Compute: x / 2}]", whole)).dtype == "float32"
    assert output(graph_of("[{Compute: x + 0.5, dtype: bfloat16}]")).dtype == "bfloat16"


def test_like_repeats_a_variable_over_the_batch(graph_of: Any) -> None:
    assert output(graph_of("[{Variable: [7], name: w}, {Compute: 'like(w, row)'}]")).shape == (None, 7)


def test_the_macs_of_a_product(graph_of: Any) -> None:
    graph = graph_of("[{Variable: [4, 5], name: w}, {Compute: x @ w}]")
    assert graph.macs() == 20
    taken = "[{Variable: [9, 5], name: table}, {Compute: 'take(table, ids, axis=0)'}]"
    assert graph_of(taken, {"ids": TensorSpec((None, 3), "int32")}).macs() == 0


def test_a_reduction_over_the_batch_is_warned_of_but_not_in_a_loss(warnings_of: Any) -> None:
    warning = "this reduces over the batch, so that what the network gives for a sample depends on the others"
    assert warnings_of("[{Compute: 'x - mean(x, axis=0)'}]") == [((0, "Compute"), warning)]
    assert warnings_of("[{Compute: 'x - mean(x, axis=0)', repeat: 9}]") == [((0, "Compute"), warning)], "once"
    assert warnings_of("[{Dense: 4}, {AddLoss: 'mean(x)'}, {AddMetric: 'mean(x)'}]") == []


def test_such_a_network_is_known(graph_of: Any) -> None:
    assert not graph_of("[{Dense: 3}]").couples_rows
    assert graph_of("[{Sequential: [{Dense: 3}, {AddLoss: mean(x)}]}]").couples_rows


@pytest.mark.parametrize(
    ("nodes", "at", "message"),
    [
        ("{Compute: x +}", ("Compute", "expression"), ""),
        ("{Compute: zz * 2}", ("Compute",), "there is no node or input 'zz' before this one"),
        ("{Compute: x.zz}", ("Compute",), ""),
        ("{Compute: x @ x}", ("Compute",), ""),
        ("{Compute: row * 2, from: row}", ("from",), "the expression does not use 'x', which `from` gives it"),
        ("{Compute: a * 2, from: {a: row, b: row}}", ("from", "b"), "the expression does not use 'b'"),
        ("{Compute: a * 2, from: {a: []}}", ("from", "a"), "expected the names of nodes or inputs, got an empty list"),
        (
            "{Compute: row * 2, repeat: 2}",
            ("Compute",),
            "copies in a chain read one another as 'x', which the expression",
        ),
        ("{AddLoss: x}", ("AddLoss",), "AddLoss needs one floating-point number for the whole batch, got (batch, 4)"),
        ("{AddLoss: ['sum(x)', 'sum(x)']}", ("AddLoss",), "AddLoss needs one number, got 2 results"),
        ("{Compute: true}", ("Compute", "expression"), "expected an expression, such as"),
    ],
)
def test_wrong_expressions(problems_of: Any, nodes: str, at: tuple[str, ...], message: str) -> None:
    found = [
        (loc, text)
        for loc, text in problems_of(f"[{{Dense: 4, name: d}}, {nodes}, {{Dense: 1, from: d}}]")
        if loc[0] == 1
    ]
    assert found
    assert found[0][0] == (1, *at)
    assert found[0][1].startswith(message)


# AddLoss, AddMetric, StopGradient, Random


def test_what_is_added_is_no_node_that_could_be_read(graph_of: Any, problems_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: d}, {AddLoss: 0.1 * mean(square(d)), name: l}, {AddMetric: abs(x), name: m}]")
    assert [dict(node.outputs) for node in graph.nodes[1:]] == [{}, {}]
    assert graph.outputs == {"d": Ref("d", "output")}
    assert problems_of("[{Dense: 4}, {AddLoss: mean(x), name: l}, {Add: , from: [l, row]}]") == [
        ((2, "from", 0), "'l' gives nothing that could be read")
    ]


def test_stop_gradient_gives_what_it_reads(graph_of: Any) -> None:
    assert output(graph_of("[StopGradient]")) == TensorSpec((None, 4))


def test_random_has_the_shape_of_what_it_reads_or_its_own_and_the_batch(graph_of: Any, problems_of: Any) -> None:
    assert output(graph_of("[Random]")).shape == (None, 4)
    assert output(graph_of("[{Random: {shape: [2, 3], distribution: uniform}}]")).shape == (None, 2, 3)
    found = problems_of("[{Variable: [3], name: w}, {Random: , from: w}]")
    assert found[0][0] == (1, "Random")
    assert "batch axis" in found[0][1]


# Shapes


def test_unknown_axes_are_carried_through(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 3}, {Concatenate: , from: [previous, v]}]", {"v": TensorSpec((None, None, 4))})
    assert output(graph).shape == (None, None, 7)


def test_a_mismatch_is_told_with_both_shapes(problems_of: Any) -> None:
    assert problems_of("[{Dense: 3, name: a}, {Add: , from: [a, row]}]") == [
        (
            (1, "Add"),
            "Add needs inputs of one shape, or axes of length 1 where they differ, got (batch, 3) and (batch, 4)",
        )
    ]


def test_a_node_that_reads_a_failed_one_reports_nothing_of_its_own(problems_of: Any) -> None:
    followers = (
        "{Dense: 3, name: c}, {Add: , from: [c, a]}, {Compute: a + c}, {Sequential: [Dense: 3]}, {share: a}, {B: }"
    )
    found = problems_of(
        f"{{blocks: {{B: [Flatten]}}, model: [{{Dense: -3, name: a}}, {followers}, {{Dense: 3, repeat: 4}}]}}"
    )
    assert found == [((0, "Dense", "units"), "expected a number greater than 0, got -3")]


def test_a_mask_is_true_or_false_for_each_place(problems_of: Any) -> None:
    text = "[{GlobalAveragePooling1D: , from: [v, m]}]"
    places = "(batch, time), or (batch, query, value) for attention"
    inputs = {"v": TensorSpec((None, 5, 4)), "m": TensorSpec((None, 5))}
    assert problems_of(text, inputs) == [
        (
            (0, "GlobalAveragePooling1D"),
            f"GlobalAveragePooling1D's mask is true or false for each place, {places}, got (batch, 5) float32",
        )
    ]


# The design's two examples


STAGES = """
vars: {width: 32, depths: [2, 2, 2]}
blocks:
  ConvBlock:
    params: {filters: $required, kernel_size: 3, strides: 1}
    nodes:
      - Conv2D: {filters: $filters, kernel_size: $kernel_size, strides: $strides, padding: same, use_bias: false}
      - BatchNormalization
      - Activation: relu
  Stage:
    params: {filters: $required, depth: $required}
    nodes:
      - Conv2D: {filters: $filters, kernel_size: 1}
        if: $(input.channels != filters)
      - Residual: [ConvBlock: $filters, ConvBlock: $filters]
        repeat: $depth
        name: body
      - {MaxPooling2D: 2, name: pooled}
    outputs: {pooled: pooled, skip: body}
model:
  inputs: {image: {shape: [32, 32, 3]}}
  nodes:
    - ConvBlock: $width
    - Stage: {filters: "$(width * 2 ** index)", depth: $item}
      repeat: $depths
      name: stage
    - {GlobalAveragePooling2D: , name: features}
    - {Dense: 10, name: digit}
    - {Dense: 1, name: confidence, from: features}
  outputs: [digit, confidence]
"""


def test_the_stages(graph_of: Any) -> None:
    graph = graph_of(STAGES, None)
    convs = 3 * 32 * 9 + sum(4 * (w * w * 9) for w in (32, 64, 128)) + (32 * 64 + 64) + (64 * 128 + 128)
    norms = 2 * (32 + 4 * (32 + 64 + 128))
    heads = 128 * 11 + 11
    assert graph.parameters() == (convs + norms + heads, norms)
    assert "stage.1.body.0.conv_block.conv_2d.kernel" in weights(graph)
    assert [list(graph.node(f"stage.{i}").outputs) for i in range(3)] == [["pooled", "skip"]] * 3
    assert {name: tensor.shape for name, tensor in graph.output_tensors().items()} == {
        "digit": (None, 10),
        "confidence": (None, 1),
    }


FIXED = """
blocks:
  FixedHidden:
    nodes:
      - {Dense: 20, name: linear}
      - {Constant: {shape: [20, 20], initializer: uniform}, name: fixed}
      - Compute: relu(linear @ fixed + 1)
      - share: linear
      - While: {condition: sum(abs(x)) > 1, body: x / 2}
      - Compute: sum(x, axis=-1, keepdims=true)
model:
  - Sequential: [Dense: {units: 64, activation: relu}, Dense: {units: 32, activation: relu}, Dense: 16]
    name: nest
  - Dense: 20
  - FixedHidden
"""


def test_the_fixed_weight_the_shared_layer_and_the_loop(graph_of: Any) -> None:
    graph = graph_of(FIXED)
    nest = 4 * 64 + 64 + 64 * 32 + 32 + 32 * 16 + 16
    assert graph.parameters() == (nest + 16 * 20 + 20 + 20 * 20 + 20, 400)
    assert output(graph).shape == (None, 1)
    assert graph.macs() == 4 * 64 + 64 * 32 + 32 * 16 + 16 * 20 + 3 * 400


def test_what_has_no_batch_axis_is_read_by_expressions_only(problems_of: Any) -> None:
    remedy = "compute with it in Compute, or repeat it over the batch there: like(v, x)"
    assert problems_of("[{Variable: [4], name: w}, {Add: , from: [row, w]}]") == [
        ((1, "Add"), f"Add reads one tensor for each sample, but '1' has no batch axis, (4) float32: {remedy}")
    ]
