from __future__ import annotations

import pytest

from netlib.config.block_files import MAX_NESTED_FILES, BlockFiles
from netlib.config.extends import Bases, identity
from netlib.config.problems import in_file_order, render
from netlib.config.reader import MAX_DEPTH, MAX_VALUES
from netlib.config.sources import open_source

ZOO = """\
name: net
vars: {width: 8}
data: {source: digits}
blocks:
  Wide: {nodes: [Dense: $width]}
model:
  inputs: {image: {shape: [4]}, mask: {shape: [4]}}
  nodes:
    - {Wide: , name: stem, from: image}
    - {Multiply: , from: [stem, mask]}
  outputs: multiply
train: {epochs: what}
"""
LIBRARY = """\
vars: {width: 8}
blocks:
  Leaf: {nodes: [Dense: $width]}
  Branch: {params: {depth: 2}, nodes: [{Leaf: , repeat: $depth}]}
  Tree: {nodes: [Branch: 3, Residual: [Leaf]]}
  Other: {nodes: [Flatten]}
"""


def resolved(name="a.yaml"):
    bases = Bases()
    source = open_source(name, "file")
    files = BlockFiles(bases)
    return files.resolved(bases.complete(source), (identity(source),)), files


def blocks(name="a.yaml"):
    tree, files = resolved(name)
    assert files.bases.problems == []
    assert not files.incomplete
    return tree.plain()["blocks"]


def problems(name="a.yaml"):
    _, files = resolved(name)
    assert files.incomplete
    return render(in_file_order(files.bases.problems, files.bases.sources))


def test_a_config_without_blocks_of_other_files_stays_as_it_is(write):
    write("a.yaml", "vars: {a: 1}\nblocks: {A: [Flatten], B: {nodes: [A]}}\n")
    assert blocks() == {"A": ["Flatten"], "B": {"nodes": ["A"]}}


def test_a_model_becomes_a_block_whose_params_are_the_files_variables(write):
    write("a.yaml", "blocks: {Backbone: {file: zoo/net.yaml}}\n")
    write("zoo/net.yaml", ZOO)
    assert blocks()["Backbone"] == {
        "inputs": ["image", "mask"],
        "nodes": [{"Wide": None, "name": "stem", "from": "image"}, {"Multiply": None, "from": ["stem", "mask"]}],
        "outputs": "multiply",
        "params": {"width": 8},
        "blocks": {"Wide": {"nodes": [{"Dense": "$width"}]}},
        "closed": True,
    }


def test_other_outputs_may_be_chosen(write):
    write("a.yaml", "blocks: {Backbone: {file: net.yaml, outputs: [stem]}}\n")
    write("net.yaml", ZOO)
    found = blocks()["Backbone"]
    assert (found["outputs"], found["only"]) == (["stem"], True)


def test_a_model_that_is_a_list_of_nodes(write):
    write("a.yaml", "blocks: {Backbone: {file: net.yaml}}\n")
    write("net.yaml", "model: [Flatten, Dense: 3]\n")
    assert blocks()["Backbone"] == {"nodes": ["Flatten", {"Dense": 3}], "closed": True}


def test_the_file_is_read_with_what_it_extends_and_with_its_own_blocks(write):
    write("a.yaml", "blocks: {Backbone: {file: sub/b.yaml}}\n")
    write("sub/b.yaml", "extends: base/c.yaml\nvars: {width: 3}\n")
    write("sub/base/c.yaml", "vars: {width: 2, depth: 1}\nblocks: {Stem: {file: d.yaml}}\nmodel: [Stem]\n")
    write("sub/base/d.yaml", "model: [Dense: 1]\n")
    assert blocks()["Backbone"] == {
        "nodes": ["Stem"],
        "params": {"width": 3, "depth": 1},
        "blocks": {"Stem": {"nodes": [{"Dense": 1}], "closed": True}},
        "closed": True,
    }


def test_a_path_is_relative_to_the_file_that_has_it(write):
    write("a.yaml", "extends: sub/base.yaml\nblocks: {Mine: {file: net.yaml}}\n")
    write("net.yaml", "model: [Dense: 1]\n")
    write("sub/base.yaml", "blocks: {Theirs: {file: net.yaml}}\n")
    write("sub/net.yaml", "model: [Dense: 2]\n")
    found = blocks()
    assert (found["Mine"]["nodes"], found["Theirs"]["nodes"]) == ([{"Dense": 1}], [{"Dense": 2}])


