"""What takes part in a training between its chunks of steps, as a config names it under `train.callbacks`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator

from netlib.spec.base import Spec, shown
from netlib.spec.choice import parse_choice
from netlib.spec.errors import Problem, SpecError
from netlib.spec.freezing import Selectors
from netlib.spec.types import Float, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

if TYPE_CHECKING:
    from netlib.spec.graph import Graph

Mode = Literal["auto", "min", "max"]
MODE = "Which way is better; auto asks the metric."
MONITOR = "What is watched, such as validation.loss; as 'train.monitor' if null."
NO_VALIDATION = "there is no validation split to draw the confusion matrix of; set 'data.validation', or leave it out"
UNITS = {"s": 1, "m": 60, "h": 3600}
TIME = r"(\d+(\.\d+)?[smh])+"


def _seconds(value: Any) -> float:
    if isinstance(value, str) and re.fullmatch(TIME, value):
        return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)([smh])", value)) or _seconds(0)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf"):
        return float(value)
    raise ValueError(f"expected seconds, or a time such as 90s, 10m, 2h or 1h30m, got {shown(value)}")


_Time = Annotated[str, Field(pattern=f"^{TIME}$")]
Seconds = Annotated[float, PlainValidator(_seconds, json_schema_input_type=PositiveFloat | _Time)]
"""A number of them, or `90s`, `10m`, `2h`, `1h30m`."""


class CallbackSpec(Spec):
    """Base of all callbacks."""

    kind = "callback"
    changes_weights: ClassVar[bool] = False
    """Whether other weights would come out without it: a run that is gone on with must keep it as it is."""
    writes_files: ClassVar[bool] = False
    """Whether it has files in the run directory."""

    def check(self, graph: Graph, validation: bool) -> list[Problem]:
        """What does not fit the network or the data, placed under its parameters; `validation`: whether there is such a split."""
        del graph, validation
        return []


class EarlyStopping(CallbackSpec):
    """Ends training when the monitored value has not become better for a while. The run then has its best weights."""

    shorthand = "patience"
    refused: ClassVar[dict[str, str]] = {
        "restore_best_weights": "training always ends on the best weights",
        "verbose": "the display always says why training stopped",
    }
    monitor: str | None = Field(None, description=MONITOR)
    min_delta: NonNegativeFloat = Field(0.0, description="Least change that counts as better.")
    patience: NonNegativeInt = Field(0, description="Validations without a better value that end training; 0 is as 1.")
    mode: Mode = Field("auto", description=MODE)
    baseline: Float | None = Field(None, description="Value that must be beaten from the beginning; none if null.")
    start_from_epoch: NonNegativeInt = Field(0, description="Epochs before the watching begins.")


class ReduceOnPlateau(CallbackSpec):
    """Makes the learning rate smaller when the monitored value has not become better for a while."""

    changes_weights = True
    refused: ClassVar[dict[str, str]] = {"verbose": "the display always says what the learning rate has become"}
    monitor: str | None = Field(None, description=MONITOR)
    factor: Annotated[Float, Field(gt=0, lt=1)] = Field(0.1, description="What the learning rate is multiplied by.")
    patience: NonNegativeInt = Field(10, description="Validations without a better value before that; 0 is as 1.")
    mode: Mode = Field("auto", description=MODE)
    min_delta: NonNegativeFloat = Field(1e-4, description="Least change that counts as better.")
    cooldown: NonNegativeInt = Field(0, description="Validations after a reduction that do not count.")
    min_lr: NonNegativeFloat = Field(0.0, description="Learning rate below which it is not reduced.")


class EMA(CallbackSpec):
    """Keeps averages of the trained weights over the steps, with which the network is validated and ends."""

    changes_weights = True
    shorthand = "decay"
    decay: Annotated[Float, Field(gt=0, lt=1)] = Field(
        0.99, description="Share of the average that stays in each step; the rest is of the new weight."
    )


class TimeLimit(CallbackSpec):
    """Ends training after a time, counted anew each time the run is gone on with; `train.max_time` counts all of it."""

    shorthand = "limit"
    limit: Seconds = Field(description="Seconds, or a time such as 90s, 10m, 2h.")


class StopOnNaN(CallbackSpec):
    """Ends training when a number is not finite, at the last epoch whose numbers were; without it that is an error."""


class CSVLog(CallbackSpec):
    """Writes one line an epoch into `metrics.csv` in the run directory."""

    writes_files = True


class TensorBoard(CallbackSpec):
    """Writes each epoch's metrics, and the config, as event files into `tensorboard/` in the run directory; how its weights are
    spread, and the confusion matrix, if that is asked for."""

    writes_files = True
    histograms: Selectors = Field(
        (),
        description="Weights whose histograms are written, by globs over the paths of nodes and weights, such as `**.kernel`.",
        examples=[["encoder.**", "**.bias"]],
    )
    confusion: bool = Field(
        False,
        description="Draw the confusion matrix of the validation split, which is predicted once more for it; needs matplotlib.",
    )
    every: PositiveInt = Field(1, description="Epochs between two histograms, and between two matrices.")

    def check(self, graph: Graph, validation: bool) -> list[Problem]:
        """Selectors that fit no weight, and a matrix of samples that there are none of."""
        from netlib.spec.weight_selectors import misses, weights_of

        selectors = [(("histograms", number), selector) for number, selector in enumerate(self.histograms)]
        problems = misses(selectors, (path for paths, *_ in weights_of(graph) for path in paths))
        if self.confusion and not validation:
            problems.append(Problem(("confusion",), NO_VALIDATION))
        return problems


def parse_callbacks(value: Any) -> tuple[CallbackSpec, ...]:
    """A list of `CSVLog` or `{ReduceOnPlateau: {factor: 0.5}}`, each type once.

    Raises:
        SpecError: with every mistake, placed under the list.
    """
    if not isinstance(value, list | tuple):
        raise SpecError(f"expected a list of callbacks, got {shown(value)}")
    problems: list[Problem] = []
    found: dict[str, CallbackSpec] = {}
    for index, entry in enumerate(value):
        try:
            spec = parse_choice("callback", entry)
        except SpecError as error:
            problems += [problem.under((index,)) for problem in error.problems]
            continue
        name = spec.type_name()
        if isinstance(spec, EarlyStopping):
            problems.append(Problem((index,), "EarlyStopping has a place of its own: write it as train.early_stopping"))
        elif name in found:
            problems.append(Problem((index,), f"there are two callbacks {name}; leave one out"))
        elif isinstance(spec, CallbackSpec):
            found[name] = spec
    if problems:
        raise SpecError(problems)
    return tuple(found.values())


def callbacks_to_plain(specs: Sequence[Spec]) -> list[Any]:
    """What `parse_callbacks` makes equal specs from."""
    return [spec.to_choice() for spec in specs]
