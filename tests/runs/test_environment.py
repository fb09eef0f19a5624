from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from netlib.runs import environment
from netlib.spec.execution import Choice

PACKAGES = ("netlab", "tensorflow", "keras", "numpy", "ml_dtypes", "safetensors", "polars", "pillow")


def describe() -> dict[str, Any]:
    return environment.describe(7, 2, Choice("xla", "it is fast"), ["netlab", "train", "a.yaml"], "sha256:00")


def git(*arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    return subprocess.run(["git", *identity, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def test_it_says_what_was_asked_and_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = describe()
    assert json.loads(json.dumps(found)) == found
    assert found["versions"] == {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in PACKAGES},
    }
    assert abs(datetime.fromisoformat(found["started"]) - datetime.now(UTC)) < timedelta(minutes=1)
    given = ("command", "seed", "threads", "execution", "execution_reason", "data_fingerprint")
    assert [found[key] for key in given] == [["netlab", "train", "a.yaml"], 7, 2, "xla", "it is fast", "sha256:00"]
    assert found["machine"]["cores"] == os.cpu_count()
    assert 1 <= found["machine"]["usable_cores"] <= os.cpu_count()
    assert found["machine"].pop("devices") == []
    assert all(found["machine"].values())
    assert found["directory"] == str(tmp_path)


def test_a_package_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "PACKAGES", ("numpy", "no-such-package"))
    assert describe()["versions"]["no-such-package"] is None


def test_the_commit_of_the_current_folder_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert describe()["git"] is None
    git("init", "-q")
    assert describe()["git"] is None  # no commit yet
    Path("a.yaml").write_text("seed: 1\n")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    assert describe()["git"] == {"commit": git("rev-parse", "HEAD"), "dirty": False}
    Path("a.yaml").write_text("seed: 2\n")
    assert describe()["git"]["dirty"] is True


def test_a_repository_cannot_have_a_program_of_its_own_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    git("config", "core.fsmonitor", f"touch {tmp_path}/started; false")
    assert describe()["git"]["dirty"] is False
    assert not Path("started").exists()


def test_a_git_that_hangs_or_is_missing_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert describe()["git"] is None
    (tmp_path / "git").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setattr(environment, "_GIT_SECONDS", 0.2)
    assert describe()["git"] is None


def test_what_the_processor_can_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    flags = Path("/proc/cpuinfo")
    if not flags.exists():
        pytest.skip("the system does not tell")
    words = set(flags.read_text().split())
    found = environment.machine()["features"]
    assert set(found) == words & set(environment.FEATURES)
    monkeypatch.setattr(environment, "_of_processor", lambda field: "")
    assert environment.machine()["features"] == []


def test_devices_are_those_that_were_seen() -> None:
    assert environment.machine(["GPU A (8.0)"])["devices"] == ["GPU A (8.0)"]


def test_variables_that_change_what_is_computed_are_recorded_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    before = environment.variables()
    given = {"XLA_FLAGS": "--a", "TF_ENABLE_ONEDNN_OPTS": "0", "OMP_NUM_THREADS": "3", "NETLAB_X": "1"}
    secret = {
        "TF_VAR_x": "a",
        "TF_TOKEN_y": "b",
        "NETLAB_TOKEN": "c",
        "NETLAB_api_key": "d",
        "HOME_X": "e",
        "TF_LOG": "f",
    }
    for name, value in {**given, **secret}.items():
        monkeypatch.setenv(name, value)
    assert environment.variables() == {**before, **given}


def test_where_compiled_code_is_kept_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "--tf_xla_persistent_cache_directory=/a --b=1 --tf_xla_persistent_cache_device_types=CPU"
    monkeypatch.setenv("TF_XLA_FLAGS", words)
    assert environment.variables()["TF_XLA_FLAGS"] == "--b=1"
    monkeypatch.setenv("TF_XLA_FLAGS", words.replace("--b=1 ", ""))
    assert "TF_XLA_FLAGS" not in environment.variables()


def test_the_same_environment_has_no_differences() -> None:
    assert environment.differences(describe(), describe()) == []
    assert environment.differences(describe(), environment.computing()) == []


def test_what_differs_is_said_a_text_for_each() -> None:
    then, now = describe(), json.loads(json.dumps(describe()))
    now["versions"]["keras"] = "0.1"
    now["machine"] |= {"processor": "P", "devices": ["GPU A", "GPU B"], "usable_cores": 99, "features": ["avx"]}
    then["machine"]["features"] = ["avx", "avx2"]
    then["machine"]["processor"] = "Q"
    now["variables"] = {**then["variables"], "XLA_FLAGS": "--x", "NETLAB_CACHE": "/elsewhere", "NETLAB_LAUNCHED": "2"}
    now |= {
        "threads": 7,
        "execution": "graph",
        "data_fingerprint": "1" * 64,
        "git": {"commit": "2" * 40, "dirty": True},
    }
    then["git"] = None
    assert environment.differences(then, now) == [
        f"keras: {then['versions']['keras']} -> 0.1",
        "processor: Q -> P",
        "devices: none -> GPU A, GPU B",
        "avx2: yes -> no",
        "threads: 2 -> 7",
        "execution: xla -> graph",
        "data: sha256:00 -> 111111111111",
        "git commit: none -> 222222222222",
        "git dirty: none -> yes",
        "XLA_FLAGS: none -> --x",
    ]


def test_what_an_earlier_version_did_not_record_is_not_compared() -> None:
    then = {"versions": {"keras": environment.versions()["keras"]}, "machine": {"cores": 1}, "threads": 2}
    assert environment.differences(then, describe()) == []


def test_a_folder_that_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert environment._directory() is None
