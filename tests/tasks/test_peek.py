from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import netlib.data.load as loading
from netlib.config.problems import ConfigError
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.peek import peek

TABLE = "age,city,kind\n" + "".join(f"{20 + i % 7},{'RBK'[i % 3]},{'ab'[i % 2]}\n" for i in range(60))
CONFIG = """\
name: people
data:
  source: csv
  path: people.csv
  targets: kind
  validation: 0.25
  preprocess: auto
model: [{Dense: 2}]
train: {epochs: 1, loss: sparse_categorical_crossentropy}
"""


@pytest.fixture
def people(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(TABLE)
    (tmp_path / "people.yaml").write_text(CONFIG)
    return tmp_path / "people.yaml"


def test_everything_about_a_table(people):
    found = peek(people, ["data.test=0.25"], count=3)
    assert (found.name, found.source) == ("people", "csv")
    assert found.files == ((str(people.parent / "people.csv"), len(TABLE)),)
    assert found.samples == {"train": 30, "validation": 15, "test": 15}
    assert [each.name for each in found.columns] == ["age", "city", "kind"]
    assert [each.name for each in found.classes["kind"]] == ["a", "b"]
    assert [each.name for each in found.ready] == ["age", "city", "features", "kind"]
    assert len(found.rows) == 3
    assert list(found.rows[0].ready) == ["age", "city=?", *(f"city={city}" for city, _ in _frequent(found)), "kind"]
    assert len(found.notes) == 2
    assert [each.kind for each in found.anomalies] == ["duplicates"]


def test_samples_that_stay_in_their_files_are_not_all_read(people, monkeypatch):
    (people.parent / "people.csv").write_text(TABLE + TABLE.partition("\n")[2] * 99)
    read = []
    monkeypatch.setattr(loading, "_read", lambda *given: read.append(given))
    found = peek(people, ["data.memory=64KB", "data.test=0.25"])
    assert (found.samples, read) == ({"train": 3000, "validation": 1500, "test": 1500}, [])
    assert [each.name for each in found.columns] == ["age", "city", "kind"]
    assert found.notes[-1].endswith(" of 3,000 samples to train on were looked at")
    assert sum(each.counts["train"] for each in found.classes["kind"]) < 3000


def _frequent(found) -> list[tuple[str, int]]:
    return next(list(each.frequent) for each in found.columns if each.name == "city")


def test_the_data_is_read_once(people, monkeypatch):
    read, seen = loading._read, []
    monkeypatch.setattr(loading, "_read", lambda source, *rest: seen.append(source) or read(source, *rest))
    peek(people)
    assert len(seen) == 1


def test_the_section_alone_is_enough(tmp_path):
    (tmp_path / "a.yaml").write_text("data: {source: wine}")
    found = peek(tmp_path / "a.yaml", count=0)
    assert (found.samples, found.rows, found.files) == ({"train": 178}, (), ())
    assert [each.kind for each in found.anomalies] == ["scales"]


def test_losses_decide_what_is_an_anomaly_and_what_has_classes(tmp_path):
    rows = "".join(f"{i % 11},{0 if i else 1}\n" for i in range(40))
    (tmp_path / "a.csv").write_text(f"x,y\n{rows}")
    config = "data: {source: csv, path: a.csv, targets: y, stratify: false}\n"
    (tmp_path / "a.yaml").write_text(config)
    found = peek(tmp_path / "a.yaml")
    assert [each.kind for each in found.anomalies] == ["imbalance"]
    assert [each.number for each in found.classes["y"]] == [0, 1]
    (tmp_path / "a.yaml").write_text(f"{config}model: [{{Dense: 1}}]\ntrain: {{epochs: 1, loss: mean_squared_error}}\n")
    found = peek(tmp_path / "a.yaml")
    assert not found.anomalies
    assert not found.classes


def test_a_sheet_of_images(tmp_path):
    (tmp_path / "a.yaml").write_text("data: {source: digits}")
    peek(tmp_path / "a.yaml", images=tmp_path / "sheet.png")
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (6 + 8 * 84, 6 + 8 * 70, 3)
    first = sheet[6:70:8, 6:70:8, 0]  # the first zero, each pixel 8 times as wide
    digits = np.load(Path(loading.__file__).parent / "bundled" / "digits.npz")
    zero = digits["x"][digits["y"] == 0][0]
    np.testing.assert_array_equal(first, np.round(zero / 16 * 255))


def test_no_section(tmp_path):
    (tmp_path / "a.yaml").write_text("train: {epochs: 1, loss: mse}")
    with pytest.raises(UsageError, match="has no section 'data' to look at"):
        peek(tmp_path / "a.yaml")


def test_a_file_that_is_not_there_is_said_with_its_line_even_where_the_network_says_its_inputs(people):
    people.write_text(
        CONFIG.replace("model: [{Dense: 2}]", "model: {inputs: {features: {shape: [4]}}, nodes: [{Dense: 2}]}")
    )
    (people.parent / "people.csv").unlink()
    with pytest.raises(ConfigError) as refused:
        peek(people)
    (problem,) = [each for each in refused.value.problems if each.severity == "error"]
    assert (problem.line, refused.value.exit_code) == (4, 2)
    assert "people.csv" in problem.message


def test_a_damaged_file(people):
    (people.parent / "people.csv").write_bytes(b"age,city,kind\n1,\xff\xfe,a\n")
    with pytest.raises(NetlabError) as refused:
        peek(people)
    assert refused.value.exit_code == 1
