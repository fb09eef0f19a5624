"""The objects of a JSON lines file one by one; and what is wrong with the lines that have none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from netlib.spec.base import shown

TWICE = "is there twice"
"""How the problem of a line ends that has two fields of one name."""


class Line(NamedTuple):
    """The fields of the object on a line, which counts from 1; `problem` says why it has none."""

    line: int
    fields: dict[str, Any]
    problem: str = ""


def objects(lines: Iterable[bytes], first: int = 1) -> Iterator[Line]:
    """The objects of the lines, which count from `first`; empty lines are none, and no mistake."""
    for number, line in enumerate(lines, first):
        if line.strip():
            yield _object(number, line)


def _object(number: int, line: bytes) -> Line:
    try:
        value = json.loads(line.decode(), object_pairs_hook=_fields)
    except UnicodeDecodeError as error:
        return Line(number, {}, f"the byte 0x{line[error.start]:02x} is no UTF-8: save the file as UTF-8")
    except _TwiceError as error:
        return Line(number, {}, f"the field '{error}' {TWICE}")
    except (ValueError, RecursionError) as error:
        said = str(error).split(": line")[0]
        return Line(number, {}, f"it is no JSON ({said}){'' if said == 'Extra data' else ': is it cut off?'}")
    if not isinstance(value, dict):
        return Line(number, {}, f"an object with fields is expected ({{...}}), not {shown(value)}")
    return Line(number, value)


class _TwiceError(Exception):
    pass


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return fields
