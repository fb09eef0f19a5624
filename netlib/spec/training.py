"""`TrainSpec`: the `train` section of a config."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self, cast

from pydantic import Field, model_validator

from netlib.spec.base import as_validation_error
from netlib.spec.callbacks import EarlyStopping, Mode, ReduceOnPlateau, Seconds
from netlib.spec.checkpoint import CheckpointSpec
from netlib.spec.choice import Distribute, Mixing, Optimizer, parse_choice
from netlib.spec.computed import ComputedSpec
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean
from netlib.spec.freezing import Freeze, Freezing
from netlib.spec.loading import LoadSpec
from netlib.spec.param_groups import ParamGroups, ParamGroupSpecs
from netlib.spec.phases import INSTEAD, NO_FLOAT16, Phases, PhaseSpecs, beside_phases
from netlib.spec.precision import Precision
from netlib.spec.terms import LossTerm, MetricTerm
from netlib.spec.train_fields import (
    Callbacks,
    ClipSpec,
    Losses,
    Metrics,
    MonitorSpec,
    Section,
    loss_names,
)
from netlib.spec.types import PositiveInt

if TYPE_CHECKING:
    from netlib.spec.distribute import Distribution
    from netlib.spec.graph import Graph
    from netlib.spec.heads import Heads
    from netlib.spec.optimizers import OptimizerSpec
    from netlib.spec.schedules import ScheduleSpec

__all__ = ["ClipSpec", "Execution", "LossTerm", "MetricTerm", "MonitorSpec", "Monitored", "OnNaN", "TrainSpec"]

Execution = Literal["auto", "xla", "graph", "eager"]
OnNaN = Literal["stop", "skip", "rollback"]
SPLITS = ("train", "validation")
_TO_VALIDATE = "set 'data.validation', or give Model.fit validation_data"


class Monitored(NamedTuple):
    """A logged value, and which way is better."""

    split: str
    metric: str
    mode: Literal["min", "max"]

    def __str__(self) -> str:
        return f"{self.split}.{self.metric}"


class TrainSpec(Section):
    """The `train` section. A step is one update of the weights; training ends at whichever budget is used up first."""

    epochs: PositiveInt | None = Field(None, description="Passes over the training data.")
    steps: PositiveInt | None = Field(None, description="Updates of the weights.")
    max_time: Seconds | None = Field(None, description="Seconds, or a time such as 90s, 10m, 2h.")
    loss: Losses = Field(
        (),
        description="A loss, or a mapping from names to losses with 'of', 'target' and 'weight'; none where layers add"
        " what is minimised.",
    )
    optimizer: Optimizer = Field(
        default_factory=lambda: parse_choice("optimizer", "Adam"), description="How gradients become updates."
    )
    param_groups: ParamGroupSpecs = Field(
        (),
        description="Weights with a learning rate, a decay or an optimizer of their own; the first group that says something"
        " of a weight decides on it.",
    )
    phases: PhaseSpecs = Field(
        (),
        description="Several players in one step, in this order, each with weights, a loss and an optimizer of its own; in"
        " place of loss, optimizer, param_groups, clip and accumulate.",
    )
    metrics: Metrics = Field((), description="Metrics that are logged for every split.")
    early_stopping: EarlyStopping | None = Field(None, description="When to end before the budget is used up.")
    callbacks: Callbacks = Field((), description="What else takes part between the steps, in this order.")
    monitor: MonitorSpec | None = Field(
        None,
        description="What decides which checkpoint is the best; validation.loss, or train.loss without a validation split.",
    )
    load: LoadSpec | None = Field(
        None,
        description="Saved weights to begin with: those of a run, a checkpoint, a saved model or a .safetensors file.",
    )
    freeze: Freeze = Field(
        (),
        description="What is not trained, by globs over the paths of nodes and weights, such as `encoder.**` or `**.bias`; or"
        " a mapping from these to the number of epochs after which they are trained (null: never).",
        examples=[["encoder.**", "**.bias"], {"encoder.**": 5, "**.bias": None}],
    )
    mix: Mixing = Field(
        None, description="How the samples of a training batch are mixed with one another; not if null."
    )
    clip: ClipSpec | None = Field(None, description="How gradients are kept small.")
    accumulate: PositiveInt = Field(1, description="Batches whose gradients make one step.")
    validate_every: PositiveInt = Field(1, description="Epochs between two validations.")
    checkpoint: CheckpointSpec = Field(
        default_factory=lambda: CheckpointSpec.parse({}),
        description="When the state is saved, and which checkpoints stay.",
    )
    on_nan: OnNaN = Field(
        "stop",
        description="What is done where a loss or a gradient is not finite: stop with an error, after a search for where that"
        " began; skip such steps, for which every step takes about a tenth longer; or rollback to the last checkpoint, and leave"
        " out that step alone, which costs nothing before. Ten skipped steps in a row are an error, and so are six that are left"
        " out without an epoch between that had none. In float16 only what is not finite at the least loss scale counts.",
    )
    precision: Precision = Field(
        "float32",
        description="What layers compute in, where a node has no dtype of its own; mixed ones keep weights in float32, and"
        " float16 scales the loss.",
    )
    execution: Execution = Field("auto", description="How the loop runs; auto is a rule on the network and the device.")
    distribute: Distribute = Field(
        None,
        description="Over which devices, or workers on several machines, the training is spread: mirrored or multi_worker; one"
        " device if null.",
    )
    threads: Annotated[PositiveInt, Field(le=1024)] | None = Field(
        None, description="Threads inside an operation; one for each core if null."
    )

    @model_validator(mode="after")
    def _has_a_budget(self) -> Self:
        if self.epochs is None and self.steps is None and self.max_time is None:
            raise ValueError("train needs a budget: give 'epochs', 'steps' or 'max_time'")
        return self

    @model_validator(mode="before")
    @classmethod
    def _has_phases_or_one_loss(cls, values: Any) -> Any:
        """What stands beside phases and cannot is seen only here: afterwards everything has a value."""
        given = values if isinstance(values, Mapping) else {}
        problems = [Problem((key,), text, at="key") for key, text in beside_phases(given)]
        if problems:
            raise as_validation_error(problems)
        return values

    @model_validator(mode="after")
    def _has_phases_to_tell_apart(self) -> Self:
        problems = list(self.players.problems())
        if self.phases and self.precision == "mixed_float16":
            problems.append(Problem(("precision",), f"is {self.precision}, but train.phases {NO_FLOAT16}"))
        if problems:
            raise as_validation_error(problems)
        return self

    @model_validator(mode="after")
    def _logs_each_name_once(self) -> Self:
        losses = self.logged_losses
        for term in self.metrics:
            if term.name in losses:
                message = f"'{term.name}' is the name of a loss in the log; give the metric another 'name'"
                raise as_validation_error([Problem(term.loc, message)])
        return self

    @model_validator(mode="after")
    def _has_one_best(self) -> Self:
        stopping, monitor = self.early_stopping, self.monitor
        if stopping is None or monitor is None:
            return self
        if stopping.monitor not in (None, monitor.metric):
            message = (
                f"watches {stopping.monitor}, but 'train.monitor' is {monitor.metric}: there is one best checkpoint"
            )
            raise as_validation_error([Problem(("early_stopping", "monitor"), message)])
        if "auto" not in (stopping.mode, monitor.mode) and stopping.mode != monitor.mode:
            message = (
                f"is {stopping.mode}, but the mode of 'train.monitor' is {monitor.mode}: there is one best checkpoint"
            )
            raise as_validation_error([Problem(("early_stopping", "mode"), message)])
        return self

    @model_validator(mode="after")
    def _has_a_rate_to_reduce(self) -> Self:
        found = next(self.schedules(), None)
        for index, spec in enumerate(self.callbacks):
            if isinstance(spec, ReduceOnPlateau) and found:
                place, schedule = ".".join(map(str, found[0])), found[1]
                message = (
                    f"cannot reduce the learning rate: '{place}' follows the schedule {schedule.type_name()};"
                    " give it a number, or leave the callback out"
                )
                raise as_validation_error([Problem(("callbacks", index), message)])
        return self

    @property
    def distribution(self) -> Distribution | None:
        """How the training is spread, if it is."""
        return cast("Distribution | None", self.distribute)

    @property
    def synchronized(self) -> bool:
        """Whether replicas have the statistics of their batches in common."""
        return self.distribution is not None and self.distribution.synchronized

    def for_replicas(self, replicas: int) -> Self:
        """The section as so many replicas train by it: learning rates are scaled, and nothing is left to scale."""
        spread = self.distribution
        if spread is None:
            return self
        from netlib.spec.scaled_rates import scaled_groups, scaled_optimizer

        factor = spread.rate_factor(replicas)
        optimizer = scaled_optimizer(cast("OptimizerSpec", self.optimizer), factor)
        groups = scaled_groups(self.param_groups, factor)
        return self.model_copy(update={"optimizer": optimizer, "param_groups": groups, "distribute": spread.applied()})

    @property
    def groups(self) -> ParamGroups:
        """Which weight is updated by which optimizer."""
        return ParamGroups(cast("OptimizerSpec", self.optimizer), self.param_groups)

    @property
    def freezing(self) -> Freezing:
        """What is frozen, and for how many epochs."""
        return Freezing(self.freeze)

    def check_callbacks(self, graph: Graph, validation: bool) -> list[Problem]:
        """What of the callbacks does not fit the network, or samples to validate on being there, placed under `train`."""
        return [
            problem.under(("callbacks", index, callback.type_name()))
            for index, callback in enumerate(self.callbacks)
            for problem in callback.check(graph, validation)
        ]

    @property
    def players(self) -> Phases:
        """The phases of a step, if it has any."""
        return Phases(self.phases)

    @property
    def batches_per_step(self) -> int:
        """Batches that are taken for one step."""
        return self.players.batches if self.phases else self.accumulate

    def schedules(self) -> Iterator[tuple[Loc, ScheduleSpec, int]]:
        """Every schedule that a learning rate follows, with its place under `train` and how often in a step it goes on."""
        if self.phases:
            return self.players.schedules()
        return ((place, schedule, 1) for place, schedule in self.groups.schedules())

    def optimizers_of(self, paths: Sequence[str]) -> list[OptimizerSpec]:
        """All that have slots for the weight with these paths."""
        if self.phases:
            return [phase.groups.main for phase in self.phases if phase.fits(paths)]
        return [self.groups.of(paths).optimizer]

    @property
    def losses(self) -> tuple[LossTerm, ...]:
        """The terms of the loss, or of all phases."""
        return self.players.losses if self.phases else self.loss

    @property
    def logged_losses(self) -> tuple[str, ...]:
        """Names of losses in the log: the sum, that of each phase, and each term where there are several."""
        return self.players.logged if self.phases else loss_names([term.name for term in self.loss])

    def to_plain(self) -> dict[str, Any]:
        """Every parameter as plain values; with phases without what cannot stand beside them."""
        plain = super().to_plain()
        return {key: value for key, value in plain.items() if not (self.phases and key in INSTEAD)}

    @property
    def logged(self) -> tuple[str, ...]:
        """Every name that each split has in the log."""
        return (*self.logged_losses, *(term.name for term in self.metrics))

    def bind(self, outputs: Sequence[str], targets: Sequence[str] | None, inputs: Sequence[str] = ()) -> Heads:
        """Every term with its output and target, or with what its expression reads; see `netlib.spec.heads.bind`.

        Raises:
            SpecError: terms for which that cannot be told; places are under `train`.
        """
        from netlib.spec.heads import bind

        return bind(self.losses, self.metrics, outputs, targets, inputs)

    def monitored(self, validation: bool, added: Collection[str] = ()) -> Monitored:
        """What decides about the best checkpoint and early stopping.

        Args:
            validation: whether there is such a split.
            added: names of the metrics that layers add.

        Raises:
            SpecError: it is not logged, or which way is better is not known.
        """
        stopping, monitor = self.early_stopping, self.monitor
        mode: Mode = next((each.mode for each in (monitor, stopping) if each and each.mode != "auto"), "auto")
        if monitor:
            return self._monitored(monitor.metric, mode, ("monitor",), validation, added)
        if stopping and stopping.monitor:
            return self._monitored(stopping.monitor, mode, ("early_stopping", "monitor"), validation, added)
        return self._monitored(f"{SPLITS[validation]}.loss", mode, ("monitor",), validation, added)

    def watched(
        self, name: str | None, mode: Mode, validation: bool, loc: Loc = ("callbacks",), added: Collection[str] = ()
    ) -> Monitored:
        """What a callback looks at: `name`, or what decides about the best checkpoint; `loc` is where that is written.

        Raises:
            SpecError: it is not logged, or which way is better is not known.
        """
        best = self.monitored(validation, added)
        if name in (None, str(best)):
            return best if mode == "auto" else best._replace(mode=mode)
        return self._monitored(str(name), mode, loc, validation, added)

    def kept_best(self, validation: bool, added: Collection[str] = ()) -> list[tuple[Monitored, int]]:
        """Of which logged values checkpoints stay because they are among the best, and how many; arguments as of `monitored`.

        Raises:
            SpecError: one is not logged, or which way is better is not known.
        """
        return [
            (self.watched(name, spec.mode, validation, ("checkpoint", "keep_best", str(name)), added), spec.count)
            for name, spec in self.checkpoint.best.items()
        ]

    def unknown_monitors(self, validation: bool, added: Collection[str] = ()) -> Iterator[Problem]:
        """Everything that is to be watched and is not logged; places are under `train`."""
        try:
            self.monitored(validation, added)
        except SpecError as error:
            yield from error.problems
            return
        for name, mode, place in self._named_values():
            try:
                self.watched(name, mode, validation, place, added)
            except SpecError as error:
                yield from error.problems

    def _named_values(self) -> Iterator[tuple[str | None, Mode, Loc]]:
        """What is watched besides the monitor: its name, which way is better, and where that is written."""
        for name, kept in self.checkpoint.best.items():
            yield name, kept.mode, ("checkpoint", "keep_best", str(name))
        for index, spec in enumerate(self.callbacks):
            if isinstance(spec, ReduceOnPlateau):
                yield spec.monitor, spec.mode, ("callbacks", index, spec.type_name(), "monitor")

    def _monitored(self, name: str, mode: Mode, loc: Loc, validation: bool, added: Collection[str]) -> Monitored:
        split, _, metric = name.partition(".")
        known = [f"{each}.{logged}" for each in SPLITS[: 1 + validation] for logged in (*self.logged, *added)]
        if not validation and name.startswith("val_"):
            raise SpecError(
                [Problem(loc, f"nothing is logged as '{name}': write validation.{name[4:]}, and {_TO_VALIDATE}")]
            )
        if split == "validation" and not validation:
            raise SpecError([Problem(loc, f"{name} is not logged: there is no validation split; {_TO_VALIDATE}")])
        if name not in known:
            split = "validation" if name.startswith("val_") else "train"
            same = f"{split}.{name.removeprefix('val_')}"  # as Keras calls it
            hint = f"; did you mean '{same}'?" if same in known else did_you_mean(name, known)
            hint = hint or f" (it has: {', '.join(known)})"
            raise SpecError([Problem(loc, f"nothing is logged as '{name}'{hint}")])
        return Monitored(split, metric, self._direction(metric, loc) if mode == "auto" else mode)

    def _direction(self, metric: str, loc: Loc) -> Literal["min", "max"]:
        if metric in self.logged_losses:
            return "min"
        spec = next((term.spec for term in self.metrics if term.name == metric), None)
        if spec is None or isinstance(spec, ComputedSpec):
            unknown = f"whether more or less of '{metric}' is better is not known: give 'mode', min or max"
            raise SpecError([Problem(loc, unknown)])
        return spec.direction
