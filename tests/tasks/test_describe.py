from __future__ import annotations

from typing import Any

import pytest

from netlib.config.dump import to_yaml
from netlib.config.load import read
from netlib.config.reader import read_tree
from netlib.config.sources import open_source
from netlib.spec.data import DataSpec
from netlib.spec.errors import UsageError
from netlib.spec.language.nodes import CONTAINERS
from netlib.spec.registry import TABLES, names
from netlib.spec.tensors import TensorSpec
from netlib.tasks.describe import DATA_KINDS, catalogue, data_catalogue, describe


def _is_of_data(name: str) -> bool:
    return name.partition(".")[0] in DATA_KINDS


ALL = [f"{kind}.{name}" for kind in TABLES for name in names(kind)] + [f"container.{name}" for name in CONTAINERS]


def test_a_layer_is_found_by_its_name_and_others_in_any_spelling() -> None:
    assert describe("Conv2D").facts.name == "Conv2D"
    assert describe("adam").facts.kind == "optimizer"
    assert describe("container.While").facts.kind == "container"


def test_a_layer_goes_before_what_else_has_its_name() -> None:
    found = describe("Identity")
    assert found.facts.kind == "layer"
    assert found.others == ("initializer.Identity",)
    assert describe("initializer.Identity").facts.kind == "initializer"


def test_a_name_of_several_kinds_is_refused_with_all_of_them() -> None:
    with pytest.raises(
        UsageError,
        match=r"'CosineSimilarity' names several things; ask for one of them: loss.CosineSimilarity, metric.CosineSimilarity",
    ):
        describe("CosineSimilarity")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Conv2d", "there is no layer 'Conv2d', nor anything else of that name; did you mean 'Conv2D'?"),
        ("Residal", "there is no layer 'Residal', nor anything else of that name; did you mean 'Residual'?"),
        ("loss.Adam", "there is no layer 'loss.Adam', nor anything else of that name"),
        ("zzzzzz", "nor anything else of that name; 'netlab layers' lists them"),
        ("muon", "there is no optimizer 'muon' in netlab: Keras's Muon asks a variable for its path"),
    ],
)
def test_an_unknown_name_is_refused_with_what_may_be_meant(name: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        describe(name)
    assert message in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("name", ALL)
def test_the_example_reads_back_as_what_it_says(name: str, tmp_path: Any) -> None:
    found = describe(name)
    file = tmp_path / "example.yaml"
    is_node = found.facts.kind in ("layer", "container")
    indented = found.example.replace("\n", "\n  ")
    file.write_text(f"model:\n  {indented}\n" if is_node else f"{found.example}\n")
    tree, problems = read_tree(open_source(str(file), "file"))
    assert not problems
    assert tree is not None
    value = found.facts.example.value
    assert tree.plain() == ({"model": [value]} if is_node else {"data": value} if _is_of_data(name) else value)


@pytest.mark.parametrize("name", [name for name in ALL if name.startswith(("layer", "container"))])
def test_a_config_with_the_example_of_a_layer_has_no_mistake(name: str) -> None:
    found = describe(name)
    inputs = found.facts.example.inputs or {"sample": TensorSpec((None, 10, 8))}
    names_of = ["sample"] if len(inputs) == 1 else list(inputs)
    declared = {
        called: {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype}
        for called, tensor in zip(names_of, inputs.values(), strict=True)
    }
    node = found.facts.example.value
    model = {"inputs": declared, "nodes": [node, {"Constant": 1.0}]}
    assert read(to_yaml({"model": model})).graph is not None


@pytest.mark.parametrize("name", [name for name in ALL if _is_of_data(name)])
def test_the_example_of_a_source_a_split_or_a_step_is_a_section_without_a_mistake(name: str) -> None:
    value = describe(name, DATA_KINDS).facts.example.value
    assert DataSpec.parse({"source": "iris", **value})


def test_only_what_a_section_data_has_is_looked_for_there() -> None:
    assert describe("Hash", ("split",)).facts.kind == "split"
    with pytest.raises(
        UsageError, match=r"'Hash' names several things; ask for one of them: preprocessing.Hash, split.Hash"
    ):
        describe("Hash", DATA_KINDS)
    with pytest.raises(UsageError, match=r"there is no source, preprocessing or split 'CSVV'; did you mean 'csv'\?"):
        describe("CSVV", DATA_KINDS)
    assert [group.name for group in data_catalogue()] == list(DATA_KINDS)


def test_the_catalogue_of_layers_and_of_another_kind() -> None:
    groups = catalogue()
    assert (groups[0].name, groups[-1].name) == ("core", "containers")
    (group,) = catalogue("optimizer")
    assert list(group.members) == names("optimizer")
