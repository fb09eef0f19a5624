from __future__ import annotations

import re

import pytest

from netlib.report.comparison import comparison_text
from netlib.spec.errors import UsageError
from netlib.tasks.compare import compare
from netlib.tasks.compare_shown import names_of, plain, tables
from netlib.tasks.varying import ABSENT

BASE = """\
name: base
model:
  inputs: {x: {shape: [4]}}
  nodes:
    - {Dense: 8, name: hidden}
    - {Dropout: 0.5, name: drop}
    - {Dense: 2, name: last}
"""


@pytest.fixture(scope="module")
def runs(logged_run, tmp_path_factory):
    root = tmp_path_factory.mktemp("compared")
    wider = "model.hidden.units=16", "train.optimizer.learning_rate=0.1"
    return [logged_run(root / "tiny-1"), logged_run(root / "tiny-2", *wider, losses=(0.9, 0.2), day=2)]


@pytest.fixture
def configs(tmp_path):
    """A config and another, in which a node is gone, one is new, and one is wider."""
    other = BASE.replace("Dense: 8", "Dense: 16").replace(
        "{Dropout: 0.5, name: drop}", "{BatchNormalization: , name: normed}"
    )
    paths = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for path, text in zip(paths, (BASE, other), strict=True):
        path.write_text(text)
    return paths


def test_keys_that_differ_with_both_values(runs):
    assert compare(runs).keys == {"model.hidden.units": (8, 16), "train.optimizer.learning_rate": (0.001, 0.1)}


def test_costs_are_those_of_the_formula(runs):
    network = compare(runs).network
    assert network is not None
    for cost, width in zip(network.totals, (8, 16), strict=True):
        assert cost is not None
        assert cost.parameters.total == 64 * width + width + width * 10 + 10
        assert cost.macs == 64 * width + width * 10
    hidden = next(node for node in network.nodes if node.path == "hidden")
    assert (hidden.kind, hidden.options) == ("changed", {"units": (8, 16)})


def test_nodes_that_one_has_and_another_has_not(configs):
    network = compare(configs).network
    assert network is not None
    found = {node.path: node for node in network.nodes}
    assert {path: node.kind for path, node in found.items()} == {
        "hidden": "changed", "drop": "removed", "last": "changed", "normed": "added",
    }  # fmt: skip
    assert [side and side.parameters for side in found["last"].sides] == [8 * 2 + 2, 16 * 2 + 2]
    assert [side and side.reads for side in found["last"].sides] == [("drop",), ("normed",)]
    assert [side and side.trainable for side in found["normed"].sides] == [None, 2 * 16]
    assert (
        sum((node.sides[1].parameters for node in found.values() if node.sides[1]), 0)
        == network.totals[1].parameters.total
    )


def test_the_better_result_is_marked(runs):
    facts = {fact.name: fact for fact in compare(runs).results}
    assert (facts["validation.loss"].values, facts["validation.loss"].better) == ((0.5, 0.2), 1)
    assert (facts["validation.accuracy"].values, facts["validation.accuracy"].better) == ((0.5, 0.8), 1)
    assert facts["test.loss"].better is None  # they are equal
    assert (facts["best epoch"].values, facts["epochs"].values) == ((2, 2), (3, 2))


def test_more_is_better_of_an_accuracy_and_less_of_a_loss(runs):
    facts = {fact.name: fact for fact in compare(runs[::-1]).results}
    assert (facts["validation.loss"].better, facts["validation.accuracy"].better) == (0, 0)


def test_the_environment_of_runs(runs, configs):
    assert compare(runs).environment == {"keras": ("3.1", "3.2")}
    assert compare([*runs, configs[0]]).environment == {"keras": ("3.1", "3.2", ABSENT)}
    assert compare(configs).environment == {}


def test_the_same(runs):
    found = compare([runs[0], runs[0] / "resolved.yaml"])
    assert found.keys == {}
    assert found.network is not None
    assert found.network.nodes == ()
    assert [table.note for table in tables(found)][:2] == ["every key is the same", "the same nodes"]


def test_a_library_of_blocks_has_no_network(configs, tmp_path):
    path = tmp_path / "blocks.yaml"
    path.write_text("blocks: {Unit: {nodes: [Dense: 8]}}\n")
    assert compare([configs[0], path]).network is None
    assert [table.title for table in tables(compare([configs[0], path]))] == ["config"]


def test_one_environment_has_nothing_to_differ_from(runs, configs):
    assert [table.title for table in tables(compare([configs[0], runs[0]]))] == ["config", "network", "results"]
    assert [table.title for table in tables(compare(runs))][-1] == "environment"


@pytest.mark.parametrize("number", [0, 1])
def test_two_are_needed(configs, number):
    with pytest.raises(UsageError, match=f"there are two or more configs or runs to compare, got {number}"):
        compare(configs[:number])


def test_plain_values_leave_out_what_a_side_has_not(runs, configs):
    found = plain(compare([*runs, configs[0]]))
    assert [side["kind"] for side in found["sides"]] == ["run", "run", "config"]
    data = next(entry for entry in found["config"] if entry["key"] == "data")
    assert str(configs[0]) not in data["values"]
    loss = next(entry for entry in found["results"] if entry["name"] == "validation.loss")
    assert loss == {"name": "validation.loss", "better": str(runs[1]), "values": {
        str(runs[0]): 0.5, str(runs[1]): 0.2, str(configs[0]): None,
    }}  # fmt: skip
    assert found["network"]["totals"][str(runs[0])]["parameters"]["total"] == 610


def test_side_by_side(runs):
    found = compare(runs)
    for width in (80, 120):
        text = comparison_text(names_of(found), tables(found), width)
        assert max(map(len, text.splitlines())) <= width
        assert "  train.optimizer.learning_rate  0.001   0.1\n" in text
        assert "  parameters            610" in text
        assert re.search(r"^  validation.loss +0\.5000  \*0\.2000$", text, re.MULTILINE)
        assert "  keras  3.1     3.2\n" in text


def test_names_are_paths_where_two_are_the_same(runs, logged_run, tmp_path):
    twin = logged_run(tmp_path / "tiny-1")
    assert names_of(compare([runs[0], runs[1], twin])) == [str(runs[0]), "tiny-2", str(twin)]
