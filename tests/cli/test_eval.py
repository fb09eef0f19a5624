from __future__ import annotations

import csv
import json
import os
import pty
import subprocess

import pytest

pytestmark = pytest.mark.slow  # a run has to be trained first


@pytest.fixture(scope="module")
def run(netlab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plants")
    lines = [f"{i % 9 + 0.5},{['moss', 'fern'][i % 9 > 4]}" for i in range(60)]
    (folder / "plants.csv").write_text("\n".join(["width,kind", *lines]) + "\n")
    (folder / "plants.yaml").write_text(
        "name: plants\nseed: 1\n"
        "data: {source: csv, path: plants.csv, targets: kind, test: 0.3, preprocess: {width: Standardize}}\n"
        "model: [{Dense: 1, name: kind}]\n"
        "train: {epochs: 1, loss: binary_crossentropy, metrics: [accuracy], execution: graph}\n"
    )
    done = netlab("train", folder / "plants.yaml", "--run-dir", folder / "run", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder / "run"


def test_everything_at_once(netlab, run, tmp_path):
    files = ["--confusion", tmp_path / "m.png", "--roc", tmp_path / "r.svg", "--csv", tmp_path / "x.csv"]
    done = netlab("eval", "-c", run, "--scores", "--worst", "3", *files, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "".join(f"wrote {tmp_path / name}\n" for name in ("m.png", "r.svg", "x.csv"))
    found = json.loads(done.stdout)
    kind = found["outputs"]["kind"]
    assert {each["name"] for each in kind["classes"]} == {"moss", "fern"}
    right = sum(row[number] for number, row in enumerate(kind["confusion"]))
    assert right / found["samples"] == pytest.approx(found["metrics"]["accuracy"], rel=1e-6)
    with (tmp_path / "x.csv").open() as file:
        (line,) = csv.DictReader(file)
    assert float(line["accuracy"]) == found["metrics"]["accuracy"]


def test_several_on_a_pipe_have_a_line_each_and_no_scores(netlab, run):
    words = ["-c", run, "-c", run / "latest", "--split", "test", "--data", run.parent / "plants.csv"]
    done = netlab("eval", *words, COLUMNS="200")
    assert (done.returncode, done.stderr) == (0, "")
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["data", "samples", "loss", "accuracy"]
    assert [line.split()[:2] for line in lines[:4]] == [["test", "18"], [f"{run.parent / 'plants.csv'}", "60"]] * 2
    assert len(lines) == 6
    listed = json.loads(netlab("eval", *words, "--json").stdout)
    assert [each["samples"] for each in listed] == [18, 60, 18, 60]
    assert [{"split", "data"} & {*each} for each in listed] == [{"split"}, {"data"}] * 2


@pytest.mark.parametrize("name", ["NaN", "Infinity"])
def test_a_class_may_be_called_like_a_number_that_is_not_finite(netlab, tmp_path, name):
    rows = "".join(f"{i % 9 + 0.5},{[name, 'fern'][i % 9 > 4]}\n" for i in range(30))
    (tmp_path / "odd.csv").write_text(f"width,kind\n{rows}")
    data = "source: csv, path: odd.csv, targets: kind, test: 0.5, missing: []"
    (tmp_path / "odd.yaml").write_text(
        f"name: odd\nseed: 1\ndata: {{{data}}}\nmodel: [{{Dense: 1, name: kind}}]\n"
        "train: {epochs: 1, loss: binary_crossentropy, execution: graph}\n"
    )
    done = netlab("train", tmp_path / "odd.yaml", "--run-dir", tmp_path / "run", "--quiet", "--json")
    assert done.returncode == 0, done.stderr
    done = netlab("eval", "-c", tmp_path / "run", "--scores", "--json")
    assert done.returncode == 0, done.stderr
    assert {each["name"] for each in json.loads(done.stdout)["outputs"]["kind"]["classes"]} == {name, "fern"}


def test_a_terminal_shows_the_scores_unasked(command, run):
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.Popen(
        [command, "eval", "-c", run], stdout=slave, stderr=subprocess.PIPE, env=environment, text=True
    )
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 4096):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(master)
    assert done.wait(60) == 0, done.stderr
    assert "weighted mean" in shown.decode()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--roc", "r.jpg"], r"r.jpg must end with '.png', '.svg' or '.pdf'"),
        (["--csv", "nowhere/x.csv"], "there is no folder 'nowhere' to write 'x.csv' into"),
        (["--split", "validation"], "the run has no validation split"),
        (["--data", "nowhere.csv"], "there is no file nowhere.csv"),
        (["--worst", "-1"], "'--worst'"),
        (["--worst-images", "w.png"], "say how many, --worst 16"),
        (["--worst-images", "w.png", "--worst", "4"], "there are no images to draw"),
        (
            ["--split", "test", "--split", "train", "--roc", "r.png"],
            "draws a picture of one evaluation, and 2 are asked for",
        ),
        (["--split", "tset"], "'tset' is not one of"),
        (["-c", "nowhere"], "there is no run 'nowhere'"),
    ],
)
def test_what_is_refused_before_tensorflow_starts(started, run, words, message, tmp_path):
    (tmp_path / "tensorflow.py").write_text("import sys\nsys.exit('TensorFlow was imported')\n")
    done = started("eval", "-c", run, *words, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
