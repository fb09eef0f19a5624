"""The state of a training, to and from the checkpoints of its run."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from netlib.nn.network import Network
from netlib.runs import checkpoint, pointers
from netlib.runs.checkpoint import Checkpoint
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import CheckpointError
from netlib.spec.errors import NetlabError
from netlib.training.loss_scale import LossScale
from netlib.training.meters import Meters
from netlib.training.optimizers import Optimizers
from netlib.training.phase_optimizers import PhaseOptimizers
from netlib.training.progress import Progress

if TYPE_CHECKING:
    from netlib.training.callbacks.callback import Callback


class TrainingError(NetlabError):
    """Training failed: numbers that are not finite."""


@dataclass(frozen=True)
class Snapshot:
    """The variables' values by group and name, and the plain values."""

    groups: Mapping[str, Mapping[str, np.ndarray]]
    plain: Mapping[str, Any]


class TrainingState:
    """Everything that changes while training, by group and name."""

    def __init__(
        self,
        model: Network,
        optimizer: Optimizers | PhaseOptimizers,
        meters: Meters,
        callbacks: Mapping[str, Callback],
        progress: Progress,
        scale: LossScale | None = None,
    ) -> None:
        named = list(model.named_variables())
        self.model = model
        self.progress = progress
        self.scale = scale
        self._callbacks = callbacks
        self._own: dict[str, dict[str, tf.Variable]] = {
            "model": {each.path: each.variable for each in named},
            "optimizer": optimizer.named_slots(named),
            "loop": {
                **{f"metrics/{name}": variable for name, variable in meters.named_variables().items()},
                **(scale.named_variables() if scale else {}),
            },
        }

    @property
    def _variables(self) -> dict[str, dict[str, tf.Variable]]:
        """By group and name; the callbacks' are those that they have now."""
        of_callbacks = {
            f"callbacks/{name}/{each}": variable
            for name, callback in self._callbacks.items()
            for each, variable in callback.variables().items()
        }
        return {**self._own, "loop": {**self._own["loop"], **of_callbacks}}

    def arrays(self) -> dict[str, dict[str, np.ndarray]]:
        """The values of all variables, copied from the device.

        Raises:
            TrainingError: a weight, or a slot of the optimizer, is not finite: it must not be saved as if all were well.
        """
        groups = self._values()
        self._need_finite(groups)
        return groups

    def need_finite(self) -> None:
        """Looks at all weights and slots.

        Raises:
            TrainingError: one is not finite.
        """
        self._need_finite(self._values())

    def _values(self) -> dict[str, dict[str, np.ndarray]]:
        return {
            group: {name: variable.numpy() for name, variable in variables.items()}
            for group, variables in self._variables.items()
        }

    def _need_finite(self, groups: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        for noun, group in (("weight", "model"), ("optimizer's", "optimizer")):
            for path, value in groups[group].items():
                if not np.all(np.isfinite(value)):
                    message = (
                        f"{noun} '{path}' is not finite after step {self.progress.step}; the last checkpoint stands"
                    )
                    raise TrainingError(f"{message}. Lower the learning rate, or set train.clip")

    def plain(self) -> dict[str, Any]:
        """The rest, as plain values."""
        callbacks = {name: callback.state() for name, callback in self._callbacks.items()}
        return {"progress": self.progress.state(), "callbacks": callbacks}

    def restore(self, saved: Checkpoint) -> Progress:
        """Sets every variable and callback as saved; returns the progress, which is the state's from now on.

        Raises:
            CheckpointError: the checkpoint is of another model, optimizer or set of metrics; nothing is changed then.
        """
        for group, variables in self._variables.items():
            _check_fit(saved.path, group, variables, saved.groups.get(group, {}))
        self.take_back(Snapshot(saved.groups, saved.state))
        return self.progress

    def snapshot(self) -> Snapshot:
        """A copy of everything, in the host's memory.

        Raises:
            TrainingError: as `arrays`.
        """
        return Snapshot(self.arrays(), copy.deepcopy(self.plain()))

    def take_back(self, snapshot: Snapshot) -> None:
        """Sets everything as it was. `progress` stays the same object."""
        for group, variables in self._variables.items():
            for name, variable in variables.items():
                variable.assign(snapshot.groups[group][name])
        plain = copy.deepcopy(snapshot.plain)  # which may be taken back once more
        vars(self.progress).update(vars(Progress.from_state(plain["progress"])))
        for name, callback in self._callbacks.items():
            if name in plain["callbacks"]:  # one that the run gets only now begins now
                callback.restore(plain["callbacks"][name])


class CheckpointWriter:
    """Writes checkpoints of a run; `best` and `latest` point at them, and older ones are removed."""

    def __init__(self, run: RunDirectory, state: TrainingState, keep_last: int) -> None:
        self.run = run
        self._state = state
        self._keep_last = keep_last

    def save(self, *, best: bool = False) -> Path:
        """Writes the present state."""
        state = self._state
        path = checkpoint.write(self.run, state.progress.step, state.arrays(), state.plain())
        pointers.point(self.run, "latest", path)
        if best:
            pointers.point(self.run, "best", path)
        pointers.prune(self.run, self._keep_last)
        return path


def is_due(every: int | None, count: int) -> bool:
    """Whether something that is done every so many epochs or steps is to be done after `count` of them; never if None."""
    return every is not None and count % every == 0


def _check_fit(path: Path, group: str, variables: Mapping[str, tf.Variable], saved: Mapping[str, np.ndarray]) -> None:
    problems = [f"no '{name}'" for name in variables if name not in saved]
    problems += [f"unknown '{name}'" for name in saved if name not in variables]
    problems += [
        f"'{name}' is {saved[name].shape} {saved[name].dtype}, expected {tuple(variable.shape)} {variable.dtype.name}"
        for name, variable in variables.items()
        if name in saved and (saved[name].shape != tuple(variable.shape) or saved[name].dtype != variable.dtype.name)
    ]
    if problems:
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        raise CheckpointError(f"checkpoint {path} does not fit this {group}: {shown}")
