from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import datetime

import optuna
import pytest

from netlab.train import train
from netlib.spec.errors import UsageError
from netlib.tasks.sweep.attributes import EPOCHS, RUN, WHY
from netlib.tasks.sweep.storage import connect
from netlib.tasks.sweep.study import SEARCH, WANTED


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with the study of a sweep in which everything has happened that can happen."""
    root = tmp_path_factory.mktemp("sweeps")
    study = optuna.create_study(study_name="first", storage=connect(f"sqlite:///{root}/runs/first/study.db"))
    study.set_user_attr(SEARCH, {"metric": "validation.loss", "mode": "min", "sweep": {}})
    study.set_user_attr(WANTED, 20)
    rate = optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True)
    units = optuna.distributions.IntDistribution(8, 64)
    states = optuna.trial.TrialState
    for number in range(13):
        state = {3: states.PRUNED, 5: states.FAIL, 11: states.RUNNING}.get(number, states.COMPLETE)
        ended = state in (states.COMPLETE, states.PRUNED)
        why = {3: "worse than the median", 5: "the loss is not finite in step 12"}.get(number)
        trial = optuna.trial.create_trial(
            state=state,
            value=0.25 + (number - 6) ** 2 / 64 if ended else None,
            params={"train.optimizer.learning_rate": 10 ** (-4 + number / 4), "model.hidden.units": 8 + number},
            distributions={"train.optimizer.learning_rate": rate, "model.hidden.units": units},
            user_attrs={
                RUN: str(root / f"runs/first/trial-{number:04d}"),
                EPOCHS: number,
                **({WHY: why} if why else {}),
            },
        )
        trial.datetime_start = datetime(2026, 1, 1, 12)
        study.add_trial(trial)
    return root


@pytest.fixture
def here(root, monkeypatch):
    monkeypatch.chdir(root)
    return root


def test_the_table_has_the_best_first(netlab, here):
    done = netlab("sweep", "show", "first", COLUMNS="120")
    assert (done.returncode, done.stderr) == (0, "")
    head, best, runs, _, titles, *rows = done.stdout.splitlines()
    assert head == "first: 12 of 20 trials have ended (10 complete, 1 running, 1 pruned, 1 failed)"
    assert best == "best validation.loss 0.2500 (less is better): trial 6"
    assert runs == "runs in runs/first"
    assert titles.split() == ["trial", "state", "validation.loss", "learning_rate", "units", "epochs", "time", "run"]
    assert rows[0].split()[:5] == ["6", "complete", "*0.2500", "0.003162", "14"]
    assert [row.split()[1] for row in rows[10:13]] == ["running", "pruned", "failed"]
    assert rows[-1] == "failed: trial 5: the loss is not finite in step 12"


def test_it_is_found_by_its_file_too_which_may_have_mistakes_by_now(netlab, here):
    (here / "first.yaml").write_text("config: gone.yaml\nspace: {}\n")
    done = netlab("sweep", "show", "first.yaml", "--top", "1")
    assert "and 12 more trials" in done.stdout


def test_json_and_csv_tell_the_same(netlab, here):
    found = json.loads(netlab("sweep", "show", "first", "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(netlab("sweep", "show", "first", "--csv").stdout)))
    assert (found["best"], found["direction"], found["wanted"]) == (6, "min", 20)
    assert sum(found["importance"].values()) == pytest.approx(1)
    assert len(rows) == len(found["trials"]) == 13
    values = {str(trial["trial"]): trial["value"] for trial in found["trials"]}
    assert {row["trial"]: float(row["value"]) if row["value"] else None for row in rows} == values


def test_it_is_drawn(netlab, here, tmp_path):
    done = netlab("sweep", "show", "first", "--plot", tmp_path / "first.png")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"wrote {tmp_path / 'first.png'}\n")
    assert (tmp_path / "first.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["frist"], "there is no sweep 'frist': 'runs/frist/study.db' is not there; did you mean 'first'?"),
        (["first", "--plot", "first.gif"], "first.gif must end with '.png', '.svg' or '.pdf'"),
        (["other", "--storage", "sqlite:///runs/first/study.db"], "there is no sweep 'other' in the storage"),
    ],
)
def test_what_cannot_be_shown(netlab, here, words, message):
    done = netlab("sweep", "show", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_nothing_heavy_is_imported_and_optuna_is_needed_only_by_the_study(here):
    code = (
        "import sys\nfrom netlib.tasks.sweep.show import shown\nassert 'optuna' not in sys.modules\n"
        "assert shown('first').view.best.number == 6\nassert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_grid_from_the_command_line_is_refused_before_anything_begins(started, config):
    done = started("train", config, "--sweep", "model.hiden.units=8,16", "--sweep", "seed=1,x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--sweep model.hiden.units=8,16: error: 'model' has no item 'hiden'; did you mean 'hidden'?" in done.stderr
    assert "--sweep seed=1,x: error: expected an integer, got 'x'" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trials": 3}, "--trials is for many runs: add --sweep KEY=VALUES, or write a file for 'netlab sweep'"),
        ({"workers": 3}, "--workers is for many runs: add --sweep KEY=VALUES, or write a file for 'netlab sweep'"),
        (
            {"sweep": ["seed=1,2"], "overfit": 2},
            "--sweep trains many runs, and --overfit is about one; leave one of them out",
        ),
        (
            {"sweep": ["seed=1,2"], "dry_run": True},
            "--sweep trains many runs, and --dry-run is about one; leave one of them out",
        ),
        ({"sweep": ["seed=1,2"], "config": None}, "--sweep needs a config: netlab train CONFIG --sweep KEY=VALUES"),
    ],
)
def test_what_does_not_go_with_a_sweep(config, options, message):
    with pytest.raises(UsageError) as refused:
        train(**{"config": str(config), **options})
    assert str(refused.value) == message


def test_the_schema_of_a_sweep(netlab):
    schema = json.loads(netlab("schema", "--sweep").stdout)
    assert schema["title"] == "netlab sweep"
    assert schema["required"] == ["config", "space"]


def test_a_shell_completes_sweeps_and_the_keys_of_their_config(here, config, monkeypatch):
    from netlab.completing import candidates

    (here / "its.yaml").write_text(f"config: {config}\n")
    assert ("first", "") in candidates(["sweep", "show", "f"])
    assert candidates(["sweep", "its"]) == [("its.yaml", "")]
    assert ("train.epochs=", "now 2") in candidates(["sweep", "its.yaml", "train.ep"])
    assert ("data.batch_size=", "now 64") in candidates(["train", str(config), "--sweep", "data.ba"])