def test_a_block_inside_a_block_may_be_of_another_file(write):
    write("a.yaml", "blocks: {Outer: {blocks: {Inner: {file: net.yaml}}, nodes: [Inner]}}\n")
    write("net.yaml", "model: [Dense: 1]\n")
    assert blocks()["Outer"]["blocks"]["Inner"]["nodes"] == [{"Dense": 1}]


def test_a_block_of_a_library_takes_along_what_it_needs(write):
    write("a.yaml", "blocks: {Crown: {file: library.yaml, block: Tree}, Stick: {file: library.yaml, block: Branch}}\n")
    write("library.yaml", LIBRARY)
    leaf = {"nodes": [{"Dense": "$width"}]}
    branch = {"params": {"depth": 2}, "nodes": [{"Leaf": None, "repeat": "$depth"}]}
    assert blocks() == {
        "Crown": {
            "nodes": [{"Branch": 3}, {"Residual": ["Leaf"]}],
            "vars": {"width": 8},
            "blocks": {"Leaf": leaf, "Branch": branch},
        },
        "Stick": {**branch, "vars": {"width": 8}, "blocks": {"Leaf": leaf}},
    }


def test_a_library_may_pass_on_a_block_of_a_third_file(write):
    write("a.yaml", "blocks: {Mine: {file: library.yaml, block: Theirs, outputs: flatten}}\n")
    write("library.yaml", "vars: {a: 1}\nblocks: {Theirs: {file: net.yaml}}\n")
    write("net.yaml", "vars: {b: 2}\nmodel: [Flatten, Dense: $b]\n")
    assert blocks()["Mine"] == {
        "nodes": ["Flatten", {"Dense": "$b"}],
        "params": {"b": 2},
        "closed": True,
        "outputs": "flatten",
        "only": True,
    }


def test_values_of_a_block_know_the_file_that_has_them(write):
    write("a.yaml", "blocks: {Backbone: {file: zoo/net.yaml}}\n")
    write("zoo/net.yaml", ZOO)
    tree, _ = resolved()
    node, depth = tree.find(("blocks", "Backbone", "nodes", 1, "from", 0))
    assert depth == 6
    assert (node.place.source.name, node.place.line, node.place.column) == ("zoo/net.yaml", 9, 26)
    name, _ = tree.find(("blocks", "Backbone", "inputs", 1))
    assert (name.content, name.place.line, name.place.column) == ("mask", 6, 32)


MISTAKES = {
    "{file: nope.yaml}": "a.yaml:1:20: error: there is no file 'nope.yaml'",
    "{file: ne.yaml}": "a.yaml:1:20: error: there is no file 'ne.yaml'; did you mean 'net.yaml'?",
    "{file: .}": "a.yaml:1:20: error: '.' is a folder, not a config file",
    "{file: 3}": "a.yaml:1:20: error: expected the path of a config file",
    "{file: ''}": "a.yaml:1:20: error: expected the path of a config file",
    "{file: ~}": "a.yaml:1:20: error: expected the path of a config file",
    "{file: net.yaml, block: [A]}": "a.yaml:1:37: error: expected the name of a block of that file",
    "{file: large.yaml}": "a.yaml:1:20: error: 'large.yaml' is larger than 1048576 bytes, too large for a config",
    "{file: utf16.yaml}": "a.yaml:1:20: error: 'utf16.yaml' is UTF-16 text; save it as UTF-8",
    "{file: library.yaml}": (
        "a.yaml:1:20: error: 'library.yaml' has no 'model'; say with `block` which of its blocks is meant: "
        "'Leaf', 'Branch', 'Tree' or 'Other'"
    ),
    "{file: train.yaml}": "a.yaml:1:20: error: 'train.yaml' has no 'model'\n",
    "{file: library.yaml, block: Leav}": "a.yaml:1:41: error: 'library.yaml' has no block 'Leav'; did you mean 'Leaf'?",
    "{file: library.yaml, block: Xyz}": (
        "a.yaml:1:41: error: 'library.yaml' has no block 'Xyz'; it has 'Leaf', 'Branch', 'Tree' or 'Other'"
    ),
    "{file: net.yaml, block: Xyz}": "a.yaml:1:37: error: 'net.yaml' has no block 'Xyz'\n",
    "{file: net.yaml, output: x}": (
        "a.yaml:1:30: error: a block of another file has no key 'output'; did you mean 'outputs'?; "
        "it has 'file', 'block' or 'outputs'"
    ),
    "{file: net.yaml, nodes: []}": (
        "a.yaml:1:30: error: a block of another file has no key 'nodes'; it has 'file', 'block' or 'outputs'"
    ),
    "{file: net.yaml, params: {a: 1}}": (
        "a.yaml:1:30: error: a block of another file has no key 'params'; "
        "its parameters are given where it is used, as in 'X: {...}'"
    ),
    "{file: list.yaml}": "list.yaml:1:1: error: expected a mapping of a config's keys",
}


