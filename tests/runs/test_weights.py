from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from netlib.runs import checkpoint, pointers, tensors
from netlib.runs.directory import RunDirectory, create_at
from netlib.runs.errors import CheckpointError
from netlib.runs.weights import MissingWeightsError, find_weights
from netlib.spec.errors import UsageError

MODEL = {"a": np.ones((2, 3), np.float32)}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDirectory:
    """Checkpoints of steps 4 (the best) and 8 (the latest)."""
    monkeypatch.chdir(tmp_path)
    made = create_at(Path("runs/a"), {})
    for step, pointer in ((4, "best"), (8, "latest")):
        pointers.point(made, pointer, checkpoint.write(made, step, {"model": MODEL}, {}))
    return made


@pytest.mark.parametrize(
    ("path", "step", "described"),
    [
        ("runs/a", 4, "runs/a, best checkpoint of step 4"),
        ("runs/a/best", 4, "runs/a, best checkpoint of step 4"),
        ("runs/a/latest", 8, "runs/a, latest checkpoint of step 8"),
        ("runs/a/checkpoints/latest", 8, "runs/a, latest checkpoint of step 8"),
        ("runs/a/checkpoints/step-00000004", 4, "runs/a, checkpoint of step 4"),
    ],
)
def test_a_run_and_its_checkpoints(run: RunDirectory, path: str, step: int, described: str) -> None:
    found = find_weights(Path(path))
    assert found.folder == run.checkpoints / checkpoint.name_of(step)
    assert found.described(step) == described
    assert found.header().arrays["a"] == ((2, 3), "float32")
    assert found.known_sha256() == hashlib.sha256(found.file.read_bytes()).hexdigest()


def test_a_run_without_a_best_checkpoint_has_the_latest(run: RunDirectory) -> None:
    (run.checkpoints / "best").unlink()
    assert find_weights(run.path).described(8) == "runs/a, latest checkpoint of step 8"


def test_a_saved_model_and_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.write_folder(tmp_path / "model", 3, {"model": MODEL}, {})
    monkeypatch.chdir("/")
    found = find_weights(tmp_path / "model")
    assert found.described(3) == f"{str(tmp_path / 'model').lstrip('/')}, saved model of step 3"
    tensors.save(tmp_path / "a.safetensors", MODEL)
    found = find_weights(tmp_path / "a.safetensors")
    assert (found.folder, found.known_sha256(), found.header().arrays["a"].shape) == (None, None, (2, 3))
    monkeypatch.chdir(tmp_path)
    assert find_weights(tmp_path / "a.safetensors").described(None) == "a.safetensors"


@pytest.mark.parametrize("path", ["runs/b", "runs/a/checkpoints/step-00000005", "a.safetensors"])
def test_what_is_not_there_is_an_error_of_its_own(run: RunDirectory, path: str) -> None:
    with pytest.raises(MissingWeightsError, match="there is no "):
        find_weights(Path(path))


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("a.pt", r"netlib\.nn\.from_torch gives them to the network"),
        ("a.ckpt", "a pickle can run code"),
        ("a.h5", "load it in Keras"),
        ("a.keras", r"safetensors\.numpy\.save_file"),
        ("a.npz", "write its arrays, by the paths of the weights"),
        ("a.pb", "load the run that it came from"),
        ("a.txt", r"is a file, and none of weights, whose name ends with \.safetensors"),
    ],
)
def test_other_formats_are_refused_with_what_to_do_and_never_read(tmp_path: Path, name: str, instead: str) -> None:
    (tmp_path / name).write_bytes(b"cos\nsystem\n(S'touch /tmp/never'\ntR.")
    with pytest.raises(UsageError, match=instead) as caught:
        find_weights(tmp_path / name)
    assert not isinstance(caught.value, MissingWeightsError)


def test_an_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(UsageError, match="it is exported, and has no weights by path"):
        find_weights(tmp_path)


def test_a_damaged_checkpoint_is_told(run: RunDirectory) -> None:
    found = find_weights(run.path)
    content = found.file.read_bytes()
    found.file.write_bytes(content[:-1])
    with pytest.raises(CheckpointError, match=r"model\.safetensors has \d+ bytes, its manifest"):
        found.header()
    (run.checkpoints / "best").write_text("step-9")
    with pytest.raises(CheckpointError, match="is damaged: expected the name of a checkpoint"):
        find_weights(run.path)
