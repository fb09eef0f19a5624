"""`TrainSpec`: the `train` section of a config."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from netlib.spec.base import Spec, as_validation_error
from netlib.spec.callbacks import (
    MODE,
    CallbackSpec,
    EarlyStopping,
    Mode,
    ReduceOnPlateau,
    Seconds,
    callbacks_to_plain,
    parse_callbacks,
)
from netlib.spec.choice import Choice, Mixing, Optimizer
from netlib.spec.computed import ComputedSpec
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean, one_of
from netlib.spec.freezing import Selectors
from netlib.spec.heads import Heads, bind
from netlib.spec.optimizers import Adam
from netlib.spec.terms import LossTerm, MetricTerm, losses_to_plain, metrics_to_plain, parse_losses, parse_metrics
from netlib.spec.types import PositiveFloat, PositiveInt

__all__ = ["CheckpointSpec", "ClipSpec", "Execution", "LossTerm", "MetricTerm", "MonitorSpec", "Monitored", "TrainSpec"]

Execution = Literal["auto", "xla", "graph", "eager"]
SPLITS = ("train", "validation")
_TO_VALIDATE = "set 'data.validation', or give Model.fit validation_data"


class _Section(Spec):
    @classmethod
    def type_name(cls) -> str:
        """The key under which it stands."""
        return cls.__name__.removesuffix("Spec").lower()


class ClipSpec(_Section):
    """How gradients are kept small: exactly one of the three."""

    value: PositiveFloat | None = Field(None, description="Greatest absolute value of each entry.")
    norm: PositiveFloat | None = Field(None, description="Greatest norm of each weight's gradient.")
    global_norm: PositiveFloat | None = Field(None, description="Greatest norm of the whole gradient.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name, limit in self if limit is not None]
        if len(given) != 1:
            raise ValueError(
                f"clip takes exactly one of {one_of(self.to_plain())}, got {' and '.join(given) or 'none'}"
            )
        return self


class CheckpointSpec(_Section):
    """When the state is saved, besides the best one and the last."""

    every_epochs: PositiveInt = Field(1, description="Epochs between two checkpoints.")
    every_steps: PositiveInt | None = Field(None, description="Steps between two checkpoints, besides; none if null.")
    keep_last: PositiveInt = Field(2, description="How many are kept, besides the best one.")


class MonitorSpec(_Section):
    """What decides which checkpoint is the best."""

    shorthand = "metric"
    metric: str = Field(description="A logged value, such as validation.loss or validation.accuracy.")
    mode: Mode = Field("auto", description=MODE)


class Monitored(NamedTuple):
    """A logged value, and which way is better."""

    split: str
    metric: str
    mode: Literal["min", "max"]

    def __str__(self) -> str:
        return f"{self.split}.{self.metric}"


def _with_problems(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def validate(value: Any) -> Any:
        try:
            return parse(value)
        except SpecError as error:
            raise as_validation_error(error.problems) from None

    return validate


Losses = Annotated[
    tuple[LossTerm, ...],
    PlainValidator(_with_problems(parse_losses)),
    PlainSerializer(losses_to_plain, return_type=Any),
]
Metrics = Annotated[
    tuple[MetricTerm, ...],
    PlainValidator(_with_problems(parse_metrics)),
    PlainSerializer(metrics_to_plain, return_type=Any),
]
Callbacks = Annotated[
    tuple[CallbackSpec, ...],
    PlainValidator(
        _with_problems(parse_callbacks), json_schema_input_type=list[Annotated[CallbackSpec, Choice("callback")]]
    ),
    PlainSerializer(callbacks_to_plain, return_type=Any),
]


class TrainSpec(_Section):
    """The `train` section. A step is one update of the weights; training ends at whichever budget is used up first."""

    epochs: PositiveInt | None = Field(None, description="Passes over the training data.")
    steps: PositiveInt | None = Field(None, description="Updates of the weights.")
    max_time: Seconds | None = Field(None, description="Seconds, or a time such as 90s, 10m, 2h.")
    loss: Losses = Field(
        (),
        description="A loss, or a mapping from names to losses with 'of', 'target' and 'weight'; none where layers add"
        " what is minimised.",
    )
    optimizer: Optimizer = Field(default_factory=lambda: Adam.parse({}), description="How gradients become updates.")
    metrics: Metrics = Field((), description="Metrics that are logged for every split.")
    early_stopping: EarlyStopping | None = Field(None, description="When to end before the budget is used up.")
    callbacks: Callbacks = Field((), description="What else takes part between the steps, in this order.")
    monitor: MonitorSpec | None = Field(
        None,
        description="What decides which checkpoint is the best; validation.loss, or train.loss without a validation split.",
    )
    freeze: Selectors = Field(
        (),
        description="What is not trained, by globs over the paths of nodes and weights, such as `encoder.**` or `**.bias`.",
        examples=[["encoder.**", "**.bias"]],
    )
    mix: Mixing = Field(
        None, description="How the samples of a training batch are mixed with one another; not if null."
    )
    clip: ClipSpec | None = Field(None, description="How gradients are kept small.")
    accumulate: PositiveInt = Field(1, description="Batches whose gradients make one step.")
    validate_every: PositiveInt = Field(1, description="Epochs between two validations.")
    checkpoint: CheckpointSpec = Field(
        default_factory=lambda: CheckpointSpec.parse({}), description="When the state is saved."
    )
    execution: Execution = Field("auto", description="How the loop runs; auto is a rule on the network and the device.")
    threads: Annotated[PositiveInt, Field(le=1024)] | None = Field(
        None, description="Threads inside an operation; one for each core if null."
    )

    @model_validator(mode="after")
    def _has_a_budget(self) -> Self:
        if self.epochs is None and self.steps is None and self.max_time is None:
            raise ValueError("train needs a budget: give 'epochs', 'steps' or 'max_time'")
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
        rate = getattr(self.optimizer, "learning_rate", None)
        for index, spec in enumerate(self.callbacks):
            if isinstance(spec, ReduceOnPlateau) and isinstance(rate, Spec):
                message = (
                    f"cannot reduce the learning rate: it follows the schedule {rate.type_name()};"
                    " give the optimizer a number, or leave the callback out"
                )
                raise as_validation_error([Problem(("callbacks", index), message)])
        return self

    @property
    def losses(self) -> tuple[LossTerm, ...]:
        """The terms of the loss."""
        return self.loss

    @property
    def logged_losses(self) -> tuple[str, ...]:
        """Names of losses in the log: the sum, and each term where there are several."""
        return ("loss", *(f"{term.name}_loss" for term in self.losses if len(self.losses) > 1))

    @property
    def logged(self) -> tuple[str, ...]:
        """Every name that each split has in the log."""
        return (*self.logged_losses, *(term.name for term in self.metrics))

    def bind(self, outputs: Sequence[str], targets: Sequence[str] | None, inputs: Sequence[str] = ()) -> Heads:
        """Every term with its output and target, or with what its expression reads; see `netlib.spec.heads.bind`.

        Raises:
            SpecError: terms for which that cannot be told; places are under `train`.
        """
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

    def unknown_monitors(self, validation: bool, added: Collection[str] = ()) -> Iterator[Problem]:
        """Everything that is to be watched and is not logged; places are under `train`."""
        try:
            self.monitored(validation, added)
        except SpecError as error:
            yield from error.problems
            return
        for index, spec in enumerate(self.callbacks):
            if isinstance(spec, ReduceOnPlateau):
                place = ("callbacks", index, spec.type_name(), "monitor")
                try:
                    self.watched(spec.monitor, spec.mode, validation, place, added)
                except SpecError as error:
                    yield from error.problems

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
