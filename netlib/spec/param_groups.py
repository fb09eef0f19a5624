"""`train.param_groups`: a learning rate, a decay or an optimizer of their own for some of the weights, chosen by selectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, Annotated, NamedTuple, Self, cast

from pydantic import BeforeValidator, Field, model_validator

from netlib.spec.base import Spec, as_validation_error
from netlib.spec.choice import Choice
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.freezing import Selectors
from netlib.spec.graph import Graph
from netlib.spec.learning_rate import Rate
from netlib.spec.types import NonNegativeFloat, PositiveFloat, as_tuple
from netlib.spec.weight_selectors import Placed, fits, misfits, misses, trained_weights

if TYPE_CHECKING:
    from netlib.spec.optimizers import OptimizerSpec
    from netlib.spec.schedules import ScheduleSpec

KEY = "param_groups"


class ParamGroupSpec(Spec):
    """What is different for the weights that `params` choose. The first group that says something of a weight decides on it."""

    params: Annotated[Selectors, Field(min_length=1)] = Field(
        description="The weights, by globs over the paths of nodes and weights, such as `encoder.**` or `**.bias`."
    )
    learning_rate: Rate | None = Field(
        None, description="Learning rate in place of the optimizer's: a number, or a schedule."
    )
    learning_rate_scale: PositiveFloat | None = Field(
        None, description="Factor by which the optimizer's learning rate, or its schedule, is multiplied."
    )
    weight_decay: NonNegativeFloat | None = Field(
        None, description="Decay in place of the optimizer's; 0 for weights that do not decay, the optimizer's if null."
    )
    optimizer: Annotated[Spec, Choice("optimizer", optional=True)] | None = Field(
        None, description="Optimizer in place of `train.optimizer`, with a learning rate and a decay of its own."
    )

    @classmethod
    def type_name(cls) -> str:
        """As messages call it."""
        return "param_group"

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = [name for name in _SETTINGS if getattr(self, name) is not None]
        if not said:
            raise ValueError(f"a group needs one of {', '.join(_SETTINGS)}: else it is like what is in no group")
        if self.optimizer and len(said) > 1:
            other = next(name for name in said if name != "optimizer")
            message = "stands beside an optimizer, which has one of its own"
            if other == "learning_rate_scale":
                message = "stands beside an optimizer of its own: write that one's learning_rate as it is to be"
            raise as_validation_error([Problem((other,), message, at="key")])
        if self.learning_rate is not None and self.learning_rate_scale is not None:
            message = "stands beside learning_rate: give the rate itself, or a factor of the optimizer's"
            raise as_validation_error([Problem(("learning_rate_scale",), message, at="key")])
        return self

    def fits(self, paths: Iterable[str]) -> bool:
        """Whether it is a group of the weight with these paths (several where it is shared)."""
        return fits(self.params, paths)


_SETTINGS = ("learning_rate", "learning_rate_scale", "weight_decay", "optimizer")
ParamGroupSpecs = Annotated[tuple[ParamGroupSpec, ...], BeforeValidator(as_tuple)]


class Assigned(NamedTuple):
    """The optimizer of a weight; `name` tells by which groups it is that one, and is empty where none says anything."""

    name: str
    optimizer: OptimizerSpec


class Share(NamedTuple):
    """What one optimizer updates: so many parameters, for which it keeps so many numbers."""

    name: str
    optimizer: OptimizerSpec
    parameters: int
    slots: int


class ParamGroups:
    """Which weight is updated by which optimizer, with which rate and decay.

    Going through the groups that fit a weight, in their order, the first learning rate (or factor) and the first decay are
    taken. The first optimizer settles the rest: what comes after it says nothing of that weight any more. What no group says is
    the main optimizer's.
    """

    def __init__(self, main: OptimizerSpec, groups: Sequence[ParamGroupSpec] = ()) -> None:
        self.main = main
        self.groups = tuple(groups)

    def of(self, paths: Iterable[str]) -> Assigned:
        """The optimizer of the weight with these paths."""
        paths = tuple(paths)
        rate: Spec | float | None = None
        factor = decay = None
        base, said = self.main, []
        for number, group in enumerate(self.groups):
            if not group.fits(paths):
                continue
            before = (rate, factor, decay)
            if rate is None and factor is None:
                rate, factor = group.learning_rate, group.learning_rate_scale
            decay = group.weight_decay if decay is None else decay
            base = group.optimizer or base  # type: ignore[assignment]  # the field's type is that of all choices
            if group.optimizer or (rate, factor, decay) != before:
                said.append(str(number))
            if group.optimizer:
                break
        if not said:
            return Assigned("", self.main)
        return Assigned(f"{KEY}.{'+'.join(said)}", _changed(base, rate, factor, decay))

    def ratio(self, optimizer: OptimizerSpec) -> float:
        """The learning rate of an optimizer as a multiple of the main one's; 1 where one of the two follows a schedule."""
        mine, main = optimizer.learning_rate, self.main.learning_rate
        return 1.0 if isinstance(mine, Spec) or isinstance(main, Spec) else mine / main

    def schedules(self) -> Iterator[tuple[Loc, ScheduleSpec]]:
        """Every schedule that a learning rate follows, with the place of that rate or of its optimizer under `train`."""
        rates: list[tuple[Loc, Spec | float | None]] = [(("optimizer",), self.main.learning_rate)]
        for number, group in enumerate(self.groups):
            own = getattr(group.optimizer, "learning_rate", None)
            rates += [((KEY, number, "learning_rate"), group.learning_rate), ((KEY, number, "optimizer"), own)]
        return ((place, cast("ScheduleSpec", rate)) for place, rate in rates if isinstance(rate, Spec))

    def need_fit(self, paths: Iterable[str]) -> None:
        """Looks for weights of each selector among the paths of a model's.

        Raises:
            SpecError: one fits none of them; its place is under `train`.
        """
        problems = misses(self._selectors(), paths)
        if problems:
            raise SpecError(problems, KEY)

    def check(self, graph: Graph) -> list[Problem]:
        """Selectors that fit no weight that is trained, and groups that say nothing of any; places are under `train`."""
        if not self.groups:
            return []
        return misfits(self._selectors(), graph) or list(
            self._overruled([paths for paths, _ in trained_weights(graph)])
        )

    def _selectors(self) -> Placed:
        return [
            ((KEY, number, "params", place), selector)
            for number, group in enumerate(self.groups)
            for place, selector in enumerate(group.params)
        ]

    def shares(self, graph: Graph) -> list[Share]:
        """Every optimizer that has weights of a network to train, the main one first."""
        found: dict[str, Share] = {}
        for paths, weight in trained_weights(graph):
            name, optimizer = self.of(paths)
            _, _, parameters, slots = found.get(name, Share(name, optimizer, 0, 0))
            found[name] = Share(name, optimizer, parameters + prod(weight.shape), slots + optimizer.slots(weight.shape))
        return [found[name] for name in sorted(found)]

    def _overruled(self, trained: Sequence[tuple[str, ...]]) -> Iterator[Problem]:
        """Groups that are of no use, because for each of their weights groups before them have decided."""
        names = {self.of(paths).name.removeprefix(f"{KEY}.") for paths in trained}
        used = {number for name in names for number in name.split("+")}
        for number, group in enumerate(self.groups):
            if str(number) in used:
                continue
            paths = next(paths for paths in trained if group.fits(paths))
            first = next(place for place, each in enumerate(self.groups) if each.fits(paths))
            message = (
                f"this group changes nothing: of every weight that it fits, such as '{paths[0]}', an earlier group"
                f" ({KEY}.{first}) says the same things already, and the first one decides; put the narrower group first"
            )
            yield Problem((KEY, number), message)


def _changed(
    base: OptimizerSpec, rate: Spec | float | None, factor: float | None, decay: float | None
) -> OptimizerSpec:
    changes: dict[str, Spec | float] = {}
    if rate is not None:
        changes["learning_rate"] = rate
    if factor is not None:
        own = base.learning_rate
        changes["learning_rate"] = cast("ScheduleSpec", own).scaled(factor) if isinstance(own, Spec) else factor * own
    if decay is not None:
        changes["weight_decay"] = decay
    return base.model_copy(update=changes)
