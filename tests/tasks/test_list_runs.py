from __future__ import annotations

import csv
import io
import shutil
import time
from datetime import UTC, datetime

import pytest

from netlib.runs.directory import RunDirectory
from netlib.runs.lock import alone
from netlib.spec.errors import UsageError
from netlib.tasks.list_runs import check_columns, list_runs, rows
from netlib.tasks.listed_run import plain
from netlib.tasks.runs_csv import runs_csv

NOW = datetime(2026, 1, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def root(logged_run, tmp_path_factory):
    """Three runs of one config, in the order 2, 1, 3 of their beginnings, and one of another."""
    root = tmp_path_factory.mktemp("listed")
    logged_run(root / "tiny-1", "train.optimizer.learning_rate=0.1", day=2)
    logged_run(root / "tiny-2", losses=(0.9, 0.2), day=1)
    logged_run(root / "tiny-3", "model.hidden.units=16", "train.optimizer=SGD", losses=(), state="interrupted", day=3)
    logged_run(root / "other-1", "data.batch_size=7", losses=(0.4,), state="failed", day=4)
    header = root / "other-1" / "header.json"
    header.write_text(header.read_text().replace('"tiny"', '"other"'))
    (root / "no run").mkdir()
    return root


def names(listed):
    return [run.overview.name for run in listed]


def test_runs_are_in_the_order_in_which_they_began(root):
    assert names(list_runs([root])) == ["tiny-2", "tiny-1", "tiny-3", "other-1"]
    assert names(list_runs([root], last=2)) == ["tiny-3", "other-1"]
    assert names(list_runs([root], reverse=True)) == ["other-1", "tiny-3", "tiny-1", "tiny-2"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("best", ["tiny-2", "other-1", "tiny-1", "tiny-3"]),
        ("name", ["other-1", "tiny-1", "tiny-2", "tiny-3"]),
        ("epochs", ["tiny-3", "other-1", "tiny-2", "tiny-1"]),
        ("validation.accuracy", ["tiny-1", "other-1", "tiny-2", "tiny-3"]),
        ("test.loss", ["tiny-2", "tiny-1", "tiny-3", "other-1"]),
        ("data.batch_size", ["other-1", "tiny-2", "tiny-1", "tiny-3"]),
        ("train.optimizer.learning_rate", ["tiny-2", "other-1", "tiny-3", "tiny-1"]),
    ],
)
def test_sorted_by_a_column_a_metric_or_a_key(root, sort, order):
    found = names(list_runs([root], sort=sort))
    if sort == "train.optimizer.learning_rate":  # Adam's default is 0.001, SGD's 0.01
        assert found == order or found[:2] == ["tiny-2", "other-1"]
    else:
        assert found == order


def test_what_has_no_value_is_last_also_in_reverse(root):
    assert names(list_runs([root], sort="best", reverse=True))[-1] == "tiny-3"


def test_more_is_better_where_the_monitor_says_so(root, tmp_path):
    shutil.copytree(root, tmp_path / "all")
    for file in (tmp_path / "all").glob("*/header.json"):
        file.write_text(file.read_text().replace('"min"', '"max"'))
    assert names(list_runs([tmp_path / "all"], sort="best"))[0] == "tiny-1"


def test_what_differs_is_told_among_runs_of_the_same_config(root):
    differs = {run.overview.name: run.differs for run in list_runs([root])}
    assert differs["tiny-1"] == {
        "model.hidden.units": 8, "train.optimizer": "Adam", "train.optimizer.learning_rate": 0.1,
    }  # fmt: skip
    assert differs["tiny-3"] == {
        "model.hidden.units": 16, "train.optimizer": "SGD", "train.optimizer.learning_rate": 0.01,
    }  # fmt: skip
    assert differs["other-1"] == {}


def test_the_best_of_a_config_is_marked(root):
    found = rows(list_runs([root]), NOW)
    assert [(row.name, row.is_best) for row in found if row.is_best] == [("tiny-2", True)]
    assert [row.age for row in found][:2] == [50 * 3600, 26 * 3600]


def test_a_run_stands_for_itself_and_is_listed_once(root):
    assert names(list_runs([root / "tiny-1", root / "tiny-1", root / "other-1"])) == ["tiny-1", "other-1"]


def test_no_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list_runs() == []
    assert list_runs([tmp_path]) == []
    with pytest.raises(UsageError, match="there is no run 'sweep'"):
        list_runs([tmp_path.relative_to(tmp_path) / "sweep"])


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("validation.acuracy", "no run has 'validation.acuracy'; did you mean 'validation.accuracy'?"),
        ("train.optimizer.learning_rat", "did you mean 'train.optimizer.learning_rate'?"),
        ("zzz", "it may be one of name, state, best, epochs, time, begun, a metric or a key of the config"),
    ],
)
def test_an_unknown_column(root, column, message):
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        list_runs([root], sort=column)
    with pytest.raises(UsageError, match="no run has"):
        check_columns(list_runs([root]), ["name", column])
    check_columns(list_runs([root]), ["data.buckets"])  # null in all


def test_a_run_without_its_config_or_with_a_damaged_one_is_listed(root, tmp_path):
    shutil.copytree(root, tmp_path / "all")
    (tmp_path / "all" / "tiny-1" / "resolved.yaml").unlink()
    (tmp_path / "all" / "tiny-2" / "resolved.yaml").write_text("train:\n  epochs: [")
    (tmp_path / "all" / "tiny-3" / "resolved.yaml").write_text("train:\n  epochs: 3\x01\n")
    assert len(list_runs([tmp_path / "all"], sort="train.epochs")) == 4


def test_one_that_is_being_trained(root, tmp_path):
    shutil.copytree(root / "tiny-3", tmp_path / "tiny-3")
    with alone(RunDirectory(tmp_path / "tiny-3")):
        assert list_runs([tmp_path])[0].overview.state == "running"


def test_as_plain_values(root):
    found = plain(list_runs([root / "tiny-1"])[0])
    assert found["best"] == 0.5
    assert found["metrics"]["test"]["loss"] == 0.7
    assert (found["path"], found["planned_epochs"], found["failure"]) == (str(root / "tiny-1"), 3, None)
    assert plain(list_runs([root / "other-1"])[0])["failure"] == "the disk is full"


def test_as_csv_numbers_are_whole(root):
    read = list(csv.DictReader(io.StringIO(runs_csv(list_runs([root])))))
    assert [row["name"] for row in read] == ["tiny-2", "tiny-1", "tiny-3", "other-1"]
    assert float(read[0]["validation.accuracy"]) == 1 - 0.2
    assert (read[0]["train.optimizer"], read[2]["train.optimizer"], read[2]["best"]) == ("Adam", "SGD", "")
    assert runs_csv(list_runs([root], last=1), ["name", "seed"]) == "name,seed\nother-1,0\n"


@pytest.mark.slow
def test_a_thousand_runs_are_listed_in_a_moment(logged_run, tmp_path):
    first = logged_run(tmp_path / "all" / "tiny-0")
    text = (first / "resolved.yaml").read_text()
    for number in range(1, 1000):
        copy = tmp_path / "all" / f"tiny-{number}"
        shutil.copytree(first, copy)
        (copy / "resolved.yaml").write_text(text.replace("seed: 0", f"seed: {number}"))
    began = time.process_time()
    found = list_runs([tmp_path / "all"])
    assert time.process_time() - began < 1.0
    assert sorted(run.differs["seed"] for run in found) == list(range(1000))
