"""Selectors: globs over dotted paths, and renaming by them.

`*` is any text within one part of a path (also none), `?` one character of a part, `**` any number of whole parts (also
none). Everything else stands for itself, and a selector has to fit the whole path: `encoder` is that path alone,
`encoder.**` is it and everything below, `encoder.*.**` only what is below, `**.kernel` every kernel at whatever depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from netlib.spec.errors import SpecError, closest

_WILDCARD = re.compile(r"\*\*|\*|\?")
_PATHS_SHOWN = 5


def matches(selector: str, path: str) -> bool:
    """Whether `selector` fits the whole of `path`.

    >>> matches("encoder.**.bias", "encoder.bias"), matches("encoder", "encoder.bias")
    (True, False)

    Raises:
        SpecError: `selector` is not one: an empty part, or a `**` that is not a whole part.
    """
    return _compiled(selector).match(f"{path}.") is not None


def select(selectors: str | Iterable[str], paths: Iterable[str]) -> list[str]:
    """Those of `paths` that at least one selector fits, in the order of `paths`.

    >>> select(["**.bias", "head.*"], ["head.kernel", "body.kernel", "body.bias"])
    ['head.kernel', 'body.bias']

    Raises:
        SpecError: a selector fits nothing (close paths are named), or is not a selector.
    """
    asked, known = [selectors] if isinstance(selectors, str) else list(selectors), list(paths)
    chosen: set[str] = set()
    for selector in asked:
        fitting = [path for path in known if matches(selector, path)]
        if not fitting:
            raise SpecError(f"the selector '{selector}' {_no_match(selector, known)}")
        chosen.update(fitting)
    return [path for path in known if path in chosen]


class Renaming:
    """Old paths to new ones, by rules `selector: new`; the first rule that fits a path names it anew.

    What the wildcards of the old side stand for is put into those of the new side, in order; a wildcard further left
    takes as little as it can.

    >>> Renaming({"old.**": "new.**", "*.weight": "*.kernel"}).apply("old.0.bias")
    'new.0.bias'

    Raises:
        SpecError: a side is not a selector, or the sides of a rule have not the same wildcards.
    """

    def __init__(self, rules: Mapping[str, str]) -> None:
        self.rules = dict(rules)
        for old, new in self.rules.items():
            _check_selector(new)
            _check_selector(old)
            _check_same_wildcards(old, new)

    def apply(self, path: str) -> str | None:
        """The new path, or `None` when no rule fits: such a path stays what it is."""
        for old, new in self.rules.items():
            if found := _compiled(old).match(f"{path}."):
                return _filled(new, found.groups())
        return None

    def over(self, paths: Iterable[str]) -> dict[str, str]:
        """Every one of `paths` with the path that it has after the renaming.

        Raises:
            SpecError: a rule fits no path, or two paths would become one.
        """
        known = list(paths)
        for old in self.rules:
            if not any(matches(old, path) for path in known):
                raise SpecError(f"the renaming rule '{old}: {self.rules[old]}' {_no_match(old, known)}")
        renamed = {path: self.apply(path) or path for path in known}
        owners: dict[str, str] = {}
        for path, new in renamed.items():
            if new in owners:
                raise SpecError(f"the renaming makes '{new}' of both '{owners[new]}' and '{path}'; one of them must go")
            owners[new] = path
        return renamed


@lru_cache(maxsize=256)
def _compiled(selector: str) -> re.Pattern[str]:
    """The selector as a pattern over a path whose every part, the last one too, ends with a dot.

    A wildcard and the text up to the next one are an atomic group: the earliest fit is always as good as a later one,
    and no selector can make matching take exponential time.
    """
    _check_selector(selector)
    segments = [""]
    for part in selector.split("."):
        if part == "**":
            segments.append("")
        else:
            segments[-1] += _part_pattern(part)
    return re.compile(_joined(segments, r"((?:[^.]+\.)*?)") + r"\Z", re.DOTALL)


def _part_pattern(part: str) -> str:
    literals = ["([^.])".join(map(re.escape, piece.split("?"))) for piece in part.split("*")]
    literals[-1] += r"\."
    return _joined(literals, "([^.]*?)")


def _joined(segments: list[str], wildcard: str) -> str:
    first, *middle = segments
    if not middle:
        return first
    *middle, last = middle
    return first + "".join(f"(?>{wildcard}{segment})" for segment in middle) + wildcard + last


def _filled(selector: str, texts: Iterable[str]) -> str:
    """The selector with its wildcards replaced; a text for `**` ends with a dot, as in `_compiled`."""
    remaining = iter(texts)
    parts = (
        next(remaining) if part == "**" else _WILDCARD.sub(lambda _: next(remaining), part) + "."
        for part in selector.split(".")
    )
    return "".join(parts).removesuffix(".")


def _check_selector(selector: str) -> None:
    for part in selector.split("."):
        if not part:
            raise SpecError(f"the selector '{selector}' has an empty part; write names or wildcards between the dots")
        if "**" in part and part != "**":
            raise SpecError(
                f"the selector '{selector}' has '**' within the part '{part}'; '**' stands for whole parts, "
                "'*' for text within one"
            )


def _check_same_wildcards(old: str, new: str) -> None:
    sides = [_WILDCARD.findall(old), _WILDCARD.findall(new)]
    if sides[0] != sides[1]:
        was, becomes = (f"{len(side)} ({' '.join(side)})" if side else "none" for side in sides)
        raise SpecError(
            f"the renaming rule '{old}: {new}' must have the same wildcards on both sides, in the same order: "
            f"'{old}' has {was}, '{new}' has {becomes}"
        )


def _no_match(selector: str, paths: list[str]) -> str:
    if meant := _meant(selector, paths):
        return f"fits none of the {len(paths)} paths; did you mean '{meant}'?"
    shown = ", ".join(f"'{path}'" for path in paths[:_PATHS_SHOWN])
    more = f" and {len(paths) - _PATHS_SHOWN} more" if len(paths) > _PATHS_SHOWN else ""
    return f"fits none of the {len(paths)} paths: {shown}{more}" if paths else "fits nothing: there are no paths"


def _meant(selector: str, paths: list[str]) -> str | None:
    """A selector near this one that fits something, or a path near it."""
    parts = sorted({part for path in paths for part in path.split(".")})
    corrected = ".".join(part if "*" in part else closest(part, parts) or part for part in selector.split("."))
    around = (f"{selector}.**", f"**.{selector}", f"**.{selector}.**", corrected, f"{corrected}.**", f"**.{corrected}")
    for candidate in around:
        if any(matches(candidate, path) for path in paths):
            return candidate
    return closest(selector, paths)
