"""Signals that are really sent to the installed command, in a process of its own."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from netlib.runs import checkpoint, pointers
from netlib.runs.directory import open_run

CONFIG = """\
name: tiny
seed: 3
data: {source: digits, validation: 0.2, test: 0.2, batch_size: 64}
model: [Flatten, Dense: 10]
train: {epochs: 1000000, loss: sparse_categorical_crossentropy, checkpoint: {every_epochs: 20}}
"""
BLOCKING = """\
import hashlib
from pathlib import Path
import netlib

@netlib.source
def blocked():
    "Data that nobody waits for."
    Path("reading").touch()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # takes minutes, in which no line of Python is run
"""
SLOW_DISK = """\
import os
import time
import netlib
import numpy as np
from netlib.runs import tensors

@netlib.source
def one():
    "A plug-in has a source."
    return {"x": np.ones((9, 1))}, {"y": np.ones(9)}

write, saved = tensors.save, []

def save(path, *details):
    done = write(path, *details)
    saved.append(path)
    if os.path.exists("slow") and len(saved) > 3:
        open("writing", "w").close()
        time.sleep(60)
    return done

tensors.save = save
"""
SLOW_READS = """\
import os
import time
import netlib
import numpy as np
from netlib.data.streaming import Streamed

@netlib.source
def one():
    "A plug-in has a source."
    return {"x": np.ones((9, 1))}, {"y": np.ones(9)}

read = Streamed.read

def slow(self, places):
    if os.path.exists("slow"):
        open("waiting", "w").close()
        time.sleep(60)
    return read(self, places)

