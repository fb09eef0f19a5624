"""Fields whose value names a type and gives its parameters: `relu`, `{L2: 1e-4}`, `{Adam: {learning_rate: 1e-3}}`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from netlib.spec.base import Spec, as_validation_error, problems_of, shown
from netlib.spec.errors import Problem, SpecError
from netlib.spec.registry import spec_class


class Choice:
    """Marks a field as a choice among the registered types of a kind: `Annotated[Spec, Choice("initializer")]`."""

    def __init__(self, kind: str, *, optional: bool = False) -> None:
        self.kind = kind
        self.optional = optional

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda spec: spec and spec.to_choice()),
        )

    def _validate(self, value: Any) -> Spec | None:
        if value is None and self.optional:
            return None
        try:
            return parse_choice(self.kind, value)
        except SpecError as error:
            raise as_validation_error(error.problems) from None


def parse_choice(kind: str, value: Any) -> Spec:
    """The spec that a choice stands for: a name, a mapping of one name to its parameters, or a spec already.

    Raises:
        SpecError: not of that form, no such type, or problems in its parameters (placed under the type's key).
    """
    if isinstance(value, Spec) and value.kind == kind:
        return value
    if isinstance(value, str):
        return _without_parameters(spec_class(kind, value))
    if not isinstance(value, Mapping) or len(value) != 1:
        raise SpecError(f"expected one {kind}, as a name or as 'Name: {{parameters}}', got {_received(value)}")
    (name, parameters), *_ = value.items()
    if not isinstance(name, str):
        raise SpecError([Problem((name,), f"expected a name of one {kind}, got {shown(name)}", at="key")])
    try:
        return spec_class(kind, name).model_validate(parameters)
    except SpecError as error:
        raise SpecError([Problem((name,), p.message, at="key") for p in error.problems]) from None
    except ValidationError as error:
        raise SpecError(p.under((name,)) for p in problems_of(error)) from None


@cache
def _without_parameters(spec: type[Spec]) -> Spec:
    try:
        return spec.model_validate({})
    except ValidationError as error:
        raise SpecError(Problem((), p.message) for p in problems_of(error)) from None


def _received(value: object) -> str:
    if isinstance(value, Mapping):
        return f"a mapping of {', '.join(map(str, value))}" if value else "an empty mapping"
    return shown(value)


Activation = Annotated[Spec | None, Choice("activation", optional=True)]
Initializer = Annotated[Spec, Choice("initializer")]
Regularizer = Annotated[Spec | None, Choice("regularizer", optional=True)]
Constraint = Annotated[Spec | None, Choice("constraint", optional=True)]
Optimizer = Annotated[Spec, Choice("optimizer")]
Mixing = Annotated[Spec | None, Choice("mixing", optional=True)]
Distribute = Annotated[Spec | None, Choice("distribution", optional=True)]
