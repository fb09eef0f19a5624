from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from netlab import compiled
from netlab.compiled import CACHE, FLAGS, IN_MEMORY, LIST, MOST_BYTES, OPTION, keep_compiled
from netlib.runs import atomic

CONFIG = """
name: tiny
seed: 1
data: {source: blobs, samples: 64, test: 0.25, batch_size: 16}
model: [{Dense: {units: 4, activation: relu}}, {Dense: 3}]
train: {epochs: 2, loss: sparse_categorical_crossentropy, execution: xla}
"""


GONE = """
import shutil
from netlab import compiled
from netlab.__main__ import main

take_in = compiled.take_in

def then_gone(folder):
    take_in(folder)
    shutil.rmtree(folder.parent.parent)
    if {in_the_way}:
        folder.parent.parent.touch()

compiled.take_in = then_gone
main()
"""
"""The command, with the folder taken away before anything is compiled, or a file in its place: nobody can make it again then."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where things are kept."""
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    monkeypatch.setenv(FLAGS, "")
    found = keep_compiled()
    assert found
    monkeypatch.setenv(FLAGS, "")
    return found


def write(folder: Path, **files: bytes) -> None:
    """Files, and a list that has them."""
    for name, data in files.items():
        (folder / f"{name}.pb").write_bytes(data)
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.pb")}
    (folder / LIST).write_text(json.dumps(digests))


def take_in(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: bytes) -> Any:
    """TensorFlow's files, with a folder in memory that has those of the disk."""
    import tensorflow as tf

    write(folder, **files)
    monkeypatch.setattr(compiled, "IN_MEMORY", f"ram://{folder.name}/{os.urandom(4).hex()}")
    monkeypatch.setattr(compiled.atexit, "register", lambda *_: None)
    compiled.take_in(folder)
    return tf.io.gfile


def add(gfile: Any, data: bytes) -> None:
    with gfile.GFile(f"{compiled.IN_MEMORY}/new.pb", "wb") as file:
        file.write(data)


def list_of(gfile: Any) -> dict[str, bytes]:
    names = gfile.listdir(compiled.IN_MEMORY)
    return {name: gfile.GFile(f"{compiled.IN_MEMORY}/{name}", "rb").read() for name in names}


def refuse(name: str, path: Path) -> None:
    """A disk that is full when the file of that name is to be written."""
    if name in path.name:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def sound(folder: Path) -> list[str]:
    """The names of what is taken in, the latest first, which is also all that stays."""
    names = [name.removesuffix(".pb") for name, _ in compiled._sound(folder)]
    assert sorted(names) == sorted(path.stem for path in folder.glob("*.pb"))
    return names


def train(tmp_path: Path, name: str, *program: str) -> dict[str, Any]:
    (tmp_path / "tiny.yaml").write_text(CONFIG)
    command = [sys.executable, *(program or ("-m", "netlab")), "train", "tiny.yaml", "--run-dir", name, "--json"]
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


@pytest.mark.slow
@pytest.mark.parametrize("in_the_way", [False, True], ids=["removed", "cannot be made again"])
def test_a_folder_that_is_gone_in_the_middle_of_a_run_ends_nothing(tmp_path: Path, in_the_way: bool) -> None:
    metrics = train(tmp_path, "run", "-c", GONE.format(in_the_way=in_the_way))
    assert metrics == train(tmp_path, "again")
    assert (tmp_path / "cache").is_file() == in_the_way


def test_what_is_not_as_listed_is_removed(folder: Path) -> None:
    write(folder, whole=b"whole", cut=b"cut")
    (folder / "cut.pb").write_bytes(b"c")
    (folder / "unlisted.pb").write_bytes(b"unlisted")
    assert sound(folder) == ["whole"]
    (folder / LIST).write_text("[")
    assert sound(folder) == []


def test_the_oldest_are_removed_where_there_is_too_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MOST_BYTES", 25)
    write(folder, new=b"0123456789", older=b"0123456789", oldest=b"0123456789")
    for age, name in enumerate(("new", "older", "oldest")):
        os.utime(folder / f"{name}.pb", (1_000_000 - age, 1_000_000 - age))
    assert sound(folder) == ["new", "older"]
    assert MOST_BYTES == 64 * 2**20


def test_what_is_added_is_written_beside_what_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gfile = take_in(folder, monkeypatch, old=b"old")
    assert list_of(gfile) == {"old.pb": b"old"}
    add(gfile, b"new")
    compiled._keep(folder, {"old.pb"})
    assert sorted(sound(folder)) == ["new", "old"]


def test_nothing_is_added_to_a_disk_that_is_nearly_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gfile = take_in(folder, monkeypatch, old=b"old")
    add(gfile, b"new")
    monkeypatch.setattr(compiled, "ROOM", 2**62)
    compiled._keep(folder, {"old.pb"})
    assert sound(folder) == ["old"]


@pytest.mark.parametrize("path", [LIST, "new.pb"])
def test_a_file_that_cannot_be_written_costs_only_itself(
    path: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gfile = take_in(folder, monkeypatch, old=b"old")
    add(gfile, b"new")
    monkeypatch.setattr(atomic, "sync", partial(refuse, path))
    compiled._keep(folder, {"old.pb"})
    assert sound(folder) == ["old"]
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize(
    ("cache", "flags"),
    [("off", ""), ("", ""), ("/dev/null/none", ""), (None, f"{OPTION}=/mine")],
    ids=["off", "empty", "no folder", "the user's own"],
)
def test_nothing_is_changed(cache: str | None, flags: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path) if cache is None else cache)
    monkeypatch.setenv(FLAGS, flags)
    assert keep_compiled() is None
    assert os.environ[FLAGS] == flags
    assert not list(tmp_path.iterdir())


def test_flags_of_the_users_own_stay_and_threads_have_their_own_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FLAGS, "--tf_xla_auto_jit=0")
    other = keep_compiled(threads=64)
    device = "--tf_xla_persistent_cache_device_types=CPU"
    assert os.environ[FLAGS].split() == ["--tf_xla_auto_jit=0", f"{OPTION}={IN_MEMORY}", device]
    assert other
    assert other.parent == folder.parent
    assert other != folder


def test_it_is_in_the_users_cache_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CACHE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compiled.cache_root() == tmp_path / "netlab"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert compiled.cache_root() == tmp_path / ".cache" / "netlab"
