"""`Spec`, the base of everything that a config can name, and how its mistakes are put into words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidatorFunctionWrapHandler, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from netlib.spec.errors import Loc, Problem, SpecError, closest, did_you_mean
from netlib.spec.registry import snake_case

OURS = "netlab"


class Spec(BaseModel):
    """Parameters with types, limits, defaults and one-line docs (`Field(description=...)`), and what follows from them.

    Values are plain (numbers, text, lists, mappings, other specs) and strict: `"64"` is not a number. A spec is immutable.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, defer_build=True, validate_default=True, protected_namespaces=()
    )

    kind: ClassVar[str] = ""
    shorthand: ClassVar[str | None] = None
    """The parameter that may stand alone: `Dense: 10`."""
    also_written: ClassVar[Any] = None
    """The type of what else may stand for the parameters, where a validator takes that: `Activation: {leaky_relu: 0.1}`."""
    refused: ClassVar[dict[str, str]] = {}
    """Parameters that Keras has and this spec, on purpose, has not: name -> what to do instead."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Once a spec is made, its class variables need no evaluation any more."""
        _settle_class_variables(cls)

    @classmethod
    def type_name(cls) -> str:
        """The name by which a config calls it."""
        return snake_case(cls.__name__) if cls.kind == "activation" else cls.__name__

    @classmethod
    def refusal(cls, key: str) -> str | None:
        """What to do instead of giving it a parameter that it has not, if that is known."""
        return cls.refused.get(key)

    @classmethod
    def parse(cls, values: object) -> Self:
        """The spec from plain values.

        Raises:
            SpecError: with every problem in `values`, each with its place.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SpecError(problems_of(error), cls.type_name()) from None

    def to_plain(self) -> dict[str, Any]:
        """Every parameter as plain values, from which `parse` makes an equal spec."""
        # Without warnings: pydantic would complain that a field with a validator of its own was a tuple and is a list now.
        return self.model_dump(mode="json", warnings=False)

    def to_choice(self) -> str | dict[str, Any]:
        """As a config writes it: `name`, or `{name: {parameter: value}}`."""
        plain = self.to_plain()
        return {self.type_name(): plain} if plain else self.type_name()

    @model_validator(mode="wrap")
    @classmethod
    def _in_our_words(cls, values: Any, handler: ValidatorFunctionWrapHandler) -> Self:
        if values is None:
            values = {}
        elif cls.shorthand and not isinstance(values, Mapping | Spec):
            values = {cls.shorthand: values}
        try:
            checked: Self = handler(values)
        except ValidationError as error:
            raise as_validation_error(_problems(cls, error.errors(include_url=False))) from None
        return checked


def _settle_class_variables(cls: type[Spec]) -> None:
    """Replaces the texts that annotate class variables: pydantic evaluates those of every base anew for each class below it.

    Of a class variable it has to know no more than that it is one. The texts were a tenth of the time of `netlab check`.
    """
    for name, annotation in cls.__annotations__.items():
        if isinstance(annotation, str) and annotation.startswith("ClassVar["):
            cls.__annotations__[name] = ClassVar


_settle_class_variables(Spec)


def spec_argument(cls: type, kind: type[Spec]) -> Any:
    """The spec of that kind that a class names in its bases: `Dense` in `class Dense(Layer[spec.Dense])`; None without one."""
    arguments = (argument for base in getattr(cls, "__orig_bases__", ()) for argument in get_args(base)[:1])
    return next((each for each in arguments if isinstance(each, type) and issubclass(each, kind)), None)


def as_validation_error(problems: Any) -> ValidationError:
    """Problems as pydantic passes them on to the model around, which puts its own place in front of theirs."""
    return ValidationError.from_exception_data(
        OURS,
        [
            InitErrorDetails(
                type=PydanticCustomError(OURS, "{text}", {"text": problem.message, "at": problem.at}),
                loc=tuple(key if isinstance(key, str | int) else str(key) for key in problem.loc),
                input=None,
            )
            for problem in problems
        ],
    )


def problems_of(error: ValidationError) -> list[Problem]:
    """The problems that pydantic collected, in our words already but for those of a spec's own `after` validators."""
    return [_problem(Spec, details) for details in error.errors(include_url=False)]


def _problems(cls: type[Spec], errors: list[ErrorDetails]) -> list[Problem]:
    """In our words. A parameter that is missing because its name is misspelt is one mistake, not two."""
    unknown = [str(details["loc"][-1]) for details in errors if details["type"] == "extra_forbidden"]
    misspelt = {closest(key, cls.model_fields) for key in unknown}
    return [
        _problem(cls, details)
        for details in errors
        if details["type"] != "missing" or details["loc"][-1] not in misspelt
    ]


def _problem(cls: type[Spec], details: ErrorDetails) -> Problem:
    loc: Loc = details["loc"]
    kind, got, context = details["type"], details["input"], details.get("ctx", {})
    if kind == OURS:
        return Problem(loc, context["text"], context["at"])
    if kind == "extra_forbidden" and (refusal := cls.refusal(str(loc[-1]))):
        return Problem(loc, f"{cls.type_name()} takes no '{loc[-1]}': {refusal}", at="key")
    if kind == "invalid_key":
        return Problem((*loc[:-1], got), f"expected text as a key, got {shown(got)}", at="key")
    if kind == "extra_forbidden":
        hint = did_you_mean(str(loc[-1]), cls.model_fields)
        noun = "parameter" if cls.kind else "key"
        return Problem(loc, f"{cls.type_name()} has no {noun} '{loc[-1]}'{hint or _known(cls)}", at="key")
    if kind == "missing":
        return Problem(loc[:-1], f"{cls.type_name()} needs '{loc[-1]}'{_about(cls, str(loc[-1]))}")
    if kind == "value_error":
        return Problem(loc, str(context["error"]))
    if kind in ("model_type", "model_attributes_type"):
        return Problem(loc, f"expected a mapping of {cls.type_name()}'s keys, got {shown(got)}")
    expected = _EXPECTED.get(kind)
    if expected is None:
        return Problem(loc, f"{details['msg'][:1].lower()}{details['msg'][1:]}, got {shown(got)}")
    return Problem(loc, f"expected {expected.format(**context)}, got {shown(got)}")


_EXPECTED = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "dict_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "literal_error": "{expected}",
    "greater_than": "a number greater than {gt}",
    "greater_than_equal": "a number not less than {ge}",
    "less_than": "a number less than {lt}",
    "less_than_equal": "a number not greater than {le}",
    "finite_number": "a finite number",
    "string_too_short": "at least {min_length} characters",
    "too_short": "at least {min_length} values",
    "too_long": "at most {max_length} values",
}


def _known(cls: type[Spec]) -> str:
    return f" (it has: {', '.join(cls.model_fields)})" if cls.model_fields else " (it has none)"


def _about(cls: type[Spec], field: str) -> str:
    described = cls.model_fields[field].description if field in cls.model_fields else None
    return f": {described[0].lower()}{described[1:].rstrip('.')}" if described else ""


def shown(value: object, limit: int = 60) -> str:
    """A value as an error shows it: in YAML's words, cut when long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    text = repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
