"""Exported models, loaded by TensorFlow alone in a process of its own, against the host's preprocessing and the network."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load_file

from netlib.config.load import load as load_config
from netlib.data.arrays import Arrays
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.build import build
from netlib.tasks.export import FACTS, export
from netlib.tasks.run_files import load_preprocessing
from netlib.tasks.train import TrainResult, train
from netlib.training.prediction import Predictor
from netlib.training.weights import restore_weights

MIXED = """\
name: mixed
seed: 3
data:
  source: csv
  path: mixed.csv
  targets: {species: species, mass: mass}
  inputs: {features: [age, city, when, count, "odd name (€)"], review: review, street: street}
  validation: 0.2
  batch_size: 16
  preprocess:
    age: [{Impute: {flag: true}}, Standardize]
    city: OneHot
    when: [DateParts: [year, month], Impute: 0, Standardize]
    count: OneHot
    "odd name (€)": [Log: 1, MinMax]
    review: {Tokenize: {length: 6, lower: true}}
    street: {Hash: 20}
model:
  nodes:
    - {Embedding: {output_dim: 4}, name: words, from: review}
    - {GlobalAveragePooling1D: , name: pooled}
    - {Embedding: {output_dim: 2}, name: streets, from: street}
    - {Dense: {units: 8, activation: relu}, name: hidden, from: features}
    - {Concatenate: , name: both, from: [hidden, pooled, streets]}
    - {Dropout: 0.2, name: drop, training: true}
    - {Dense: 3, name: species}
    - {Dense: 1, name: mass, from: drop}
  outputs: [species, mass]
train:
  epochs: 2
  loss: {species: sparse_categorical_crossentropy, mass: mean_squared_error}
  callbacks: [EMA: {decay: 0.9}]
  execution: graph