@pytest.mark.parametrize("block", MISTAKES)
def test_mistakes(write, tmp_path, block):
    write("a.yaml", f"blocks: {{X: {block}}}\n")
    write("net.yaml", "model: [Dense: 1]\n")
    write("train.yaml", "train: {}\n")
    write("list.yaml", "- Dense: 1\n")
    write("library.yaml", LIBRARY)
    write("large.yaml", "#" * (2**20 + 1))
    (tmp_path / "utf16.yaml").write_bytes("a: 1".encode("utf-16"))
    assert f"{problems()}\n".startswith(MISTAKES[block])


def test_what_is_wrong_in_another_file_says_what_has_led_there(write):
    write("a.yaml", "blocks:\n  Outer: {file: b.yaml}\n")
    write("b.yaml", "blocks:\n  Inner: {file: c.yaml}\nmodel: [Inner]\n")
    write("c.yaml", "model: [\n")
    assert problems() == (
        "c.yaml:1:8: error: this '[' is not closed\n"
        "    1 | model: [\n"
        "      |        ^\n"
        "        in the file of block 'Inner' at b.yaml:2:17\n"
        "        in the file of block 'Outer' at a.yaml:2:17"
    )


@pytest.mark.parametrize("chain", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_circles_are_refused(write, chain):
    for name, following in zip(chain, [*chain[1:], chain[0]], strict=True):
        write(f"{name}.yaml", f"blocks: {{X: {{file: ./{following}.yaml}}}}\nmodel: [X]\n")
    circle = " -> ".join(f"{name}.yaml" for name in [*chain, chain[0]])
    assert f"{chain[-1]}.yaml:1:20: error: a config cannot be a block of itself: {circle}\n" in problems()


def test_circles_through_a_base_are_refused(write):
    write("a.yaml", "extends: b.yaml\nmodel: [X]\n")
    write("b.yaml", "blocks: {X: {file: a.yaml}}\n")
    assert "b.yaml:1:20: error: a config cannot be a block of itself: a.yaml -> a.yaml\n" in problems()


def test_a_file_is_read_once_however_many_blocks_it_gives(write):
    write(
        "a.yaml", "blocks: {A: {file: l.yaml, block: X}, B: {file: ./l.yaml, block: Y}, C: {file: l.yaml, block: X}}\n"
    )
    write("l.yaml", "blocks: {X: [Flatten], Y: [Flatten]}\n")
    _, files = resolved()
    assert [source.name for source in files.bases.sources] == ["a.yaml", "l.yaml"]


def test_files_of_files_are_bounded(write):
    for number in range(MAX_NESTED_FILES + 1):
        write(f"{number}.yaml", f"blocks: {{X: {{file: {number + 1}.yaml}}}}\nmodel: [X]\n")
    write(f"{MAX_NESTED_FILES + 1}.yaml", "model: [Flatten]\n")
    assert "a config" not in problems("0.yaml")
    assert f"error: blocks of other files are nested more than {MAX_NESTED_FILES} deep" in problems("0.yaml")
    assert blocks("2.yaml")


def test_values_do_not_grow_without_end(write):
    for number in range(19):
        both = f"A: {{file: {number + 1}.yaml}}, B: {{file: {number + 1}.yaml}}"
        write(f"{number}.yaml", f"blocks: {{{both}}}\nmodel: [A, B]\n")
    write("19.yaml", "model: [Flatten]\n")
    message = f"error: with the blocks of other files the config has more than {MAX_VALUES} values"
    assert message in problems("0.yaml")
    write(
        "inside.yaml",
        f"blocks: {{{', '.join(f'X{i}: {{blocks: {{Y: {{file: 5.yaml}}}}, nodes: [Y]}}' for i in range(9))}}}",
    )
    assert message in problems("inside.yaml")


def test_levels_do_not_grow_without_end(write):
    deep = MAX_DEPTH * 2 // 3
    write("b.yaml", f"model: [{'{Sequential: [' * (deep // 2)}{']}' * (deep // 2)}]\n")
    write("a.yaml", "blocks: {X: {file: b.yaml}}\n")
    assert blocks()
    around = deep // 4
    write("a.yaml", f"blocks: {'{A: {blocks: ' * around}{{X: {{file: b.yaml}}}}{'}}' * around}\n")
    assert f"error: with the blocks of other files the config has more than {MAX_DEPTH} levels" in problems()
