from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from netlab.train import config_and_overrides, fold_as_overrides
from netlib.spec.errors import UsageError

GRAPH = "train.execution=graph"
"""Compiles fast."""


def test_mistakes_are_found_before_tensorflow_is_imported(netlab, mistakes, tmp_path):
    done = netlab("train", mistakes, "--runs", tmp_path / "runs")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{mistakes}:4:23: error: Dense has no parameter 'activatoin'" in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "resumes", "expected"),
    [
        (["a.yaml", "x=1", "~y"], False, (Path("a.yaml"), ["x=1", "~y"])),
        (["a=b.yaml"], False, (Path("a=b.yaml"), [])),
        ([], False, (None, [])),
        (["x=1", "~y"], True, (None, ["x=1", "~y"])),
        (["~y"], True, (None, ["~y"])),
        ([], True, (None, [])),
        (["a.yaml", "x=1"], True, (Path("a.yaml"), ["x=1"])),
    ],
)
def test_which_word_is_the_config(words, resumes, expected):
    assert config_and_overrides(words, resumes) == expected


def test_a_fold_stands_for_overrides():
    assert fold_as_overrides("2/5") == ["data.validation=0", "data.folds=5", "data.fold=2"]
    assert fold_as_overrides(None) == []


@pytest.mark.parametrize("word", ["2", "2/", "/5", "a/5", "2/5/7", "-1/5", ""])
def test_what_is_no_fold(word):
    with pytest.raises(UsageError, match=f"--fold takes a fold and how many there are, such as 2/5, got '{word}'"):
        fold_as_overrides(word)


@pytest.mark.slow
def test_a_fold_is_trained_and_evaluated(netlab, config, tmp_path):
    done = netlab("train", config, "train.epochs=1", GRAPH, "--fold", "2/5", "--runs", tmp_path, "--quiet")
    assert done.returncode == 0, done.stderr
    run = tmp_path / "tiny-fold-2-1"
    assert done.stdout.splitlines()[-1] == str(run)
    found = json.loads(netlab("eval", "--checkpoint", run, "--split", "validation", "--json").stdout)
    assert found["samples"] == 288  # a fifth of what is not the test split
    beyond = netlab("train", config, "--fold", "6/5", "--runs", tmp_path)
    assert beyond.returncode == 2
    assert "fold (=6) is none of the 5 folds: give 1 to 5" in beyond.stderr


@pytest.fixture(scope="module")
def trained(started, tmp_path_factory):
    """A finished run: what the command wrote, and its run directory."""
    folder = tmp_path_factory.mktemp("trained")
    config = folder / "tiny.yaml"
    config.write_text(
        "name: tiny\nseed: 3\ndata: {source: digits, validation: 0.2, test: 0.2, batch_size: 64}\n"
        "model: [Flatten, Dense: 10]\n"
        "train: {epochs: 3, loss: sparse_categorical_crossentropy, metrics: [accuracy]}\n"
    )
    return started("train", config, "train.epochs=2", "--runs", folder / "runs"), folder / "runs" / "tiny-1", config


@pytest.mark.slow
def test_the_run_directory_is_the_first_and_the_last_word(trained):
    done, run, _ = trained
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1]) == (str(run), str(run))
    assert [line.split()[0] for line in lines[2:5]] == ["train", "validation", "test"]
    assert lines[1].split() == ["loss", "accuracy"]
    assert lines[-2].startswith("best epoch: ")


@pytest.mark.slow
def test_progress_is_on_stderr_a_line_an_epoch_and_nothing_of_tensorflows(trained):
    done, _, _ = trained
    header = done.stderr.splitlines()[:3]
    epochs = [line for line in done.stderr.splitlines() if line.startswith("epoch ")]
    assert header[0] == "tiny: 650 parameters, 650 trainable"
    assert header[1].startswith("samples: 1,0")
    assert header[1].endswith(" of digits; batches of 64, 17 steps an epoch")
    assert header[2].startswith("execution: xla on ")
    assert done.stderr.splitlines()[3] == f"run: {trained[1]}"
    assert [line.split("  ")[0] for line in epochs[:2]] == ["epoch 1/2", "epoch 2/2"]
    assert "validation.accuracy" in epochs[0]
    assert "TF_ENABLE" not in done.stderr
    assert "\x1b[" not in done.stderr


