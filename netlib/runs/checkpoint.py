"""One checkpoint: groups of named arrays and a plain state, written whole or not at all, verified before it is read.

`checkpoints/step-00001234/` holds a safetensors file for each group, `state.json` and `manifest.json`. Whether the values are
worth keeping (finite, for one) is for the caller to decide before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlib.runs import atomic, manifest, plain, staging, tensors
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import CheckpointError, TensorFileError
from netlib.runs.hashing import at_once

if TYPE_CHECKING:
    import numpy.typing as npt

    from netlib.runs.tensors import Arrays

GROUPS = ("model", "optimizer", "loop")
STATE = "state.json"
_NAME = re.compile(r"step-(\d{8,18})")


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds: the groups that were asked for, and the aliases of the model's shared variables."""

    path: Path
    step: int
    groups: dict[str, dict[str, npt.NDArray[Any]]]
    state: dict[str, Any]
    aliases: dict[str, str] = field(default_factory=dict)


def write(
    run: RunDirectory,
    step: int,
    groups: Mapping[str, Arrays],
    state: Mapping[str, Any],
    aliases: Mapping[str, str] | None = None,
) -> Path:
    """Write a checkpoint and return its folder; one that the step has already is replaced. The pointers stay as they are.

    Args:
        run: The run, which no other process may be writing.
        step: Updates of the weights so far.
        groups: Arrays by name, in groups of `GROUPS`; `model` must be there.
        state: Plain values (`netlib.runs.plain`), with text keys.
        aliases: Other names of shared variables of the model: alias -> name.

    Raises:
        NetlabError: if the system refuses; nothing is half-written, and older checkpoints stand.
    """
    folder = run.checkpoints / name_of(step)
    write_folder(folder, step, groups, state, aliases)
    return folder


def write_folder(
    folder: Path,
    step: int,
    groups: Mapping[str, Arrays],
    state: Mapping[str, Any],
    aliases: Mapping[str, str] | None = None,
) -> None:
    """Write a checkpoint that need not be a run's; arguments and errors as of `write`. A folder that is there is replaced."""
    unknown = set(groups) - set(GROUPS)
    if unknown or "model" not in groups or step < 0:
        raise ValueError(
            f"expected 'model' and any of {GROUPS[1:]} and a step of at least 0, got {sorted(groups)} and {step}"
        )
    text = plain.to_json({"step": step, "state": dict(state)})
    with staging.appearing(folder) as hidden:
        digests = {
            file_of(group): tensors.save(hidden / file_of(group), arrays, aliases if group == "model" else None)
            for group, arrays in groups.items()
        }
        atomic.write_text(hidden / STATE, text + "\n")
        manifest.write(hidden, digests)


def verify(path: Path) -> None:
    """Compare every byte of a checkpoint with its manifest.

    Raises:
        CheckpointError: if it is incomplete, damaged or of a newer format.
    """
    entries = entries_of(path)
    manifest.check(path, entries, hashed=entries)
    _state(path)


def read(path: Path, groups: Iterable[str] | None = None) -> Checkpoint:
    """Read a checkpoint: all of its groups, or only some. What is read is verified; of other files, the size.

    Raises:
        CheckpointError: if it is incomplete, damaged or of a newer format, or has no such group.
    """
    entries = entries_of(path)
    wanted = [group for group in GROUPS if file_of(group) in entries] if groups is None else list(groups)
    for group in wanted:
        if file_of(group) not in entries:
            raise CheckpointError(f"checkpoint {path} has no {file_of(group)} (it has: {', '.join(sorted(entries))})")
    manifest.check(path, entries, hashed=[STATE])
    arrays = dict(zip(wanted, at_once(lambda group: _verified(path, entries, file_of(group)), wanted), strict=True))
    step, state = _state(path)
    try:
        aliases = tensors.load_aliases(path / file_of("model"))
    except TensorFileError as error:
        raise CheckpointError(f"checkpoint {path} cannot be read: {error}") from error
    return Checkpoint(path, step, arrays, state, aliases)


def name_of(step: int) -> str:
    """The name of the folder of a step's checkpoint, `step-00001234`."""
    return f"step-{step:08d}"


def step_of(path: Path) -> int | None:
    """The step that a checkpoint's folder has in its name; None if it is not such a name."""
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match and name_of(int(match[1])) == path.name else None


def checkpoints_of(run: RunDirectory) -> list[Path]:
    """The folders of a run's checkpoints by step, verified or not."""
    return sorted((path for path in run.checkpoints.iterdir() if step_of(path) is not None), key=_by_step)


def clear_leftovers(run: RunDirectory) -> None:
    """Finish or remove what a killed writer left: for the one process that goes on with the run, before it does.

    Raises:
        NetlabError: if the system refuses.
    """
    with atomic.explained(run.checkpoints, "clean"):
        staging.clear(run.checkpoints)
        atomic.clear_temporary(run.checkpoints)
        atomic.clear_temporary(run.path)


def _by_step(path: Path) -> int:
    return step_of(path) or 0


def file_of(group: str) -> str:
    """The name of the file of a group, `model.safetensors`."""
    return f"{group}.safetensors"


def entries_of(path: Path) -> dict[str, manifest.Entry]:
    """Size and SHA-256 of each file of a checkpoint, by its name, as the manifest says.

    Raises:
        CheckpointError: the manifest is damaged, of a newer format, or not that of a checkpoint.
    """
    entries = manifest.read(path, known=[STATE, *map(file_of, GROUPS)])
    for name in (STATE, file_of("model")):
        if name not in entries:
            raise manifest.damaged(path, f"its {manifest.NAME} does not list {name}")
    return entries


def _verified(path: Path, entries: dict[str, manifest.Entry], name: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a file, which is read once."""
    digest = hashlib.sha256()
    try:
        arrays = tensors.load(path / name, digest)
    except TensorFileError as error:
        manifest.check(path, entries, hashed=[name])  # a file that has changed since it was written is told as such
        raise CheckpointError(f"checkpoint {path} cannot be read: {error}") from error
    manifest.check_digest(path, name, entries[name], digest.hexdigest())
    return arrays


def _state(path: Path) -> tuple[int, dict[str, Any]]:
    """The step and the state; a checkpoint may be copied to another name, but not to the name of another step."""
    try:
        content = plain.from_json((path / STATE).read_bytes())
        step, state = content["step"], content["state"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise manifest.damaged(path, f"{STATE} cannot be read ({error})") from error
    if type(step) is not int or not isinstance(state, dict):
        raise manifest.damaged(path, f"{STATE} does not hold a step and a state")
    if step_of(path) not in (None, step):
        raise manifest.damaged(path, f"{STATE} is of step {step}")
    return step, state
