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
        **{name: metadata.version(name) for name in ("netlab", "tensorflow", "keras", "numpy")},
    }
    assert abs(datetime.fromisoformat(found["started"]) - datetime.now(UTC)) < timedelta(minutes=1)
    given = ("command", "seed", "threads", "execution", "execution_reason", "data_fingerprint")
    assert [found[key] for key in given] == [["netlab", "train", "a.yaml"], 7, 2, "xla", "it is fast", "sha256:00"]
    assert found["machine"]["cores"] == os.cpu_count()
    assert 1 <= found["machine"]["usable_cores"] <= os.cpu_count()
    assert all(found["machine"].values())


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
