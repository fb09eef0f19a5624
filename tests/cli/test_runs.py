from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess

import pytest


@pytest.fixture(scope="module")
def root(logged_run, tmp_path_factory):
    root = tmp_path_factory.mktemp("cli")
    logged_run(root / "runs" / "tiny-1", day=1)
    logged_run(root / "runs" / "tiny-2", "train.optimizer.learning_rate=0.1", losses=(0.9, 0.2, 0.4), day=2)
    logged_run(root / "runs" / "tiny-3", losses=(), state="interrupted", day=3)
    return root


@pytest.fixture
def here(root, monkeypatch):
    monkeypatch.chdir(root)
    return root


def test_the_runs_of_the_folder_are_listed(netlab, here):
    done = netlab("runs", COLUMNS="100")
    assert (done.returncode, done.stderr) == (0, "")
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["run", "state", "validation.loss", "epochs", "time", "begun", "learning_rate"]
    assert [line.split()[:3] for line in lines] == [
        ["tiny-1", "finished", "0.5000"], ["tiny-2", "finished", "*0.2000"], ["tiny-3", "empty", "0/3"],
    ]  # fmt: skip


def test_sorted_cut_and_chosen(netlab, here):
    done = netlab(
        "runs", "runs", "--sort", "best", "--last", "3", "--columns", "name,best,train.optimizer.learning_rate"
    )
    assert [line.split() for line in done.stdout.splitlines()[1:]] == [
        ["tiny-2", "0.2000", "0.1"], ["tiny-1", "0.5000", "0.001"], ["tiny-3", "0.001"],
    ]  # fmt: skip


def test_json_and_csv_tell_the_same(netlab, here):
    values = json.loads(netlab("runs", "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(netlab("runs", "--csv").stdout)))
    assert [each["name"] for each in values] == [row["name"] for row in rows] == ["tiny-1", "tiny-2", "tiny-3"]
    assert [each["best"] for each in values[:2]] == [float(row["best"]) for row in rows[:2]] == [0.5, 0.2]
    assert values[1]["differs"] == {"train.optimizer.learning_rate": 0.1}


def test_where_there_is_none(netlab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = netlab("runs")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "there are no runs in 'runs'; 'netlab train CONFIG' makes one\n"
    assert netlab("runs", "--json").stdout == "[]\n"
    done = netlab("runs", "sweep")
    assert (done.returncode, done.stderr) == (2, "error: there is no run 'sweep'\n")


def test_damage_is_told_beside(netlab, logged_run, tmp_path):
    (logged_run(tmp_path / "tiny-1") / "result.json").write_text("{")
    done = netlab("runs", tmp_path)
    assert "warning: " in done.stderr
    assert "result.json is damaged" in done.stderr
    assert "tiny-1" in done.stdout


def test_help_of_both(netlab):
    assert "netlab runs --last 10 --sort best" in netlab("runs", "--help").stdout
    assert "netlab runs rm runs/digits-mlp-* --yes" in netlab("runs", "rm", "--help").stdout


def test_rm_without_a_terminal_needs_yes(netlab, logged_run, tmp_path):
    runs = [logged_run(tmp_path / f"tiny-{number}") for number in (1, 2)]
    done = netlab("runs", "rm", *runs)
    assert (done.returncode, done.stdout) == (2, "")
    assert "tiny-2  finished" in done.stderr
    assert "\n2 runs, " in done.stderr
    assert done.stderr.endswith("error: there is no terminal to ask on; say --yes to remove them\n")
    assert all(run.exists() for run in runs)
    done = netlab("runs", "rm", *runs, "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(f"removed {run}\n" for run in runs)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 1), ("\n", 1)])
def test_rm_asks(command, logged_run, tmp_path, answer, code):
    run = logged_run(tmp_path / "tiny-1")
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    words = [command, "runs", "rm", run]
    done = subprocess.run(words, stdin=theirs, capture_output=True, text=True, timeout=60, check=False)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == code
    assert "Remove them for good? [y/N] " in done.stderr
    assert run.exists() is bool(code)
    assert ("nothing was removed" in done.stderr) is bool(code)


def test_rm_of_what_is_no_run(netlab, tmp_path):
    done = netlab("runs", "rm", tmp_path, "--yes")
    assert done.returncode == 2
    assert "is not a run directory" in done.stderr
    assert netlab("runs", "rm").returncode == 2


def test_compare(netlab, here):
    done = netlab("compare", "runs/tiny-1", "runs/tiny-2", COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    assert "  train.optimizer.learning_rate  0.001   0.1\n" in done.stdout
    assert "network: the same nodes\n" in done.stdout
    assert re.search(r"^  validation.loss +0\.5000  \*0\.2000$", done.stdout, re.MULTILINE)
    values = json.loads(netlab("compare", "runs/tiny-1", "runs/tiny-2", "--json").stdout)
    key = "train.optimizer.learning_rate"
    assert values["config"] == [{"key": key, "values": {"runs/tiny-1": 0.001, "runs/tiny-2": 0.1}}]


def test_compare_needs_two_that_are_there(netlab, here):
    done = netlab("compare", "runs/tiny-1")
    assert (done.returncode, done.stderr) == (2, "error: there are two or more configs or runs to compare, got 1\n")
    done = netlab("compare", "runs/tiny-1", "runs/tinny-2")
    assert done.returncode == 2
    assert "runs/tinny-2" in done.stderr


def test_plot_in_the_terminal(netlab, here):
    done = netlab("plot", "runs/tiny-1", "runs/tiny-2", "-m", "loss", COLUMNS="60")
    assert (done.returncode, done.stderr) == (0, "")
    assert "b  tiny-2  best at epoch 2: validation.loss 0.2000" in done.stdout
    assert done.stdout.count("●") == 3
    done = netlab("plot", "runs/tiny-1", PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert "* best epoch" in done.stdout


def test_plot_as_points_and_as_a_picture(netlab, here, tmp_path):
    picture = tmp_path / "curves.png"
    done = netlab("plot", "runs/tiny-1", "-m", "validation.loss", "-o", picture, "--json")
    assert done.stderr == f"wrote {picture}\n"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert json.loads(done.stdout)[0]["values"] == [0.9, 0.5, 0.6]
    done = netlab("plot", "runs/tiny-1", "-m", "validation.loss", "--csv", "-x", "step")
    assert done.stdout.splitlines()[:2] == [
        "run,split,metric,step,value,smoothed",
        "tiny-1,validation,loss,10.0,0.9,0.9",
    ]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["runs/tiny-9"], 2, "there is no run 'runs/tiny-9'"),
        (["runs/tiny-1", "-o", "curves.jpg"], 2, "curves.jpg must end with '.png', '.svg' or '.pdf'"),
        (["runs/tiny-1", "-x", "hour"], 2, "-x is 'epoch', 'step' or 'time', got 'hour'"),
        (["runs/tiny-1", "-m", "los"], 2, "did you mean 'loss'?"),
        (["runs/tiny-1", "--smooth", "2"], 2, "--smooth"),
        (["runs/tiny-3"], 1, "there is nothing to draw yet: no complete epoch in tiny-3"),
    ],
    ids=["run", "suffix", "x", "metric", "smooth", "empty"],
)
def test_plot_refuses(netlab, here, words, code, message):
    done = netlab("plot", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
