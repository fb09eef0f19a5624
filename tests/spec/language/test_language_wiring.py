"""The table of what stands beside a node's type, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.graph import Graph, Ref, Tie
from netlib.spec.tensors import TensorSpec

TWO = {"a": TensorSpec((None, 4)), "b": TensorSpec((None, 4))}
TOKENS = {"ids": TensorSpec((None, 5), "int32")}


def paths(graph: Graph) -> list[str]:
    return [node.path for node in graph.walk()]


def reads(graph: Graph, name: str) -> list[Any]:
    """What a node reads: `node`, `node.port` where that is not the only one, or `.input`."""
    return [f"{node or ''}{'' if port == 'output' else '.' + port}" for node, port in graph.node(name).reads.values()]


# Without parameters: a bare string, or a colon and nothing. The only obvious parameter may stand alone.


@pytest.mark.parametrize("node", ["Flatten", "Flatten:", "{Flatten: {}}", "{Flatten: , name: flat}"])
def test_a_node_without_parameters(graph_of: Any, node: str) -> None:
    assert graph_of(f"- {node}").nodes[0].type == "Flatten"


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("Dense: 10", "Dense: {units: 10}"),
        ("Activation: relu", "Activation: {activation: relu}"),
        ("Compute: x * 2", "Compute: {expression: x * 2}"),
        ("{Mine: 3}", "{Mine: {units: 3}}"),
        ("{Mine: 3, name: up}", "{Mine: {units: 3}, name: up}"),
    ],
)
def test_the_only_obvious_parameter_may_stand_alone(graph_of: Any, short: str, long: str) -> None:
    config = "{{model: [{0}], blocks: {{Mine: {{params: {{units: $required, bias: 1}}, nodes: [Dense: $units]}}}}}}"
    assert graph_of(config.format(short)) == graph_of(config.format(long))


# name


def test_name(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: first}, {Add: , name: both, from: [first, row]}]")
    assert paths(graph) == ["first", "both"]
    assert reads(graph, "both") == ["first", ".row"]


def test_name_may_be_computed(graph_of: Any) -> None:
    assert paths(graph_of("{vars: {which: left}, model: [{Dense: 4, name: $(which)_head}]}")) == ["left_head"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.b", "expected a name of letters, digits and '_' that begins with no digit, got 'a.b'"),
        ("3", "expected a name of letters, digits and '_' that begins with no digit, got 3"),
        ("input", "'input' has a meaning of its own in `from`; choose another name"),
        ("sum", "'sum' has a meaning of its own in expressions; choose another name"),
        ("x", "'x' has a meaning of its own in expressions; choose another name"),
        ("row", "an input here is called 'row' already; give this one another `name`"),
        ("$zz", "there is no value 'zz' here (known: row, input)"),
    ],
)
def test_a_wrong_name(problems_of: Any, name: str, message: str) -> None:
    assert problems_of(f"[{{Dense: 4, name: {name}}}]") == [((0, "name"), message)]


# from


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ["second"]),
        ("from: previous", ["second"]),
        ("from: first", ["first"]),
        ("from: input", [".row"]),
        ("from: row", [".row"]),
        ("from: box.wide", ["box.wide"]),
        ("from: box", ["box.deep"]),
        ("from: copies.0", ["copies.0"]),
        ("from: copies.*", ["copies.0", "copies.1"]),
        ("from: [first, copies.*, row]", ["first", "copies.0", "copies.1", ".row"]),
    ],
)
def test_from(graph_of: Any, source: str, expected: list[str]) -> None:
    nodes = f"""
    nodes:
      - {{Dense: 4, name: first}}
      - {{Network: {{nodes: [{{Dense: 4, name: deep}}], outputs: {{deep: deep, wide: input}}}}, name: box, from: row}}
      - {{Dense: 4, name: copies, each: 2, from: row}}
      - {{Dense: 4, name: second, from: row}}
      - {{Add: , name: read, {source}}}
    outputs: {{a: read, b: first, c: box, d: copies.0, e: copies.1, f: second}}
    """
    assert reads(graph_of(nodes), "read") == expected


def test_from_a_mapping_for_named_inputs(graph_of: Any) -> None:
    graph = graph_of("[{Network: {inputs: [q, k], nodes: [{Subtract: , from: [q, k]}]}, from: {k: a, q: b}}]", TWO)
    assert graph.nodes[0].reads == {"q": Ref(None, "b"), "k": Ref(None, "a")}
    layer = graph_of("[{Compute: q - k, from: {k: a, q: b}, name: d}]", TWO)
    assert layer.nodes[0].reads == {"q": Ref(None, "b"), "k": Ref(None, "a")}


def test_from_what_is_not_there(problems_of: Any) -> None:
    nowhere = "there is no node or input 'nowhere' before this one; a node stands before what reads it"
    assert problems_of("[{Dense: 4, from: nowhere}]") == [((0, "from"), nowhere)]
    assert problems_of("[{Add: , from: [row, nowhere]}]") == [((0, "from", 1), nowhere)]
    assert problems_of("[{Dense: 4, from: later}, {Dense: 4, name: later}]")[0][0] == (0, "from")
    assert problems_of("[{Dense: 4, from: 3}]") == [((0, "from"), "expected the name of a node or an input, got 3")]
    assert problems_of("[{Dense: 4, from: [row, row]}]") == [((0, "from"), "Dense reads input, but `from` gives 2")]
    assert problems_of("[{Dense: 4, from: self, name: self}]")[0][0] == (0, "from"), "a circle"


# repeat


def test_repeat_is_a_chain_of_copies_with_weights_of_their_own(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, repeat: 3, name: body}, {Dense: 2, name: head}]")
    assert paths(graph) == ["body.0", "body.1", "body.2", "head"]
    assert [reads(graph, node.name) for node in graph.nodes] == [[".row"], ["body.0"], ["body.1"], ["body.2"]]
    assert graph.parameters().total == 3 * 20 + 10


def test_repeat_chains_the_first_entry_of_from_and_the_others_are_as_written(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: stem}, {Add: , from: [previous, row], repeat: 2, name: up}]")
    assert [reads(graph, f"up.{copy}") for copy in (0, 1)] == [["stem", ".row"], ["up.0", ".row"]]
    named = "{Compute: 'a * b', from: {a: row, b: stem}, repeat: 2, name: up}"
    graph = graph_of(f"[{{Dense: 4, name: stem}}, {named}]")
    assert [reads(graph, f"up.{copy}") for copy in (0, 1)] == [[".row", "stem"], ["up.0", "stem"]]


@pytest.mark.parametrize(
    ("repeat", "names", "units"),
    [
        ("2, name: d", ["d.0", "d.1"], "$(index + 1)"),
        ("[5, 6]", ["dense.0", "dense.1"], "$(item + index)"),
        ("{low: 2, high: 3}, name: d", ["d.low", "d.high"], "$(item * 10 + index + len(key))"),
        ("2.0", ["dense.0", "dense.1"], "$(1 + index)"),
        ("$(1 + 1)", ["dense.0", "dense.1"], "$(index + 1)"),
    ],
)
def test_repeat_a_number_a_list_or_a_mapping(graph_of: Any, repeat: str, names: list[str], units: str) -> None:
    graph = graph_of(f"[{{Dense: '{units}', repeat: {repeat}}}]")
    assert [node.name for node in graph.nodes] == names
    expected = {"$(item + index)": [5, 7], "$(item * 10 + index + len(key))": [23, 35]}.get(units, [1, 2])
    assert [node.output.shape[1] for node in graph.nodes] == expected


def test_the_name_is_the_last_copy_and_each_copy_can_be_read_and_all(graph_of: Any) -> None:
    config = "{{nodes: [{{Dense: 4, repeat: 3, name: d}}, {{Add: , from: {}, name: r}}], outputs: [r, d]}}"
    assert reads(graph_of(config.format("d")), "r") == ["d.2"]
    assert reads(graph_of(config.format("d.1")), "r") == ["d.1"]
    assert reads(graph_of(config.format("d.*")), "r") == ["d.0", "d.1", "d.2"]


def test_a_port_of_a_copy(graph_of: Any) -> None:
    box = "{Network: {nodes: [{Dense: 4, name: e}], outputs: {e: e, i: input}}, repeat: 2, name: box}"
    graph = graph_of(f"[{box}, {{Add: , from: [box.0.i, box.i, box.*], name: r}}]")
    assert reads(graph, "r") == ["box.0.i", "box.1.i", "box.0.e", "box.1.e"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("d.2", "'d' has no copy '2'; it has '0' or '1'"),
        ("d.z", "'d' has no port 'z'; it has 'output' (its copies: '0' or '1')"),
        ("d.1.z", "'d' has no port 'z'; it has 'output'"),
        ("d.*.z", "'d' has no port 'z'; it has 'output'"),
    ],
)
def test_a_copy_that_is_not_there(problems_of: Any, source: str, message: str) -> None:
    assert problems_of(f"[{{Dense: 4, repeat: 2, name: d}}, {{Dense: 4, from: {source}}}]") == [((1, "from"), message)]


def test_very_many_copies_are_not_listed(problems_of: Any) -> None:
    ((_, message),) = problems_of("[{Dense: 4, repeat: 20, name: d}, {Dense: 4, from: d.20}]")
    assert message == "'d' has no copy '20'; it has '0' to '19'"


FORM = "expected a number of copies from 0 to 10000, or a list or mapping with an item for each, got"


@pytest.mark.parametrize("word", ["repeat", "each"])
@pytest.mark.parametrize(
    ("value", "at", "message"),
    [
        ("-1", (), f"{FORM} -1"),
        ("10001", (), f"{FORM} 10001"),
        ("2.5", (), f"{FORM} 2.5"),
        ("true", (), f"{FORM} true"),
        ("many", (), f"{FORM} 'many'"),
        (
            "{'a b': 1}",
            ("a b",),
            "copies are called by their keys: expected a name of letters, digits and '_', got 'a b'",
        ),
        ("$zz", (), "there is no value 'zz' here (known: row, input)"),
    ],
)
def test_a_wrong_number_of_copies(problems_of: Any, word: str, value: str, at: tuple[str, ...], message: str) -> None:
    assert problems_of(f"[{{Dense: 4, {word}: {value}}}, {{Dense: 4}}]") == [((0, word, *at), message)]


# each


def test_each_is_side_by_side_and_every_copy_reads_from_as_written(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: stem}, {Dense: $item, each: [4, 4], name: e}, {Add: , from: [e.*, e.0, stem]}]")
    assert [reads(graph, f"e.{copy}") for copy in (0, 1)] == [["stem"], ["stem"]]
    assert reads(graph, "add") == ["e.0", "e.1", "e.0", "stem"]


def test_each_over_a_mapping_is_read_by_key(graph_of: Any) -> None:
    graph = graph_of("[{Dense: $item, each: {lo: 2, hi: 3}, name: e, from: row}, {Concatenate: , from: [e.hi, e.lo]}]")
    assert reads(graph, "concatenate") == ["e.hi", "e.lo"]
    assert [node.path for node in graph.nodes] == ["e.lo", "e.hi", "concatenate"]


def test_of_copies_side_by_side_only_one_or_all_can_be_read(problems_of: Any) -> None:
    nodes = "[{{Dense: 4, each: 2, name: e}}, {{Add: {}}}]"
    assert problems_of(nodes.format(", from: e")) == [
        ((1, "from"), "'e' has copies side by side: read one of '0' or '1', or all with '.*'")
    ]
    assert problems_of(nodes.format("")) == [
        ((1,), "the node before has copies side by side, 'e'; say in `from` which to read: e.0, or e.* for all")
    ]
    assert problems_of("[{Dense: 4, each: 2, name: e}]") == [
        ((), "the node before has copies side by side, 'e'; say in `from` which to read: e.0, or e.* for all")
    ]


def test_copies_that_nothing_reads(problems_of: Any) -> None:
    assert problems_of("[{Dense: 4, each: 3, name: e}, {Dense: 4, from: e.1}]") == [
        (
            (0,),
            "nothing reads node 'e.0' (nor 1 more of its copies), and it is no output; read it in a `from` or delete it",
        )
    ]


def test_either_repeat_or_each(problems_of: Any) -> None:
    assert problems_of("[{Dense: 4, each: 2, repeat: 2}]")[0] == (
        (0, "repeat"),
        "a node has either 'repeat' or 'each', not both",
    )


def test_copies_of_copies_see_the_items_of_both(graph_of: Any) -> None:
    inner = "{Dense: '$(outer * 10 + index)', each: 2, name: d}"
    text = f"""
    vars: {{w: 1}}
    model:
      - Network: {{nodes: [{inner}], outputs: {{a: d.0, b: d.1}}}}
        each: [1, 2]
        name: box
      - {{Concatenate: , from: [box.0, box.0.b, box.1, box.1.b]}}
    """.replace("outer", "item")
    graph = graph_of(text)
    assert [node.output.shape[1] for node in graph.leaves()] == [10, 11, 20, 21, 62]


# if


@pytest.mark.parametrize("written", ["if: false", "repeat: 0", "each: []", "if: $(row.channels > 9)"])
def test_a_node_left_out_stands_for_its_first_input(graph_of: Any, written: str) -> None:
    graph = graph_of(f"[{{Dense: 4, name: a}}, {{Add: , from: [a, row], name: b, {written}}}, {{Dense: 3, from: b}}]")
    assert paths(graph) == ["a", "dense"]
    assert reads(graph, "dense") == ["a"]
    graph = graph_of(f"[{{Dense: 4, name: a}}, {{Dense: 9, name: b, {written}}}, {{Dense: 3, name: c}}]")
    assert reads(graph, "c") == ["a"], "as `previous` too"


def test_a_node_left_out_keeps_its_place_in_the_counting_of_default_names(graph_of: Any) -> None:
    assert paths(graph_of("[{Dense: 4}, {Dense: 4, if: false}, {Dense: 4, repeat: 0}, {Dense: 4}]")) == [
        "dense",
        "dense_4",
    ]


def test_if_of_a_copy(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, repeat: 4, name: d, if: $(index % 2 == 1)}, {Add: , from: [d.*, d.2], name: r}]")
    assert paths(graph) == ["d.1", "d.3", "r"]
    assert reads(graph, "r") == [".row", "d.1", "d.1", "d.3", "d.1"]
    assert reads(graph, "d.3") == ["d.1"]


def test_a_source_or_a_leaf_that_is_left_out_stands_for_nothing(problems_of: Any, graph_of: Any) -> None:
    assert paths(graph_of("[{Dense: 4}, {AddLoss: mean(x), if: false}, {Variable: [4], if: false}, {Dense: 4}]")) == [
        "dense",
        "dense_2",
    ]
    assert problems_of("[{Variable: [4], name: w, if: false}, {Compute: w + row}]") == [
        ((1, "Compute"), "'w' is left out here, and reads nothing for which it could stand")
    ]


def test_ports_and_weights_of_a_node_that_is_left_out(problems_of: Any) -> None:
    assert problems_of("[{Dense: 4, name: a, if: false}, {Dense: 4, from: a.h}]") == [
        ((1, "from"), "'a' is left out here, so it has no port 'h'")
    ]
    assert problems_of("[{Dense: 4, name: a, if: false}, {share: a}]")[0][1].startswith(
        "'a' is left out here, so there are no weights to share"
    )


def test_a_node_that_is_left_out_has_its_parameters_checked_by_name(problems_of: Any) -> None:
    assert problems_of("[{Dense: {untis: 3, activation: rel}, if: false}]") == [
        ((0, "Dense", "untis"), "Dense has no parameter 'untis'; did you mean 'units'?")
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1", "expected true or false, got 1"),
        ("$(row.channels)", "expected true or false, got 4"),
        ("$zz", "there is no value 'zz' here (known: row, input)"),
    ],
)
def test_a_wrong_condition(problems_of: Any, value: str, message: str) -> None:
    assert problems_of(f"[{{Dense: 4, if: {value}}}, {{Dense: 3}}]") == [((0, "if"), message)]
    copies = message.replace("input)", "input, index)")
    assert problems_of(f"[{{Dense: 4, repeat: 2, if: {value}}}, {{Dense: 3}}]") == [((0, "if"), copies)]


# trainable


def test_trainable_false_freezes_nested_nodes_too(graph_of: Any) -> None:
    inner = "{Sequential: [{Dense: 3, trainable: true}], name: inner}"
    graph = graph_of(f"[{{Sequential: [{inner}, BatchNormalization], name: around, trainable: false}}, {{Dense: 2}}]")
    assert [node.path for node in graph.walk() if node.trainable] == ["dense"]
    assert graph.parameters() == (8, 15 + 12)


# dtype, shape, training


def test_dtype_is_the_compute_precision_of_the_node(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, dtype: mixed_bfloat16, name: a}, {Dense: 4, dtype: float16, name: b}, {Dense: 3}]")
    assert [(node.dtype, node.output.dtype) for node in graph.nodes] == [
        ("mixed_bfloat16", "bfloat16"),
        ("mixed_float16", "float16"),
        (None, "float32"),
    ]


def test_dtype_of_a_container_holds_for_what_is_in_it(graph_of: Any) -> None:
    text = "[{Sequential: [Dense: 4, {Dense: 3, dtype: float32}], dtype: bfloat16, name: box}]"
    assert [node.output.dtype for node in graph_of(text).leaves()] == ["bfloat16", "float32"]


def test_shape_is_checked(graph_of: Any, problems_of: Any) -> None:
    assert graph_of("[{Dense: 3, shape: [3]}, {Sequential: [Dense: 2], shape: [null]}]").nodes[1].output.shape == (
        None,
        2,
    )
    assert problems_of("[{Dense: 3, shape: [4]}]") == [
        ((0, "shape"), "declared as (batch, 4), but Dense gives (batch, 3)")
    ]
    assert problems_of("[{Sequential: [], shape: [3]}]")[0][0] == (0, "shape")


def test_training_fixes_the_flag(graph_of: Any) -> None:
    graph = graph_of("[{Dropout: 0.5, training: true}, {Dropout: 0.5, training: false}, {Dropout: 0.5}]")
    assert [node.training for node in graph.nodes] == [True, False, None]


@pytest.mark.parametrize(
    ("wiring", "at", "message"),
    [
        ("trainable: 1", "trainable", "expected true or false, got 1"),
        ("training: maybe", "training", "expected true or false, got 'maybe'"),
        ("dtype: bfloat", "dtype", "there is no precision 'bfloat'; did you mean 'bfloat16'?"),
        (
            "dtype: 5",
            "dtype",
            "there is no precision 5 (known: float32, mixed_bfloat16, mixed_float16, float64, bfloat16, float16)",
        ),
        (
            "dtype: [1]",
            "dtype",
            "there is no precision [1] (known: float32, mixed_bfloat16, mixed_float16, float64, bfloat16, float16)",
        ),
        (
            "shape: 3",
            "shape",
            "expected the lengths of the output's axes without the batch, null where unknown, got 3",
        ),
        (
            "shape: [0]",
            "shape",
            "expected the lengths of the output's axes without the batch, null where unknown, got [0]",
        ),
        ("trainable: $zz", "trainable", "there is no value 'zz' here (known: row, input)"),
    ],
)
def test_wrong_wiring(problems_of: Any, wiring: str, at: str, message: str) -> None:
    assert problems_of(f"[{{Dense: 4, {wiring}}}]") == [((0, at), message)]


# tie


def test_a_tied_weight_is_one_variable_counted_once(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: a}, {Dense: 4, name: b, tie: {kernel: a.kernel}}]")
    b = graph.node("b")
    assert b.ties == {"kernel": Tie("a.kernel")}
    assert [weight.name for weight in b.own_weights] == ["bias"]
    assert graph.parameters().total == 16 + 4 + 4


def test_a_transposed_tie(graph_of: Any) -> None:
    head = "{Dense: 9, tie: {kernel: {to: tokens.embeddings, transpose: true}}}"
    graph = graph_of(f"[{{Embedding: {{input_dim: 9, output_dim: 4}}, name: tokens}}, {head}]", TOKENS)
    assert graph.node("dense").ties == {"kernel": Tie("tokens.embeddings", transpose=True)}
    assert graph.parameters().total == 36 + 9


def test_a_tie_to_a_tied_weight_leads_to_its_owner(graph_of: Any) -> None:
    first = "{Dense: 3, name: a}, {Dense: 4, name: b, tie: {kernel: {to: a.kernel, transpose: true}}}"
    chain = f"[{first}, {{Dense: 3, name: c, tie: {{kernel: {{to: b.kernel, transpose: true}}}}}}]"
    assert graph_of(chain).node("c").ties == {"kernel": Tie("a.kernel")}


def test_the_path_of_a_tie_is_absolute_and_inside_a_block_relative_to_it(graph_of: Any) -> None:
    tied = "{Dense: 4, name: b, tie: {kernel: s.a.kernel}}"
    inside = f"[{{Sequential: [{{Dense: 4, name: a}}], name: s}}, {{Sequential: [{tied}], name: t}}]"
    assert graph_of(inside).node("t").body.node("b").ties == {"kernel": Tie("s.a.kernel")}
    graph = graph_of(f"{{blocks: {{B: {inside}}}, model: [{{B: , repeat: 2, name: z}}]}}")
    assert [node.ties["kernel"].path for node in graph.leaves() if node.ties] == ["z.0.s.a.kernel", "z.1.s.a.kernel"]


def test_a_variable_has_its_nodes_path(graph_of: Any) -> None:
    graph = graph_of("[{Variable: [4, 4], name: w}, {Dense: 4, tie: {kernel: w}}]")
    assert graph.parameters().total == 16 + 4


MISSING = "there is no weight at"


@pytest.mark.parametrize(
    ("tie", "at", "message"),
    [
        ("{kernel: a.kernl}", ("kernel",), f"{MISSING} 'a.kernl' before this node; did you mean 'a.kernel'?"),
        ("{kernel: d.kernel}", ("kernel",), f"{MISSING} 'd.kernel' before this node; did you mean 'a.kernel'?"),
        ("{kernel: later.kernel}", ("kernel",), f"{MISSING} 'later.kernel' before this node; did you mean 'a.kernel'?"),
        ("{kernl: a.kernel}", ("kernl",), "Dense has no weight 'kernl'; did you mean 'kernel'?"),
        ("{zzz: a.kernel}", ("zzz",), "Dense has no weight 'zzz'; it has 'kernel' or 'bias'"),
        (
            "{kernel: a.kernel}",
            ("kernel",),
            "'a.kernel' has the shape [4, 3], but kernel needs [3, 4]; add transpose: true",
        ),
        ("{kernel: a.bias}", ("kernel",), "'a.bias' has the shape [3], but kernel needs [3, 4]"),
        (
            "{bias: {to: a.kernel, transpose: true}}",
            ("bias",),
            "'a.kernel' has the shape [4, 3], transposed [3, 4], but bias needs [4]",
        ),
        (
            "3",
            (),
            "expected a mapping from a weight of this node to the path of another, such as {kernel: tokens.embeddings}, got 3",
        ),
        ("{kernel: 3}", ("kernel",), "expected a weight's path, or {to: path, transpose: true}, got 3"),
        (
            "{kernel: {to: a.kernel, transpos: true}}",
            ("kernel", "transpos"),
            "a tie has no key 'transpos'; did you mean 'transpose'?",
        ),
        (
            "{kernel: {to: a.kernel, zzz: 1}}",
            ("kernel", "zzz"),
            "a tie has no key 'zzz'; it has 'to' and 'transpose'",
        ),
        ("{kernel: {to: a.kernel, transpose: 1}}", ("kernel", "transpose"), "expected true or false, got 1"),
    ],
)
def test_a_wrong_tie(problems_of: Any, tie: str, at: tuple[str, ...], message: str) -> None:
    found = problems_of(f"[{{Dense: 3, name: a}}, {{Dense: 4, name: d, tie: {tie}}}, {{Dense: 4, name: later}}]")
    assert found[0] == ((1, "tie", *at), message)


def test_ties_that_cannot_be_one_variable(problems_of: Any) -> None:
    frozen = "[{Dense: 4, name: a}, {Dense: 4, tie: {kernel: a.kernel}, trainable: false}]"
    assert problems_of(frozen) == [
        (
            (1, "tie", "kernel"),
            "'a.kernel' is trained, but this node is frozen: freeze the node that has the weight, or neither",
        )
    ]
    moving = "[{Dense: 4, name: a}, {BatchNormalization: , tie: {moving_mean: a.bias}}]"
    assert problems_of(moving) == [
        (
            (1, "tie", "moving_mean"),
            "'a.bias' is trained, but moving_mean is never trained: freeze the node that has the weight, or neither",
        )
    ]
    whole = "[{Constant: [1, 2, 3, 4], name: c}, {BatchNormalization: , tie: {moving_mean: c}}]"
    assert problems_of(whole) == [
        ((1, "tie", "moving_mean"), "'c' is int32, but moving_mean needs floating-point numbers")
    ]


def test_a_tie_stands_beside_a_layer(problems_of: Any) -> None:
    message = "'tie' joins the weights of a layer, and {} holds layers: write it beside one of them"
    assert problems_of("[{Dense: 4, name: a}, {Sequential: [Dense: 4], tie: {kernel: a.kernel}}]") == [
        ((1, "tie"), message.format("Sequential"))
    ]
    assert problems_of("{blocks: {B: [Dense: 4]}, model: [{Dense: 4, name: a}, {B: , tie: {kernel: a.kernel}}]}") == [
        ((1, "tie"), message.format("B"))
    ]
