"""The optimizers of `train.phases`, each with slots for the weights that its phase trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from netlib.nn.module import NamedVariable
from netlib.nn.network import Network
from netlib.spec.phases import Phases
from netlib.spec.training import TrainSpec
from netlib.training.optimizers import Optimizers


class PhaseOptimizers:
    """All that updates weights where a step has several phases; to those who keep and restore its state like `Optimizers`.

    A weight that several phases train has slots in each of theirs. Slots have the name of their phase in front.
    """

    def __init__(self, phases: Phases, members: Mapping[str, Optimizers] | None = None) -> None:
        self.phases = phases
        self._members = members or {spec.called: Optimizers(spec.groups, name=spec.called) for spec in phases.specs}

    def __getitem__(self, phase: str) -> Optimizers:
        """Those of a phase."""
        return self._members[phase]

    @property
    def main(self) -> Any:
        """The Keras optimizer of the first phase."""
        return next(iter(self._members.values())).main

    @property
    def built(self) -> bool:
        """Whether any of them has come to know its weights."""
        return any(member.built for member in self._members.values())

    @property
    def variables(self) -> list[Any]:
        """Those of all of them, as Keras has them."""
        return [variable for member in self._members.values() for variable in member.variables]

    @property
    def learning_rate(self) -> Any:
        """The first phase's, which is the one in the log. Setting it sets those of the other phases too, to what they are in
        proportion to it.

        Raises:
            UsageError: it is set, and a rate follows a schedule.
        """
        return self.main.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.need_numbers("setting it")
        first, *_ = self.phases.specs
        for spec in self.phases.specs:
            self[spec.called].learning_rate = rate * first.groups.ratio(spec.groups.main)

    def need_numbers(self, purpose: str) -> None:
        """Refuses learning rates that are no numbers.

        Raises:
            UsageError: one follows a schedule.
        """
        for name, member in self._members.items():
            member.need_numbers(f"{purpose} in phase '{name}'")

    def cover_trained(self, model: Network) -> None:
        """Gives slots to every variable of a built model that is trained, in the optimizers of its phases.

        Raises:
            SpecError: a selector fits none of its variables.
        """
        named = list(model.named_variables())
        self.phases.need_fit(path for each in named for path in (each.path, *each.aliases))
        for name, chosen in self._shares(named):
            self[name].cover([each for each in chosen if each.trainable])

    def trained(self, model: Network, phase: str) -> tuple[tf.Variable, ...]:
        """The variables that a phase trains."""
        shares = dict(self._shares(list(model.named_variables())))
        return tuple(each.variable for each in shares[phase] if each.trainable)

    def named_slots(self, named: Sequence[NamedVariable]) -> dict[str, tf.Variable]:
        """Every variable under a name, `critic/momentums/critic.kernel`."""
        return {slot: each for member in self._members.values() for slot, each in member.named_slots(named).items()}

    def restore(self, named: Sequence[NamedVariable], saved: Mapping[str, Any]) -> dict[str, tf.Variable]:
        """Gives slots to the variables that had some when `saved` was; returns all slots."""
        return {
            slot: each for name, share in self._shares(named) for slot, each in self[name].restore(share, saved).items()
        }

    def unbuilt(self) -> PhaseOptimizers:
        """New ones with the same parameters, without slots."""
        return PhaseOptimizers(self.phases, {name: member.unbuilt() for name, member in self._members.items()})

    def take_state(self, other: PhaseOptimizers, twin: Callable[[tf.Variable], tf.Variable]) -> None:
        """Brings these to the state of those from which they were copied."""
        for name, member in self._members.items():
            member.take_state(other[name], twin)

    def _shares(self, named: Sequence[NamedVariable]) -> list[tuple[str, list[NamedVariable]]]:
        """The variables of each phase."""
        return [
            (spec.called, [each for each in named if spec.fits((each.path, *each.aliases))])
            for spec in self.phases.specs
        ]


def optimizers_of(train: TrainSpec, ready: Any = None) -> Optimizers | PhaseOptimizers:
    """New ones, as a `train` section says; `ready` is the main optimizer where it is Keras's already."""
    return PhaseOptimizers(train.players) if train.phases else Optimizers(train.groups, ready)
