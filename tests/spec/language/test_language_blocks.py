"""Blocks, `$`, models of other files, and what is bounded."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from netlib.spec.errors import Loc
from netlib.spec.graph import Graph, Ref
from netlib.spec.language.analysis import check_blocks
from netlib.spec.tensors import TensorSpec

TWO = {"a": TensorSpec((None, 4)), "b": TensorSpec((None, 5))}
IMAGE = {"image": TensorSpec((None, 8, 8, 3))}


def paths(graph: Graph) -> list[str]:
    return [node.path for node in graph.walk()]


def widths(graph: Graph) -> list[int | None]:
    """Lengths of the last axes of what the layers give."""
    return [node.output.shape[-1] for node in graph.leaves()]


def alone(text: str) -> list[tuple[Loc, str]]:
    """What is wrong with a `blocks` section in itself."""
    return [(problem.loc[1:], problem.message) for problem in check_blocks(yaml.safe_load(text), {"width": 3})]


def test_a_block_is_a_module_class(graph_of: Any) -> None:
    text = """
    blocks:
      Two: {params: {units: $required, times: 2}, nodes: [Dense: $units, Dense: $(units * times)]}
    model: [{Two: 3, name: first}, {Two: {units: 4, times: 1}}]
    """
    graph = graph_of(text)
    assert paths(graph) == ["first", "first.dense", "first.dense_2", "two", "two.dense", "two.dense_2"]
    assert widths(graph) == [3, 6, 4, 4]
    assert graph.node("first").reads == {"input": Ref(None, "row")}
    assert [node.loc for node in graph.leaves()][:2] == [("blocks", "Two", "nodes", 0), ("blocks", "Two", "nodes", 1)]


def test_a_block_may_be_a_list_and_its_nodes_a_parameter(graph_of: Any) -> None:
    assert widths(graph_of("{blocks: {B: [Dense: 3]}, model: [B]}")) == [3]
    assert widths(graph_of("{blocks: {B: {params: {body: []}, nodes: $body}}, model: [B: {body: [Dense: 3]}]}")) == [3]


@pytest.mark.parametrize("use", ["B: 3", "B: {units: 3}", "B: {units: 3, unused: 1}", "B: $(1 + 2)"])
def test_the_only_required_parameter_may_stand_alone(graph_of: Any, use: str) -> None:
    config = (
        f"{{blocks: {{B: {{params: {{unused: 0, units: $required}}, nodes: [Dense: $units]}}}}, model: [{{{use}}}]}}"
    )
    assert widths(graph_of(config)) == [3]


def test_the_only_parameter_may_stand_alone_too(graph_of: Any) -> None:
    assert widths(graph_of("{blocks: {B: {params: {units: 2}, nodes: [Dense: $units]}}, model: [B, B: 3]}")) == [2, 3]


def test_a_later_default_may_use_an_earlier_parameter_and_the_inputs_shape(graph_of: Any) -> None:
    block = "{params: {a: $(input.channels), b: $(a * 2), c: '$(b + input.shape[0] + w)'}, nodes: [Dense: $c]}"
    config = f"{{vars: {{w: 1}}, blocks: {{B: {block}}}, model: [{{B: {{}}}}, B: {{a: 1}}, B: {{b: 5}}]}}"
    assert widths(graph_of(config)) == [4 * 2 + 4 + 1, 2 + 13 + 1, 5 + 16 + 1]


def test_inputs_and_outputs_of_a_block(graph_of: Any) -> None:
    text = """
    blocks:
      Pair:
        inputs: [left, right]
        nodes: [{Dense: $(right.channels), name: d, from: left}, {Add: , name: s, from: [d, right]}]
        outputs: {total: s, part: d}
    model: [{Pair: , name: p, from: [a, b]}, {Dense: 1, from: p.part}]
    """
    graph = graph_of(text, TWO)
    assert graph.node("p").reads == {"left": Ref(None, "a"), "right": Ref(None, "b")}
    assert graph.node("p").outputs == {name: TensorSpec((None, 5)) for name in ("total", "part")}
    named = text.replace("from: [a, b]", "from: {right: b, left: a}")
    assert graph_of(named, TWO).node("p").reads == graph.node("p").reads


def test_declared_shapes_of_a_blocks_inputs_are_checked(problems_of: Any) -> None:
    config = "{blocks: {B: {params: {n: 4}, inputs: {v: {shape: [$n]}}, nodes: [Flatten]}}, model: [B: 4, B: 3]}"
    assert problems_of(config) == [
        (("blocks", "B", "inputs", "v"), "declared as (batch, 3) float32, but it reads (batch, 4) float32")
    ]


def test_blocks_in_blocks(graph_of: Any) -> None:
    text = """
    blocks:
      Inner: {params: {n: $required}, nodes: [Dense: $n]}
      Outer:
        blocks: {Own: [{Inner: 5}, Deep], Deep: [Dense: $w]}
        nodes: [{Inner: 2}, Own]
    vars: {w: 7}
    model: [Outer, {Inner: 1}]
    """
    graph = graph_of(text)
    assert paths(graph)[-5:] == [
        "outer.own.inner.dense",
        "outer.own.deep",
        "outer.own.deep.dense",
        "inner",
        "inner.dense",
    ]
    assert widths(graph) == [2, 5, 7, 1]


def test_a_block_inside_a_block_is_no_type_outside(problems_of: Any) -> None:
    config = "{blocks: {Outer: {blocks: {Own: [Flatten]}, nodes: [Own]}}, model: [Outer, Own]}"
    assert problems_of(config) == [
        (
            (1,),
            "there is no layer 'Own'; `netlab layers` lists what there is, and one of your own is loaded with --plugin FILE",
        )
    ]


def test_a_block_inside_hides_one_of_that_name_outside(graph_of: Any) -> None:
    config = "{blocks: {A: [B], B: {blocks: {A: [Dense: 2]}, nodes: [A]}}, model: [A]}"
    assert paths(graph_of(config)) == ["a", "a.b", "a.b.a", "a.b.a.dense"]


def test_a_frozen_block_in_another_precision(graph_of: Any) -> None:
    graph = graph_of("{blocks: {B: [Dense: 3]}, model: [{B: , trainable: false, dtype: bfloat16}]}")
    (dense,) = graph.leaves()
    assert (dense.trainable, dense.output.dtype) == (False, "bfloat16")


def test_a_parameter_hides_a_variable_and_an_input_hides_it_too(graph_of: Any) -> None:
    config = "{vars: {n: 9, v: 9}, blocks: {B: {params: {n: 2}, inputs: [v], nodes: [Dense: $(n + v.channels)]}}, model: [B]}"
    assert widths(graph_of(config)) == [6]
    network = "{vars: {v: 9}, model: [{Network: {inputs: [v], nodes: [Dense: $(v.channels)]}}]}"
    assert widths(graph_of(network)) == [4]
    assert widths(graph_of("{vars: {row: 9}, model: [Dense: $row]}")) == [9], "the data's names hide no variable"


# Recursion


@pytest.mark.parametrize(
    ("blocks", "chain"),
    [
        ("{A: [A]}", "A -> A"),
        ("{A: [Dense: 3, {Sequential: [{B: , if: true}]}], B: [{C: , repeat: 2}], C: [A]}", "A -> B -> C -> A"),
        ("{A: {blocks: {I: [I]}, nodes: [I]}}", "I -> I"),
    ],
)
def test_a_block_cannot_contain_itself(problems_of: Any, blocks: str, chain: str) -> None:
    ((_, message),) = problems_of(f"{{blocks: {blocks}, model: [A]}}")
    assert message == f"block {chain[0]} would contain itself: {chain}"


def test_recursion_that_is_never_entered_is_none(graph_of: Any) -> None:
    block = "{params: {n: $required}, nodes: [Dense: $n, {B: $(n - 1), if: $(n > 1)}]}"
    assert widths(graph_of(f"{{blocks: {{B: {block}}}, model: [B: 1]}}")) == [1]


# What is wrong with blocks


NAME = "a block's name begins with a capital, and has letters, digits and '_' only, got"


@pytest.mark.parametrize(
    ("blocks", "at", "message"),
    [
        ("[A]", (), "expected a mapping from a block's name to the block, got ['A']"),
        ("{conv: []}", ("conv",), f"{NAME} 'conv'"),
        ("{A-b: []}", ("A-b",), f"{NAME} 'A-b'"),
        ("{3: []}", (3,), f"{NAME} 3"),
        ("{Dense: []}", ("Dense",), "there is a layer 'Dense' already; give the block another name"),
        ("{While: []}", ("While",), "there is a layer 'While' already; give the block another name"),
        ("{A: 3}", ("A",), "expected a list of nodes, or a mapping of 'inputs', 'nodes' or 'outputs', got 3"),
        ("{A: {nodes: 3}}", ("A", "nodes"), "expected a list of nodes under 'nodes', got 3"),
        ("{A: {nodes: [], parms: {}}}", ("A", "parms"), "a block has no key 'parms'; did you mean 'params'?"),
        (
            "{A: {nodes: [], zzz: {}}}",
            ("A", "zzz"),
            "a block has no key 'zzz'; it has 'params', 'inputs', 'nodes', 'outputs' or 'blocks'",
        ),
        (
            "{A: {nodes: [], params: [a]}}",
            ("A", "params"),
            "expected a mapping from a parameter's name to its default, or to $required, got ['a']",
        ),
        (
            "{A: {nodes: [], params: {index: 1}}}",
            ("A", "params", "index"),
            "'index' has a meaning of its own in expressions; choose another name",
        ),
        (
            "{A: {nodes: [], params: {a-b: 1}}}",
            ("A", "params", "a-b"),
            "expected a name of letters, digits and '_' that begins with no digit, got 'a-b'",
        ),
        (
            "{A: {nodes: [], params: {q: 1}, inputs: [q]}}",
            ("A", "params", "q"),
            "'q' is an input of this block too; give the parameter another name",
        ),
        ("{A: {nodes: [], inputs: [q, q]}}", ("A", "inputs", 1), "two inputs are called 'q'"),
        (
            "{A: {nodes: [], inputs: [previous]}}",
            ("A", "inputs", 0),
            "'previous' has a meaning of its own in `from`; choose another name",
        ),
        ("{A: {nodes: [], blocks: {b: []}}}", ("A", "blocks", "b"), f"{NAME} 'b'"),
        ("{A: {nodes: [], params: {a: $zz}}}", ("A", "params", "a"), "there is no value 'zz' here (known: width)"),
        ("{A: [Dens: 3]}", ("A", 0, "Dens"), "there is no layer 'Dens'; did you mean 'Dense'?"),
        ("{A: [Dense: $widht]}", ("A", 0, "Dense"), "there is no value 'widht' here; did you mean 'width'?"),
        (
            "{A: {blocks: {B: [Dense: {untis: 3, units: 1}]}, nodes: []}}",
            ("A", "blocks", "B", 0, "Dense", "untis"),
            "Dense has no parameter 'untis'; did you mean 'units'?",
        ),
        (
            "{A: {params: {p: $required}, nodes: []}, B: [A: {q: 1, p: 1}]}",
            ("B", 0, "A", "q"),
            "block A has no parameter 'q' (it has: p)",
        ),
        ("{A: {params: {p: $required}, nodes: []}, B: [A: {}]}", ("B", 0, "A"), "block A needs 'p'"),
    ],
)
def test_what_is_wrong_with_blocks_whether_or_not_they_are_used(blocks: str, at: tuple[str, ...], message: str) -> None:
    assert alone(blocks) == [(at, message)]


@pytest.mark.parametrize(
    "block",
    [
        "{params: {n: $required, m: $(n + 1)}, nodes: [Dense: $n, Dense: $m, Dense: $width, Reshape: [$(input.channels), 1]]}",
        "[{Dense: $item, repeat: [1, 2]}, {Dense: $index, repeat: 2}]",
        "{params: {body: []}, nodes: [{Sequential: $body}, {Residual: {body: $body, shortcut: $body}}]}",
        "{params: {m: 1}, nodes: [{While: {body: x, max_iterations: $m}}, {Parallel: {branches: {a: $m}}}]}",
    ],
)
def test_what_is_known_only_where_a_block_is_used_is_not_told_alone(block: str) -> None:
    assert alone(f"{{A: {block}}}") == []


@pytest.mark.parametrize(
    ("use", "at", "message"),
    [
        ("B: {}", ("B",), "block B needs 'n' and 'm'"),
        ("B: 3", ("B",), "block B has the parameters 'n', 'm' or 'o': name them, got 3"),
        ("B: {n: 1, m: 1, oo: 1}", ("B", "oo"), "block B has no parameter 'oo'; did you mean 'o'?"),
        ("B: {n: 1, m: $zz}", ("B", "m"), "there is no value 'zz' here (known: row, input)"),
        ("None_: 3", ("None_",), "block None_ has no parameters: name them, got 3"),
        ("None_: {k: 3}", ("None_", "k"), "block None_ has no parameter 'k' (it has: none)"),
    ],
)
def test_wrong_parameters_of_a_block(problems_of: Any, use: str, at: tuple[str, ...], message: str) -> None:
    blocks = "{B: {params: {n: $required, m: $required, o: 1}, nodes: [Dense: $n]}, None_: []}"
    assert problems_of(f"{{blocks: {blocks}, model: [{{{use}}}]}}") == [((0, *at), message)]


def test_a_mistake_in_a_block_says_which_node_led_there() -> None:
    from netlib.spec.language.analysis import analyse

    blocks = yaml.safe_load("{A: [{B: , name: b}], B: {params: {n: $(1 / 0)}, nodes: []}, C: [Reshape: [3]]}")
    _, problems = analyse([{"A": None}, {"C": None, "from": "row"}], {"row": TensorSpec((None, 4))}, blocks=blocks)
    assert [(problem.loc, problem.via) for problem in problems] == [
        (("blocks", "B", "params", "n"), (("blocks", "A", 0), ("model", 0))),
        (("blocks", "C", 0, "Reshape"), (("model", 1),)),
    ]


def test_a_block_that_is_wrong_in_form_is_reported_once(problems_of: Any) -> None:
    config = "{blocks: {A: {nodes: 3}, B: [Dense: 2]}, model: [A, {Dense: -1}, B]}"
    assert problems_of(config) == [((1, "Dense", "units"), "expected a number greater than 0, got -1")]


# Another file's model as a block, as `netlib.config` writes it


MODEL = """
blocks:
  Net:
    inputs: [image]
    params: {width: 2, classes: $(width + 1)}
    blocks: {Wide: [Dense: $width], Wider: [Wide, Dense: $(width * 10)]}
    nodes: [{Wider: , name: stem}, {Dense: $classes, name: head}, {Dense: 9, name: aside, from: stem}]
    outputs: OUTPUTS
    closed: true
    MORE
  Wide: [Dense: 100]
