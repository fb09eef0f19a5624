"""`netlab bench` from outside. Nothing is asserted about how fast anything is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

CONFIG = """\
name: small
data:
  source: noise
  samples: 256
  inputs: {x: {shape: [4]}}
  targets: {label: {classes: 3}}
  stratify: false
  batch_size: 32
model: [Dense: {units: 5, activation: relu}, Dense: 3]
train: {epochs: 2, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
"""
WITHOUT_TWIN = CONFIG.replace("metrics: [accuracy]", "mix: {MixUp: {}}")

KEYS = {
    "config",
    "name",
    "parameters",
    "execution",
    "execution_reason",
    "threads",
    "samples",
    "batch_size",
    "steps_per_epoch",
    "rounds",
    "epochs_per_round",
    "samples_per_second",
    "step_seconds",
    "start",
    "shares",
    "peak_memory_bytes",
    "flops",
    "matmul",
    "peers",
}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--against", "kears"], "error: --against takes 'keras' or 'keras-tuned', got 'kears'; did you mean 'keras'?"),
        (["--rounds", "0"], "Invalid value for '--rounds'"),
        (["--rounds", "many"], "Invalid value for '--rounds'"),
        (["--agianst", "keras"], "No such option: --agianst"),
        (["data.batchsize=8"], "did you mean 'batch_size'?"),
    ],
)
def test_what_is_asked_wrongly_ends_with_2(netlab, tmp_path, words, message):
    (tmp_path / "small.yaml").write_text(CONFIG)
    done = netlab("bench", tmp_path / "small.yaml", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_config_that_is_not_there_or_not_valid_ends_with_2(netlab, mistakes, tmp_path):
    missing = netlab("bench", tmp_path / "no.yaml")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "there is no file" in missing.stderr
    wrong = netlab("bench", mistakes)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert f"{mistakes}:4:23: error: Dense has no parameter 'activatoin'" in wrong.stderr


def test_a_folder_without_configs_ends_with_2(netlab, tmp_path):
    done = netlab("bench", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no config in the folder" in done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config that cannot be read, and one that can be measured."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "a_bad.yaml").write_text(CONFIG.replace("Dense: 3", "Dens: 3"))
    (folder / "b_small.yaml").write_text(CONFIG)
    return folder


@pytest.mark.slow
def test_a_folder_goes_on_after_a_failure_and_says_all_as_json(netlab, folder):
    done = netlab("bench", folder, "--against", "keras", "--rounds", "1", "--json")
    assert done.returncode == 1
    assert done.stderr == f"2/2 {folder}/b_small.yaml\n"
    found: dict[str, Any] = json.loads(done.stdout)
    assert set(found) == {"benchmarks", "geometric_means", "against", "rounds", "versions", "machine"}
    bad, small = found["benchmarks"]
    assert set(bad) == {"config", "error"}
    assert "did you mean 'Dense'?" in bad["error"]
    assert set(small) == KEYS
    assert small["start"]["import"] > 0
    peer = small["peers"]["keras"]
    assert set(peer) == {"samples_per_second", "ratio", "steps_per_execution", "tried"}
    ours, theirs = small["samples_per_second"]["rounds"], peer["samples_per_second"]["rounds"]
    assert peer["ratio"]["rounds"] == [ours[0] / theirs[0]]
    assert found["geometric_means"]["keras"] == pytest.approx(peer["ratio"]["median"])
    assert sorted(path.name for path in folder.iterdir()) == ["a_bad.yaml", "b_small.yaml"]


@pytest.mark.slow
def test_without_a_twin_the_rest_is_measured_and_that_is_no_failure(netlab, tmp_path):
    (tmp_path / "c_own.yaml").write_text(WITHOUT_TWIN)
    done = netlab("bench", tmp_path / "c_own.yaml", "--against", "keras", "--rounds", "1", COLUMNS="100")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[1].split()[:4] == ["config", "samples/s", "spread", "step"]
    assert lines[2].startswith("c_own ")
    assert "  no Keras twin: train.mix (mix): " in done.stdout
    assert "execution xla: c_own\nmatmul peak: " in done.stdout


def started(pid: int) -> list[int]:
    """The processes that a process has started and that are still there."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            continue
        if lines["PPid"] == str(pid):
            found.append(int(lines["Pid"]))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks at processes as Linux shows them")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)], ids=["ctrl-c", "kill"]
)
def test_no_process_is_left(command, folder, number, code):
    words = [command, "bench", folder / "b_small.yaml", "--rounds", "100000"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True) as bench:
        assert bench.stderr is not None
        assert bench.stderr.readline().startswith("1/1 ")  # the process that measures runs
        (child,) = started(bench.pid)
        if number == signal.SIGINT:  # which a terminal sends to all of them
            os.killpg(bench.pid, number)
        else:
            os.kill(bench.pid, number)
        assert bench.wait(60) == code
        if code > 0:
            assert bench.stderr.read() == "interrupted\n"
    deadline = time.monotonic() + 30
    while Path(f"/proc/{child}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
