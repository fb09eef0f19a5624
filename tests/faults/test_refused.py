"""Checkpoints and data that were made to do harm: refused, no code of theirs is run, and no memory is taken for them."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traces import copied, need_error, need_success

pytestmark = pytest.mark.slow

NEWEST = "step-00000045"
MODEL = "model.safetensors"


@pytest.fixture
def run(undisturbed, folder: Path) -> Path:
    return copied(undisturbed("mlp.yaml", "train.epochs=1"), folder)


def sign(checkpoint: Path) -> None:
    """Makes the manifest say what is there: who does harm can do that, too."""
    files = {
        path.name: {"size": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted(checkpoint.iterdir())
        if path.name != "manifest.json"
    }
    (checkpoint / "manifest.json").write_text(json.dumps({"format": 1, "files": files}))


def with_header(header: Any, data: bytes = b"\0" * 64, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(shape: list[Any], begin: Any, end: Any, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


CRAFTED = {
    "header of 2**63 bytes": with_header({}, length=2**63),
    "header of 2**64-1 bytes": with_header({}, length=2**64 - 1),
    "header of 2**40 bytes": with_header({}, length=2**40),
    "header longer than the file": with_header({}, length=1000),
    "no header": b"",
    "half a length": b"\x08\0\0",
    "header that is no JSON": with_header(b"{]      "),
    "header that is a list": with_header([]),
    "deep header": with_header(b"[" * 200_000),
    "2**60 bytes": with_header({"a": tensor([2**58], 0, 2**60)}),
    "2**60 numbers in 64 bytes": with_header({"a": tensor([2**60], 0, 64)}),
    "a product that overflows": with_header({"a": tensor([2**32, 2**32, 4], 0, 64)}),
    "a negative size": with_header({"a": tensor([-16], 0, 64)}),
    "a negative place": with_header({"a": tensor([16], -64, 0)}),
    "end before begin": with_header({"a": tensor([16], 64, 0)}),
    "overlapping": with_header({"a": tensor([8], 0, 32), "b": tensor([12], 16, 64)}),
    "a gap": with_header({"a": tensor([4], 0, 16), "b": tensor([4], 48, 64)}),
    "less than the file": with_header({"a": tensor([4], 0, 16)}),
    "more than the file": with_header({"a": tensor([32], 0, 128)}),
    "an unknown type": with_header({"a": tensor([16], 0, 64, "O32")}),
    "a size that is no number": with_header({"a": tensor(["16"], 0, 64)}),
    "a pickle": pickle.dumps({"a": np.zeros(3)}),
}

READ = """
import resource, sys
from pathlib import Path
from netlib.runs import checkpoint
from netlib.runs.errors import CheckpointError
import numpy, ml_dtypes, safetensors
try:
    checkpoint.read(Path(sys.argv[1]))  # a good one, so that all is imported
except CheckpointError as error:
    sys.exit(f"good one: {error}")
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + (64 << 20),) * 2)
for path in sys.argv[2:]:
    try:
        checkpoint.read(Path(path))
    except CheckpointError as error:
        print(error)
    else:
        print("read:", path)
