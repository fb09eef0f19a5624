"""Which saved weights are meant by a path: those of a run, of a checkpoint, of a saved model, or of a file of their own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netlib.runs import checkpoint, locate, manifest
from netlib.runs.directory import RunDirectory, is_run
from netlib.runs.errors import CheckpointError, TensorFileError
from netlib.runs.pointers import POINTERS, pointed
from netlib.runs.tensor_header import Header, read_header
from netlib.spec.errors import UsageError

SUFFIX = ".safetensors"
_MODEL = checkpoint.file_of("model")
_PICKLE = (
    "a pickle can run code. In torch write safetensors.torch.save_file(model.state_dict(), 'torch.safetensors'); in Python"
    " netlib.nn.from_torch gives them to the network, and Model.save_weights writes the file to load"
)
_ARRAYS = "write its arrays, by the paths of the weights, with safetensors.numpy.save_file; 'map' renames them"
_KERAS = f"load it in Keras, and {_ARRAYS.replace('its arrays', 'the arrays of its weights')}"
_INSTEAD: Mapping[str, str] = {
    **dict.fromkeys((".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle"), _PICKLE),
    **dict.fromkeys((".h5", ".hdf5", ".keras"), _KERAS),
    **dict.fromkeys((".npz", ".npy"), _ARRAYS),
    ".pb": "it is exported, and has no weights by path: load the run that it came from",
}
"""What to do with files in other formats."""


class MissingWeightsError(UsageError):
    """There is nothing where weights are to be loaded from."""


@dataclass(frozen=True)
class SavedWeights:
    """Weights on the disk: `folder` is their checkpoint or saved model, None of a file of weights; `file` has them."""

    path: Path
    file: Path
    folder: Path | None = None

    def header(self) -> Header:
        """Names, shapes and types. Of a checkpoint its manifest is read too, and the sizes of its files are looked at.

        Raises:
            TensorFileError: the file is missing or damaged.
            CheckpointError: the checkpoint is.
        """
        if self.folder is None:
            return read_header(self.file)
        manifest.check(self.folder, checkpoint.entries_of(self.folder), hashed=())
        try:
            return read_header(self.file)
        except TensorFileError as error:
            raise CheckpointError(f"checkpoint {self.folder} cannot be read: {error}") from error

    def known_sha256(self) -> str | None:
        """Of the file in hexadecimal, as the checkpoint's manifest says it; None of a file of weights.

        Raises:
            CheckpointError: the checkpoint is damaged.
        """
        return checkpoint.entries_of(self.folder)[_MODEL].sha256 if self.folder else None

    def described(self, step: int | None) -> str:
        """`runs/a-1, best checkpoint of step 400`; the path as seen from the current folder, if it is below."""
        shown = _from_here(self.path)
        if self.folder is None or step is None:
            return shown
        if checkpoint.step_of(self.folder) is None:
            return f"{shown}, saved model of step {step}"
        run = RunDirectory(self.folder.parent.parent)
        asked = [name for name in POINTERS if name == self.path.name]
        names = asked or [
            name for name in reversed(POINTERS) if self.path == run.path
        ]  # of a run the best, if it has one
        kind = next((f"{name} " for name in names if pointed(run, name) == self.folder), "")
        return f"{_from_here(run.path)}, {kind}checkpoint of step {step}"


def find_weights(path: Path) -> SavedWeights:
    """The weights that a path means: of a run those of its best checkpoint.

    Raises:
        MissingWeightsError: there is no such file, run or checkpoint.
        UsageError: it is in a format that is not read.
        CheckpointError: a pointer of the run is damaged.
    """
    if path.suffix == SUFFIX and not path.is_dir():
        if not path.exists():
            raise MissingWeightsError(f"there is no file '{path}'")
        return SavedWeights(path, path)
    exported = path / "saved_model.pb"
    suffix = exported.suffix if exported.is_file() else path.suffix
    if suffix in _INSTEAD and not is_run(path) and not (path / manifest.NAME).is_file():
        raise UsageError(f"'{path}' is in a format that netlab does not load: {_INSTEAD[suffix]}")
    if path.is_file() and path.name not in POINTERS:
        raise UsageError(f"'{path}' is a file, and none of weights, whose name ends with {SUFFIX}")
    try:
        folder = locate.find_checkpoint(path)
    except UsageError as error:
        raise MissingWeightsError(str(error)) from None
    return SavedWeights(path, folder / _MODEL, folder)


def _from_here(path: Path) -> str:
    here = os.path.relpath(path)
    return str(path) if here.startswith(os.pardir) else here
