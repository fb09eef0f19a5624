"""Thousands of systematic changes of the shipped configs: each is valid or has problems with places, soon, and never a traceback.

`pytest tests/config/test_mutations.py -s` prints how many of each kind there were, and how many were refused.
"""

from __future__ import annotations

import copy
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from netlib.config.dump import to_yaml
from netlib.config.load import read
from netlib.config.problems import ConfigError
from netlib.config.reader import read_tree
from netlib.config.sources import checked_source

FOLDER = Path(__file__).parents[2] / "configs"
NAMES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("**/*.yaml") if path.parent.name != "sweeps")
SECONDS = 2
MOST = 700
"""Mutants of one config, taken evenly from all; raise it for a longer hunt."""
Loc = tuple[str | int, ...]
Mutants = Iterator[tuple[str, Callable[[], str]]]
"""What is done, and what makes the text that comes of it."""

_OWN = ("vars", "params", "blocks", "Variables", "from", "inputs", "targets", "outputs", "branches", "preprocess")
"""Keys below which there are names of the writer's own."""


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def plain(name: str) -> Any:
    tree, problems = read_tree(checked_source(name, "file", text_of(name), Path()))
    assert tree is not None
    assert not problems
    return tree.plain()


def places(value: Any, loc: Loc = ()) -> Iterator[Loc]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*loc, key)
        yield from places(item, (*loc, key))


def at(value: Any, loc: Loc) -> Any:
    for key in loc:
        value = value[key]
    return value


def changed(values: Any, change: Callable[[Any], object]) -> Callable[[], str]:
    def text() -> str:
        made = copy.deepcopy(values)
        change(made)
        return to_yaml(made)

    return text


def said(text: str) -> Callable[[], str]:
    return lambda: text


def drops(values: Any) -> Mutants:
    for loc in places(values):
        yield f"without {loc}", changed(values, lambda made, loc=loc: at(made, loc[:-1]).pop(loc[-1]))


def renames(values: Any) -> Mutants:
    """A key of the language with a letter too many: always refused."""
    return ((f"renamed {loc}", _renamed(values, loc)) for loc in _keys(values) if not _is_own(values, loc))


def own_renames(values: Any) -> Mutants:
    """The same of names that the writer chose."""
    return ((f"renamed {loc}", _renamed(values, loc)) for loc in _keys(values) if _is_own(values, loc))


def _keys(values: Any) -> list[Loc]:
    return [loc for loc in places(values) if isinstance(loc[-1], str)]


def _is_own(values: Any, loc: Loc) -> bool:
    term = loc[:2] == ("train", "loss") and len(loc) == 3 and isinstance(at(values, loc[:2]), dict)
    return term or bool({*_OWN} & {*loc[:-1]})


def _renamed(values: Any, loc: Loc) -> Callable[[], str]:
    def rename(made: Any) -> None:
        owner = at(made, loc[:-1])
        items = {f"{key}q" if key == loc[-1] else key: item for key, item in owner.items()}
        owner.clear()
        owner.update(items)

    return changed(values, rename)


_OTHERS: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    10**12,
    1e300,
    "",
    "text",
    "$width",
    "$(1/0)",
    [],
    [1, [2]],
    {},
    {"a": 1},
)


def types(values: Any) -> Mutants:
    for loc in places(values):
        for other in _OTHERS:
            yield f"{loc} = {other!r}", changed(values, lambda made, loc=loc, o=other: _set(made, loc, o))


def _set(made: Any, loc: Loc, value: Any) -> None:
    at(made, loc[:-1])[loc[-1]] = copy.deepcopy(value)


def edges(values: Any) -> Mutants:
    """`from` at nothing, at a later node, at itself; nodes in another order; and twice."""
    for loc in places(values):
        if loc[-1] == "from":
            for other in ("nothing_here", "previous.port", "output", "x.*", ["previous", "nothing_here"], 7):
                yield f"{loc} = {other!r}", changed(values, lambda made, loc=loc, o=other: _set(made, loc, o))
        item = at(values, loc)
        if isinstance(item, dict) and isinstance(loc[-1], int):
            if "name" in item:
                own = item["name"]
                yield (
                    f"{loc} reads itself",
                    changed(values, lambda made, loc=loc, own=own: at(made, loc).update({"from": own})),
                )
            yield (
                f"{loc} twice",
                changed(
                    values, lambda made, loc=loc, item=item: at(made, loc[:-1]).insert(loc[-1], copy.deepcopy(item))
                ),
            )
        if isinstance(item, list) and len(item) > 1:
            yield f"{loc} in reverse", changed(values, lambda made, loc=loc: at(made, loc).reverse())


