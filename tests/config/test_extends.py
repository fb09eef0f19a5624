from __future__ import annotations

import pytest

from netlib.config.extends import MAX_FILES, Bases
from netlib.config.problems import in_file_order, render
from netlib.config.sources import open_source


def read(name):
    bases = Bases()
    tree = bases.complete(open_source(name, "file"))
    return tree, bases


def plain(name):
    tree, bases = read(name)
    assert bases.problems == []
    assert not bases.incomplete
    return tree.plain()


def problems(name):
    _, bases = read(name)
    return render(in_file_order(bases.problems, bases.sources))


def test_a_file_without_bases(write):
    write("a.yaml", "x: 1")
    assert plain("a.yaml") == {"x": 1}


def test_a_file_stands_on_its_base(write):
    write("a.yaml", "extends: base/b.yaml\nx: {p: 1}\n")
    write("base/b.yaml", "extends: ../c.yaml\nx: {p: 2, q: 2}\n")
    write("c.yaml", "x: {p: 3, q: 3, r: 3}\ny: 3\n")
    assert plain("a.yaml") == {"x": {"p": 1, "q": 2, "r": 3}, "y": 3}


def test_the_later_base_of_a_list_wins(write):
    write("a.yaml", "extends: [b.yaml, c.yaml]\n")
    write("b.yaml", "x: 1\ny: 1\n")
    write("c.yaml", "y: 2\nz: 2\n")
    assert plain("a.yaml") == {"x": 1, "y": 2, "z": 2}


def test_two_ways_to_one_base_are_no_circle(write):
    write("a.yaml", "extends: [b.yaml, c.yaml]\n")
    write("b.yaml", "extends: d.yaml\nx: b\n")
    write("c.yaml", "extends: d.yaml\ny: c\n")
    write("d.yaml", "x: d\ny: d\nz: d\n")
    assert plain("a.yaml") == {"x": "d", "y": "c", "z": "d"}


def test_many_ways_to_one_base_are_read_once(write):
    for level in range(30):
        write(f"{level}a.yaml", f"extends: [{level + 1}a.yaml, {level + 1}b.yaml]\n")
        write(f"{level}b.yaml", f"extends: [{level + 1}a.yaml, {level + 1}b.yaml]\n")
    write("30a.yaml", "x: 1")
    write("30b.yaml", "x: 2")
    tree, bases = read("0a.yaml")
    assert tree.plain() == {"x": 2}
    assert len(bases.sources) == 61


def test_values_know_the_file_that_has_set_them(write):
    write("a.yaml", "extends: base/b.yaml\nx: 1\n")
    write("base/b.yaml", "x: 2\ny: {z: 2}\n")
    tree, _ = read("a.yaml")
    place = tree.content["y"].content["z"].place
    assert (place.source.name, place.source.origin, place.source.folder.name) == ("base/b.yaml", "base file", "base")
    assert tree.content["x"].place.source.origin == "file"


