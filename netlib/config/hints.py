"""What went wrong where libyaml stopped, in words that help: YAML's traps have hints of their own."""

from __future__ import annotations

import re
from typing import Any

from yaml import MarkedYAMLError, ScalarEvent

from netlib.config.problems import PlacedProblem, lines_of
from netlib.config.tree import Place, Source
from netlib.spec.operations import cut

_TYPE = re.compile(r"[\w.]*[A-Z]\w*")
_WORD = re.compile(r"[^\s,\]}]+")
_SIGNS = re.compile(r"[()\[\]{},]")
_INDEX = re.compile(r"\w\[[^\]]*\][^\[\]{},]*$")
_CALL = re.compile(r"[\w$]\(")
_OPEN_QUOTE = "found unexpected end of stream"
_QUOTED_ALIAS = "while scanning an alias"
_QUOTED_ANCHOR = "while scanning an anchor"

_PLAIN_WORDS = {
    "did not find expected '-' indicator": "expected an item here, '- ...', indented like the items above",
    "did not find expected key": "expected a key here, 'key: value', indented like the keys above",
    "could not find expected ':'": "expected ': ' after a key before this",
    "did not find expected node content": "expected a value here",
    "block sequence entries are not allowed in this context": "an item '- ...' begins on a line of its own",
    "did not find expected <document start>": "expected the end of the file here: is the indentation right?",
    "found unknown escape character": "there is no such escape in double quotes; use single quotes, or '\\\\' for '\\'",
}
"""By libyaml's own words."""


def explained(error: MarkedYAMLError, source: Source, last: ScalarEvent | None, bracket: Place | None) -> PlacedProblem:
    """The problem that a parse error stands for; `last` is the last scalar before it, `bracket` the innermost open one."""
    place, begun = _place(source, error.problem_mark), _place(source, error.context_mark)
    what = str(error.problem)
    line = _line(place)
    if "\t" in line[: place.column + 1] and not line[: place.column + 1].strip():
        return PlacedProblem(place, "a tab cannot indent in YAML; use spaces")
    if last and (expression := cut_expression(source, last)):
        return expression
    if index := _index_before(begun) or (last and _index_in_flow(source, last)):
        return index
    if last and (wiring := _wiring_below(place, last)):
        return wiring
    if bracket and not "".join((line[place.column :], *lines_of(source)[place.line + 1 :])).strip():
        return PlacedProblem(bracket, f"this '{_line(bracket)[bracket.column]}' is not closed")
    if what.startswith("mapping values are not allowed"):
        return _second_colon(place, last)
    if error.context in (_QUOTED_ALIAS, _QUOTED_ANCHOR) or str(error.context).startswith("while scanning a tag"):
        return must_be_quoted(begun)
    if what.startswith("found character that cannot start any token"):
        return must_be_quoted(place)
    if what.startswith(_OPEN_QUOTE):
        return PlacedProblem(begun, "this quote is not closed")
    return PlacedProblem(place, _translated(place, begun, what))


def must_be_quoted(place: Place) -> PlacedProblem:
    """For text that begins with a sign that has a meaning in YAML."""
    found = _WORD.search(_line(place), place.column)
    word = found[0].rstrip(":") if found else ""
    message = f"text that begins with '{word[:1]}' must be quoted: \"{cut(word)}\""
    return PlacedProblem(Place(place.source, place.line, place.column, max(1, len(word))), message)


def cut_expression(source: Source, event: ScalarEvent) -> PlacedProblem | None:
    """The problem of an unquoted expression that a comma or a bracket inside `{}` or `[]` has cut in two, if that is so."""
    if event.style or not _is_cut(event.value):
        return None
    place = _place(source, event.start_mark)
    whole = _line(place)[place.column : expression_end(place)]
    is_closed = whole.count("(") == whole.count(")")
    return _cut(place) if is_closed or "$(" in event.value else None


