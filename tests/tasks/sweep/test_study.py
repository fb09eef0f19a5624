from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from netlib.config.problems import ConfigError
from netlib.spec.errors import UsageError
from netlib.tasks.sweep.claims import Claims
from netlib.tasks.sweep.liveness import me
from netlib.tasks.sweep.request import from_plain, to_plain
from netlib.tasks.sweep.study import THREADS, WANTED, open_study, search_of
from netlib.tasks.sweep.view import view


def test_it_is_one_study_whoever_opens_it(plan):
    one = open_study(plan())
    one.set_user_attr("mark", 1)
    other = open_study(plan(trials=9, workers=3))
    assert other.user_attrs["mark"] == 1
    assert other.user_attrs[WANTED] == 9
    assert view(other).wanted == 9


def test_the_direction_is_that_of_the_metric(plan):
    assert view(open_study(plan())).direction == "min"
    more = "name: other\nmonitor: validation.accuracy\n"
    text = Path("search.yaml").read_text().replace("name: search\n", more)
    Path("tiny.yaml").write_text(Path("tiny.yaml").read_text().replace("optimizer", "metrics: [accuracy], optimizer"))
    found = view(open_study(plan(text=text)))
    assert (found.direction, found.metric, found.storage) == ("max", "validation.accuracy", "runs/other/study.db")


def test_another_search_under_the_same_name_is_refused_with_what_differs(plan):
    open_study(plan())
    with pytest.raises(UsageError) as caught:
        open_study(plan("seed: 4\npruner: median\n", overrides=("train.epochs=3",)))
    assert str(caught.value).splitlines() == [
        "sweep 'search' in runs/search/study.db searches something else; what differs from then to now:",
        "  pruner: none -> median",
        "  seed: 0 -> 4",
        "  config.train.epochs: 2 -> 3",
        "put that back to go on with it, or begin another one: give the sweep another name",
    ]


def test_of_many_differences_the_first_are_told(plan):
    text = "config: tiny.yaml\nname: search\nspace: {KEYS}\nsampler: random\n"
    one = ", ".join(f"data.{key}: [true, false]" for key in ("shuffle", "drop_remainder"))
    open_study(plan(text=text.replace("KEYS", one)))
    Path("tiny.yaml").write_text(
        "name: tiny\nseed: 3\ndata: {source: digits, validation: 0.3, test: 0.1, batch_size: 8}\n"
        "model: [Flatten, Dense: 10]\n"
        "train: {epochs: 9, loss: sparse_categorical_crossentropy, optimizer: {SGD: {learning_rate: 1}}, threads: 1,"
        " validate_every: 2, accumulate: 2}\n"
    )
    with pytest.raises(UsageError, match=r"\n  and \d+ more\nput that back"):
        open_study(plan("seed: 1\n", text=text.replace("KEYS", "data.shuffle: [true, false]")))


def test_another_place_is_the_same_search(plan, tmp_path, monkeypatch):
    """As on another machine, with files elsewhere."""
    url = f"sqlite:///{tmp_path}/study.db"
    Path("table.csv").write_text("x,y\n" + "".join(f"{i},{2 * i}\n" for i in range(40)))
    table = (
        "name: tiny\ndata: {source: csv, path: table.csv, targets: y, validation: 0.2, batch_size: 8}\n"
        "model: [Dense: 1]\ntrain: {epochs: 1, loss: mse}\n"
    )
    Path("tiny.yaml").write_text(table)
    search = "config: tiny.yaml\nname: search\nspace: {data.batch_size: [4, 8]}\nsampler: random\n"
    open_study(plan(text=search, storage=url))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy("table.csv", elsewhere)
    shutil.copy("tiny.yaml", elsewhere)
    monkeypatch.chdir(elsewhere)
    open_study(plan(text=search, storage=url))


def test_a_study_of_somebody_else_is_none_of_ours(plan):
    asked = plan()
    open_study(asked).set_user_attr("netlab", "theirs")
    with pytest.raises(
        UsageError, match=r"study 'search' in runs/search/study.db is none of netlab's; choose another name"
    ):
        open_study(asked)


def test_a_sweep_without_an_end_is_refused(plan):
    with pytest.raises(
        ConfigError,
        match=r"^search.yaml:1:1: error: sweep 'search' would never end: say how many trials it has \(--trials 50, or",
    ):
        plan(trials=None)
    assert plan("max_time: 1m\n", trials=None).wanted is None


@pytest.mark.parametrize("option", ["trials", "workers"])
def test_numbers_are_at_least_one(plan, option):
    with pytest.raises(UsageError, match=f"--{option} must be at least 1, got 0"):
        plan(**{option: 0})


def test_the_cores_are_shared(plan, monkeypatch):
    monkeypatch.setattr("netlib.tasks.sweep.plan.available_cores", lambda: 8)
    assert [plan(workers=workers).threads for workers in (1, 2, 3, 16)] == [8, 4, 2, 1]
    assert plan(workers=2, overrides=("train.threads=8",)).threads is None
    open_study(plan(workers=4))
    assert open_study(plan(workers=1)).user_attrs[THREADS] == 2  # as it began


def test_threads_are_not_searched(plan):
    text = "config: tiny.yaml\nname: search\nspace: {train.threads: [1, 2]}\nsampler: grid\n"
    with pytest.raises(
        UsageError, match=r"'train.threads' cannot be searched: a process computes with one number of threads"
    ):
        plan(text=text)


def test_what_a_dead_process_worked_on_waits(plan):
    study = open_study(plan(trials=2))
    living, dead = me(), {**me(), "begun": "1"}
    for worker in (living, dead):
        Claims(study, worker, 2).take()
    found = view(study).trials
    assert [trial.state for trial in found] == ["running", "waiting"]
    assert (found[0].seconds is None, found[1].seconds) == (False, None)


def test_a_worker_is_told_the_same_sweep_though_names_are_no_texts(plan):
    space = "space: {model.hidden.units: {choices: {1: 4, b: 8}}, seed: {int: [0, 9], when: {model.hidden.units: 1}}}\n"
    asked = plan(space, text="config: tiny.yaml\nname: search\n")
    heard = from_plain(json.loads(json.dumps(to_plain(asked))))
    assert heard.sweep.spec == asked.sweep.spec
    assert heard.sweep.spec.space["model.hidden.units"].names == (1, "b")
    assert heard.sweep.overrides_of({"model.hidden.units": 1, "seed": 3}) == ["seed=3", "model.hidden.units=4"]
    assert search_of(heard) == search_of(asked)