@pytest.mark.slow
def test_the_next_commands_are_the_last_words_on_stderr(trained):
    done, run, _ = trained
    said = done.stderr.splitlines()
    assert [line.split(maxsplit=1) for line in said[said.index("next:") + 1 :]] == [
        ["measure", f"netlab eval --checkpoint {run}"],
        ["predict", f"netlab predict --checkpoint {run} --input FILE"],
        ["plot", f"netlab plot {run}"],
        ["train", f"more  netlab train --resume {run} train.epochs=4"],
    ]


@pytest.mark.slow
def test_eval_gives_the_figures_that_training_gave(trained, netlab):
    done, run, _ = trained
    test = dict(zip(["loss", "accuracy"], done.stdout.splitlines()[4].split()[1:], strict=True))
    measured = netlab("eval", "--checkpoint", run)
    assert (measured.returncode, measured.stderr) == (0, "")
    assert measured.stdout.splitlines()[1].split() == ["test", test["loss"], test["accuracy"]]
    found = json.loads(netlab("eval", "--checkpoint", run / "latest", "--split", "validation", "--json").stdout)
    assert set(found) == {"checkpoint", "split", "samples", "metrics"}
    assert (found["split"], set(found["metrics"])) == ("validation", {"loss", "accuracy"})
    assert Path(found["checkpoint"]).parent == run / "checkpoints"


@pytest.mark.slow
def test_resume_takes_overrides_and_no_config(trained, netlab):
    _, run, config = trained
    done = netlab("train", "--resume", run, "train.epochs=4", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["run"], found["epochs"]) == (str(run), 4)
    assert "next:" not in done.stderr
    assert set(found["metrics"]) == {"train", "validation", "test"}
    both = netlab("train", config, "--resume", run)
    assert (both.returncode, both.stdout) == (2, "")
    assert "not both" in both.stderr


@pytest.mark.slow
def test_what_is_changed_on_resume_is_shown_first(trained, netlab, tmp_path):
    run = Path(shutil.copytree(trained[1], tmp_path / "run"))
    words = ("train", "--resume", run, "train.epochs=6", "train.clip={norm: 1.0}")
    refused = netlab(*words)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"error: run '{run}' cannot be gone on with after\n  train.clip: null -> {{")
    assert f"\nTo go on all the same: netlab train --resume {run} train.epochs=6 " in refused.stderr
    done = netlab(*words, "--allow-change", FORCE_COLOR="1")
    assert done.returncode == 0, done.stderr
    first, second = done.stderr.splitlines()[:2]
    assert re.fullmatch(r"train.epochs: \x1b\[2m\d\x1b\[0m -> \x1b\[1m6\x1b\[0m", first)
    assert second.startswith("train.clip: \x1b[2mnull\x1b[0m -> \x1b[1m{")
    plain = netlab("train", "--resume", run, "train.epochs=7")
    assert plain.stderr.splitlines()[0] == "train.epochs: 6 -> 7"
    quiet = netlab("train", "--resume", run, "train.epochs=8", "--quiet")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    record = json.loads((run / "changes.jsonl").read_text().splitlines()[-1])
    assert record["command"][1:] == ["train", "--resume", str(run), "train.epochs=8", "--quiet"]


@pytest.mark.slow
def test_a_finished_run_says_so_and_how_it_is_extended(netlab, trained, tmp_path):
    run = shutil.copytree(trained[1], tmp_path / "run")
    done = netlab("train", "--resume", run)
    assert done.returncode == 0
    said = f"the run was finished already; to go on, give it more: netlab train --resume {run} train.epochs="
    assert any(line.startswith(said) for line in done.stderr.splitlines())


def test_changes_are_allowed_only_of_a_run_that_is_gone_on_with(netlab, config):
    done = netlab("train", config, "--allow-change")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --allow-change is for a run that is gone on with (--resume)")


@pytest.mark.slow
def test_quiet_shows_only_the_results(netlab, config, tmp_path):
    done = netlab("train", config, "train.epochs=1", GRAPH, "--quiet", "--run-dir", tmp_path / "here")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == done.stdout.splitlines()[-1] == str(tmp_path / "here")


