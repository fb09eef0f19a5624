from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.evaluate import all_measured
from netlib.tasks.evaluate_data import plan_evaluations
from netlib.tasks.train import train

CONFIG = """\
name: plants
seed: 1
data:
  source: csv
  path: plants.csv
  targets: kind
  validation: 0.2
  test: 0.2
  batch_size: 16
  preprocess: {width: Standardize, place: OneHot}
model:
  - Dense: {units: 8, activation: relu}
  - {Dense: 3, name: kind}
train: {epochs: 3, loss: sparse_categorical_crossentropy, metrics: [accuracy], execution: eager}
"""
KINDS = ("moss", "fern", "reed")


def rows(seed: int, count: int) -> list[dict[str, object]]:
    draw = random.Random(seed)
    return [
        {"width": round(draw.gauss(number % 3, 0.4), 3), "place": draw.choice("ab"), "kind": KINDS[number % 3]}
        for number in range(count)
    ]


def write(path: Path, found: list[dict[str, object]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows(found)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plants")
    write(folder / "plants.csv", rows(0, 150))
    (folder / "plants.yaml").write_text(CONFIG)
    return train(folder / "plants.yaml", runs_root=folder / "runs").run


def measured(run, *files, splits=(), **options):
    return list(all_measured(plan_evaluations([str(run)], splits, [str(file) for file in files]), **options))


def test_the_whole_file_is_the_splits_together(run):
    everything, *parts = measured(run, run.parents[1] / "plants.csv", splits=()) + measured(
        run, splits=("train", "validation", "test")
    )
    assert everything.samples == sum(each.samples for each in parts) == 150
    for name in ("loss", "accuracy"):
        together = sum(each.metrics[name] * each.samples for each in parts) / 150
        assert everything.metrics[name] == pytest.approx(together, rel=1e-5)


def test_classes_keep_their_numbers_whatever_the_order_of_rows_and_columns(run, tmp_path):
    new = rows(5, 60)
    turned = [{name: row[name] for name in ("kind", "place", "width")} | {"note": "x"} for row in reversed(new)]
    pl.DataFrame(turned).write_parquet(tmp_path / "new.parquet")
    first, second = measured(run, write(tmp_path / "new.csv", new), tmp_path / "new.parquet", scores=True)
    assert (first.data, second.data) == (str(tmp_path / "new.csv"), str(tmp_path / "new.parquet"))
    assert first.metrics == pytest.approx(second.metrics, rel=1e-5)
    assert first.outputs[0].classes.names == second.outputs[0].classes.names
    assert first.outputs[0].classes.matrix.tolist() == second.outputs[0].classes.matrix.tolist()
    assert first.outputs[0].classes.scores.support.tolist() == [20, 20, 20]


def test_one_class_alone_is_still_that_class(run, tmp_path):
    (found,) = measured(run, write(tmp_path / "reed.csv", rows(6, 90)[2::3]), scores=True)
    support = dict(zip(found.outputs[0].classes.names, found.outputs[0].classes.scores.support, strict=True))
    assert support == {"moss": 0, "fern": 0, "reed": 30}
    assert found.outputs[0].classes.curves == (None, None, None)


def test_every_run_on_every_split_and_file(run, tmp_path):
    file = write(tmp_path / "new.csv", rows(7, 30))
    plans = plan_evaluations([str(run), f"{run}/latest"], ["test", "train"], [str(file)])
    assert [(plan.asked, plan.data) for plan in plans] == [
        (asked, data) for asked in (str(run), f"{run}/latest") for data in ("test", "train", str(file))
    ]
    assert [plan.data for plan in plan_evaluations([str(run)])] == ["test"]
    assert [plan.data for plan in plan_evaluations([str(run)], (), [str(file)])] == [str(file)]


def test_a_class_that_the_run_does_not_know(run, tmp_path):
    new = [*rows(8, 10), {"width": 1, "place": "a", "kind": "oak"}]
    with pytest.raises(NetlabError, match=r"target 'kind'.*'oak'"):
        measured(run, write(tmp_path / "new.csv", new))


def test_what_is_not_there(run, tmp_path):
    with pytest.raises(UsageError, match=r"there is no file .*nowhere\.csv"):
        plan_evaluations([str(run)], (), [str(tmp_path / "nowhere.csv")])
    without = [{key: row[key] for key in ("width", "place")} for row in rows(9, 5)]
    with pytest.raises(UsageError, match=r"new\.csv has no column 'kind'"):
        plan_evaluations([str(run)], (), [str(write(tmp_path / "new.csv", without))])


def test_folders_of_some_of_the_classes(tmp_path):
    digits = Path(__file__).parents[2] / "configs" / "data" / "digits_png"
    data = f"{{source: image_folder, path: {digits}, test: 0.2, preprocess: {{image: {{Rescale: $(1 / 255)}}}}}}"
    (tmp_path / "digits.yaml").write_text(
        f"name: digits\nseed: 1\ndata: {data}\nmodel: [Flatten, {{Dense: 10, name: label}}]\n"
        "train: {epochs: 1, loss: sparse_categorical_crossentropy, metrics: [accuracy], execution: eager}\n"
    )
    run = train(tmp_path / "digits.yaml", runs_root=tmp_path / "runs").run
    for digit in "72":
        shutil.copytree(digits / digit, tmp_path / "new" / digit)
    everything, some = measured(run, digits, tmp_path / "new", scores=True, worst=999)
    for number in (2, 7):
        rows = [each.outputs[0].classes.matrix[number].tolist() for each in (everything, some)]
        assert rows[0] == rows[1]
    assert some.samples == some.outputs[0].classes.matrix[[2, 7]].sum()
    assert {each.target for each in some.outputs[0].worst} <= {"2", "7"}
    assert all(f"/new/{each.target}/" in each.file for each in some.outputs[0].worst)


def test_a_table_in_place_of_texts_and_their_classes_in_lines(tmp_path):
    data = Path(__file__).parents[2] / "configs" / "data"
    source = f"source: text_lines, path: {data}/opinions.txt, targets: {data}/opinions_labels.txt"
    (tmp_path / "opinions.yaml").write_text(
        f"name: opinions\nseed: 1\ndata: {{{source}, test: 0.2, preprocess: {{text: {{Tokenize: {{length: 9}}}}}}}}\n"
        "model: [{Embedding: {output_dim: 4}}, GlobalMaxPooling1D, {Dense: 1, name: label}]\n"
        "train: {epochs: 1, loss: binary_crossentropy, metrics: [accuracy], execution: eager}\n"
    )
    run = train(tmp_path / "opinions.yaml", runs_root=tmp_path / "runs").run
    texts, labels = ((data / name).read_text().splitlines() for name in ("opinions.txt", "opinions_labels.txt"))
    pl.DataFrame({"label": labels, "text": texts}).write_csv(tmp_path / "new.csv")
    whole, *parts = measured(run, tmp_path / "new.csv") + measured(run, splits=("train", "test"))
    assert whole.samples == len(texts)
    right = sum(each.metrics["accuracy"] * each.samples for each in parts)
    assert whole.metrics["accuracy"] * whole.samples == pytest.approx(right, rel=1e-5)


def test_labels_that_no_unit_stands_for_are_refused(write, write_npz, tmp_path):
    x, y = np.random.default_rng(0).random((60, 2)).astype(np.float32), np.arange(60, dtype=np.int32) % 3
    write_npz(x=x, y=y)
    text = (
        CONFIG.replace("source: csv", "source: npz").replace("plants.csv", "data.npz").replace("  targets: kind\n", "")
    )
    text = text.replace("  preprocess: {width: Standardize, place: OneHot}\n", "")
    run = train(write(text=text), runs_root=tmp_path / "runs").run
    np.savez(tmp_path / "new.npz", x=x, y=y + 1)
    with pytest.raises(
        UsageError, match=r"new\.npz: target 'y' has label 3 in row 2 \(20 such\), but its output has 3 units"
    ):
        measured(run, tmp_path / "new.npz")


def test_classes_of_an_npz_have_the_names_of_the_run(write, tmp_path):
    text = CONFIG.replace("csv\n  path: plants.csv\n  targets: kind", "iris").replace(
        "width: Standardize, place: OneHot", ""
    )
    run = train(write(("kind}", "species}"), text=text), runs_root=tmp_path / "runs").run
    draw = np.random.default_rng(0)
    np.savez(tmp_path / "new.npz", features=draw.random((9, 4)).astype(np.float32), species=np.arange(9) % 3)
    (found,) = measured(run, tmp_path / "new.npz", scores=True)
    assert found.outputs[0].classes.names == ("setosa", "versicolor", "virginica")
    assert found.outputs[0].classes.scores.support.tolist() == [3, 3, 3]
