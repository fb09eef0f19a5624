"""The strict, positioned reader: YAML 1.2 text to a tree of values, from libyaml's events with a stack of our own.

Bounded in depth and size, also through aliases. Safe: no tag makes an object. A key is text or an integer, and stands once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import AliasEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

from netlib.config.hints import cut_expression, explained, expression_end, must_be_quoted
from netlib.config.problems import PlacedProblem, lines_of
from netlib.config.scalars import MERGE_KEY, TAG, scalar, tagged
from netlib.config.tree import Content, Key, Place, Scalar, Source, Value
from netlib.spec.operations import cut

MAX_DEPTH = 200
MAX_VALUES = 200_000

_COLLECTION_TAGS: dict[type, tuple[str | None, ...]] = {
    SequenceStartEvent: (None, "!", f"{TAG}seq"),
    MappingStartEvent: (None, "!", f"{TAG}map"),
}


def read_tree(source: Source) -> tuple[Value | None, list[PlacedProblem]]:
    """The tree of a source, None if it cannot be read to its end or has no value; and every problem found."""
    reader = _Reader(source)
    try:
        return reader.read(), reader.problems
    except _UnreadableError as error:
        return None, [*reader.problems, error.problem]


class _UnreadableError(Exception):
    """Reading cannot go on."""

    def __init__(self, problem: PlacedProblem) -> None:
        self.problem = problem


@dataclass
class _Open:
    """A list or mapping that is being read. `key` is the one that waits for its value, `skipping` that it is not kept."""

    content: list[Value] | dict[Key, Value]
    place: Place
    flow: bool
    anchor: str | None
    values_before: int
    key: tuple[Key, Place] | None = None
    awaits_value: bool = False
    height: int = 1


@dataclass
class _Anchor:
    content: Content
    values: int
    height: int


@dataclass
class _Reader:
    source: Source
    problems: list[PlacedProblem] = field(default_factory=list)
    root: Value | None = None
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Anchor | None] = field(default_factory=dict)
    values: int = 0
    documents: int = 0
    cut_until: tuple[int, int] = (0, 0)
    """Line and column where an expression ends that YAML has cut in two: scalars before that are pieces of it."""

    def read(self) -> Value | None:
        rules: dict[type, Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            SequenceStartEvent: self._open,
            MappingStartEvent: self._open,
            yaml.SequenceEndEvent: self._close,
            yaml.MappingEndEvent: self._close,
            AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        for event in self._events():
            rule = rules.get(type(event))
            if rule:
                rule(event)
        return self.root

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            place = self._place(event)
            raise _UnreadableError(PlacedProblem(place, "a config is one document; '---' begins another"))

    def _events(self) -> Iterator[yaml.Event]:
        last: ScalarEvent | None = None
        try:
            for event in yaml.parse(self.source.text, Loader=yaml.CSafeLoader):
                yield event
                last = event if isinstance(event, ScalarEvent) else last
        except yaml.MarkedYAMLError as error:
            bracket = self.stack[-1].place if self.stack and self.stack[-1].flow else None
            raise _UnreadableError(explained(error, self.source, last, bracket)) from None

    def _scalar(self, event: ScalarEvent) -> None:
        place = self._place(event)
        parent = self.stack[-1] if self.stack else None
        if parent and (place.line, place.column) < self.cut_until:
            parent.awaits_value, parent.key = not parent.awaits_value, None
            return
        content = self._content(event, place)
        if parent and parent.flow and (problem := cut_expression(self.source, event)):
            self.problems.append(problem)
            end = expression_end(place)
            self.cut_until = (place.line, end)
            content = lines_of(self.source)[place.line][place.column : end]
        self._add(content, place, event.anchor, plain=not event.style)

    def _content(self, event: ScalarEvent, place: Place) -> Scalar:
        if event.anchor and not event.value and not event.style:
            self.problems.append(must_be_quoted(place))
            return f"&{event.anchor}"
        try:
            if event.tag:
                return tagged(event.tag, event.value)
            return event.value if event.style else scalar(event.value)
        except ValueError as error:
            self._problem(place, str(error))
        except KeyError:
            self._unknown_tag(event.tag, place)
        return str(event.value)

    def _unknown_tag(self, tag: str | None, place: Place) -> None:
        tag = tag or ""
        if tag.startswith("!"):
            self.problems.append(must_be_quoted(place))
        else:
            name = f"!!{tag.removeprefix(TAG)}" if tag.startswith(TAG) else tag
            self._problem(place, f"there is no tag '{cut(name)}' here: a config holds plain values only")

    def _open(self, event: Any) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise _UnreadableError(PlacedProblem(self._place(event), f"a config has at most {MAX_DEPTH} levels"))
        place = self._place(event)
        if event.tag not in _COLLECTION_TAGS[type(event)]:
            self._unknown_tag(event.tag, place)
        if event.anchor:
            self.anchors[event.anchor] = None
        content: list[Value] | dict[Key, Value] = [] if isinstance(event, SequenceStartEvent) else {}
        self.stack.append(_Open(content, place, bool(event.flow_style), event.anchor, self.values))

    def _close(self, event: Any) -> None:
        done = self.stack.pop()
        place = done.place
        if done.flow and event.end_mark.line == place.line:
            place = Place(self.source, place.line, place.column, event.end_mark.column - place.column)
        elif not done.flow:
            place = _first_line(done)
        self._add(done.content, place, done.anchor, height=done.height, since=done.values_before)

    def _alias(self, event: AliasEvent) -> None:
        place = self._place(event)
        if event.anchor not in self.anchors:
            self.problems.append(must_be_quoted(place))
            self._add(f"*{event.anchor}", place, None)
            return
        anchor = self.anchors[event.anchor]
        if anchor is None:
            raise _UnreadableError(PlacedProblem(place, f"'*{event.anchor}' stands inside the value that it repeats"))
        if len(self.stack) + anchor.height > MAX_DEPTH:
            raise _UnreadableError(PlacedProblem(place, f"a config has at most {MAX_DEPTH} levels"))
        self.values += anchor.values - 1
        self._add(anchor.content, place, None, height=anchor.height)

    def _add(
        self,
        content: Content,
        place: Place,
        anchor: str | None,
        *,
        height: int = 0,
        since: int | None = None,
        plain: bool = False,
    ) -> None:
        since = self.values if since is None else since
        self.values += 1
        if self.values > MAX_VALUES:
            raise _UnreadableError(PlacedProblem(place, f"a config has at most {MAX_VALUES} values"))
        if anchor:
            self.anchors[anchor] = _Anchor(content, self.values - since, height)
        if not self.stack:
            self.root = Value(content, place)
            return
        parent = self.stack[-1]
        if parent.height <= height:
            parent.height = height + 1
        if isinstance(parent.content, list):
            parent.content.append(Value(content, place))
        elif not parent.awaits_value:
            parent.awaits_value, parent.key = True, self._key(content, place, parent.content, plain)
        else:
            parent.awaits_value = False
            if parent.key:
                key, key_place = parent.key
                parent.content[key] = Value(content, place, key_place)

    def _key(self, key: Content, place: Place, siblings: dict[Key, Value], plain: bool) -> tuple[Key, Place] | None:
        """The key with its place; None if it is none, so that its value is not kept."""
        if not isinstance(key, str | int) or isinstance(key, bool):
            written = cut(lines_of(self.source)[place.line][place.column : place.column + place.length].strip())
            self._problem(place, f'a key is text or an integer; quote it if it is text: "{written}"')
        elif key == MERGE_KEY and plain:
            self._problem(place, "'<<' merges nothing in YAML 1.2; use 'extends', or write the keys out")
        elif key in siblings:
            first = siblings[key].key or siblings[key].place
            where = f", in line {first.line + 1}" if first.line != place.line else ""
            self._problem(place, f"'{cut(str(key))}' is set already{where}")
        else:
            return key, place
        return None

    def _problem(self, place: Place, message: str) -> None:
        self.problems.append(PlacedProblem(place, message))

    def _place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        if end.line == start.line:
            return Place(self.source, start.line, start.column, max(1, end.column - start.column))
        lines = lines_of(self.source)
        rest = len(lines[start.line].rstrip()) - start.column if start.line < len(lines) else 1
        is_text = isinstance(event, ScalarEvent) and event.style not in ("|", ">")
        return Place(self.source, start.line, start.column, max(1, rest) if is_text else 1)


def _first_line(done: _Open) -> Place:
    """A block list or mapping is shown by the part of it that stands on its first line."""
    if not isinstance(done.content, dict) or not done.content:
        return done.place
    first = next(iter(done.content.values()))
    end = done.place.column + 1
    for place in (first.key, first.place):
        if place and place.line == done.place.line:
            end = max(end, place.column + place.length)
    return Place(done.place.source, done.place.line, done.place.column, end - done.place.column)
