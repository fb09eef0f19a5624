"""What a sweep may choose for a key of the config: one of several values, or what `netlib.spec.search_numbers` has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from netlib.spec.base import Spec, as_validation_error, shown
from netlib.spec.errors import Problem
from netlib.spec.types import as_tuple

Name = str | int | float | bool | None
"""What a choice goes by: itself, where it is plain, or a text."""


def same(one: object, other: object) -> bool:
    """Whether two names are one: `true` is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _conditions(value: Any) -> dict[str, tuple[Name, ...]]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError(
            f"expected a mapping of a key to its choice, as in {{train.optimizer: sgd}}, got {shown(value)}"
        )
    for key, names in value.items():
        if isinstance(names, Mapping) or (isinstance(names, list) and not names):
            raise as_validation_error(
                [Problem((key,), f"expected a choice by its name, or a list of them, got {shown(names)}")]
            )
    return {str(key): as_tuple(names) if isinstance(names, list | tuple) else (names,) for key, names in value.items()}


When = Annotated[
    dict[str, tuple[Name, ...]], PlainValidator(_conditions, json_schema_input_type=dict[str, Name | list[Name]])
]


class Distribution(Spec):
    """Base of what a key's values are drawn from."""

    when: When = Field(
        {},
        validate_default=False,
        description="The choices of other keys, by name, with which this one applies; always where it is left out.",
        examples=[{"train.optimizer": "sgd"}],
    )

    @classmethod
    def type_name(cls) -> str:
        """As messages call it."""
        return f"'{cls.key()}'"

    @classmethod
    def key(cls) -> str:
        """The key by which a sweep file says that it is this one."""
        return cls.__name__.lower()

    @property
    def count(self) -> int | None:
        """How many values there are; None where there is no end of them."""
        raise NotImplementedError

    def point(self, index: int) -> Any:
        """One of them, counted from 0; of choices the name."""
        raise NotImplementedError

    def points(self) -> Iterator[Any]:
        """All of them; none where there is no end of them."""
        return map(self.point, range(self.count or 0))

    def tried(self) -> Iterator[Any]:
        """Those by which it is seen whether the config takes them."""
        return self.points()

    def value(self, point: Any) -> Any:
        """What a config gets at a point."""
        return point


class Choices(Distribution):
    """One of several values, each with a name. Plain values, and types with different names, are their own names."""

    shorthand = "choices"
    choices: Annotated[tuple[Any, ...] | dict[Any, Any], BeforeValidator(as_tuple)] = Field(
        description="The values, or a mapping that names them."
    )

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if not self.choices:
            raise as_validation_error([Problem(("choices",), "expected at least one choice, got none")])
        names = self.names
        for index, name in enumerate(names):
            if name in names[:index]:
                raise as_validation_error([Problem(("choices", index), f"the choice {shown(name)} stands twice")])
        return self

    @cached_property
    def named(self) -> list[tuple[Name, Any]]:
        """Each name with its value."""
        if isinstance(self.choices, dict):
            return [*self.choices.items()]
        types = [_type_of(value) for value in self.choices]
        if None not in types and len(set(types)) == len(types):
            return [*zip(types, self.choices, strict=True)]
        return [(_name(value), value) for value in self.choices]

    @property
    def names(self) -> tuple[Name, ...]:
        """Their names."""
        return tuple(name for name, _ in self.named)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.named)

    def point(self, index: int) -> Name:
        """The name of one of them."""
        return self.names[index]

    def value(self, point: Any) -> Any:
        """The choice of that name."""
        return next(value for name, value in self.named if same(name, point))

    def place(self, point: Any) -> tuple[str | int, ...]:
        """What leads from the distribution to a choice, where it is written under `choices`."""
        if isinstance(self.choices, dict):
            return ("choices", point)
        return ("choices", next(index for index, name in enumerate(self.names) if same(name, point)))


def _type_of(value: Any) -> str | None:
    """The name of a type with parameters: `Adam` of `{Adam: {...}}`."""
    name = next(iter(value)) if isinstance(value, Mapping) and len(value) == 1 else None
    return name if isinstance(name, str) else None


def _name(value: Any) -> Name:
    return _flow(value) if isinstance(value, Mapping | list | tuple) else value


def _flow(value: Any) -> str:
    """A value in one line, as YAML has it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
