from __future__ import annotations

import json
import platform
import shutil
import subprocess
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from netlib.runs import environment
from netlib.spec.finding import Finding
from netlib.tasks.doctor import folders, machine, packages, trial


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {each.name: each for each in findings}


def test_versions_are_those_that_are_installed() -> None:
    found = by_name(packages.versions())
    assert found["python"].value == platform.python_version()
    assert found["numpy"].value == metadata.version("numpy")
    assert {each.state for each in found.values()} == {"ok"}


def test_what_is_missing_or_too_old_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["numpy<3,>=2.1", "keras<1", "no-such-package>=2", 'tokenizers>=0.1; extra == "text"']
    monkeypatch.setattr(metadata, "requires", lambda name: asked)
    found = by_name(packages.versions())
    assert found["numpy"].state == "ok"
    keras = metadata.version("keras")
    assert found["keras"] == Finding("keras", f"{keras}, but netlab needs <1", "broken", "pip install 'keras<1'")
    hint = "pip install 'no-such-package>=2'"
    assert found["no-such-package"] == Finding("no-such-package", "not installed", "broken", hint)
    assert "tokenizers" not in found


def test_extras_that_are_not_there_are_said_how_to_get(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["numpy", 'numpy>=2; extra == "text"', 'no-such-package; extra == "plot"']
    monkeypatch.setattr(metadata, "requires", lambda name: asked)
    monkeypatch.setattr(
        metadata, "metadata", lambda name: type("M", (), {"get_all": lambda _, key: ["text", "plot", "dev"]})()
    )
    version = metadata.version("numpy")
    plot = Finding("plot", "not installed, for pictures of curves and matrices", "note", "pip install 'netlab[plot]'")
    assert packages.extras() == [Finding("text", f"numpy {version}"), plot]


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, None),
        ({"sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        ({"sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"sys/fs/cgroup/a/cpu.max": "200000 100000\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"}, 0.5),
    ],
)
def test_the_time_that_a_container_may_use(tmp_path: Path, files: dict[str, str], cores: float | None) -> None:
    for name, text in {**files, "proc/self/cgroup": "0::/a/b\n"}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert machine.cpu_quota(tmp_path) == cores


def test_the_time_that_an_older_container_may_use(tmp_path: Path) -> None:
    folder = tmp_path / "sys/fs/cgroup/cpu,cpuacct"
    folder.mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("4:cpu,cpuacct:/\n3:memory:/\n")
    (folder / "cpu.cfs_quota_us").write_text("250000\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    assert machine.cpu_quota(tmp_path) == 2.5
    (folder / "cpu.cfs_quota_us").write_text("-1\n")
    assert machine.cpu_quota(tmp_path) is None


def test_few_cores_and_little_memory_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "available_cores", lambda: 4)
    monkeypatch.setattr(machine, "cpu_quota", lambda root: 1.5)
    monkeypatch.setattr(machine, "process_memory", lambda root: 1 << 30)
    found = by_name(machine.machine())
    assert (found["cores"].value, found["cores"].state) == ("4, with the time of 1.5", "note")
    assert "train.threads=1" in found["cores"].hint
    assert (found["memory"].value, found["memory"].state) == ("1.0 GiB free", "note")


def test_variables_that_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TF_ENABLE_ONEDNN_OPTS": "0", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NETLAB_API_KEY", "secret")
    monkeypatch.setenv("TMPDIR", "/tmp")
    found = by_name(machine.variables())
    assert found["TF_ENABLE_ONEDNN_OPTS"].hint == "without oneDNN, convolutions are slower on the CPU"
    assert found["CUDA_VISIBLE_DEVICES"].hint == "it hides every GPU"
    assert found["OMP_NUM_THREADS"].state == "note"
    assert found["TMPDIR"] == Finding("TMPDIR", "/tmp")
    assert "NETLAB_API_KEY" not in found


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = by_name(folders.folders(tmp_path / "not" / "there" / "runs", None))
    assert found["runs"].value.startswith(f"{tmp_path}/not/there/runs, ")
    assert found["cache"] == Finding("cache", "off (NETLAB_CACHE)")
    assert found["temporary"].value.startswith(tempfile.gettempdir())
    assert list(tmp_path.iterdir()) == []
    usage = shutil.disk_usage(tmp_path)._replace(free=5 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    found = by_name(folders.folders(tmp_path, tmp_path))
    assert (found["runs"].value, found["runs"].state) == (f"{tmp_path}, 5.0 MiB free", "note")
    assert found["cache"].hint == f"there is little room left on the disk of {tmp_path}"


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    runs, cache, _ = folders.folders(file / "runs", file)
    assert (runs.state, cache.state) == ("broken", "note")
    assert runs.value == f"{file}/runs: cannot write to {file}: Not a directory"
    assert runs.hint == "train elsewhere: netlab train --runs DIR"


class Process:
    """In place of `subprocess.run`: what a process printed, and how it ended."""

    def __init__(self, out: str, code: int, errors: str = "") -> None:
        self.stdout, self.returncode, self.stderr = out, code, errors

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self


LINE = json.dumps({"name": "import", "value": "fine", "state": "ok", "hint": ""})


@pytest.mark.parametrize(
    ("process", "value", "hint"),
    [
        (Process(LINE, -4), "ended by SIGILL", "the processor lacks an instruction"),
        (Process(LINE, -9), "ended by SIGKILL", "often there is not enough memory"),
        (Process(LINE, 1, "a\nb\nc\nlast words\n"), "ended with 1: b c last words", "a fresh environment"),
    ],
)
def test_a_crash_is_explained(monkeypatch: pytest.MonkeyPatch, process: Process, value: str, hint: str) -> None:
    monkeypatch.setattr(subprocess, "run", process)
    sound, crash = trial.tried(quick=True)
    assert sound == Finding("import", "fine")
    assert (crash.name, crash.value, crash.state) == ("self-test", value, "broken")
    assert hint in crash.hint


def test_what_a_library_prints_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", Process(f"hello\n{LINE}\n{{}}\n", 0))
    assert trial.tried(quick=True) == [Finding("import", "fine")]


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: Any, **options: Any) -> Any:
        raise subprocess.TimeoutExpired("python", options["timeout"], f"{LINE}\n".encode())

    monkeypatch.setattr(subprocess, "run", run)
    sound, late = trial.tried(quick=False)
    assert sound.state == "ok"
    assert (late.value, late.state) == ("nothing more after 300 s", "broken")
