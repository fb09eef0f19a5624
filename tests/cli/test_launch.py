"""Two processes on this machine, really started: one run that many tests look at."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from netlib.spec.errors import UsageError
from netlib.tasks import worker_processes
from netlib.tasks.launch import _free_ports, _gpus, _shares, plan_launch
from netlib.tasks.plan import plan_training
from netlib.tasks.worker_processes import run_workers

CONFIG = """\
name: tiny
seed: 3
data: {source: digits, validation: 0.2, test: 0.2, batch_size: 32}
model:
  - Flatten
  - Dense: {units: 8, activation: relu}
    name: hidden
  - Dropout: 0.2
  - Dense: {units: 10}
train:
  epochs: 2
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
  optimizer: {SGD: {learning_rate: 0.05}}
  execution: graph # compiles fast
  distribute: {multi_worker: {batch: per_replica, scale_learning_rate: linear, timeout: 60}}
"""
LIMIT = 240


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("launch")
    (folder / "tiny.yaml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def launched(command: Path, folder: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `netlab launch`."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command, "launch", *words], cwd=folder, capture_output=True, text=True, timeout=LIMIT, check=False
        )

    return run


@pytest.fixture(scope="module")
def done(launched: Any) -> subprocess.CompletedProcess[str]:
    """A whole training by two workers."""
    return launched("--workers", "2", "tiny.yaml", "--run-dir", "runs/two")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def alone(command: Path, folder: Path, done: Any) -> Path:
    """The same by one process: the first run's own resolved config, on one device."""
    words = ["train", "runs/two/resolved.yaml", "train.distribute=null", "--run-dir", "runs/one", "-q"]
    subprocess.run([command, *words], cwd=folder, check=True, capture_output=True, timeout=LIMIT)
    return folder / "runs/one"


def records(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_it_trains(done, folder):
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "runs/two"
    assert done.stdout.count("best epoch") == 1, "the first worker alone prints the result"
    cores = len(os.sched_getaffinity(0))
    first = f"2 workers on this machine ({cores} cores), each with {max(1, cores // 2)} thread"
    assert done.stderr.splitlines()[0].startswith(first)
    assert "worker 1:" not in done.stderr


def test_the_header_says_how_a_step_is_divided(done):
    assert "2 replicas x 32 = 64 samples a step; learning rate 0.1, scaled by 2 (linear)" in done.stderr


def test_only_the_chief_has_a_run(done, folder):
    assert [path.name for path in (folder / "runs").iterdir() if path.name.startswith("tiny")] == []
    assert json.loads((folder / "runs/two/result.json").read_text())["epoch"] == 2


def test_the_run_knows_what_all_of_them_did(done, folder):
    resolved = (folder / "runs/two/resolved.yaml").read_text()
    assert "batch_size: 64" in resolved
    assert "learning_rate: 0.1" in resolved
    assert "batch: global" in resolved
    assert "scale_learning_rate: none" in resolved
    environment = json.loads((folder / "runs/two/environment.json").read_text())
    assert (environment["replicas"], environment["workers"]) == (2, 2)
    newest = (folder / "runs/two/checkpoints/latest").read_text().strip()
    assert json.loads((folder / "runs/two/checkpoints" / newest / "state.json").read_text())["state"]["replicas"] == 2


def test_two_reach_what_one_does(done, alone, folder):
    two, one = records(folder / "runs/two"), records(alone)
    assert len(two) == len(one)
    for first, second in zip(two, one, strict=True):
        for split in {"train", "validation", "test"} & first.keys():
            assert first[split] == pytest.approx(second[split], rel=1e-4), split


def test_it_is_gone_on_with_and_what_another_number_means_is_said(done, launched, folder, command):
    again = launched("-w", "2", "--resume", "runs/two", "train.epochs=3")
    assert again.returncode == 0, again.stderr
    assert "resumed from step-00000034: epoch 3, step 34" in again.stderr
    assert "float tolerance" not in again.stderr, "the number is the same"
    words = [command, "train", "--resume", "runs/two", "train.distribute=null", "train.epochs=4"]
    one = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=LIMIT, check=True)
    assert "train.distribute: {multi_worker: {timeout: 60.0}} -> null" in one.stderr
    told = "1 replica in place of 2: what follows equals what would have followed to float tolerance, not to the bit"
    assert told in one.stderr
    assert [record["epoch"] for record in records(folder / "runs/two") if "train" in record] == [1, 2, 3, 4]


