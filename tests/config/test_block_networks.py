"""Networks of blocks that stand in other files: what they come to, and what `resolved.yaml` says of them."""

from __future__ import annotations

import pytest

from netlib.config.dump import to_yaml
from netlib.config.load import load, read
from netlib.config.problems import ConfigError

ZOO = """\
vars: {width: 8, classes: $(width + 2)}
blocks: {Wide: {nodes: [Dense: $width]}}
model:
  inputs: {image: {shape: [4]}}
  nodes:
    - {Wide: , name: stem}
    - {Dense: $classes, name: head}
"""
LIBRARY = """\
vars: {width: 8}
blocks:
  Leaf: {nodes: [Dense: $width]}
  Tree: {params: {width: 2}, nodes: [Dense: $width, Leaf]}
"""


def total(blocks, nodes, variables="{}"):
    text = f"vars: {variables}\nblocks: {blocks}\nmodel: {{inputs: {{x: {{shape: [4]}}}}, nodes: {nodes}}}\n"
    found = read(text, "a.yaml")
    again = read(to_yaml(found.resolved()), "/elsewhere/resolved.yaml")
    assert again == found
    assert again.graph.parameters() == found.graph.parameters()
    return found.graph.parameters().total


def test_a_model_of_another_file_is_a_block(write):
    write("zoo/net.yaml", ZOO)
    assert total("{Net: {file: zoo/net.yaml}}", "[Net]") == 4 * 8 + 8 + 8 * 10 + 10


def test_its_variables_are_the_params_and_reach_its_blocks(write):
    write("zoo/net.yaml", ZOO)
    assert total("{Net: {file: zoo/net.yaml}}", "[Net: {width: 3}]") == 4 * 3 + 3 + 3 * 5 + 5
    assert total("{Net: {file: zoo/net.yaml}}", "[Net: {classes: 1}]") == 4 * 8 + 8 + 8 * 1 + 1


def test_the_variables_of_the_user_do_not_reach_it(write):
    write("zoo/net.yaml", ZOO)
    assert total("{Net: {file: zoo/net.yaml}}", "[Net]", "{width: 100, classes: 100}") == 4 * 8 + 8 + 8 * 10 + 10
    write("zoo/net.yaml", ZOO.replace("width: 8", "wide: 8").replace("$(width + 2)", "3"))
    with pytest.raises(ConfigError, match="there is no value 'width' here"):
        total("{Net: {file: zoo/net.yaml}}", "[Net]", "{width: 100}")


def test_nodes_that_the_chosen_outputs_do_not_need_are_left_out(write):
    write("zoo/net.yaml", ZOO)
    assert total("{Net: {file: zoo/net.yaml, outputs: stem}}", "[Net]") == 4 * 8 + 8


def test_two_blocks_of_one_file(write):
    write("zoo/net.yaml", ZOO)
    blocks = "{Net: {file: zoo/net.yaml}, Stem: {file: zoo/net.yaml, outputs: [stem]}}"
    assert total(blocks, "[Stem, Net: {width: 1}]") == 4 * 8 + 8 + 8 * 1 + 1 + 3 + 3


def test_a_block_of_a_library_sees_the_librarys_variables(write):
    write("library.yaml", LIBRARY)
    blocks = "{Tree: {file: library.yaml, block: Tree}}"
    assert total(blocks, "[Tree]", "{width: 100}") == 4 * 2 + 2 + 2 * 8 + 8
    assert total(blocks, "[Tree: 3]") == 4 * 3 + 3 + 3 * 8 + 8


def test_a_block_here_may_be_called_like_one_there(write):
    write("library.yaml", LIBRARY)
    blocks = "{Leaf: {nodes: [Oak]}, Oak: {file: library.yaml, block: Tree}}"
    assert total(blocks, "[Leaf]") == 4 * 2 + 2 + 2 * 8 + 8


def test_a_mistake_in_the_other_file_is_shown_there(write):
    write("zoo/net.yaml", ZOO.replace("Dense: $classes", "Dense: {untis: 3}"))
    with pytest.raises(ConfigError) as caught:
        total("{Net: {file: zoo/net.yaml}}", "[{Net: , name: backbone}]")
    assert str(caught.value) == (
        "zoo/net.yaml:7:16: error: Dense has no parameter 'untis'; did you mean 'units'?\n"
        "    7 |     - {Dense: {untis: 3}, name: head}\n"
        "      |                ^^^^^\n"
        "        in Net, used by 'backbone' at a.yaml:3:44"
    )


def test_a_mistake_in_the_variables_of_a_library_hides_what_follows(write):
    write("library.yaml", LIBRARY.replace("width: 8", "width: $nope"))
    with pytest.raises(ConfigError) as caught:
        total("{Tree: {file: library.yaml, block: Tree}}", "[Tree]")
    (problem,) = caught.value.problems
    assert (problem.where, problem.message) == ("library.yaml:1:15", "there is no value 'nope' here")


def test_an_output_that_the_file_has_not(write):
    write("zoo/net.yaml", ZOO)
    with pytest.raises(ConfigError, match=r"a\.yaml:2:45: error: there is no node or input 'stm'"):
        total("{Net: {file: zoo/net.yaml, outputs: stm}}", "[Net]")


def test_a_config_that_extends_a_library_has_its_blocks_and_variables(write):
    write("library.yaml", LIBRARY)
    write("a.yaml", "extends: library.yaml\nvars: {width: 3}\nmodel: {inputs: {x: {shape: [4]}}, nodes: [Leaf]}\n")
    assert load("a.yaml").graph.parameters().total == 4 * 3 + 3
    assert load("a.yaml", ["vars.width=1"]).graph.parameters().total == 5


def test_resolved_has_the_values_of_a_librarys_variables(write):
    write("library.yaml", "vars: {a: 2, b: $(a * 4), c: $$a}\nblocks: {Head: {nodes: [Dense: $b]}}\n")
    blocks = "{Head: {file: library.yaml, block: Head}}"
    assert total(blocks, "[Head]") == 4 * 8 + 8
    found = read(f"blocks: {blocks}\n", "a.yaml")
    assert found.blocks["Head"]["vars"] == {"a": 2, "b": 8, "c": "$$a"}
    assert read(to_yaml(found.resolved()), "/elsewhere/resolved.yaml") == found


UNKNOWN = """\
blocks:
  Head: {params: {units: 3}, nodes: [Dense: $w]}
  Unused: {nodes: [Dense: $w]}
"""


def test_a_mistake_in_a_block_is_one_problem_which_says_where_it_is_used(write):
    with pytest.raises(ConfigError) as caught:
        read(f"{UNKNOWN}model: {{inputs: {{x: {{shape: [4]}}}}, nodes: [Head, Head]}}\n", "a.yaml")
    used, unused = caught.value.problems
    assert (used.where, used.message) == ("a.yaml:2:45", "there is no value 'w' here (known: units, input)")
    assert used.via == ("in Head, used at a.yaml:4:44",)
    assert (unused.where, unused.message, unused.via) == ("a.yaml:3:27", "there is no value 'w' here", ())
