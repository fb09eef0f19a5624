"""`key=value` and `~key` on the command line: how they are written. `netlib.config.edit` says what they change.

The first `=` divides, unless it stands in a quoted name. The key's steps are divided by dots; a name with a dot is quoted:
`data.columns."a.b".dtype=int32`. The value is YAML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from netlib.config.problems import COMMAND_LINE, ConfigError, PlacedProblem
from netlib.config.reader import read_tree
from netlib.config.sources import checked_source
from netlib.config.tree import Key, Place, Source, Value

MAX_STEPS = 50
FORM = "'section.key=value' or '~section.key'"
_STEP = re.compile(r"""(?P<plain>[^.="'\s]+)|"(?P<double>[^"]*)"|'(?P<single>[^']*)'""")
_DIGITS = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Step:
    """One step of a key: a name, or an index (an unquoted number), and its place in the override."""

    key: Key
    place: Place


@dataclass(frozen=True)
class Override:
    """One change: set what `steps` lead to, or delete it if `value` is None."""

    source: Source
    steps: tuple[Step, ...]
    value: Value | None


def command_line(text: str, folder: Path) -> Source:
    """The source that an override is, relative paths in it being relative to `folder`."""
    return checked_source(COMMAND_LINE, "command line", text, folder)


def parse_override(source: Source) -> Override:
    """Reads one override.

    Raises:
        ConfigError: it has not the form, or its value is not YAML.
    """
    text = source.text
    start = 1 if text.startswith("~") else 0
    steps, end = read_key(source, start)
    if start:
        if end < len(text):
            raise _problem(Place(source, 0, end, len(text) - end), "'~key' deletes, and takes no value")
        return Override(source, steps, None)
    if text[end : end + 1] != "=":
        raise _problem(Place(source, 0, 0, len(text)), f"expected {FORM}")
    return Override(source, steps, read_value(source, end + 1, text[end + 1 :]))


def read_key(source: Source, start: int) -> tuple[tuple[Step, ...], int]:
    """The steps of the key that begins at `start`, and where it ends.

    Raises:
        ConfigError: there is none.
    """
    steps: list[Step] = []
    position = start
    while found := _STEP.match(source.text, position):
        place = Place(source, 0, position, found.end() - position)
        steps.append(Step(_key(found), place))
        position = found.end()
        if source.text[position : position + 1] != ".":
            return tuple(steps), position
        if len(steps) == MAX_STEPS:
            raise _problem(place, f"a key has at most {MAX_STEPS} steps")
        position += 1
    raise _problem(Place(source, 0, position), f"expected a name here; an override is {FORM}")


def _key(found: re.Match[str]) -> Key:
    plain = found["plain"]
    if plain is None:
        return found["double"] if found["double"] is not None else found["single"]
    return int(plain) if _DIGITS.fullmatch(plain) else plain


def read_value(source: Source, start: int, text: str) -> Value:
    """The value that a text is, the first character of which is at `start`: columns are those of the source.

    Raises:
        ConfigError: it is not YAML.
    """
    shift = Source(source.name, source.origin, text, source.folder)
    tree, problems = read_tree(shift)
    if problems:
        raise ConfigError([PlacedProblem(_moved(p.place, source, start), p.message) for p in problems])
    return Value(None, Place(source, 0, start - 1)) if tree is None else _moved_tree(tree, source, start)


def _moved(place: Place | None, source: Source, start: int) -> Place:
    if place is None or place.line:
        return Place(source, 0, start, len(source.text) - start)
    return Place(source, 0, place.column + start, place.length)


def _moved_tree(value: Value, source: Source, start: int) -> Value:
    content = value.content
    if isinstance(content, dict):
        content = {key: _moved_tree(item, source, start) for key, item in content.items()}
    elif isinstance(content, list):
        content = [_moved_tree(item, source, start) for item in content]
    key = value.key and _moved(value.key, source, start)
    return Value(content, _moved(value.place, source, start), key)


def _problem(place: Place, message: str) -> ConfigError:
    return ConfigError([PlacedProblem(place, message)])
