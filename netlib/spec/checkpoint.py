"""`CheckpointSpec`: when the state of a training is saved, and which checkpoints stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator

from netlib.spec.base import as_validation_error, shown
from netlib.spec.callbacks import MODE, Mode
from netlib.spec.errors import Problem, SpecError
from netlib.spec.train_fields import Section
from netlib.spec.types import PositiveFloat, PositiveInt, whole


class BestSpec(Section):
    """How many of the best checkpoints by one logged value stay."""

    shorthand = "count"
    count: PositiveInt = Field(1, description="How many stay.")
    mode: Mode = Field("auto", description=MODE)

    @classmethod
    def type_name(cls) -> str:
        """The key under which it stands."""
        return "keep_best"


def _keep_last(value: Any) -> int | Literal["all"]:
    if value == "all" or (type(whole(value)) is int and value > 0):
        return "all" if value == "all" else whole(value)
    raise ValueError(f"expected a positive integer, or all, got {shown(value)}")


def _keep_best(value: Any) -> int | dict[str, BestSpec]:
    if type(whole(value)) is int and value > 0:
        return int(value)
    if not isinstance(value, Mapping):
        expected = "expected a positive integer, or a mapping from logged values to such numbers"
        raise ValueError(f"{expected}, as validation.accuracy: 3; got {shown(value)}")
    found: dict[str, BestSpec] = {}
    problems: list[Problem] = []
    for name, entry in value.items():
        try:
            found[str(name)] = entry if isinstance(entry, BestSpec) else BestSpec.parse(entry)
        except SpecError as error:
            problems += [problem.under((str(name),)) for problem in error.problems]
    if problems:
        raise as_validation_error(problems)
    return found


def _best_to_plain(value: int | dict[str, BestSpec]) -> Any:
    if isinstance(value, int):
        return value
    return {name: spec.count if spec.mode == "auto" else spec.to_plain() for name, spec in value.items()}


_KeepLast = Annotated[
    int | Literal["all"], PlainValidator(_keep_last, json_schema_input_type=PositiveInt | Literal["all"])
]
_KeepBest = Annotated[
    int | dict[str, BestSpec],
    PlainValidator(_keep_best, json_schema_input_type=PositiveInt | dict[str, PositiveInt | BestSpec]),
    PlainSerializer(_best_to_plain, return_type=Any),
]


class CheckpointSpec(Section):
    """When the state is saved, besides those that are among the best and the last one; and which checkpoints stay."""

    every_epochs: PositiveInt = Field(1, description="Epochs between two checkpoints.")
    every_steps: PositiveInt | None = Field(None, description="Steps between two checkpoints, besides; none if null.")
    every_minutes: PositiveFloat | None = Field(
        None, description="Most minutes of training between two checkpoints, besides; any number of them if null."
    )
    keep_last: _KeepLast = Field(2, description="How many of the newest stay; or all.")
    keep_best: _KeepBest = Field(
        1,
        description="How many of the best stay, by 'train.monitor'; or by which logged values how many, such as"
        " `{validation.accuracy: 3}`, or `{count: 3, mode: max}` for one. The best by the monitor always stays.",
        examples=[3, {"validation.accuracy": 3, "validation.loss": 1}],
    )

    @property
    def best(self) -> dict[str | None, BestSpec]:
        """What `keep_best` says of each logged value; None stands for what the monitor watches."""
        if isinstance(self.keep_best, int):
            return {None: BestSpec.parse(self.keep_best)}
        return dict(self.keep_best.items())

    @property
    def newest(self) -> int | None:
        """How many of the newest stay; None for all."""
        return None if self.keep_last == "all" else self.keep_last