"""
NAN = float("nan")
ROWS: dict[str, tuple[list[Any], list[Any]]] = {
    # column: as the signature takes it, as the host has it
    "age": ([40.5, NAN, 3e38, -0.0, 1e-45, 20.0], [40.5, NAN, 3e38, -0.0, 1e-45, 20.0]),
    "city": (["Zürich", "", " a", "3", "x" * 3000, "Łódź"], ["Zürich", None, " a", "3", "x" * 3000, "Łódź"]),
    "count": ([1, NAN, 3, 5, 2**31 - 1, 0], [1, NAN, 3, 5, 2**31 - 1, 0]),
    "odd_name____": ([1.0, 0.0, 2.5, 1e30, 999.0, -0.5], [1.0, 0.0, 2.5, 1e30, 999.0, -0.5]),
    "review": (
        [
            "Good  FOOD, don't",
            "",
            "e\u0301CLAIR 日本\u3000\u200bx",
            "\t \n",
            "ÀÉ\0ẞ" * 500,
            "Ça va très bien hier soir",
        ],
        [
            "Good  FOOD, don't",
            None,
            "e\u0301CLAIR 日本\u3000\u200bx",
            "\t \n",
            "ÀÉ\0ẞ" * 500,
            "Ça va très bien hier soir",
        ],
    ),
    "street": (
        ["Bahnhofstraße", "", "A", "a" * 500, "\u00a0", "é"],
        ["Bahnhofstraße", None, "A", "a" * 500, "\u00a0", "é"],
    ),
}
WHEN = ["2020-02-29", None, "2100-12-31", "1969-12-31", "2020-01-01", "2020-06-30"]
PLAIN = """\
import json, sys
import numpy as np
import tensorflow as tf
assert not any(name.partition(".")[0] in ("netlib", "netlab") for name in sys.modules)
model = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
taken = model.structured_input_signature[1]
given = json.load(open(sys.argv[2]))
rows = {name: tf.constant(values, taken[name].dtype) for name, values in given.items()}
whole = {name: value.numpy().tolist() for name, value in model(**rows).items()}
first = {name: value.numpy().tolist() for name, value in model(**{key: value[:1] for key, value in rows.items()}).items()}
assert not any(name.partition(".")[0] in ("netlib", "netlab") for name in sys.modules)
print(json.dumps([whole, first]))
"""


def write_mixed(folder: Path) -> Path:
    draw = random.Random(1)
    cities, reviews = (
        ["Zürich", "Paris", None, "Łódź", " a", "3"],
        ["good food", "bad Straße  food", "Ça va", None, "日本 x"],
    )
    rows = [
        {
            "age": None if i % 11 == 0 else round(draw.gauss(40, 12), 2),
            "city": draw.choice(cities),
            "review": draw.choice(reviews),
            "street": draw.choice(["Bahnhofstraße", "A", "B", None]),
            "when": None if i % 17 == 0 else f"20{i % 20 + 10}-0{i % 9 + 1}-11",
            "count": None if i % 13 == 0 else draw.randint(0, 5),
            "odd name (€)": round(draw.random() * 1000, 3),
            "species": draw.choice(["cat", "dog", "emu"]),
            "mass": round(draw.random(), 3),
        }
        for i in range(120)
    ]
    pl.DataFrame(rows).write_csv(folder / "mixed.csv")
    (folder / "mixed.yaml").write_text(MIXED)
    return folder / "mixed.yaml"


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    folder = tmp_path_factory.mktemp("mixed")
    return train(write_mixed(folder), runs_root=folder / "runs")


def by_host(run: Path, columns: dict[str, Any]) -> dict[str, Any]:
    """Probabilities and numbers of the best checkpoint of a run, for raw columns."""
    config = load_config(run / "resolved.yaml")
    model = build(config)
    restore_weights(model, run / "checkpoints" / (run / "checkpoints" / "best").read_text().strip())
    inputs = load_preprocessing(RunDirectory(run)).apply(columns)
    ordered = {name: inputs[name] for name in model.graph.inputs}
    return Predictor(model, config.train).run([Arrays(ordered, {})], 32)


def by_tensorflow(folder: Path, rows: dict[str, Any]) -> list[dict[str, Any]]:
    """What a plain process gives for all rows, and for the first one alone."""
    (folder.parent / "rows.json").write_text(json.dumps(rows))
    command = [sys.executable, "-c", PLAIN, str(folder), str(folder.parent / "rows.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder.parent)
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_plain_process_predicts_what_netlab_predicts(mixed, tmp_path):
    assert mixed.run
    found = export(str(mixed.run), tmp_path / "out", tmp_path / "w.safetensors")
    host = {name: pl.Series(values) if isinstance(values[0], str) else values for name, (_, values) in ROWS.items()}
    host["odd name (€)"] = host.pop("odd_name____")
    columns = {
        key: values if isinstance(values, pl.Series) else np.array(values, np.float32) for key, values in host.items()
    }
    columns["count"] = np.array([1, NAN, 3, 5, 2**31 - 1, 0], np.float32)
    for name in ("age", "odd name (€)"):
        columns[name] = columns[name][:, None]
    columns["when"] = pl.Series(WHEN).str.to_datetime("%Y-%m-%d", time_unit="us")
    expected = by_host(mixed.run, columns)

    steps = load_preprocessing(RunDirectory(mixed.run)).steps["when"]
    parts = steps[0].apply(columns["when"])
    given = {name: values for name, (values, _) in ROWS.items()} | {"when": parts.tolist()}
    whole, first = by_tensorflow(tmp_path / "out", given)
    for name, values in expected.items():
        np.testing.assert_allclose(whole[name], values, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(first[name], values[:1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.sum(whole["species"], axis=1), 1, rtol=1e-5)

    assert [(each.name, each.argument, each.dtype, each.shape, each.done) for each in found.inputs] == [
        ("review", "review", "string", (None,), ()),
        ("street", "street", "string", (None,), ()),
        ("age", "age", "float32", (None,), ()),
        ("city", "city", "string", (None,), ()),
        ("when", "when", "float32", (None, 2), ("DateParts",)),
        ("count", "count", "float64", (None,), ()),
        ("odd name (€)", "odd_name____", "float32", (None,), ()),
    ]
    assert [(each.name, each.dtype, each.shape, each.link, each.classes) for each in found.outputs] == [
        ("species", "float32", (None, 3), "softmax", ("cat", "dog", "emu")),
        ("mass", "float32", (None, 1), None, ()),
    ]
    assert all(0 < each.seconds < 10 for each in found.latencies)
    assert found.latencies[0].rows == 1
    assert found.bytes == sum(file.stat().st_size for file in (tmp_path / "out").rglob("*") if file.is_file())
    facts = json.loads((tmp_path / "out" / FACTS).read_text())
    assert facts["outputs"][0]["classes"] == ["cat", "dog", "emu"]
    assert facts["inputs"][4]["why"] == "TensorFlow has no dates"

    checkpoint = load_file(found.checkpoint / "model.safetensors")
    averages = load_file(tmp_path / "w.safetensors")
    assert averages.keys() == checkpoint.keys()
    assert any((averages[name] != checkpoint[name]).any() for name in averages), "the averages are exported"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "rows.json", "w.safetensors"]


def test_images_are_taken_as_they_are(short, tmp_path):
    found = export(str(short.run), tmp_path / "out")
    (taken,) = found.inputs
    images = np.random.default_rng(0).integers(0, 17, (5, *taken.shape[1:]))
    expected = by_host(short.run, {"image": images.astype(taken.dtype)})
    whole, _ = by_tensorflow(tmp_path / "out", {"image": images.tolist()})
    np.testing.assert_allclose(whole["head"], expected["head"], rtol=1e-5, atol=1e-6)


def test_numbers_that_nothing_fills_in_are_refused(short, tmp_path):
    export(str(short.run), tmp_path / "out")
    import tensorflow as tf

    model = tf.saved_model.load(str(tmp_path / "out")).signatures["serving_default"]
    ((name, spec),) = model.structured_input_signature[1].items()
    with pytest.raises(tf.errors.InvalidArgumentError, match="input image has numbers that are not finite: a value is"):
        model(**{name: tf.fill([2, *spec.shape[1:]], tf.constant(np.inf, spec.dtype))})


@pytest.mark.parametrize(
    ("output", "weights", "message"),
    [
        (None, None, "export needs a folder for the SavedModel"),
        ("there", None, r"there is there already; choose another name, or remove it"),
        ("no/where", None, r"there is no folder '.*no' to write 'where' into"),
        (None, "a.npz", r"the weights are written as safetensors: call the file .*a\.safetensors"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(short, tmp_path, output, weights, message):
    (tmp_path / "there").mkdir()
    paths = [tmp_path / name if name else None for name in (output, weights)]
    with pytest.raises(UsageError, match=message):
        export(str(short.run), *paths)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_run_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="there is no run"):
        export(str(tmp_path / "run-1"), tmp_path / "out")


def test_nothing_is_left_of_an_export_that_fails(short, tmp_path, monkeypatch):
    def fail(_folder: Path, _sizes: list[int]) -> None:
        raise NetlabError("no")

    monkeypatch.setattr("netlib.training.exporting.latencies", fail)
    with pytest.raises(NetlabError, match="no"):
        export(str(short.run), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_layer_that_keeps_a_state_is_refused(write, tmp_path):
    text = """\
name: kept
data: {source: digits, batch_size: 64, shuffle: false, drop_remainder: true}
model:
  - Reshape: [8, 8]
  - LSTM: {units: 2, stateful: true, batch_size: 64}
    name: memory
  - Dense: 10
train: {epochs: 1, loss: sparse_categorical_crossentropy, execution: graph}
"""

    result = train(write(text=text), runs_root=tmp_path / "runs")
    with pytest.raises(UsageError, match=r"memory keeps a state for each row from batch to batch, .* stateful: false"):
        export(str(result.run), tmp_path / "out")
