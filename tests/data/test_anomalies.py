from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from netlib.data.load import load
from netlib.spec.data import DataSpec
from netlib.spec.looks import Anomaly

RNG = np.random.default_rng(0)


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., DataSpec]:
    """Writes columns to a file and gives the section that reads them, in the file's order."""

    def write(columns: dict[str, list[object]], **section: object) -> DataSpec:
        rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
        (tmp_path / "a.csv").write_text("\n".join(rows) + "\n")
        return DataSpec.parse({"source": "csv", "path": str(tmp_path / "a.csv"), "split": "Contiguous", **section})

    return write


def found(spec: DataSpec) -> list[tuple[str, str]]:
    return [(each.kind, each.message) for each in load(spec, 0).anomalies]


def noise(count: int) -> list[object]:
    return [float(f"{each:.3f}") for each in RNG.normal(size=count)]


def test_constant_columns(csv):
    columns = {"a": [3.5] * 40, "b": ["x"] * 40, "c": noise(40), "d": [1, ""] * 20, "y": [0, 1] * 20}
    steps = {"b": "OneHot", "d": "Impute"}
    said = dict(found(csv(columns, targets="y", preprocess=steps)))
    what = "3 columns say nothing, for each has one value in all samples to train on"
    assert said["constant"] == f"{what}: 'a' (3.5), 'b' (x), 'd' (1)"


def test_a_constant_channel_and_places_of_tokens(npz):
    images = RNG.uniform(size=(30, 4, 4, 3))
    images[..., 2] = 0.25
    tokens = RNG.integers(0, 9, (30, 5))
    tokens[:, 0] = 1
    spec = npz({"image": images, "tokens": tokens, "y": np.arange(30) % 2}, inputs=["image", "tokens"], targets="y")
    message = "a column says nothing, for it has one value in all samples to train on: 'image[..., 2]' (0.25)"
    assert found(spec) == [("constant", message)]


def test_a_value_that_only_the_training_split_lacks_is_constant(csv):
    columns = {"a": [1.0] * 30 + [2.0] * 10, "b": noise(40), "y": [0, 1] * 20}
    assert [kind for kind, _ in found(csv(columns, targets="y", test=0.25))] == ["constant"]


def test_missing_values_are_counted_by_column_and_by_row(csv):
    size, city = noise(50), ["Rome", "Bonn"] * 25
    size[3] = size[4] = size[5] = ""
    city[5] = city[9] = ""
    spec = csv({"size": size, "city": city, "y": [0, 1] * 25}, targets="y", preprocess="auto")
    message = "values are missing in 4 of 50 samples to train on (8.0%): 'size' 3, 'city' 2"
    assert found(spec) == [("missing", message)]


def test_classes_that_are_not_trained_on(csv):
    kinds = [0, 1] * 20 + [3, 3, 0, 2, 1] + [2, 0, 1, 1, 0]
    spec = csv({"x": noise(50), "y": kinds}, targets="y", stratify=False, validation=0.1, test=0.1)
    assert found(spec) == [
        (
            "unseen",
            "target 'y': 3 of 5 validation samples are of classes that none to train on has: 2 (1), 3 (2)",
        ),
        ("unseen", "target 'y': 1 of 5 test samples are of classes that none to train on has: 2 (1)"),
    ]


@pytest.mark.parametrize(("few", "expected"), [(5, []), (4, ["imbalance"])])
def test_imbalance_begins_above_twenty(csv, few, expected):
    kinds = ["no"] * 100 + ["yes"] * few
    kinds_found = load(csv({"x": noise(len(kinds)), "kind": kinds}, targets="kind"), 0).anomalies
    assert [each.kind for each in kinds_found] == expected
    if expected:
        assert kinds_found[0] == Anomaly(
            "imbalance",
            "target 'kind' has 100 of class 0 (no) and 4 of class 1 (yes) to train on: 96.2% are right by always saying the"
            " former",
            "kind",
        )


def test_many_integers_are_no_classes(csv):
    prices = [*range(1500), *[7] * 30, 8]
    assert not found(csv({"x": noise(1531), "price": prices}, targets="price", stratify=False))


def test_the_gravest_comes_first(csv):
    kinds = ["no"] * 100 + ["yes"] * 4
    columns = {
        "big": [1e6 * each for each in noise(104)],
        "small": noise(104),
        "one": [1] * 104,
        "copy": kinds,
        "kind": kinds,
    }
    spec = csv(columns, targets="kind", preprocess={"copy": "OneHot"})
    assert [kind for kind, _ in found(spec)] == ["leak", "imbalance", "constant", "scales"]


def test_names_of_columns_in_what_is_said_of_scales(csv):
    columns = {"big": [1e6 * each for each in noise(60)], "small": noise(60), "y": [0, 1] * 30}
    ((_, message),) = found(csv(columns, targets="y"))
    assert "'big' has a deviation of" in message
    assert "'small' of" in message
    assert not found(csv(columns, targets="y", preprocess={"big": "Standardize"}))
    assert not found(csv(columns, targets="y", preprocess={"features": "Standardize"}))


def test_they_are_looked_for_only_where_the_preprocessing_is_fitted(csv):
    spec = csv({"a": [1] * 40, "b": noise(40), "y": [0, 1] * 20}, targets="y")
    first = load(spec, 0)
    assert first.anomalies
    assert not load(spec, 0, first.preprocessing).anomalies


BUNDLED = {"wine": ["scales"], "breast_cancer": ["scales"]}
"""Proline in the hundreds beside the hue; the worst area in the hundreds beside fractal dimensions."""


QUIET = (
    "digits",
    "iris",
    "diabetes",
    "spirals",
    "moons",
    "blobs",
    "xor",
    "sine",
    "regression",
    "customers",
    "pairs",
    "shapes",
)


@pytest.mark.parametrize("source", [*QUIET, *BUNDLED])
def test_no_false_alarms_on_what_comes_with_netlab(source):
    spec = DataSpec.parse({"source": source, "validation": 0.2, "test": 0.2})
    assert [kind for kind, _ in found(spec)] == BUNDLED.get(source, [])


def test_one_pair_of_irises_is_alike_and_may_be_parted():
    said = {message for seed in range(8) for _, message in found_of_iris(seed)}
    assert any("1 of 30 test samples are also trained on" in message for message in said)
    assert all("1 of 30" in message for message in said)


def found_of_iris(seed: int) -> list[tuple[str, str]]:
    spec = DataSpec.parse({"source": "iris", "validation": 0.2, "test": 0.2})
    return [(each.kind, each.message) for each in load(spec, seed).anomalies]
