from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netlab import compiled
from netlab.compiled import CACHE, FLAGS, LIST, MOST_BYTES, OPTION, keep_compiled

CONFIG = """
name: tiny
seed: 1
data: {source: blobs, samples: 64, test: 0.25, batch_size: 16}
model: [{Dense: {units: 4, activation: relu}}, {Dense: 3}]
train: {epochs: 2, loss: sparse_categorical_crossentropy, execution: xla}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where things are kept, with nothing registered for the end of this process."""
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    monkeypatch.delenv(FLAGS, raising=False)
    monkeypatch.setattr(compiled.atexit, "register", lambda *_: None)
    keep_compiled()
    found = Path(os.environ[FLAGS].split()[0].removeprefix(f"{OPTION}="))
    monkeypatch.delenv(FLAGS)
    return found


def train(tmp_path: Path, name: str) -> dict[str, Any]:
    (tmp_path / "tiny.yaml").write_text(CONFIG)
    command = [sys.executable, "-m", "netlab", "train", "tiny.yaml", "--run-dir", name, "--json"]
    inherited = {key: value for key, value in os.environ.items() if key != FLAGS}
    environment = {**inherited, CACHE: str(tmp_path / "cache")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found["metrics"]


@pytest.mark.slow
def test_a_second_run_takes_what_the_first_compiled_and_ends_the_same(tmp_path: Path) -> None:
    first = train(tmp_path, "first")
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("cache/compiled/*/*.pb")}
    assert kept
    assert train(tmp_path, "second") == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("cache/compiled/*/*.pb")} == kept
    for path in kept:
        path.write_bytes(path.read_bytes()[:100])
    assert train(tmp_path, "third") == first


def test_what_is_not_as_listed_is_removed(folder: Path) -> None:
    names = ("whole", "cut", "unlisted")
    for name in names:
        (folder / f"{name}.pb").write_bytes(name.encode())
    compiled._write_list(folder)
    (folder / "cut.pb").write_bytes(b"c")
    (folder / "later.pb").write_bytes(b"later")
    compiled._sweep(folder)
    assert sorted(path.name for path in folder.glob("*.pb")) == ["unlisted.pb", "whole.pb"]
    (folder / LIST).write_text("[")
    compiled._sweep(folder)
    assert not list(folder.glob("*.pb"))


def test_the_oldest_are_removed_where_there_is_too_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MOST_BYTES", 25)
    for age, name in enumerate(("new", "older", "oldest")):
        (folder / f"{name}.pb").write_bytes(b"0123456789")
        os.utime(folder / f"{name}.pb", (1_000_000 - age, 1_000_000 - age))
    compiled._write_list(folder)
    compiled._sweep(folder)
    assert sorted(path.name for path in folder.glob("*.pb")) == ["new.pb", "older.pb"]
    assert MOST_BYTES == 64 * 2**20


@pytest.mark.parametrize(
    ("cache", "flags"),
    [("off", ""), ("", ""), ("/dev/null/none", ""), (None, f"{OPTION}=/mine")],
    ids=["off", "empty", "no folder", "the user's own"],
)
def test_nothing_is_changed(cache: str | None, flags: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path) if cache is None else cache)
    monkeypatch.setenv(FLAGS, flags)
    keep_compiled()
    assert os.environ[FLAGS] == flags
    assert not list(tmp_path.iterdir())


def test_nothing_is_kept_on_a_disk_that_is_nearly_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "ROOM", 2**62)
    keep_compiled()
    assert FLAGS not in os.environ


def test_flags_of_the_users_own_stay_and_threads_have_their_own_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FLAGS, "--tf_xla_auto_jit=0")
    keep_compiled(threads=64)
    first, second, last = os.environ[FLAGS].split()
    assert (first, last) == ("--tf_xla_auto_jit=0", "--tf_xla_persistent_cache_device_types=CPU")
    assert second.startswith(f"{OPTION}={folder.parent}")
    assert Path(second.removeprefix(f"{OPTION}=")) != folder


def test_it_is_in_the_users_cache_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CACHE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compiled._root() == tmp_path / "netlab"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert compiled._root() == tmp_path / ".cache" / "netlab"
