"""Checkpoints of which a bit is flipped, or something is missing, more or other than it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from traces import copied, need_error, need_same_end, need_success

from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import CheckpointError
from netlib.runs.locate import newest_valid

FILES = ("model.safetensors", "optimizer.safetensors", "loop.safetensors", "state.json", "manifest.json")
EVALUATED = ("model.safetensors", "state.json", "manifest.json")
NEWEST, BEFORE = "step-00000045", "step-00000030"


def flip(path: Path, place: float = 0.6, bit: int = 3) -> None:
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1 << bit
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])  # of JSON, more than its last line's end


def empty(path: Path) -> None:
    path.write_bytes(b"")


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def missing(path: Path) -> None:
    path.unlink()


def extra(path: Path) -> None:
    (path.parent / "extra.safetensors").write_bytes(b"")


def link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.fixture
def run(undisturbed, folder: Path) -> Path:
    """A run of one epoch with its four checkpoints."""
    return copied(undisturbed("mlp.yaml", "train.epochs=1"), folder)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_a_flipped_bit(netlab, folder, run, undisturbed, file):
    flip(run / "checkpoints" / NEWEST / file)
    if file in EVALUATED:
        need_error(netlab("eval", "--checkpoint", f"run/checkpoints/{NEWEST}", folder=folder), NEWEST, file)
    done = netlab("train", "--resume", "run", "train.epochs=2", folder=folder)
    need_success(done)
    said = [line for line in done.err.splitlines() if "passed over: " in line]
    assert len(said) == 1
    assert NEWEST in said[0]
    assert file in said[0]
    assert f"resumed from {BEFORE}" in done.err
    need_same_end(run, undisturbed("mlp.yaml", "train.epochs=2"))


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", [cut, empty, longer, missing, extra, link, folder_instead])
def test_other_damage(run, file, damage: Callable[[Path], None]):
    damage(run / "checkpoints" / NEWEST / file)
    used, damaged = newest_valid(RunDirectory(run))
    assert used.name == BEFORE
    assert [entry.path.name for entry in damaged] == [NEWEST]
    assert ("extra.safetensors" if damage is extra else file) in damaged[0].reason
    with pytest.raises(CheckpointError):
        checkpoint.read(run / "checkpoints" / NEWEST)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_every_bit_counts(run, file):
    path = run / "checkpoints" / NEWEST / file
    content = path.read_bytes()
    for place in range(0, len(content), 1 + len(content) // 200):
        changed = bytearray(content)
        changed[place] ^= 1 << (place % 8)
        path.write_bytes(changed)
        with pytest.raises(CheckpointError):
            checkpoint.verify(path.parent)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [cut, missing, extra, link])
def test_the_command_refuses_it_too(netlab, folder, run, damage: Callable[[Path], None]):
    for path in (run / "checkpoints").glob("step-*"):
        if path.name != NEWEST:
            shutil.rmtree(path)
    damage(run / "checkpoints" / NEWEST / "model.safetensors")
    reason = "extra.safetensors" if damage is extra else "model.safetensors"
    resumed = netlab("train", "--resume", "run", "train.epochs=2", folder=folder)
    need_error(resumed, "has no checkpoint that can be used", NEWEST, reason)
    need_error(netlab("eval", "--checkpoint", "run", folder=folder), NEWEST, reason)
