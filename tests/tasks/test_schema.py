"""The schema of a config, held by an independent validator to what `netlab check` takes and refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from netlib.config.dump import to_yaml
from netlib.config.load import load, read
from netlib.config.problems import ConfigError
from netlib.config.reader import read_tree
from netlib.config.sources import open_source
from netlib.spec.language.nodes import CONTAINERS
from netlib.spec.registry import TABLES, names, resolve, spec_class
from netlib.spec.schema.examples import example_parameters
from netlib.spec.schema.json_schema import spellings
from netlib.tasks.schema import config_schema

CONFIGS = Path(__file__).parents[2] / "configs"
FOUND = sorted(
    path for path in CONFIGS.rglob("*.yaml") if path.parent.name != "sweeps"
)  # which have a test of their own
ALL = [(kind, name) for kind in TABLES for name in names(kind)]
CHOICES = [(kind, name) for kind, name in ALL if kind != "layer"]
FREE = (
    "vars",
    "state",
    "Variables",
    "preprocess",
    "inputs",
    "params",
    "blocks",
    "branches",
    "each",
    "repeat",
    "from",
    "outputs",
    "metrics",
    "freeze",
    "loss",
)
"""Keys whose mappings have names of the user's as keys."""

BASE: dict[str, Any] = {
    "name": "tiny",
    "seed": 3,
    "vars": {"width": 8},
    "data": {
        "source": "spirals",
        "samples": 200,
        "validation": 0.2,
        "batch_size": 32,
        "preprocess": {"features": "Standardize"},
    },
    "model": {
        "nodes": [
            {
                "Dense": {
                    "units": "$width",
                    "activation": {"leaky_relu": {"negative_slope": 0.1}},
                    "kernel_initializer": {"VarianceScaling": {"mode": "fan_in"}},
                    "kernel_regularizer": {"L2": {"l2": 1e-4}},
                },
                "name": "first",
            },
            {"Sequential": [{"Dense": {"units": 8, "use_bias": False}}, "Flatten"], "name": "body"},
            {"Add": None, "from": ["first", "body"]},
            "BatchNormalization",
            {"Dense": 2, "name": "arm", "trainable": True},
        ],
        "outputs": {"arm": "arm"},
    },
    "train": {
        "epochs": 2,
        "loss": {"arm": {"SparseCategoricalCrossentropy": {"from_logits": True}, "weight": 1.0, "of": "arm"}},
        "optimizer": {"Adam": {"learning_rate": {"CosineDecay": {"initial_learning_rate": 0.01, "decay_steps": 10}}}},
        "metrics": ["accuracy", {"AUC": {"curve": "PR"}, "name": "area"}],
        "early_stopping": {"patience": 5},
        "callbacks": ["CSVLog", {"EMA": {"decay": 0.9}}],
        "clip": {"norm": 1.0},
        "checkpoint": {"keep_last": 1},
    },
}
DENSE = ("model", "nodes", 0, "Dense")
ADAM = ("train", "optimizer", "Adam")

