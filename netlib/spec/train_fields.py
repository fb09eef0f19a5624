"""The parts of the `train` section, some of which phases have too: losses, metrics, callbacks, clip, monitor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Self

from pydantic import Field, GetCoreSchemaHandler, PlainSerializer, PlainValidator, model_validator
from pydantic_core import CoreSchema, core_schema

from netlib.spec.base import Spec, as_validation_error
from netlib.spec.callbacks import MODE, CallbackSpec, Mode, callbacks_to_plain, parse_callbacks
from netlib.spec.choice import Choice
from netlib.spec.errors import SpecError, one_of
from netlib.spec.terms import LossTerm, MetricTerm, losses_to_plain, metrics_to_plain, parse_losses, parse_metrics
from netlib.spec.types import PositiveFloat


class Section(Spec):
    """Base of what stands under a key of its own."""

    @classmethod
    def type_name(cls) -> str:
        """The key under which it stands."""
        return cls.__name__.removesuffix("Spec").lower()


class ClipSpec(Section):
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


class MonitorSpec(Section):
    """What decides which checkpoint is the best."""

    shorthand = "metric"
    metric: str = Field(description="A logged value, such as validation.loss or validation.accuracy.")
    mode: Mode = Field("auto", description=MODE)


def _with_problems(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def validate(value: Any) -> Any:
        try:
            return parse(value)
        except SpecError as error:
            raise as_validation_error(error.problems) from None

    return validate


class _Parsed(PlainValidator):
    """Parses terms. Pydantic would look at the type of the field too, and so need every loss and metric there is."""

    def __get_pydantic_core_schema__(self, source_type: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        parse: Any = self.func
        return core_schema.no_info_plain_validator_function(_with_problems(parse))


Losses = Annotated[
    tuple[LossTerm, ...],
    _Parsed(parse_losses),
    PlainSerializer(losses_to_plain, return_type=Any),
]
Metrics = Annotated[
    tuple[MetricTerm, ...],
    _Parsed(parse_metrics),
    PlainSerializer(metrics_to_plain, return_type=Any),
]


Callbacks = Annotated[
    tuple[CallbackSpec, ...],
    PlainValidator(
        _with_problems(parse_callbacks), json_schema_input_type=list[Annotated[CallbackSpec, Choice("callback")]]
    ),
    PlainSerializer(callbacks_to_plain, return_type=Any),
]


def loss_names(terms: Sequence[str], phase: str = "") -> tuple[str, ...]:
    """The names in the log of the sum of some terms, `loss` or that of a phase, and of each term where there are several."""
    prefix = f"{phase}_" if phase else ""
    return (f"{prefix}loss", *(f"{prefix}{term}_loss" for term in terms if len(terms) > 1))