vars: {width: 50, classes: 60}
model: [Net: USE]
"""


def model(outputs: str = "[head, aside]", more: str = "", use: str = "") -> str:
    return MODEL.replace("OUTPUTS", outputs).replace("MORE", more).replace("USE", use)


def test_another_files_model_sees_its_own_variables_and_blocks(graph_of: Any) -> None:
    assert widths(graph_of(model())) == [2, 20, 3, 9]


def test_its_variables_are_its_params(graph_of: Any) -> None:
    assert widths(graph_of(model(use="{width: 4}"))) == [4, 40, 5, 9]


def test_its_outputs_may_name_inner_nodes_and_what_they_do_not_need_is_left_out(graph_of: Any) -> None:
    assert widths(graph_of(model("[stem]", "only: true"))) == [2, 20]
    assert widths(graph_of(model("{a: aside}", "only: true"))) == [2, 20, 9]


def test_without_only_nodes_that_nothing_reads_are_told(problems_of: Any) -> None:
    assert "nothing reads node 'head'" in problems_of(model("[aside]"))[0][1]


def test_a_block_of_a_library_sees_the_librarys_variables(graph_of: Any, problems_of: Any) -> None:
    block = "{{params: {{n: 2}}, vars: {{w: 3}}, blocks: {{I: [Dense: $w]}}, nodes: [I, Dense: {}]}}"
    config = f"{{{{blocks: {{{{B: {block}}}}}, vars: {{{{w: 9, v: 9}}}}, model: [B]}}}}"
    assert widths(graph_of(config.format("$(w * 10 + n)"))) == [3, 32]
    assert problems_of(config.format("$v"))[0][1].startswith("there is no value 'v' here")


# `$`


def test_dollar_sees_the_shapes_without_the_batch(graph_of: Any) -> None:
    text = "[{Dense: $(input.channels // 3)}, {Reshape: ['$(image.shape[0] * image.shape[1])', -1]}, {Dense: $(image.rank)}]"
    assert [node.output.shape for node in graph_of(text, IMAGE).nodes] == [
        (None, 8, 8, 1),
        (None, 64, 1),
        (None, 64, 3),
    ]


def test_with_several_inputs_shapes_are_seen_by_their_names(graph_of: Any, problems_of: Any) -> None:
    assert widths(graph_of("[{Dense: $(b.channels), from: a}, {Add: , from: [previous, b]}]", TWO)) == [5, 5]
    assert (
        problems_of("[{Dense: $(input.channels), from: a}]", TWO)[0][1]
        == "there is no value 'input' here (known: a, b)"
    )


def test_input_is_that_of_the_innermost_scope(graph_of: Any) -> None:
    assert widths(graph_of("[Dense: 6, {Sequential: [Dense: $(input.channels + row.channels)]}]")) == [6, 10]


def test_an_axis_that_is_not_known(problems_of: Any) -> None:
    found = problems_of("[Dense: '$(input.shape[0] * 2)']", {"v": TensorSpec((None, None, 4))})
    assert found[0][0] == (0, "Dense")


def test_a_whole_value_keeps_its_type_and_inside_a_longer_text_it_is_text(graph_of: Any) -> None:
    text = """
    vars: {n: 3, options: {units: 2, use_bias: false}, norm: {LayerNormalization: }, body: [Flatten, Dense: 5], act: re}
    model:
      - Dense: $n
      - Dense: $options
      - $norm
      - Sequential: $body
      - Activation: $(act)lu
    """
    graph = graph_of(text)
    assert [node.type for node in graph.leaves()] == [
        "Dense",
        "Dense",
        "LayerNormalization",
        "Flatten",
        "Dense",
        "Activation",
    ]
    assert widths(graph) == [3, 2, 2, 2, 5, 5]


def test_a_whole_float_will_do_where_an_integer_is_asked(graph_of: Any, problems_of: Any) -> None:
    assert widths(graph_of("{vars: {n: 8}, model: [Dense: $(n / 2), {Dense: 3, repeat: $(n / 4)}]}")) == [4, 3, 3]
    assert problems_of("{vars: {n: 7}, model: [Dense: $(n / 2)]}")[0][0] == (0, "Dense", "units")


def test_two_dollars_are_a_dollar(problems_of: Any) -> None:
    assert problems_of("[{Dense: 3, name: a$$b}]")[0][1].endswith("got 'a$b'")


# What is bounded


SHARES = ", ".join(f"{{Sequential: [share: s{n - 1}, share: s{n - 1}], name: s{n}}}" for n in range(1, 40))
TOO_LARGE = "the network is too large: its copies written out come to more nodes, edges and values than are checked"


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "{blocks: {B: [{Dense: 4, repeat: 10000}]}, model: [{B: , repeat: 10000}]}",
        "{blocks: {B: [{Dense: 4, repeat: 10000, if: false}]}, model: [{B: , repeat: 10000}]}",
        "[{Dense: 4, each: 10000, name: e}, {Add: , from: [row, e.*], repeat: 100}]",
        f"{{blocks: {{B0: [], {', '.join(f'B{n}: [B{n - 1}, B{n - 1}]' for n in range(1, 40))}}}, model: [B39]}}",
        f"[{{Sequential: [], name: s0}}, {SHARES}]",
        f"[{{Constant: [{', '.join(['1'] * 5000)}], repeat: 10000}}]",
    ],
    ids=["copies", "left_out", "edges", "blocks", "shares", "values"],
)
def test_what_is_written_out_is_bounded(problems_of: Any, text: str) -> None:
    ((_, message),) = problems_of(text)
    assert message == TOO_LARGE


def test_blocks_are_nested_to_a_bounded_depth(problems_of: Any, graph_of: Any) -> None:
    def chain(length: int) -> str:
        blocks = ", ".join(f"B{n}: [B{n + 1}]" for n in range(length))
        return f"{{blocks: {{{blocks}, B{length}: [Flatten]}}, model: [B0]}}"

    assert len(paths(graph_of(chain(99)))) == 101
    ((_, message),) = problems_of(chain(150))
    assert message == "nodes are nested deeper than 100 containers"


def test_tensors_have_no_more_elements_than_64_bits_count(graph_of: Any, problems_of: Any) -> None:
    assert graph_of("[Dense: 1000000000000]").parameters().total == 5 * 10**12
    assert problems_of("[Dense: 1000000000000, Dense: 1000000000000]") == [
        ((1, "Dense"), "Dense's kernel would have more elements than 64 bits can count")
    ]
    wide = {"v": TensorSpec((None, *[10**12] * 400))}
    assert problems_of("[Flatten]", wide)[0][1].endswith("more elements than 64 bits can count")