@pytest.mark.parametrize("chain", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_circles_are_refused(write, chain):
    for name, following in zip(chain, [*chain[1:], chain[0]], strict=True):
        write(f"{name}.yaml", f"extends: ./{following}.yaml\n")
    circle = " -> ".join(f"{name}.yaml" for name in [*chain, chain[0]])
    assert f"{chain[-1]}.yaml:1:10: error: a config cannot extend itself: {circle}\n" in problems("a.yaml")


def test_a_missing_base_is_shown_where_it_is_named(write):
    write("sub/a.yaml", "x: 1\nextends: base.yml\n")
    write("sub/base.yaml", "")
    assert problems("sub/a.yaml") == (
        "sub/a.yaml:2:10: error: there is no file 'sub/base.yml'; did you mean 'base.yaml'?\n"
        "    2 | extends: base.yml\n"
        "      |          ^^^^^^^^"
    )
    assert read("sub/a.yaml")[1].incomplete


@pytest.mark.parametrize("value", ["3", "[3]", "{a: b}", "''", "[[a.yaml]]", "~"])
def test_what_names_no_file(write, value):
    write("a.yaml", f"extends: {value}\n")
    assert "error: expected the path of a config file, or a list of them" in problems("a.yaml")


def test_a_base_that_is_listed_twice(write):
    write("a.yaml", "extends: [b.yaml, b.yaml]\n")
    write("b.yaml", "x: 1")
    assert "a.yaml:1:19: error: 'b.yaml' is listed twice" in problems("a.yaml")


def test_a_base_that_is_no_mapping(write):
    write("a.yaml", "extends: b.yaml\n")
    write("b.yaml", "- x\n")
    assert "b.yaml:1:1: error: expected a mapping of a config's keys" in problems("a.yaml")


def test_problems_of_all_files_are_found(write):
    write("a.yaml", "extends: [b.yaml, c.yaml]\nx: 1\nx: 2\n")
    write("b.yaml", "y: [\n")
    write("c.yaml", "z: {a: 1, a: 2}\n")
    heads = [line.split(" error")[0] for line in problems("a.yaml").splitlines() if "error" in line]
    assert heads == ["a.yaml:3:1:", "b.yaml:1:4:", "c.yaml:1:11:"]


def test_two_bases_that_define_one_block(write):
    write("a.yaml", "extends: [b.yaml, sub/c.yaml]\nblocks: {Mine: [Flatten]}\n")
    write("b.yaml", "blocks:\n  Stage: [Flatten]\n  Other: [Flatten]\n")
    write("sub/c.yaml", "vars: {}\nblocks:\n  Mine: [Flatten]\n  Stage: [Flatten]\n")
    assert problems("a.yaml") == (
        "a.yaml:1:19: error: block 'Stage' is defined in 'b.yaml' (line 2) and in 'sub/c.yaml' (line 4); "
        "rename one of them, or extend one of these files only\n"
        "    1 | extends: [b.yaml, sub/c.yaml]\n"
        "      |                   ^^^^^^^^^^"
    )


def test_a_block_that_one_base_changes_is_defined_twice(write):
    write("a.yaml", "extends: [b.yaml, c.yaml]\n")
    write("b.yaml", "extends: d.yaml\nblocks: {Stage: {params: {a: 2}}}\n")
    write("c.yaml", "extends: d.yaml\n")
    write("d.yaml", "blocks: {Stage: {params: {a: 1}, nodes: [Flatten]}}\n")
    assert "block 'Stage' is defined in 'b.yaml' (line 2) and in 'd.yaml' (line 1)" in problems("a.yaml")


def test_two_bases_may_have_a_block_of_one_file(write):
    write("a.yaml", "extends: [b.yaml, c.yaml]\n")
    write("b.yaml", "extends: d.yaml\nblocks: {B: [Flatten]}\n")
    write("c.yaml", "extends: d.yaml\nblocks: {C: [Flatten]}\n")
    write("d.yaml", "blocks: {Stage: [Dropout]}\n")
    assert plain("a.yaml")["blocks"] == {"Stage": ["Dropout"], "B": ["Flatten"], "C": ["Flatten"]}


def test_a_file_may_change_a_block_of_its_base(write):
    write("a.yaml", "extends: b.yaml\nblocks: {Stage: {params: {a: 2}}}\n")
    write("b.yaml", "extends: c.yaml\nblocks: {Stage: {nodes: [Dropout]}}\n")
    write("c.yaml", "blocks: {Stage: {params: {a: 1, b: 1}, nodes: [Flatten]}}\n")
    assert plain("a.yaml")["blocks"] == {"Stage": {"params": {"a": 2, "b": 1}, "nodes": ["Dropout"]}}


def test_a_library_is_extended_with_its_variables(write):
    write("a.yaml", "extends: blocks/library.yaml\nvars: {mine: 1}\n")
    write("blocks/library.yaml", "vars: {width: 8}\nblocks: {Wide: [Dense: $width]}\n")
    assert plain("a.yaml") == {"vars": {"width": 8, "mine": 1}, "blocks": {"Wide": [{"Dense": "$width"}]}}


def test_the_number_of_files_is_bounded(write):
    for i in range(MAX_FILES + 2):
        write(f"{i}.yaml", f"extends: {i + 1}.yaml\n")
    assert f"error: a config has at most {MAX_FILES} other files" in problems("0.yaml")
