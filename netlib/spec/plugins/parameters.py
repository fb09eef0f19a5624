"""From the annotations of a user's function to the fields of a spec."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, TypeAdapter, ValidationError

from netlib.spec.base import shown
from netlib.spec.plugins.origin import Origin
from netlib.spec.schema.parameter_schema import type_schema
from netlib.spec.schema.words import in_words
from netlib.spec.types import Float, Int, as_tuple

KNOWN = "int, float, str, bool, Path, Literal[...], list[...] or tuple[...] of such, or one of several: int | None"
_SCALARS: dict[Any, Any] = {int: Int, float: Float, str: str, bool: bool, Path: str, NoneType: NoneType}
_STRICT = ConfigDict(strict=True)


@dataclass(frozen=True)
class Parameters:
    """The fields of a spec, as `pydantic.create_model` takes them; `paths` are those that are files, whose values are texts."""

    fields: dict[str, Any]
    paths: tuple[str, ...]


class Written(NamedTuple):
    """A parameter as it is written, and the names that its annotation may use."""

    parameter: inspect.Parameter
    names: Mapping[str, Any]


class _Unsupported(Exception):
    """An annotation, in words, that stands for no value of a config."""


def parameters_of(
    function: Callable[..., Any], origin: Origin, *, given: Collection[str], taken: Collection[str]
) -> Parameters:
    """The parameters of a function that a config may set; see `fields_of`.

    Args:
        function: the user's.
        origin: where it is written.
        given: parameters that netlab gives, which are no fields.
        taken: names that have another meaning.

    Raises:
        PluginMistake: one of them cannot be a parameter of a spec.
    """
    names = inspect.unwrap(function).__globals__
    written = (
        Written(each, names) for each in inspect.signature(function).parameters.values() if each.name not in given
    )
    return fields_of(written, origin, taken)


def annotated_fields(written: type) -> list[Written]:
    """The annotated fields of a class, those of the classes that it derives from first."""
    found: dict[str, Written] = {}
    for base in reversed(written.__mro__):
        names = vars(sys.modules[base.__module__]) if base.__module__ in sys.modules else {}
        for name, annotation in vars(base).get("__annotations__", {}).items():
            default = getattr(written, name, inspect.Parameter.empty)
            kind = inspect.Parameter.KEYWORD_ONLY
            found[name] = Written(inspect.Parameter(name, kind, default=default, annotation=annotation), names)
    return list(found.values())


def fields_of(written: Iterable[Written], origin: Origin, taken: Collection[str]) -> Parameters:
    """The fields of a spec.

    A text in `Annotated` describes a parameter, and what pydantic knows there limits it: `Annotated[int, "Points.", Gt(0)]`.

    Raises:
        PluginMistake: one of them cannot be a parameter of a spec.
    """
    fields: dict[str, Any] = {}
    paths = []
    for parameter, names in written:
        name = parameter.name
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise origin.mistake("is not one value that is given by its name, as those of a config are", name)
        if name in taken or name.startswith("_"):
            why = "begins with '_'" if name.startswith("_") else "has a meaning of its own in the section or in netlab"
            raise origin.mistake(f"{why}; call it otherwise", name)
        annotation = _annotation(parameter, names, origin)
        try:
            kind = _type(annotation)
            is_path = _is_path(annotation)
        except _Unsupported as found:
            raise origin.mistake(f"is annotated with {found}; expected {KNOWN}", name) from None
        paths += [name] if is_path else []
        fields[name] = (kind, _field(parameter, os.path.dirname(origin.file) if is_path else None))  # noqa: PTH120
    return Parameters(fields, tuple(paths))


def as_paths(value: Any) -> Any:
    """The values of a parameter of paths as a function gets them."""
    if isinstance(value, list | tuple):
        return type(value)(map(as_paths, value))
    return Path(value) if isinstance(value, str) else value


def _annotation(parameter: inspect.Parameter, names: Mapping[str, Any], origin: Origin) -> Any:
    annotation = parameter.annotation
    if annotation is parameter.empty:
        default = "" if parameter.default is parameter.empty else f" = {shown(parameter.default)}"
        message = f"has no type; write one, such as {parameter.name}: float{default}"
        raise origin.mistake(message, parameter.name)
    try:
        while isinstance(
            annotation, str
        ):  # as `from __future__ import annotations` makes them; one in quotes is so twice
            annotation = eval(annotation, dict(names))
        return annotation
    except Exception as error:
        raise origin.mistake(f"has the annotation {annotation}, but {error}", parameter.name) from None


def _type(annotation: Any) -> Any:
    """What a spec's field is annotated with.

    Raises:
        _Unsupported: no config can hold such a value.
    """
    kind, arguments = get_origin(annotation), get_args(annotation)
    if kind is None and isinstance(annotation, type | None) and (annotation or NoneType) in _SCALARS:
        return _SCALARS[annotation or NoneType]
    if kind is Annotated:
        notes = (Field(description=each) if isinstance(each, str) else each for each in arguments[1:])
        return Annotated[(_type(arguments[0]), *notes)]
    if kind is Literal and all(isinstance(each, str | int | None) for each in arguments):
        return annotation
    if kind in (Union, UnionType):
        return _one_of(arguments)
    if kind is list and arguments:
        return list[_type(arguments[0])]  # type: ignore[misc]
    if kind is tuple and arguments:
        items = tuple(each if each is ... else _type(each) for each in arguments)
        length = None if ... in items else len(items)
        return Annotated[tuple[items], BeforeValidator(partial(_as_tuple, length))]  # type: ignore[valid-type]
    raise _Unsupported(inspect.formatannotation(annotation))


def _as_tuple(length: int | None, value: Any) -> Any:
    """A list as a tuple, which has that many items if a `length` is given."""
    if length is not None and isinstance(value, list | tuple) and len(value) != length:
        raise ValueError(f"expected a list of {length} values, got {shown(value)}")
    return as_tuple(value)


def _one_of(members: tuple[Any, ...]) -> Any:
    """One of several types; what is wrong with a value is said of all of them together."""
    exact = {float, int} <= {*members}  # a whole float is no integer then
    types = tuple(int if exact and each is int else _type(each) for each in members)
    known: Any = Union[types]  # noqa: UP007
    if len(members) == 2 and NoneType in members:
        return known
    adapters = [TypeAdapter(each, config=_STRICT) for each in types]

    def parsed(value: Any) -> Any:
        for adapter in adapters:
            try:
                return adapter.validate_python(value)
            except ValidationError:
                continue
        raise ValueError(f"expected {in_words(type_schema(known))}, got {shown(value)}")

    return Annotated[known, PlainValidator(parsed, json_schema_input_type=known)]


def _field(parameter: inspect.Parameter, folder: str | None) -> Any:
    """The default; that of a path is relative to the `folder`, where the function is written."""
    options: dict[str, Any] = {} if folder is None else {"examples": ["samples.csv"]}
    if parameter.default is parameter.empty:
        return Field(**options)
    return Field(parameter.default if folder is None else _absolute(parameter.default, folder), **options)


def _absolute(path: Any, folder: str) -> Any:
    if isinstance(path, list | tuple):
        return type(path)(_absolute(each, folder) for each in path)
    return os.path.normpath(Path(folder) / path) if isinstance(path, str | Path) else path


def _is_path(annotation: Any) -> bool:
    """Whether it is a path, or several."""
    leaves = set(_leaves(annotation))
    if {Path, str} <= leaves:
        raise _Unsupported(f"{inspect.formatannotation(annotation)}, of which netlab cannot tell what is a path")
    return Path in leaves


def _leaves(annotation: Any) -> Iterator[Any]:
    """The types of which it consists."""
    kind, arguments = get_origin(annotation), get_args(annotation)
    if kind is Literal:
        yield from map(type, arguments)
    elif kind is Annotated:
        yield from _leaves(arguments[0])
    elif arguments:
        for each in arguments:
            yield from _leaves(each)
    else:
        yield annotation