@pytest.mark.slow
def test_a_dry_run_writes_nothing(netlab, config, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    done = netlab("train", config, GRAPH, "--dry-run", "--runs", tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
def test_without_a_config_or_a_run(netlab):
    done = netlab("train")
    assert (done.returncode, done.stdout) == (2, "")
    assert "train needs a config, or --resume with a run" in done.stderr
    done = netlab("train", "--resume", "runs/nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there is no run 'runs/nothing'")


@pytest.mark.slow
def test_ctrl_c_saves_and_ends_with_130(command, config, tmp_path):
    process = subprocess.Popen(
        [command, "train", config, "train.epochs=100000", GRAPH, "--run-dir", tmp_path / "run"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in process.stderr:
        if line.startswith("epoch"):
            break
    process.send_signal(signal.SIGINT)
    stderr = process.stderr.read()
    assert process.wait(timeout=60) == 130
    assert f"go on with: netlab train --resume {tmp_path / 'run'}" in stderr
    assert "Traceback" not in stderr


@pytest.mark.slow
def test_batches_that_are_learned_by_heart(netlab, config, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    fast = ("train.optimizer={Adam: {learning_rate: 0.05}}", GRAPH, "--overfit", "1", "--runs", tmp_path / "runs")
    done = netlab("train", config, *fast)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["before", "after"]
    assert lines[-2].startswith("learned: 64 samples in ")
    assert lines[-1].startswith("the rule: ")
    assert "the batches are learned" in done.stderr
    assert "next:" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
def test_batches_that_are_not(netlab, config):
    done = netlab(
        "train", config, "train.freeze=['**']", "model.hidden.units=1", GRAPH, "--overfit", "2", "--json", "-q"
    )
    assert (done.returncode, done.stdout) == (2, "")  # nothing is trained at all
    slow = ("train.optimizer={SGD: {learning_rate: 1e-9}}", GRAPH)
    done = netlab("train", config, *slow, "--overfit", "1", "--json", "--quiet")
    assert (done.returncode, done.stderr) == (1, "")
    found = json.loads(done.stdout)
    assert set(found) == {"learned", "samples", "steps", "before", "after", "left", "seconds", "rule"}
    assert (found["learned"], found["samples"], found["steps"]) == (False, 64, 1000)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--overfit", "0"), "--overfit takes the number of batches to train on, at least 1, got 0"),
        (("--overfit", "1", "--dry-run"), "--overfit and --dry-run are two trials; choose one of them"),
        (
            ("--dry-run", "--profile"),
            "--profile is written into a run, and --dry-run writes none; leave one of them out",
        ),
    ],
)
def test_trials_that_are_refused(netlab, config, words, message):
    done = netlab("train", config, *words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {message}\n")


@pytest.mark.slow
def test_a_profile_stands_below_the_results(netlab, config, tmp_path):
    words = ("train", config, "data.batch_size=8", GRAPH, "--profile")
    done = netlab(*words, "--run-dir", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == str(tmp_path / "run")
    start = next(number for number, line in enumerate(lines) if line.split()[:1] == ["time"])
    shares = [float(re.search(r"([\d.]+)%", line)[1]) for line in lines[start + 1 : lines.index("", start)]]
    assert sum(shares[:-1]) == pytest.approx(100, abs=0.1 * len(shares))
    assert f"to look at the trace: pip install xprof, then: xprof --logdir {tmp_path / 'run' / 'profile'}" in lines
    found = json.loads(netlab(*words, "--run-dir", tmp_path / "again", "--json").stdout)
    assert found["profile"].keys() == json.loads((tmp_path / "run" / "profile.json").read_text()).keys()


@pytest.mark.slow
@pytest.mark.parametrize("terminal", ["xterm", "dumb"])
def test_on_a_terminal_of_sixty_columns(command, config, tmp_path, terminal):
    text = on_terminal([command, "train", config, GRAPH, "--run-dir", tmp_path / "run"], TERM=terminal, NO_COLOR="1")
    lines = text.replace("\r", "").splitlines()
    assert "\x1b[3" not in text  # no colour
    assert ("\x1b[?25l" in text) == (terminal == "xterm")
    assert any(line.startswith("epoch 1/2  train.loss ") for line in lines) == (terminal == "dumb")
    assert "next:" in lines
    assert lines.count(str(tmp_path / "run")) == 1  # the header has it already
    ended = lines.index(str(tmp_path / "run"))
    assert lines[ended + 1 : ended + 3] == ["", "next:"]
    table = next(number for number, line in enumerate(lines) if line.split() == ["loss", "accuracy"])
    assert re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", lines[table - 1]) == ""
    assert any("all 2 epochs are trained" in line for line in lines[:table])


def on_terminal(words: list[object], columns: int = 60, **environment: str) -> str:
    """What a command shows on a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    inherited = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        list(map(str, words)), stdin=theirs, stdout=theirs, stderr=theirs, env={**inherited, **environment}
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # at its end the terminal is closed
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)
    assert process.wait(timeout=60) == 0, shown
    return shown.decode()
