"""`train.phases`: several players in one step, each of which trains weights of its own by a loss and an optimizer of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, Field

from netlib.spec.base import Spec
from netlib.spec.choice import Optimizer, parse_choice
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.freezing import Selectors
from netlib.spec.graph import Graph
from netlib.spec.names import check_name
from netlib.spec.param_groups import ParamGroups
from netlib.spec.terms import LossTerm
from netlib.spec.train_fields import ClipSpec, Losses, loss_names
from netlib.spec.types import PositiveInt, as_tuple
from netlib.spec.weight_selectors import Placed, fits, misfits, misses, trained_weights

if TYPE_CHECKING:
    from netlib.spec.optimizers import OptimizerSpec
    from netlib.spec.schedules import ScheduleSpec

KEY = "phases"
_SHOWN = 3
INSTEAD = {
    "loss": "each phase has a loss of its own",
    "optimizer": "each phase has an optimizer of its own",
    "clip": "each phase has a clip of its own",
    "param_groups": "each phase has an optimizer of its own, for the weights that it trains",
    "accumulate": "a phase takes each of its batches by itself; set a larger data.batch_size",
}
"""What cannot stand beside phases, and why."""


NO_FLOAT16 = "cannot scale a loss, which gradients in float16 need: take mixed_bfloat16 or float32"


def _need_terms(terms: tuple[LossTerm, ...]) -> tuple[LossTerm, ...]:
    if not terms:
        raise ValueError("a phase needs a loss: a name, or a mapping from names to losses")
    return terms


def _name(text: str) -> str:
    for problem in check_name(text, ()):
        raise ValueError(problem.message)
    return text


def beside_phases(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is written in the section, by key, and cannot stand beside phases; and why."""
    if given.get("phases"):
        for key, why in INSTEAD.items():
            if given.get(key) not in (None, (), []):
                yield key, f"cannot stand beside 'phases': {why}"


class PhaseSpec(Spec):
    """One player. `times` batches are taken in each step, each for one update of the weights that it trains; all others stay as
    they are. A weight may be trained in several phases, each time by the optimizer of the phase, which has its own slots."""

    trains: Annotated[Selectors, Field(min_length=1)] = Field(
        description="The weights, by globs over the paths of nodes and weights, such as `critic.**`."
    )
    name: Annotated[str, AfterValidator(_name)] | None = Field(
        None, description="Begins the names of its losses in the log; by default the first part of `trains`."
    )
    times: PositiveInt = Field(1, description="Updates in a step, each from a batch of its own.")
    loss: Annotated[Losses, AfterValidator(_need_terms)] = Field(
        description="What it minimises: a loss, or a mapping from names to losses with 'of', 'target' and 'weight'."
    )
    optimizer: Optimizer = Field(
        default_factory=lambda: parse_choice("optimizer", "Adam"), description="How gradients become updates."
    )
    clip: ClipSpec | None = Field(None, description="How its gradients are kept small.")

    @classmethod
    def type_name(cls) -> str:
        """As messages call it."""
        return "phase"

    @property
    def called(self) -> str:
        """Its name."""
        plain = (selector.partition(".")[0] for selector in self.trains)
        return self.name or next((part for part in plain if not {"*", "?"} & {*part}), "")

    @property
    def logged(self) -> tuple[str, ...]:
        """Names in the log: its loss, and each term of it where there are several."""
        return loss_names([term.name for term in self.loss], self.called)

    @property
    def groups(self) -> ParamGroups:
        """Its optimizer, as that of all that it trains."""
        return ParamGroups(cast("OptimizerSpec", self.optimizer))

    def fits(self, paths: Iterable[str]) -> bool:
        """Whether it trains the weight with these paths (several where it is shared)."""
        return fits(self.trains, paths)


PhaseSpecs = Annotated[tuple[PhaseSpec, ...], BeforeValidator(as_tuple)]


class Phases:
    """The phases of a step in their order; none where `train` has one loss and one optimizer."""

    def __init__(self, specs: Sequence[PhaseSpec]) -> None:
        self.specs = tuple(specs)

    def __bool__(self) -> bool:
        return bool(self.specs)

    @property
    def batches(self) -> int:
        """Of a step."""
        return sum(spec.times for spec in self.specs)

    @property
    def losses(self) -> tuple[LossTerm, ...]:
        """The terms of all of them."""
        return tuple(
            term.within(spec.called, (KEY, number)) for number, spec in enumerate(self.specs) for term in spec.loss
        )

    @property
    def logged(self) -> tuple[str, ...]:
        """Names in the log: the sum, each phase's loss, and each term of it where there are several."""
        return ("loss", *(name for spec in self.specs for name in spec.logged))

    def problems(self) -> Iterator[Problem]:
        """Names that are missing or there twice; places are under `train`."""
        names: dict[str, int] = {}
        for number, spec in enumerate(self.specs):
            if not spec.called:
                yield Problem((KEY, number), f"a phase that trains {', '.join(spec.trains)} needs a 'name'")
            elif spec.called in names:
                other = f"{KEY}.{names[spec.called]} is called so too"
                yield Problem((KEY, number), f"the name '{spec.called}' is taken: {other}; give one another 'name'")
            names.setdefault(spec.called, number)
        logged = self.logged
        twice = sorted({name for name in logged if logged.count(name) > 1})
        if twice and len(names) == len(self.specs):
            yield Problem((KEY,), f"two losses would be logged as '{twice[0]}'; give a phase or a term another name")

    def schedules(self) -> Iterator[tuple[Loc, ScheduleSpec, int]]:
        """Every schedule, with its place under `train` and how often in a step it goes on."""
        for number, spec in enumerate(self.specs):
            yield from (((KEY, number, *place), rate, spec.times) for place, rate in spec.groups.schedules())

    def need_fit(self, paths: Iterable[str]) -> None:
        """Looks for weights of each selector among the paths of a model's.

        Raises:
            SpecError: one fits none of them; its place is under `train`.
        """
        problems = misses(self._selectors(), paths)
        if problems:
            raise SpecError(problems)

    def check(self, graph: Graph) -> list[Problem]:
        """Selectors that fit no weight that is trained; a warning where no phase trains one. Places are under `train`."""
        if not self.specs:
            return []
        return misfits(self._selectors(), graph) or list(self._left([paths for paths, _ in trained_weights(graph)]))

    def _selectors(self) -> Placed:
        return [
            ((KEY, number, "trains", place), selector)
            for number, spec in enumerate(self.specs)
            for place, selector in enumerate(spec.trains)
        ]

    def _left(self, trained: Sequence[tuple[str, ...]]) -> Iterator[Problem]:
        left = [paths[0] for paths in trained if not any(spec.fits(paths) for spec in self.specs)]
        if left:
            more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
            message = (
                f"no phase trains {', '.join(left[:_SHOWN])}{more}: they stay as they were made; select them in 'trains', or"
                " freeze them by 'train.freeze'"
            )
            yield Problem((KEY,), message, severity="warning")
