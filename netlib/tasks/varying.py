"""Which keys of several configs differ, and their values: plain values side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from netlib.config.problems import printable
from netlib.spec.errors import Loc

_ORDERED = ("train", "callbacks")
"""A mapping by name whose order counts."""


class _Absent:
    """In place of the value of a key that is not there."""


ABSENT = _Absent()


def varying(values: Sequence[Any], loc: Loc = ()) -> Iterator[tuple[Loc, tuple[Any, ...]]]:
    """Each key that does not have one value in all, in the order of the first one, with its value in each (`ABSENT` without)."""
    first = values[0]
    if all(_same(first, other) for other in values[1:]):
        return
    if all(isinstance(value, Mapping) for value in values) and not _other_types(values):
        yield from _in_mappings(values, loc)
    elif all(isinstance(value, list) and len(value) == len(first) for value in values):
        for number, items in enumerate(zip(*values, strict=True)):
            yield from varying(items, (*loc, _step(number, items)))
    else:
        yield loc, tuple(values)


def in_brief(values: Sequence[Any], loc: Loc = ()) -> Iterator[tuple[Loc, tuple[Any, ...]]]:
    """The same for a table: where types differ, only their names and the parameters that all of them have; of entries with
    names, the names."""
    for place, found in varying(values, loc):
        there = [value for value in found if value is not ABSENT]
        types = [_type_of(value) for value in there]
        if None not in types and len(set(types)) > 1:
            names = iter(types)
            yield place, tuple(ABSENT if value is ABSENT else next(names) for value in found)
            if len(there) == len(found):
                yield from _common(found, place)
        else:
            yield place, tuple(_names(value) or value for value in found)


def flow(value: Any) -> str:
    """A value in one line of YAML, or what stands for none."""
    if value is ABSENT:
        return "(not there)"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(flow, value)) + "]"
    return printable(value) if isinstance(value, str) and value else repr(value)


def _in_mappings(values: Sequence[Mapping[Any, Any]], loc: Loc) -> Iterator[tuple[Loc, tuple[Any, ...]]]:
    orders = [list(value) for value in values]
    if loc == _ORDERED and orders.count(orders[0]) < len(orders) and len({frozenset(order) for order in orders}) == 1:
        yield loc, tuple(orders)
    for key in dict.fromkeys(key for order in orders for key in order):
        yield from varying([value.get(key, ABSENT) for value in values], (*loc, key))


def _same(value: Any, other: Any) -> bool:
    """Whether two values need not be looked into: they are one, or plain and equal; `true` is not 1."""
    if value is other or isinstance(value, Mapping | list):
        return value is other
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def _other_types(values: Sequence[Mapping[Any, Any]]) -> bool:
    """Whether each chooses a type, and not all the same: the parameters of one are not those of the other."""
    chosen = {next(iter(value), None) if len(value) == 1 else None for value in values}
    return len(chosen) > 1 and None not in chosen and all(str(name)[:1].isupper() for name in chosen)


def _type_of(value: Any) -> str | None:
    """The type that it chooses, with parameters or without."""
    name = next(iter(value)) if isinstance(value, Mapping) and len(value) == 1 else value
    return name if isinstance(name, str) and name[:1].isupper() else None


def _common(values: Sequence[Any], loc: Loc) -> Iterator[tuple[Loc, tuple[Any, ...]]]:
    """The parameters that all of several types have."""
    parameters = [next(iter(value.values())) if isinstance(value, Mapping) else None for value in values]
    given = [each if isinstance(each, Mapping) else {} for each in parameters]
    for key in given[0]:
        if all(key in each for each in given):
            yield from in_brief([each[key] for each in given], (*loc, key))


def _names(value: Any) -> list[str] | None:
    """Of the entries of a list, if all have one."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) and "name" in item for item in value):
        return None
    return [str(item["name"]) for item in value]


def _step(number: int, items: Sequence[Any]) -> str | int:
    """The name of an entry of a list, where it has the same in all, else its number."""
    names = {entry.get("name") if isinstance(entry, Mapping) else None for entry in items}
    name = names.pop() if len(names) == 1 else None
    return name if isinstance(name, str) else number