def recursions(values: Any) -> Mutants:
    """Each block holds itself, and the one before it."""
    names = list(values.get("blocks") or {})
    for place, name in enumerate(names):
        for other in (name, names[place - 1]):

            def recurse(made: Any, name: str = name, other: str = other) -> None:
                block = made["blocks"][name]
                nodes = block.get("nodes") if isinstance(block, dict) else block
                if isinstance(nodes, list):
                    nodes.append({other: None})

            yield f"{name} holds {other}", changed(values, recurse)


def shapes(values: Any) -> Mutants:
    """Another number in each place in turn, and lists in another order."""
    for loc in places(values):
        item = at(values, loc)
        if isinstance(item, int) and not isinstance(item, bool):
            for other in (item + 1, item * 20, item // 2):
                yield f"{loc} = {other}", changed(values, lambda made, loc=loc, o=other: _set(made, loc, o))


def letters(text: str) -> Mutants:
    """Damage to the text: lines twice or cut, signs taken out or put in, half of the file."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if not line.strip() or line.startswith("#"):
            continue
        before, after = "".join(lines[:number]), "".join(lines[number + 1 :])
        yield f"line {number} twice", said(before + line + line + after)
        yield f"line {number} tabbed", said(before + "\t" + line + after)
        yield f"line {number} moved", said(before + "  " + line + after)
        yield f"line {number} cut", said(before + line[: len(line) // 2] + "\n" + after)
        yield f"file ends in line {number}", said(before + line[: len(line) // 2])
        for sign in "[]{}:,\"'$()*&!-":
            if sign in line:
                yield f"line {number} without {sign}", said(before + line.replace(sign, "", 1) + after)
            yield f"line {number} with {sign}", said(before + line.rstrip("\n") + f" {sign}\n" + after)


def mutants(name: str) -> Iterator[tuple[str, str, Callable[[], str]]]:
    values = plain(name)
    for kind in (drops, renames, own_renames, types, edges, recursions, shapes):
        yield from ((kind.__name__, what, text) for what, text in kind(values))
    yield from (("letters", what, text) for what, text in letters(text_of(name)))


def refused(text: str, name: str) -> bool:
    """Whether it has problems; each has a place, and a message that can be shown."""
    found: ConfigError | None = None
    try:
        read(text, str(FOLDER / name), open_data=False)
    except ConfigError as error:
        found = error
    if found is None:
        return False
    assert found.problems
    assert all(problem.message and problem.line is not None for problem in found.problems)
    assert str(found)
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_mutant_is_answered(name: str) -> None:
    counted: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    every = list(mutants(name))
    for kind, what, text in every[:: len(every) // MOST + 1]:
        started = time.process_time()
        try:
            found = refused(text(), name)
        except Exception as error:
            error.add_note(f"{name}: {what}")
            raise
        took = time.process_time() - started
        assert took < SECONDS, f"{name}: {what} took {took:.1f} s"
        counted[kind] += 1
        bad[kind] += found
        assert found or kind != "renames", f"{name}: {what} was not refused"
    assert sum(counted.values()) > 100
    print(f"\n{name}: {sum(counted.values())} mutants, {sum(bad.values())} refused; of each kind: {dict(counted)}")


def spread_over_lines(text: str) -> set[int]:
    """The lines that end inside of a text, where a comment would be part of it."""
    scalars = [token for token in yaml.scan(text) if isinstance(token, yaml.ScalarToken)]
    return {line for token in scalars for line in range(token.start_mark.line, token.end_mark.line)}


@pytest.mark.parametrize("name", NAMES)
def test_what_means_the_same_is_not_refused(name: str) -> None:
    """As text that was written by a program, with the keys in another order, with a comment on every line."""
    values = plain(name)
    turned = {key: values[key] for key in reversed(values)}
    spread = spread_over_lines(text_of(name))
    commented = "".join(
        f"{line}\n" if number in spread or not line.strip() else f"{line} # note\n"
        for number, line in enumerate(text_of(name).splitlines())
    )
    for text in (to_yaml(values), to_yaml(turned), commented, f"\ufeff{text_of(name)}", f"---\n{text_of(name)}"):
        assert not refused(text, name)