"""


def test_crafted_tensor_files(run, tmp_path):
    good = run / "checkpoints" / NEWEST
    for number, content in enumerate(CRAFTED.values()):
        bad = tmp_path / f"bad-{number}"
        bad.mkdir()
        (bad / "state.json").write_bytes((good / "state.json").read_bytes())
        (bad / MODEL).write_bytes(content)
        sign(bad)
    paths = [tmp_path / f"bad-{number}" for number in range(len(CRAFTED))]
    done = subprocess.run([sys.executable, "-c", READ, good, *paths], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for name, path, said in zip(CRAFTED, paths, done.stdout.splitlines(), strict=True):
        assert said.startswith(f"checkpoint {path} cannot be read: {path / MODEL}"), name


@pytest.mark.parametrize("name", ["header of 2**63 bytes", "2**60 bytes", "overlapping", "a pickle"])
def test_the_command_passes_them_over(netlab, folder, run, name):
    newest = run / "checkpoints" / NEWEST
    (newest / MODEL).write_bytes(CRAFTED[name])
    sign(newest)
    refused = netlab("eval", "--checkpoint", f"run/checkpoints/{NEWEST}", folder=folder)
    need_error(refused, f"{NEWEST}/{MODEL} ")
    done = netlab("train", "--resume", "run", "train.epochs=2", folder=folder)
    need_success(done)
    damage = f"checkpoint run/checkpoints/{NEWEST} cannot be read: run/checkpoints/{NEWEST}/{MODEL} is damaged: "
    assert f"passed over: {damage}" in done.err
    assert "resumed from step-00000030" in done.err


def climbing_manifest(newest: Path) -> None:
    manifest = json.loads((newest / "manifest.json").read_text())
    secret = newest.parent.parent.parent / "secret"
    secret.write_bytes(b"secret")
    entry = {"size": 6, "sha256": hashlib.sha256(b"secret").hexdigest()}
    manifest["files"]["../../../secret"] = entry
    (newest / "manifest.json").write_text(json.dumps(manifest))


def newer_format(newest: Path) -> None:
    manifest = json.loads((newest / "manifest.json").read_text())
    (newest / "manifest.json").write_text(json.dumps({**manifest, "format": 2}))


def huge_manifest(newest: Path) -> None:
    with (newest / "manifest.json").open("r+b") as file:
        file.truncate(1 << 40)  # without taking room on the disk


def fifo(newest: Path) -> None:
    (newest / "manifest.json").unlink()
    os.mkfifo(newest / "manifest.json")


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (climbing_manifest, "lists '../../../secret', which no checkpoint has"),
        (newer_format, "has format 2, this netlab reads format 1: it needs a newer netlab"),
        (huge_manifest, "its manifest.json is not JSON"),
        (fifo, "its manifest.json is not a regular file"),
    ],
)
def test_manifests(netlab, folder, run, harm: Callable[[Path], None], reason):
    newest = run / "checkpoints" / NEWEST
    harm(newest)
    need_error(netlab("eval", "--checkpoint", f"run/checkpoints/{NEWEST}", folder=folder), reason)
    done = netlab("train", "--resume", "run", folder=folder)
    need_success(done)
    assert f"passed over: checkpoint run/checkpoints/{NEWEST}" in done.err
    assert reason in done.err


def test_names_of_tensors_lead_nowhere(netlab, folder, run):
    newest = run / "checkpoints" / NEWEST
    (newest / MODEL).write_bytes(with_header({"../../../escaped": tensor([16], 0, 64)}))
    sign(newest)
    before = sorted(folder.rglob("*"))
    need_error(netlab("eval", "--checkpoint", f"run/checkpoints/{NEWEST}", folder=folder), "../../../escaped", code=2)
    need_error(netlab("train", "--resume", "run", "train.epochs=2", folder=folder), "does not fit this model")
    assert [path for path in sorted(folder.rglob("*")) if path not in before and path.name != "log.txt"] == []


@pytest.mark.parametrize("text", ["../../elsewhere", "/etc", "..", ".", "", "step-00000045/..", "step-00000099", "\0"])
def test_pointers_lead_nowhere(netlab, folder, run, text):
    for pointer in ("best", "latest"):
        (run / "checkpoints" / pointer).write_text(f"{text}\n")
    need_error(netlab("eval", "--checkpoint", "run", folder=folder), "run/checkpoints/best ")
    need_error(netlab("eval", "--checkpoint", "run/latest", folder=folder), "run/checkpoints/latest ")


def test_a_pointer_that_is_a_link(netlab, folder, run):
    (folder / "secret").write_text("the secret\n")
    (run / "checkpoints" / "latest").unlink()
    (run / "checkpoints" / "latest").symlink_to(folder / "secret")
    need_error(netlab("eval", "--checkpoint", "run/latest", folder=folder), "run/checkpoints/latest ")
    need_success(netlab("train", "--resume", "run", folder=folder))
    assert (folder / "secret").read_text() == "the secret\n"
    assert (run / "checkpoints" / "latest").read_text() == f"{NEWEST}\n"
    assert not (run / "checkpoints" / "latest").is_symlink()


def test_a_checkpoint_of_another_network(netlab, folder, run, undisturbed):
    other = undisturbed("mlp.yaml", "train.epochs=1", "model.1.units=9")
    for path in run.glob("checkpoints/step-*/*"):
        path.write_bytes((other / path.relative_to(run)).read_bytes())
    metrics = (run / "metrics.jsonl").read_bytes()
    refused = netlab("train", "--resume", "run", "train.epochs=2", folder=folder)
    need_error(refused, "does not fit this model", "(64, 9) float32, expected (64, 8) float32")
    assert (run / "metrics.jsonl").read_bytes() == metrics
    named = f"error: checkpoint run/checkpoints/{NEWEST} is of another network than this one: mismatched: "
    need_error(netlab("eval", "--checkpoint", "run", folder=folder), named, "(64, 9)", "(64, 8)", code=2)


class Harm:
    """A pickle of it makes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._path),)


def test_a_pickle_in_data_is_not_run(netlab, folder):
    made = folder / "made"
    harm = np.array([Harm(made)] * 60, object)
    np.savez(folder / "bad.npz", x=harm, y=np.arange(60) % 3)
    text = "data: {source: npz, path: bad.npz}\nmodel: [Dense: 3]\n"
    (folder / "bad.yaml").write_text(f"{text}train: {{epochs: 1, loss: sparse_categorical_crossentropy}}\n")
    need_error(netlab("check", "bad.yaml", folder=folder), "'x'", "object", code=2)
    need_error(netlab("train", "bad.yaml", folder=folder), "'x'", "object", code=2)
    assert not made.exists()
    pickle.loads(pickle.dumps(Harm(made)))
    assert made.exists(), "it would have done harm"