@pytest.fixture
def running(command: Path, folder: Path) -> Iterator[Callable[[str], tuple[subprocess.Popen[str], list[int]]]]:
    """Starts a training that does not end by itself; gives the process and those of its workers, in the middle of it."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str) -> tuple[subprocess.Popen[str], list[int]]:
        words = ["-w", "2", "tiny.yaml", "train.epochs=1000000", "--run-dir", f"runs/{name}"]
        environment = {**os.environ, "NETLAB_CACHE": "off"}
        process = subprocess.Popen(
            [command, "launch", *words], cwd=folder, text=True, env=environment, stdout=-1, stderr=-1
        )
        started.append(process)
        end = time.monotonic() + LIMIT
        while not (folder / "runs" / name / "metrics.jsonl").is_file():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.1)
        found = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True).stdout
        return process, sorted(map(int, found.split()))

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_worker_that_is_killed_ends_the_other_which_has_saved(running, folder):
    process, workers = running("killed")
    began = time.monotonic()
    os.kill(workers[1], signal.SIGKILL)
    _, said = process.communicate(timeout=LIMIT)
    assert time.monotonic() - began < 60
    assert process.returncode == 128 + signal.SIGKILL
    assert "worker 1 ended by SIGKILL" in said
    assert "saved, go on with: netlab launch --workers 2 --resume runs/killed" in said
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert (folder / "runs/killed/checkpoints/latest").is_file()


@pytest.mark.slow
def test_ctrl_c_ends_all_after_one_and_the_same_step(running, folder):
    process, workers = running("stopped")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    (chief,) = (line for line in said.splitlines() if line.startswith("stopped by SIGINT"))
    (other,) = (line for line in said.splitlines() if line.startswith("worker 1: stopped by SIGINT"))
    assert chief.partition(";")[0] == other.removeprefix("worker 1: ")
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


@pytest.mark.slow
def test_workers_that_read_other_data_are_told_so(command, folder):
    """As two machines would be started: each by itself, here with another config."""
    first, second = _free_ports(2)
    cluster = {"worker": [f"127.0.0.1:{first}", f"127.0.0.1:{second}"]}
    processes = []
    for index in range(2):
        told = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        words = ["train", "tiny.yaml", f"data.test={0.2 + index / 10}", "train.threads=1", "--run-dir", "runs/unlike"]
        environment = {**os.environ, "TF_CONFIG": told}
        processes.append(
            subprocess.Popen([command, *words], cwd=folder, env=environment, text=True, stdout=-1, stderr=-1)
        )
    ends = [process.communicate(timeout=LIMIT)[1] for process in processes]
    assert [process.returncode for process in processes] == [1, 1]
    for said in ends:
        assert "error: worker 1 has not the same config as worker 0: give all workers the same file" in said
    assert not (folder / "runs/unlike").exists(), "nothing is left of a run that did not begin"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--workers", "0", "tiny.yaml"], "--workers takes the number of processes to start, from 1 to 256, got 0"),
        (["-w", "2"], "train needs a config, or --resume with a run"),
        (["-w", "2", "tiny.yaml", "train.distribute=mirrored"], "train.distribute: mirrored, which is one process"),
        (["-w", "5", "tiny.yaml", "train.distribute=multi_worker"], "32 samples is not divided by the 5 replicas"),
        (["-w", "2", "tiny.yaml", "train.epoch=3"], "did you mean 'epochs'"),
        (["-w", "2", "--resume", "runs/nowhere"], "there is no run 'runs/nowhere'"),
    ],
)
def test_what_is_refused_is_refused_once_and_before_anything_is_started(launched, words, message):
    found = launched(*words)
    assert found.returncode == 2, found.stderr
    assert found.stderr.count(message) == 1
    assert "worker 1" not in found.stderr


def test_a_worker_starts_no_workers(monkeypatch, folder):
    monkeypatch.setenv("TF_CONFIG", "{}")
    with pytest.raises(UsageError, match="TF_CONFIG is set: this process is a worker already"):
        plan_launch(2, folder / "tiny.yaml")


def test_train_says_how_workers_are_started(command, folder):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TF_CONFIG", "SLURM"))}
    found = subprocess.run(
        [command, "train", "tiny.yaml"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 2
    assert "nothing says who the workers are" in found.stderr
    assert "netlab launch --workers 2 CONFIG" in found.stderr


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"profile": True}, "--profile measures one process, and train.distribute has several; leave it out"),
        ({"overfit": 1}, "--overfit is a trial on one device: add train.distribute=null"),
    ],
)
def test_trials_of_one_process_are_refused(folder, option, message):
    with pytest.raises(UsageError, match=message):
        plan_training(folder / "tiny.yaml", **option)


def test_what_may_come_next_is_done_by_as_many(done):
    assert "netlab launch --workers 2 --resume runs/two train.epochs=4" in done.stderr


def test_gpus_are_dealt_out(monkeypatch):
    assert _shares([], 2) == ()
    assert _shares(["0", "1", "2", "3", "4"], 2) == ("0,1", "2,3")
    assert _shares(["GPU-a", "GPU-b"], 2) == ("GPU-a", "GPU-b")
    with pytest.raises(
        UsageError, match=r"--workers 2: 1 GPU is visible, and each worker needs one.*CUDA_VISIBLE_DEVICES=-1"
    ):
        _shares(["0"], 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, 3")
    assert _gpus() == ["2", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert _gpus() == []


def test_threads_and_gpus_of_each_are_said(monkeypatch, folder):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    plan = plan_launch(2, folder / "tiny.yaml", ["train.threads=3"])
    assert plan.said.endswith("each with 3 threads, 2 GPUs")
    assert [each["CUDA_VISIBLE_DEVICES"] for each in plan.environments] == ["0,1", "2,3"]
    assert plan.overrides == ("train.threads=3",), "what the config says stays"
    assert "TF_CONFIG" not in os.environ


STAND_IN = """\
import json, os, signal, sys, time
number = json.loads(os.environ["NUMBER"])
print("line of", number, flush=True)
"""


def processes_of(*codes: str, grace: float = 5.0) -> tuple[int, list[str]]:
    """Stand-ins for workers, which run these lines."""
    said: list[str] = []
    command = [os.sys.executable, "-c", STAND_IN + "exec(sys.argv[1 + number])", *codes]  # type: ignore[attr-defined]
    environments = [{"NUMBER": str(number)} for number in range(len(codes))]
    return run_workers(command, environments, said.append, grace), said


def test_lines_of_others_begin_with_their_number(capfd):
    assert processes_of("", "print('cut', end='')") == (0, [])
    out, err = capfd.readouterr()
    assert out == "line of 0\n"
    assert err.splitlines() == ["worker 1: line of 1", "worker 1: cut"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_others_wait_for_the_end_of_what_the_first_draws(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(worker_processes.sys, "stderr", terminal)
    ended = threading.Event()
    reader = threading.Thread(target=worker_processes._prefixed, args=(io.StringIO("an error\n"), "worker 1: ", ended))
    reader.start()
    time.sleep(0.2)
    assert terminal.getvalue() == ""
    ended.set()
    reader.join(5)
    assert terminal.getvalue() == "worker 1: an error\n"


def test_what_a_killed_first_worker_leaves_on_a_terminal_is_ended(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(worker_processes.sys, "stderr", terminal)
    code, said = processes_of("os.kill(os.getpid(), signal.SIGKILL)")
    assert (code, said) == (137, ["worker 0 ended by SIGKILL"])
    assert terminal.getvalue() == "\x1b[?25h\n", "the cursor is shown, and a line begins"


def test_the_exit_code_is_that_of_the_first_that_failed():
    code, said = processes_of("time.sleep(2); sys.exit(7)", "sys.exit(3)")
    assert (code, said) == (3, ["worker 1 ended with exit code 3; the others have 5 s to save and end"])


def test_one_that_a_signal_ended_is_the_cause_of_what_the_others_do():
    code, said = processes_of("sys.exit(1)", "os.kill(os.getpid(), signal.SIGKILL)")
    assert code in (1, 137)
    assert len(said) <= 1


WAITING = """
from netlib.spec.cluster import Cluster
from netlib.tasks.rendezvous import rendezvous
rendezvous(Cluster(("127.0.0.1:{own}", "127.0.0.1:{other}"), 0), 60, lambda text: None)
"""


def test_one_that_ends_before_all_have_met_is_not_waited_for(monkeypatch, capfd):
    own, other = _free_ports(2)
    monkeypatch.setenv("NETLAB_LAUNCHED", "2")
    began = time.monotonic()
    code, said = processes_of(WAITING.format(own=own, other=other), "time.sleep(1); sys.exit(2)", grace=30.0)
    assert time.monotonic() - began < 20
    assert (code, said) == (2, []), "both say why themselves"
    assert "another worker ended before all had met: see what it said" in capfd.readouterr().err


def test_what_does_not_end_in_time_is_ended():
    began = time.monotonic()
    code, _ = processes_of("time.sleep(60)", "sys.exit(3)", grace=0.5)
    assert code == 3
    assert time.monotonic() - began < 10
