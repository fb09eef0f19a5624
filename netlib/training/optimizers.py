"""`Optimizers`: all that updates weights, one optimizer of Keras's or several, each for weights of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.nn.keras_objects import make
from netlib.nn.module import NamedVariable
from netlib.nn.network import Network
from netlib.spec.base import Spec
from netlib.spec.errors import UsageError
from netlib.spec.optimizers import OptimizerSpec
from netlib.spec.param_groups import Assigned, ParamGroups
from netlib.training.optimizer_state import cover, named_slots, take_state, unbuilt


@dataclass(frozen=True)
class _Member:
    """One optimizer, and the spec from which it was made."""

    spec: OptimizerSpec
    optimizer: Any


class Optimizers:
    """The main optimizer, and one for each combination of `train.param_groups` that has weights.

    All of them count every step, also where none of their weights is trained in it, so that schedules agree. What is in no group
    is the main optimizer's; a weight stays with the optimizer that it came to.

    Args:
        groups: which weight has which optimizer.
        main: the main one, if it is there already.
        name: of all of them together, in front of their slots' names; none if it is empty.
    """

    def __init__(self, groups: ParamGroups, main: Any = None, name: str = "") -> None:
        self.groups = groups
        self.name = name
        self._members = {"": _Member(groups.main, main or make(groups.main))}

    @property
    def main(self) -> Any:
        """The Keras optimizer of what is in no group."""
        return self._members[""].optimizer

    @property
    def names(self) -> tuple[str, ...]:
        """Of the optimizers that there are: of the main one, which is empty, and `param_groups.0` and the like."""
        return tuple(self._members)

    def __getitem__(self, name: str) -> Any:
        """The Keras optimizer of that name."""
        return self._members[name].optimizer

    @property
    def built(self) -> bool:
        """Whether any of them has come to know its weights."""
        return any(member.optimizer.built for member in self._members.values())

    @property
    def variables(self) -> list[Any]:
        """Those of all of them, as Keras has them."""
        return [variable for member in self._members.values() for variable in member.optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        """The main optimizer's, which is the one in the log. Setting it sets those of the groups too, to what they are in
        proportion to it; so a callback that halves the rate halves all of them.

        Raises:
            UsageError: it is set, and a rate follows a schedule.
        """
        return self.main.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.need_numbers("setting it")
        for member in self._members.values():
            member.optimizer.learning_rate = float(rate) * self.groups.ratio(member.spec)

    def need_numbers(self, purpose: str) -> None:
        """Refuses learning rates that are no numbers.

        Raises:
            UsageError: one follows a schedule.
        """
        for place, schedule in self.groups.schedules():
            raise UsageError(
                f"{purpose} needs a learning rate that is a number, but '{'.'.join(map(str, place))}' follows the schedule"
                f" {schedule.type_name()}"
            )

    def cover(self, named: Sequence[NamedVariable]) -> None:
        """Gives slots to those of the variables that none of them knows yet, in the optimizer of their groups."""
        known = self._owners()
        added: dict[str, list[tf.Variable]] = {}
        for each in named:
            if id(each.variable) not in known:
                added.setdefault(self._joined_by(each), []).append(each.variable)
        for name, variables in added.items():
            cover(self[name], variables)

    def cover_trained(self, model: Network) -> None:
        """The same for every variable of a built model that is trained.

        Raises:
            SpecError: a selector fits none of its variables; a frozen one may be trained later.
        """
        named = list(model.named_variables())
        self.groups.need_fit(path for each in named for path in (each.path, *each.aliases))
        self.cover([each for each in named if each.trainable])

    def apply(self, gradients: Sequence[tf.Tensor], variables: Sequence[tf.Variable]) -> None:
        """One step: every variable is updated by its optimizer, which must know it."""
        if len(self._members) == 1:
            self.main.apply(gradients, variables)
            return
        owners = self._owners()
        shares: dict[str, list[tuple[tf.Tensor, tf.Variable]]] = {name: [] for name in self._members}
        for gradient, variable in zip(gradients, variables, strict=True):
            shares[owners.get(id(variable), "")].append((gradient, variable))
        for name, share in shares.items():
            if share:
                self[name].apply_gradients(share)
            else:
                self[name].iterations.assign_add(1)

    def named_slots(self, named: Sequence[NamedVariable]) -> dict[str, tf.Variable]:
        """Every variable under a name: `iterations` and `momentums/hidden.kernel` of the main optimizer,
        `param_groups.0/iterations` of another, if any of `named` is of its groups; see
        `netlib.training.optimizer_state.named_slots`.
        """
        owners = self._owners()
        used = {"", *(owners.get(id(each.variable)) or self._assigned(each).name for each in named)}
        return {
            self._prefix(name) + slot: variable
            for name, member in self._members.items()
            if name in used
            for slot, variable in named_slots(member.optimizer, named).items()
        }

    def restore(self, named: Sequence[NamedVariable], saved: Mapping[str, Any]) -> dict[str, tf.Variable]:
        """Gives slots to the variables that had some when `saved` was, by the names of `named_slots`; returns all slots."""
        for each in named:
            if self._prefix(self._assigned(each).name) + _COUNTER in saved:
                self._joined_by(each)
        prefixes = [self._prefix(name) for name in self._members]
        known = {slot.removeprefix(prefix).partition("/")[2] for slot in saved for prefix in prefixes}
        self.cover([each for each in named if each.path in known])
        return self.named_slots(named)

    def unbuilt(self) -> Optimizers:
        """New ones with the same parameters, without slots."""
        return Optimizers(self.groups, unbuilt(self.main), self.name)

    def take_state(self, other: Optimizers, twin: Callable[[tf.Variable], tf.Variable]) -> None:
        """Brings these to the state of those from which they were copied; `twin` gives the own variable for each of theirs."""
        for name, theirs in other._members.items():
            mine = self._members.setdefault(name, _Member(theirs.spec, unbuilt(theirs.optimizer)))
            take_state(mine.optimizer, theirs.optimizer, twin)

    def _owners(self) -> dict[int, str]:
        """By the id of each variable that is known, the name of its optimizer, which keeps it alive."""
        return {
            id(variable): name
            for name, member in self._members.items()
            for variable in member.optimizer._trainable_variables
        }

    def _joined_by(self, named: NamedVariable) -> str:
        """The name of a variable's optimizer, which is made if it is the first one of it."""
        name, spec = self._assigned(named)
        if name not in self._members:
            optimizer = make(spec)
            optimizer.iterations.assign(self.main.iterations)
            self._follow(optimizer, spec)
            self._members[name] = _Member(spec, optimizer)
        return name

    def _follow(self, optimizer: Any, spec: OptimizerSpec) -> None:
        """Gives a new optimizer the learning rate that it would have by now, where the main one's was set."""
        written = self.groups.main.learning_rate
        if isinstance(written, Spec) or isinstance(spec.learning_rate, Spec):
            return
        now = float(tf.convert_to_tensor(self.main.learning_rate))
        if now != np.float32(written):
            optimizer.learning_rate = now * self.groups.ratio(spec)

    def _assigned(self, named: NamedVariable) -> Assigned:
        return self.groups.of((named.path, *named.aliases))

    def _prefix(self, name: str) -> str:
        return "".join(f"{part}/" for part in (self.name, name) if part)


_COUNTER = "iterations"
