"""The shipped configs on tables: their files, what they learn, and the mistakes that are easily made in such configs."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest

from netlib.config.load import load
from netlib.config.problems import ConfigError
from netlib.tasks.train import train

FOLDER = Path(__file__).parents[1] / "configs" / "data"


@pytest.fixture(scope="module")
def tables() -> Any:
    """The module that makes the tables."""
    spec = importlib.util.spec_from_file_location("tables", FOLDER / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["houses", "customers"])
def test_the_tables_are_made_again_to_the_bit(tables: Any, name: str, tmp_path: Path) -> None:
    tables.written(getattr(tables, name)(), tmp_path / "made.csv")
    assert (tmp_path / "made.csv").read_bytes() == (FOLDER / f"{name}.csv").read_bytes()


def test_the_vocabulary_and_the_steps_are_those_of_the_columns() -> None:
    houses = load(FOLDER / "houses.yaml").signature
    assert houses is not None
    assert list(houses.inputs) == ["features"]
    customers = load(FOLDER / "customers.yaml")
    assert customers.signature is not None
    assert customers.graph is not None
    assert customers.signature.inputs["numbers"].tensor.shape == (None, 3)
    assert customers.graph.node("place").weights[0].shape == (25, 4)
    fewer = load(FOLDER / "customers.yaml", ["data.preprocess.city.Lookup.maximum=10"])
    assert fewer.graph is not None
    assert fewer.graph.node("place").weights[0].shape == (11, 4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "metric", "least"),
    [("houses", "r2_score", 0.75), ("customers", "auc", 0.93), ("customers", "accuracy", 0.85)],
)
def test_something_is_learnt(name: str, metric: str, least: float, tmp_path: Path) -> None:
    result = train(FOLDER / f"{name}.yaml", ["train.epochs=30"], runs_root=tmp_path)
    assert result.metrics["test"][metric] > least


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The folder of copies that may be changed."""
    for file in FOLDER.glob("*.csv"):
        shutil.copy(file, tmp_path)
    return tmp_path


def problems(folder: Path, name: str, old: str, new: str) -> list[tuple[str, str]]:
    """Of a config of which a text is replaced: the text on the line of each problem from its column on, and the message."""
    text = (FOLDER / f"{name}.yaml").read_text()
    assert text.count(old) == 1
    (folder / "changed.yaml").write_text(text.replace(old, new))
    with pytest.raises(ConfigError) as error:
        load(folder / "changed.yaml")
    lines = (folder / "changed.yaml").read_text().splitlines()
    places = [each.place for each in error.value.problems]
    assert None not in places
    return [
        (lines[place.line][place.column :] if place else "", each.message)
        for place, each in zip(places, error.value.problems, strict=True)
    ]


MISTAKES = [
    (
        "customers",
        "[age, income, visits]",
        "[age, incme, visits]",
        "{numbers: [age, incme|inputs|incme",
        "no column 'incme'; did you mean 'income'?",
    ),
    (
        "customers",
        "targets: churned  ",
        "targets: chruned  ",
        "chruned",
        "no column 'chruned'; did you mean 'churned'?",
    ),
    (
        "customers",
        "targets: churned  ",
        "target: churned  ",
        "target",
        "source 'csv' has no parameter 'target'; did you mean 'targets'?",
    ),
    ("customers", "  targets: churned ", "  # ", "data:", "csv needs 'targets'"),
    (
        "customers",
        "city: Lookup ",
        "# ",
        "preprocess:",
        "'city' holds text, of which a network reads nothing: give it a step",
    ),
    (
        "customers",
        "city: Lookup ",
        "city: OneHot # ",
        "Embedding",
        "Embedding needs integers, got float32; it must read an input of whole",
    ),
    (
        "customers",
        "name: place, from: city",
        "name: place, from: numbers",
        "Embedding",
        "Embedding needs integers, got float32",
    ),
    ("customers", "path: customers.csv", "path: customer.csv", "customer.csv", "there is no file"),
    (
        "customers",
        "    visits: Standardize",
        "    vists: Standardize",
        "vists",
        "no input or column 'vists'; did you mean 'visits'?",
    ),
    (
        "customers",
        "city: Lookup ",
        "city: Lokup # ",
        "Lokup",
        "there is no preprocessing 'Lokup'; did you mean 'Lookup'?",
    ),
    (
        "customers",
        "city: Lookup ",
        "city: Standardize # ",
        "Standardize",
        "Standardize takes numbers, but 'city' holds text",
    ),
    (
        "customers",
        "[Impute, Standardize]",
        "Standardize",
        "Standardize",
        "and no step fills it in: put Impute first (preprocess: {income: [Impute, Standardize]})",
    ),
    ("customers", "source: csv", "source: cvs", "cvs", "there is no source 'cvs'; did you mean 'csv'?"),
    (
        "customers",
        "[age, income, visits]",
        "[age, income, churned]",
        "inputs|{numbers",
        "column 'churned' is a target: an input of it would say the answer",
    ),
    (
        "houses",
        "preprocess: auto, ",
        "",
        "{source: csv",
        "hold text, of which a network reads nothing: give them steps",
    ),
    (
        "houses",
        "loss: mean_squared_error",
        "loss: binary_crossentropy",
        "binary_crossentropy",
        "compares probabilities, but target 'price' has values from 101.6 to 760.7",
    ),
    (
        "houses",
        "loss: mean_squared_error",
        "loss: sparse_categorical_crossentropy",
        "sparse",
        "is of classes, but target 'price' holds numbers: use MeanSquaredError",
    ),
    (
        "houses",
        "metrics: [mean_absolute_error, r2_score]",
        "metrics: [accuracy]",
        "accuracy",
        "accuracy is of classes, but the loss of output 'price' is MeanSquaredError",
    ),
]


@pytest.mark.parametrize(("name", "old", "new", "place", "message"), MISTAKES)
def test_a_mistake_is_said_where_it_is(copied: Path, name: str, old: str, new: str, place: str, message: str) -> None:
    found = [(where, said) for where, said in problems(copied, name, old, new) if message in said]
    assert len(found) == 1, found
    assert found[0][0].startswith(tuple(place.split("|")))


@pytest.mark.parametrize(
    ("old", "new"), [("targets: churned  ", "target: churned  "), ("[Impute, Standardize]", "Standardize")]
)
def test_one_mistake_is_one_message(copied: Path, old: str, new: str) -> None:
    assert len(problems(copied, "customers", old, new)) == 1


def test_a_gap_is_said_with_its_line_also_where_only_training_reads_the_rows(copied: Path) -> None:
    """Nothing of this config depends on the values, so that checking it does not look at them."""
    (copied / "plain.yaml").write_text(
        "data: {source: csv, path: customers.csv, inputs: [income], targets: visits}\n"
        "model: [Dense: 1]\n"
        "train: {epochs: 1, loss: mse}\n"
    )
    load(copied / "plain.yaml")
    with pytest.raises(ConfigError, match="put Impute first") as error:
        train(copied / "plain.yaml", dry_run=True)
    assert error.value.problems[0].place is not None
    assert error.value.problems[0].place.line == 0