Streamed.read = slow
"""
NO_TRACEBACK = ("Traceback", "Error", "Exception ignored")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(command: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts the command in an empty folder with a config, `a.yaml`, and with a folder of its own for temporary files."""
    (tmp_path / "a.yaml").write_text(CONFIG)
    (tmp_path / "tmp").mkdir()
    started: list[subprocess.Popen[str]] = []

    def run(*words: str, **options: Any) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
        process = subprocess.Popen([command, *words], cwd=tmp_path, env=environment, text=True, **pipes)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def wait_for(done: Callable[[], Any], process: subprocess.Popen[str], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(process: subprocess.Popen[str], within: float = 60) -> tuple[int, str]:
    """The exit code and what was said on stderr, which has no traceback."""
    _, said = process.communicate(timeout=within)
    assert not any(word in said for word in NO_TRACEBACK), said
    return process.returncode, said


def newest(run: Path) -> int:
    names = [path.name for path in (run / "checkpoints").glob("step-*")] if run.exists() else []
    return max((int(name.removeprefix("step-")) for name in names), default=-1)


@pytest.mark.parametrize(
    ("number", "said"), [("SIGINT", "interrupted"), ("SIGTERM", "stopped by SIGTERM"), ("SIGHUP", "stopped by SIGHUP")]
)
def test_what_waits_for_more_than_python_is_ended_all_the_same(
    start: Start, tmp_path: Path, number: str, said: str
) -> None:
    (tmp_path / "p.py").write_text(BLOCKING)
    (tmp_path / "b.yaml").write_text(CONFIG.replace("digits", "blocked"))
    process = start("train", "b.yaml", "--plugin", "p.py")
    wait_for((tmp_path / "reading").exists, process)
    process.send_signal(signal.Signals[number])
    assert ended(process, within=10) == (128 + signal.Signals[number], f"{said}\n")
    assert not (tmp_path / "runs").exists()


def test_before_there_is_a_run_nothing_is_left(start: Start, tmp_path: Path) -> None:
    for after, number in ((0.7, signal.SIGINT), (1.5, signal.SIGTERM), (3.0, signal.SIGINT)):
        process = start("train", "a.yaml", "train.epochs=1")
        time.sleep(after)
        process.send_signal(number)
        code, said = ended(process, within=15)
        if not (tmp_path / "runs").exists():  # or this machine is very fast
            assert code == 128 + number, said
            assert len(said.splitlines()) <= 1
        assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.slow
def test_a_training_is_saved_and_goes_on_and_ends_as_it_is_told(start: Start, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = start("train", "a.yaml", "--run-dir", "run", "train.epochs=null", "train.max_time=1h")
    wait_for(lambda: newest(run) > 0, process)
    for asked in (1, 2):
        process.send_signal(signal.SIGUSR1)
        wait_for(lambda asked=asked: (run / "log.txt").read_text().count("as SIGUSR1 asks") == asked, process)
    process.send_signal(signal.SIGHUP)
    code, said = ended(process)
    assert code == 129
    assert said.rstrip().endswith("; saved, go on with: netlab train --resume run")
    assert list((tmp_path / "tmp").iterdir()) == []
    saved = newest(run)
    checkpoint.verify(run / "checkpoints" / checkpoint.name_of(saved))
    more = start("train", "--resume", "run", f"train.steps={saved + 50}", "--quiet")
    assert ended(more, within=120) == (0, "")
    assert newest(run) == saved + 50


@contextmanager
def terminal(start: Start, *words: str) -> Iterator[tuple[subprocess.Popen[str], Callable[[], str]]]:
    """The command on a terminal, and what it has shown there."""
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    shown = bytearray()

    def look() -> str:
        try:
            while part := os.read(ours, 65536):
                shown.extend(part)
        except OSError:  # nothing more is there
            pass
        return shown.decode(errors="replace")

    try:
        yield start(*words, stdin=theirs, stdout=theirs, stderr=theirs), look
    finally:
        os.close(theirs)
        os.close(ours)


@pytest.mark.slow
def test_a_second_ctrl_c_does_not_wait_for_a_slow_disk(start: Start, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(SLOW_DISK)
    run = tmp_path / "run"
    words = ("train", "a.yaml", "--run-dir", "run", "--plugin", "p.py", "train.checkpoint={every_epochs: 1000000}")
    with terminal(start, *words) as (process, look):
        wait_for(lambda: "\x1b[?25l" in look() and newest(run) >= 0, process)
        (tmp_path / "slow").touch()
        process.send_signal(signal.SIGINT)
        wait_for(lambda: look() is not None and (tmp_path / "writing").exists(), process)
        time.sleep(0.2)
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        while process.poll() is None and time.monotonic() < began + 20:
            look()
            time.sleep(0.02)
        assert process.returncode == 130
        assert time.monotonic() - began < 6
        shown = look()
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")
    last = checkpoint.name_of(newest(run))
    expected = f"stopped at once; nothing more was saved, go on from {last} with: netlab train --resume run"
    assert expected in shown.replace("\r\n", "")
    assert not any(word in shown for word in NO_TRACEBACK), shown
    assert [path.name for path in (run / "checkpoints").iterdir() if path.name.endswith(".writing")]
    (tmp_path / "slow").unlink()
    more = start("train", "--resume", "run", "--plugin", "p.py", f"train.steps={newest(run) + 3}", "--quiet")
    assert ended(more, within=120) == (0, "")
    assert not [path for path in (run / "checkpoints").iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_two_processes_in_one_run(start: Start, tmp_path: Path) -> None:
    run = tmp_path / "run"
    first = start("train", "a.yaml", "--run-dir", "run", "--quiet")
    wait_for(lambda: newest(run) > 0, first)
    first.send_signal(signal.SIGSTOP)  # so that it changes nothing
    time.sleep(0.2)
    before = contents(run)
    second = start("train", "--resume", "run")
    refusal = "error: run 'run' is being trained by another process; wait until it ends, or stop it\n"
    assert ended(second) == (2, refusal)
    assert ended(start("train", "a.yaml", "--run-dir", "run"))[0] == 2
    assert contents(run) == before
    first.kill()
    first.wait()
    more = start("train", "--resume", "run", f"train.steps={newest(run) + 3}", "--quiet")
    assert ended(more, within=120) == (0, "")


@pytest.mark.slow
def test_who_waits_for_samples_need_not_wait_for_the_thread_that_reads(start: Start, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(SLOW_READS)
    rows = "".join(f"{number},{number % 7},{number % 5}\n" for number in range(5000))
    (tmp_path / "t.csv").write_text(f"a,b,y\n{rows}")
    data = "{source: csv, path: t.csv, targets: y, validation: 0.2, batch_size: 16, memory: 50KB}"
    text = CONFIG.replace("{source: digits, validation: 0.2, test: 0.2, batch_size: 64}", data)
    (tmp_path / "s.yaml").write_text(text.replace("sparse_categorical_crossentropy", "mse").replace("10]", "1]"))
    run = tmp_path / "run"
    process = start("train", "s.yaml", "--run-dir", "run", "--plugin", "p.py", "train.optimizer={SGD: 1e-9}")
    wait_for(lambda: newest(run) > 0, process)
    (tmp_path / "slow").touch()
    wait_for((tmp_path / "waiting").exists, process)
    time.sleep(1)  # what was read before is used up
    process.send_signal(signal.SIGTERM)
    code, said = ended(process, within=15)
    assert code == 143
    assert said.rstrip().endswith("; saved, go on with: netlab train --resume run")
    assert list((tmp_path / "tmp").iterdir()) == []


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.mark.slow
def test_a_run_is_measured_while_it_is_trained_and_keeps_one_checkpoint(start: Start, tmp_path: Path) -> None:
    from netlib.tasks.evaluate import evaluate

    run = tmp_path / "run"
    process = start("train", "a.yaml", "--run-dir", "run", "--quiet", "train.checkpoint={every_steps: 1, keep_last: 1}")
    wait_for(lambda: newest(run) > 0 and (run / "checkpoints" / "best").exists(), process)
    found = [evaluate(str(run / name)).checkpoint.name for name in ("latest", "best", "") * 2]
    assert len(set(found)) > 1
    code, said = ended(start("eval", "-c", "run/latest", "--json"), within=120)
    assert code == 0, said
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 143
    assert pointers.pointed(open_run(run), "latest")


def test_ctrl_c_while_predict_reads(start: Start, tmp_path: Path) -> None:
    process = start("predict", "-c", "run", "-i", "-", "-o", "out.csv", stdin=subprocess.PIPE)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    assert ended(process, within=10) == (130, "interrupted\n")
    assert not list(tmp_path.glob("*out.csv*"))
    assert list((tmp_path / "tmp").iterdir()) == []