RENAMED = [
    (("seed",), "sed"),
    (("vars",), "var"),
    (("data",), "dat"),
    (("data", "batch_size"), "batchsize"),
    (("data", "samples"), "sample"),
    (("model", "nodes"), "node"),
    (("model", "outputs"), "output"),
    (("model", "nodes", 0, "name"), "nam"),
    (("model", "nodes", 2, "from"), "form"),
    (("model", "nodes", 4, "trainable"), "trainabel"),
    ((*DENSE, "units"), "untis"),
    ((*DENSE, "activation", "leaky_relu"), "leaky_rleu"),
    ((*DENSE, "activation", "leaky_relu", "negative_slope"), "slope"),
    ((*DENSE, "kernel_initializer", "VarianceScaling"), "VarianceScale"),
    ((*DENSE, "kernel_regularizer", "L2", "l2"), "l3"),
    (("model", "nodes", 1, "Sequential", 0, "Dense", "use_bias"), "bias"),
    (("train", "epochs"), "epoch"),
    (("train", "loss", "arm", "weight"), "wieght"),
    (("train", "loss", "arm", "SparseCategoricalCrossentropy", "from_logits"), "logits"),
    (("train", "loss", "arm", "SparseCategoricalCrossentropy"), "SparseCrossentropy"),
    (ADAM, "Adma"),
    ((*ADAM, "learning_rate"), "lr"),
    ((*ADAM, "learning_rate", "CosineDecay", "decay_steps"), "steps"),
    (("train", "metrics", 1, "AUC", "curve"), "curv"),
    (("train", "metrics", 1, "name"), "nmae"),
    (("train", "early_stopping", "patience"), "patients"),
    (("train", "callbacks", 1, "EMA"), "EAM"),
    (("train", "callbacks", 1, "EMA", "decay"), "decy"),
    (("train", "clip", "norm"), "nrom"),
    (("train", "checkpoint", "keep_last"), "keep"),
]
CHANGED = [
    (("format",), 2),
    (("seed",), "seven"),
    (("data",), ["spirals"]),
    (("data", "source"), "spiral"),
    (("data", "source"), None),
    (("data", "samples"), 0),
    (("data", "validation"), 1.5),
    (("data", "shuffle"), "yes"),
    (("data", "preprocess"), {"features": "Standardise"}),
    (("model",), "Dense"),
    (("model", "nodes"), {"Dense": 2}),
    (("model", "nodes", 0), {"name": "first"}),
    (("model", "nodes", 0), 7),
    (("model", "nodes", 0), {}),
    (("model", "nodes", 0, "Conv2D"), {"filters": 1, "kernel_size": 1}),
    (("model", "nodes", 1, "Dense"), 3),
    (("model", "nodes", 0, "name"), "two words"),
    (("model", "nodes", 0, "name"), "previous"),
    (("model", "nodes", 2, "from"), 3),
    (("model", "nodes", 3), "Dense"),
    (("model", "nodes", 4, "Dense"), "ten"),
    (("model", "nodes", 4, "Dense"), 0),
    (("model", "nodes", 4, "Dense"), None),
    (("model", "nodes", 4, "trainable"), "no"),
    ((*DENSE, "units"), 2.5),
    ((*DENSE, "units"), "8"),
    ((*DENSE, "activation"), "rleu"),
    ((*DENSE, "kernel_initializer", "VarianceScaling", "mode"), "fan"),
    ((*DENSE, "kernel_regularizer"), {"L1": {}, "L2": {}}),
    (("model", "outputs"), 1),
    (("train",), None),
    (("train", "loss"), 5),
    (("train", "loss"), "crossentropy"),
    (("train", "loss", "arm"), {"MeanSquaredError": {}, "Huber": {}}),
    (("train", "loss", "arm", "weight"), "much"),
    (("train", "optimizer"), {}),
    (("train", "optimizer"), {"Adam": {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 9}}}),
    ((*ADAM, "learning_rate"), 0),
    ((*ADAM, "learning_rate"), "CosineDecay"),
    (("train", "metrics"), 3),
    (("train", "callbacks"), "CSVLog"),
    (("train", "execution"), "fast"),
    (("train", "max_time"), "soon"),
    (("trian",), {}),
]
TAKEN = [
    (("seed",), "$(width + 1)"),
    ((*DENSE, "units"), "$(width * 1)"),
    ((*DENSE, "units"), 8.0),
    ((*DENSE, "use_bias"), "$(width > 4)"),
    (DENSE, {"units": 8, "activation": "relu"}),
    ((*DENSE, "activation"), None),
    ((*DENSE, "kernel_initializer"), "glorotuniform"),
    ((*DENSE, "kernel_initializer"), {"uniform": {"minval": 0}}),
    (("model", "nodes", 3), {"BatchNormalization": None, "name": "norms"}),
    (("model", "nodes", 3), {"Activation": {"leaky_relu": 0.3}}),
    (("model", "nodes", 3), {"Activation": "tanh"}),
    (("model", "nodes", 0, "name"), "first"),
    (("model", "outputs"), "arm"),
    (("train", "loss"), "sparse_categorical_crossentropy"),
    (("train", "loss"), {"SparseCategoricalCrossentropy": {}, "of": "arm"}),
    (("train", "optimizer"), "adamw"),
    (("train", "optimizer"), {"sgd": 0.1}),
    (("train", "optimizer"), {"SGD": None}),
    ((*ADAM, "learning_rate"), 0.1),
    (("train", "metrics"), {"right": "accuracy"}),
    (("train", "metrics"), "acc"),
    (("train", "early_stopping"), 5),
    (("train", "early_stopping"), None),
    (("train", "checkpoint"), None),
    (("train", "max_time"), "1h30m"),
    (("train", "max_time"), 90),
    (("data", "preprocess"), {"features": ["Standardize", {"Rescale": {"scale": 2.0}}]}),
]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return config_schema()


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def at(values: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        values = values[key]
    return values


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    config = copy.deepcopy(BASE)
    at(config, path[:-1])[path[-1]] = value
    return config


def renamed(path: tuple[str | int, ...], key: str) -> dict[str, Any]:
    config = copy.deepcopy(BASE)
    around = at(config, path[:-1])
    around[key] = around.pop(path[-1])
    return config


def identity(value: object) -> str:
    return ".".join(map(str, value)) if isinstance(value, tuple) else json.dumps(value)


def schemas(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every schema of a named property, with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "if":
                continue
            if key == "properties":
                yield from (((*path, name), each) for name, each in inner.items() if isinstance(each, dict))
            yield from schemas(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from schemas(inner, (*path, str(index)))


def test_the_base_is_valid_for_both(validator: Draft202012Validator) -> None:
    assert read(to_yaml(BASE)).warnings == ()
    validator.validate(BASE)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_a_shipped_config_is_valid(validator: Draft202012Validator, path: Path) -> None:
    tree, _ = read_tree(open_source(str(path), "file"))
    assert tree is not None
    validator.validate(tree.plain())


@pytest.mark.parametrize("path", FOUND, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_what_resolves_a_shipped_config_is_valid(validator: Draft202012Validator, path: Path) -> None:
    validator.validate(load(path).resolved())


@pytest.mark.parametrize(("path", "key"), RENAMED, ids=identity)
def test_a_misspelt_key_is_refused_by_both(validator: Draft202012Validator, path: Any, key: str) -> None:
    mutant = renamed(path, key)
    with pytest.raises(ConfigError):
        read(to_yaml(mutant))
    assert not validator.is_valid(mutant)


@pytest.mark.parametrize(("path", "value"), CHANGED, ids=identity)
def test_a_wrong_value_is_refused_by_both(validator: Draft202012Validator, path: Any, value: Any) -> None:
    mutant = changed(path, value)
    with pytest.raises(ConfigError):
        read(to_yaml(mutant))
    assert not validator.is_valid(mutant)


@pytest.mark.parametrize(("path", "value"), TAKEN, ids=identity)
def test_another_way_to_write_it_is_taken_by_both(validator: Draft202012Validator, path: Any, value: Any) -> None:
    config = changed(path, value)
    read(to_yaml(config))
    validator.validate(config)


def is_block(key: str | int) -> bool:
    """Whether what stands below the key has the parameters of a block as keys, which no schema knows."""
    known = {*CONTAINERS, *(name for kind in TABLES for name in names(kind))}
    return isinstance(key, str) and key[:1].isupper() and key not in known


def mappings(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The places of all mappings but those with keys of the user's own."""
    if isinstance(value, dict):
        if not path or path[-2:-1] == ("blocks",) or (path[-1] not in FREE and not is_block(path[-1])):
            yield path
        for key, inner in value.items():
            is_own = key in ("vars", "Variables", "repeat", "each") or (is_block(key) and path[-1:] != ("blocks",))
            if not is_own:
                yield from mappings(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from mappings(inner, (*path, index))


@pytest.mark.parametrize("path", FOUND, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_an_unknown_key_is_refused_at_every_depth(validator: Draft202012Validator, path: Path) -> None:
    tree, _ = read_tree(open_source(str(path), "file"))
    assert tree is not None
    config = tree.plain()
    for place in mappings(config):
        mutant = copy.deepcopy(config)
        at(mutant, place)["no_such_key"] = 1
        assert not validator.is_valid(mutant), place


@pytest.mark.parametrize(("kind", "name"), ALL, ids=[f"{kind}.{name}" for kind, name in ALL])
def test_every_spec_is_taken_with_its_defaults_and_its_example(schema: dict[str, Any], kind: str, name: str) -> None:
    spec = spec_class(kind, name)
    parameters = example_parameters(spec)
    plain = spec.parse(parameters).to_plain()
    if kind == "source":
        parameters, plain = {**parameters, "source": name}, {**plain, "source": name}
    taken = Draft202012Validator({"$defs": schema["$defs"], "$ref": f"#/$defs/{kind}.{name}"})
    taken.validate(parameters)
    taken.validate(plain)


@pytest.mark.parametrize(("kind", "name"), CHOICES, ids=[f"{kind}.{name}" for kind, name in CHOICES])
def test_every_choice_is_taken_in_all_its_spellings(schema: dict[str, Any], kind: str, name: str) -> None:
    parameters = example_parameters(spec_class(kind, name))
    chosen = Draft202012Validator({"$defs": schema["$defs"], "$ref": f"#/$defs/{kind}"})
    for spelling in spellings(kind, name):
        assert resolve(kind, spelling) == name
        chosen.validate({spelling: parameters})
        assert chosen.is_valid(spelling) == (not parameters)


def test_every_key_has_a_description_and_every_default_is_valid(schema: dict[str, Any]) -> None:
    found = 0
    for path, each in schemas(schema):
        reference = each.get("$ref", "").rpartition("/")[2]
        described = each if "description" in each else schema["$defs"].get(reference, {})
        assert described.get("description"), path
        if "default" in each:
            found += 1
            Draft202012Validator({**each, "$defs": schema["$defs"]}).validate(each["default"])
    assert found > 200


def test_every_reference_leads_to_a_definition(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    used = {part.partition('"')[0] for part in text.split('"$ref": "#/$defs/')[1:]}
    assert used <= schema["$defs"].keys()


def test_it_is_small_and_has_every_section(schema: dict[str, Any]) -> None:
    assert len(json.dumps(schema, indent=2)) < 1_000_000
    assert list(schema["properties"]) >= ["format", "name", "seed"]
    assert set(schema["properties"]) == {
        "format",
        "name",
        "seed",
        "extends",
        "vars",
        "blocks",
        "data",
        "model",
        "train",
    }


def test_data_needs_a_source_unless_another_config_may_have_said_it(validator: Draft202012Validator) -> None:
    data = {"data": {"batch_size": 8, "samples": 100}}
    assert not validator.is_valid(data)
    validator.validate({"extends": "base.yaml", **data})
    assert not validator.is_valid({"extends": "base.yaml", "data": {"no_such_key": 1}})
