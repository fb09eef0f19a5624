"""The state of a training, copied to the host and set back. `netlib.training.checkpoint_writer` writes it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from netlib.nn.network import Network
from netlib.runs.checkpoint import Checkpoint
from netlib.runs.errors import CheckpointError
from netlib.spec.errors import NetlabError
from netlib.training.loss_scale import LossScale
from netlib.training.meters import Meters
from netlib.training.optimizers import Optimizers
from netlib.training.phase_optimizers import PhaseOptimizers
from netlib.training.plain_state import need_plain_state
from netlib.training.progress import Progress

if TYPE_CHECKING:
    from netlib.training.callbacks.callback import Callback


_METRICS = "metrics/"
"""Begins the names of the metrics of the unfinished epoch."""


class TrainingError(NetlabError):
    """Training failed: numbers that are not finite. `step` is the first, from 1, whose loss or gradient is not, if one is."""

    step: int | None = None


@dataclass(frozen=True)
class Snapshot:
    """The variables' values by group and name, and the plain values."""

    groups: Mapping[str, Mapping[str, np.ndarray]]
    plain: Mapping[str, Any]

    @property
    def step(self) -> int:
        """Updates of the weights so far."""
        return int(self.plain["progress"]["step"])

    def need_finite(self) -> None:
        """Looks at all weights, and slots of the optimizer.

        Raises:
            TrainingError: one is not finite: it must not be saved as if all were well.
        """
        _need_finite(self.groups, self.step)


class TrainingState:
    """Everything that changes while training, by group and name; and how many `replicas` train, which a checkpoint says."""

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
        self.replicas = 1
        self._callbacks = callbacks
        self._own: dict[str, dict[str, tf.Variable]] = {
            "model": {each.path: each.variable for each in named},
            "optimizer": optimizer.named_slots(named),
            "loop": {
                **{f"{_METRICS}{name}": variable for name, variable in meters.named_variables().items()},
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

    @property
    def size(self) -> int:
        """Bytes that the values of all variables take, in memory and in a checkpoint."""
        every = (variable for variables in self._variables.values() for variable in variables.values())
        return sum(variable.shape.num_elements() * variable.dtype.size for variable in every)

    def need_finite(self) -> None:
        """Looks at all weights and slots.

        Raises:
            TrainingError: one is not finite.
        """
        _need_finite(self._values(), self.progress.step)

    def _values(self) -> dict[str, dict[str, np.ndarray]]:
        return {
            group: {name: _copied(variable) for name, variable in variables.items()}
            for group, variables in self._variables.items()
        }

    def plain(self) -> dict[str, Any]:
        """The rest, as plain values."""
        callbacks = {name: callback.state() for name, callback in self._callbacks.items()}
        plain = {"progress": self.progress.state(), "callbacks": callbacks}
        return plain if self.replicas == 1 else {**plain, "replicas": self.replicas}

    def restore(
        self, saved: Checkpoint, *, new_epoch: bool = False, new_rates: bool = False, new_parts: bool = False
    ) -> Progress:
        """Sets every variable and callback as saved; returns the progress, which is the state's from now on.

        Args:
            saved: the checkpoint.
            new_epoch: whether its unfinished epoch begins anew; its metrics may then be others.
            new_rates: whether learning rates stay as they are now; one may then be a schedule that was a number.
            new_parts: whether what it does not know of callbacks, or of the scale of the loss, begins now, and what is needed no
                more is left out.

        Raises:
            CheckpointError: the checkpoint is of another model, optimizer or set of metrics; nothing is changed then.
        """
        if new_epoch:
            saved = self._but(saved, "loop", lambda name, _: name.startswith(_METRICS))
        if new_rates:
            saved = self._but(saved, "optimizer", _is_rate)
        if new_parts:
            saved = self._with_parts(saved)
        for group, variables in self._variables.items():
            _check_fit(saved.path, group, variables, saved.groups.get(group, {}))
        need_plain_state(saved.path, saved.state, self.plain())
        self.take_back(Snapshot(saved.groups, saved.state))
        for name, callback in self._callbacks.items():
            if new_parts and name not in saved.state["callbacks"]:
                callback.begin_late()
        if new_epoch:
            self.progress.begin_epoch()
        return self.progress

    def _but(self, saved: Checkpoint, group: str, chosen: Callable[[str, Any], bool]) -> Checkpoint:
        """The checkpoint with some values of a group, chosen by name and shape, as they are now in place of those it has."""
        now = {name: each.numpy() for name, each in self._own[group].items() if chosen(name, each.shape)}
        kept = {name: each for name, each in saved.groups.get(group, {}).items() if not chosen(name, each.shape)}
        return replace(saved, groups={**saved.groups, group: {**kept, **now}})

    def _with_parts(self, saved: Checkpoint) -> Checkpoint:
        """The checkpoint with those parts of the loop that there are now: of what it lacks, the values are those of now."""
        now, loop = self._variables["loop"], saved.groups.get("loop", {})
        there, had = {_part(name) for name in now}, {_part(name) for name in loop}
        kept = {name: each for name, each in loop.items() if _part(name) in there}
        begun = {name: each.numpy() for name, each in now.items() if _part(name) not in had}
        return replace(saved, groups={**saved.groups, "loop": {**kept, **begun}})

    def copied(self) -> Snapshot:
        """A copy of everything, in the host's memory, finite or not: no training that goes on changes it."""
        return Snapshot(self._values(), copy.deepcopy(self.plain()))

    def snapshot(self) -> Snapshot:
        """A copy of everything, in the host's memory.

        Raises:
            TrainingError: a weight, or a slot of the optimizer, is not finite: it must not be saved as if all were well.
        """
        snapshot = self.copied()
        snapshot.need_finite()
        return snapshot

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


def _is_rate(name: str, shape: Any) -> bool:
    """Whether it is the learning rate of an optimizer, of whichever group or phase."""
    return name.rpartition("/")[2] == "learning_rate" and len(shape) == 0


def _part(name: str) -> str:
    """To what a variable of the loop belongs: `metrics`, `loss_scale`, `callbacks/EMA`."""
    parts = name.split("/")
    return "/".join(parts[:2]) if parts[0] == "callbacks" else parts[0]


def _copied(variable: tf.Variable) -> np.ndarray:
    value: np.ndarray = variable.numpy()
    # On a CPU that may be the variable's own memory, in which the next step writes.
    return value if value.flags.owndata else value.copy()


def _need_finite(groups: Mapping[str, Mapping[str, np.ndarray]], step: int) -> None:
    for noun, group in (("weight", "model"), ("optimizer's", "optimizer")):
        for path, value in groups[group].items():
            if not np.all(np.isfinite(value)):
                message = f"{noun} '{path}' is not finite after step {step}; the last checkpoint stands"
                raise TrainingError(f"{message}. Lower the learning rate, or set train.clip")


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
