from __future__ import annotations

import os

import pytest

from netlib.config.dump import to_yaml
from netlib.config.experiment import default_name
from netlib.config.load import load, read
from netlib.spec.errors import Problem

CONFIG = """
name: digits
seed: 3
vars: {width: 8, price: "$$1", widths: [4, $width]}
data: {source: digits, validation: 0.2, batch_size: $(width * 2)}
model:
  - Flatten
  - Dense: {units: "$(widths[1] * 2)", activation: relu}
    name: hidden
  - Dense: 10
train:
  epochs: $width
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
"""


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("configs/digits_mlp.yaml", "digits-mlp"),
        ("a b (1).yaml", "a-b-1-"),
        (".hidden.yaml", "hidden"),
        ("__.yaml", "experiment"),
        ("é.yaml", "experiment"),
        ("v1.2.yaml", "v1.2"),
        (f"{'x' * 300}.yaml", "x" * 100),
    ],
)
def test_the_name_is_the_files(file, name):
    assert default_name(file) == name
    assert read("model: {inputs: {a: {shape: [2]}}, nodes: [Dense: 1]}", file).name == name


def test_every_value_knows_what_has_set_it(write):
    write("base.yaml", "seed: 1\nvars: {a: 1, b: 2}\n")
    write("a.yaml", "extends: base.yaml\nvars: {a: 3}\n")
    found = load("a.yaml", ["vars.b=4"])
    origins = {
        loc: found.origin(loc) for loc in [("seed",), ("vars", "a"), ("vars", "b"), ("name",), ("train", "epochs")]
    }
    assert list(origins.values()) == ["base file", "file", "command line", "default", "default"]


PLACES = [
    (Problem(("model", 1, "Dense", "units"), "m", at="key"), (8, 13)),
    (Problem(("model", 1, "Dense", "units"), "m"), (8, 20)),
    (Problem(("model", 1, "Dense", "bias"), "m"), (8, 12)),
    (Problem(("model", 1, "Dense"), "m", at="key"), (8, 5)),
    (Problem(("model", 1), "m"), (8, 5)),
    (Problem(("model", 2, "Dense", "units"), "m"), (10, 12)),
    (Problem(("model",), "m"), (6, 1)),
    (Problem(("train", "optimizer", "Adam"), "m"), (11, 1)),
    (Problem(("data", "path"), "m"), (5, 7)),
    (Problem((), "m"), (2, 1)),
]


@pytest.mark.parametrize(("problem", "place"), PLACES)
def test_a_problem_is_placed_at_what_is_written_around_it(problem, place):
    placed = read(CONFIG).place(problem)
    assert (placed.line, placed.column) == place
    assert (placed.message, placed.severity) == ("m", "error")


def test_a_warning_stays_one():
    assert read(CONFIG).place(Problem((), "m", severity="warning")).severity == "warning"


def test_resolved_values_say_everything():
    resolved = read(CONFIG).resolved()
    assert list(resolved) == ["format", "name", "seed", "vars", "data", "model", "train"]
    assert (resolved["format"], resolved["name"], resolved["seed"]) == (1, "digits", 3)
    assert resolved["vars"] == {"width": 8, "price": "$$1", "widths": [4, 8]}
    assert resolved["data"]["batch_size"] == 16
    assert resolved["model"][1]["Dense"]["units"] == "$(widths[1] * 2)"
    assert resolved["train"]["epochs"] == 8
    assert "Adam" in resolved["train"]["optimizer"]


def test_resolved_values_load_to_an_equal_experiment():
    found = read(CONFIG)
    again = read(to_yaml(found.resolved()), "elsewhere/resolved.yaml")
    assert again == found
    assert again.resolved() == found.resolved()
    assert again.variables["price"] == "$1"
    assert again.graph is not None
    assert again.graph.parameters() == found.graph.parameters()
    assert again.text != found.text


def test_experiments_differ_by_what_they_ask_for():
    assert read(CONFIG) == read(CONFIG.replace("seed: 3", "seed: 0x3"), "other.yaml")
    assert read(CONFIG) != read(CONFIG, overrides=["seed=4"])
    assert read(CONFIG) != read(CONFIG, overrides=["train.optimizer.learning_rate=1"])


def test_paths_are_absolute_in_resolved_values(write, tmp_path):
    write("sub/base.yaml", "data: {source: npz, path: ../x $1.npz}\n")
    write("a.yaml", "extends: sub/base.yaml\nmodel: {inputs: {x: {shape: [2]}}, nodes: [Dense: 1]}\n")
    found = load("a.yaml")
    assert found.resolved()["data"]["path"] == str(tmp_path / "x $1.npz")
    assert read(to_yaml(found.resolved()), "/elsewhere/resolved.yaml").resolved() == found.resolved()
    other = load("a.yaml", ["data.path=y.npz"])
    assert other.resolved()["data"]["path"] == str(tmp_path / "y.npz")
    assert load("a.yaml", ["data.path=/y.npz"]).resolved()["data"]["path"] == "/y.npz"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ("sub/x.npy", ["sub/x.npy"]),
        ("{x: x $1.npy}", ["x $1.npy"]),
        ("[x.npy, ../z.npy]", ["x.npy", "../z.npy"]),
        ("{x: x.npy, z: /z.npy}", ["x.npy", "/z.npy"]),
    ],
)
def test_paths_in_lists_and_mappings_are_absolute_too(write, tmp_path, inputs, expected):
    model = "model: {inputs: {x: {shape: [2]}}, nodes: [Dense: 1]}\n"
    write("sub/base.yaml", f"data: {{source: npy, inputs: {inputs}, targets: {{y: y.npy}}}}\n")
    write("a.yaml", f"extends: sub/base.yaml\ndata: {{targets: {{y: other.npy}}}}\n{model}")
    data = load("a.yaml").resolved()["data"]
    assert list(data["inputs"].values()) == [os.path.normpath(tmp_path / "sub" / path) for path in expected]
    assert data["targets"] == {"y": str(tmp_path / "other.npy")}  # seen from the file that has it
    assert read(to_yaml(load("a.yaml").resolved()), "/elsewhere/resolved.yaml").resolved()["data"] == data