def expression_end(place: Place) -> int:
    """Column after the expression at `place`: before the comma or bracket that ends it, or at the line's end."""
    text, depth = _line(place), 0
    for found in _SIGNS.finditer(text, place.column):
        if found[0] in "([{":
            depth += 1
        elif depth == 0:
            return len(text[: found.start()].rstrip())
        elif found[0] != ",":
            depth -= 1
    return len(text.rstrip())


def _cut(place: Place) -> PlacedProblem:
    text = _line(place)[place.column : expression_end(place)]
    message = f'inside {{}} or [] YAML cuts this expression at its comma or bracket; quote it: "{cut(text)}"'
    return PlacedProblem(Place(place.source, place.line, place.column, len(text)), message)


def _is_cut(text: str) -> bool:
    """Whether a bracket of an expression or a function is open in it."""
    return "(" in text and text.count("(") > text.count(")") and bool(_CALL.search(text.replace("$$", "")))


def _index_in_flow(source: Source, last: ScalarEvent) -> PlacedProblem | None:
    """The problem of an unquoted `x[0]` inside `{}` or `[]`."""
    end = _place(source, last.end_mark)
    if last.style or last.value.endswith("$") or _line(end)[end.column : end.column + 1] not in ("[", "{"):
        return None
    return _cut(_place(source, last.start_mark))


def _index_before(star: Place) -> PlacedProblem | None:
    """The same where libyaml, which looks ahead, stops at the `*` of `x[0] * 2`."""
    before = _line(star)[: star.column]
    start = before.rfind(": ") + len(": ")
    is_product = _line(star)[star.column : star.column + 1] == "*" and _INDEX.search(before, start)
    return _cut(Place(star.source, star.line, start)) if is_product else None


def _wiring_below(place: Place, last: ScalarEvent) -> PlacedProblem | None:
    """The problem of `- Flatten` with `name: flat` in the line below."""
    start = _place(place.source, last.start_mark)
    before, word = _line(start)[: start.column], _bare(start)
    dash = before.rfind("-")
    if last.style or place.line <= start.line or dash < 0 or before[dash + 1 :].strip() or not _TYPE.fullmatch(word):
        return None
    below = _line(place)
    if len(below) - len(below.lstrip()) <= dash:
        return None
    place = Place(place.source, start.line, start.column, len(word))
    return PlacedProblem(place, f"'{cut(word)}' has keys below it, so it needs a colon: '{cut(word)}:'")


def _bare(start: Place) -> str:
    """The rest of a line without its comment."""
    return _line(start)[start.column :].split(" #")[0].strip()


def _second_colon(place: Place, last: ScalarEvent | None) -> PlacedProblem:
    start = _place(place.source, last.start_mark) if last else place
    if last is None or last.style or start.line == place.line:
        return PlacedProblem(place, "a second ': ' cannot stand here; quote the text, or write a mapping in {}")
    key = _line(place)[: place.column].strip()
    message = f"'{cut(key)}' is indented as if '{cut(_bare(start))}' went on; indent it like the key it stands beside"
    return PlacedProblem(Place(place.source, place.line, place.column - len(key), max(1, len(key))), message)


def _translated(place: Place, begun: Place, what: str) -> str:
    if _line(place)[max(0, place.column - 1) :].startswith("${"):
        return "an expression is written '$name' or '$(...)', not '${...}'"
    if what.startswith("did not find expected ',' or"):
        closing = what.rstrip("'")[-1]
        opening = "[" if closing == "]" else "{"
        return f"expected ',' or '{closing}': the '{opening}' of line {begun.line + 1} is not closed"
    if "tab character" in what:
        return "a tab cannot indent in YAML; use spaces"
    return _PLAIN_WORDS.get(what, f"this is not YAML: {what}")


def _place(source: Source, mark: Any) -> Place:
    """Where libyaml's mark is; it counts one line too many at the end of a text."""
    if mark is None:
        return Place(source, 0, 0)
    lines = lines_of(source)
    return (
        Place(source, mark.line, mark.column)
        if mark.line < len(lines)
        else Place(source, len(lines) - 1, len(lines[-1]))
    )


def _line(place: Place) -> str:
    return lines_of(place.source)[place.line]
