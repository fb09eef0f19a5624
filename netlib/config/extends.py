"""`extends`: a config file together with the files that it is based on."""

from __future__ import annotations

import os
from pathlib import Path

from netlib.config.merge import merge
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.config.reader import read_tree
from netlib.config.sources import open_source
from netlib.config.tree import Key, Source, Value

KEY = "extends"
MAX_FILES = 100


class Bases:
    """Reads base files, each one once; `sources` and `problems` collect what was read and what is wrong in it.

    `incomplete` when a base could not be read, so that what it would have given is missing. Other files that a config names
    are read here too: by `file_named`.
    """

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.problems: list[PlacedProblem] = []
        self.incomplete = False
        self._done: dict[Path, Value | None] = {}

    def complete(self, source: Source, chain: tuple[Path, ...] = ()) -> Value | None:
        """The tree of a source on top of those it extends; None if it cannot be read.

        `chain` are the files that are being read, the one that names this source last.
        """
        self.sources.append(source)
        tree, problems = read_tree(source)
        self.problems += problems
        if tree is None or not isinstance(tree.content, dict) or KEY not in tree.content:
            return tree
        own = dict(tree.content)
        named = own.pop(KEY)
        tree = Value(own, tree.place, tree.key)
        base: Value | None = None
        for item in self._names(named):
            found = self.file_named(item, (*chain, identity(source)), "a config cannot extend itself")
            if found is None:
                self.incomplete = True
            elif base is None:
                base = found
            else:
                self._report_defined_twice(base, found, item)
                base = merge(base, found)
        return tree if base is None else merge(base, tree)

    def file_named(self, named: Value, chain: tuple[Path, ...], circular: str) -> Value | None:
        """The completed tree of the file whose path `named` is; None, with the problem, if there is none.

        Args:
            named: a path, relative to the file that has it.
            chain: the files that are being read, the one that names this one last.
            circular: what is wrong if the file is one of them.
        """
        path, shown = path_named(named)
        itself = _resolved(path)
        if itself in chain:
            circle = " -> ".join(other.name for other in (*chain[chain.index(itself) :], itself))
            self.problem(named, f"{circular}: {circle}")
            return None
        if itself not in self._done:
            if len(self.sources) > MAX_FILES:
                self.problem(named, f"a config has at most {MAX_FILES} other files")
                return None
            self._done[itself] = self._read(shown, path, named, chain)
        return self._done[itself]

    def problem(self, value: Value, message: str) -> None:
        """Adds what is wrong with a value."""
        self.problems.append(PlacedProblem(value.place, message))

    def _names(self, named: Value) -> list[Value]:
        items = named.content if isinstance(named.content, list) else [named]
        names: list[Value] = []
        for item in items:
            if not isinstance(item.content, str) or not item.content:
                self.problem(item, "expected the path of a config file, or a list of them")
            elif any(item.content == other.content for other in names):
                self.problem(item, f"'{item.content}' is listed twice")
            else:
                names.append(item)
        return names

    def _report_defined_twice(self, first: Value, second: Value, named: Value) -> None:
        """Adds a problem, at the second base's name, for each block that both bases define, each in its own way."""
        ours, theirs = _blocks(first), _blocks(second)
        for name in ours.keys() & theirs.keys():
            one, other = ours[name], theirs[name]
            if one is not other:  # as it is when both have it from one file
                message = f"block '{name}' is defined in {_written_at(one)} and in {_written_at(other)}"
                self.problem(named, f"{message}; rename one of them, or extend one of these files only")

    def _read(self, shown: str, path: Path, named: Value, chain: tuple[Path, ...]) -> Value | None:
        try:
            source = open_source(shown, "base file", path=path, mentioned=named.place)
        except ConfigError as error:
            self.problems += error.problems
            return None
        tree = self.complete(source, chain)
        if tree is not None and not isinstance(tree.content, dict):
            self.problem(tree, "expected a mapping of a config's keys")
            return None
        return tree


def path_named(named: Value) -> tuple[Path, str]:
    """Where the file is whose path a config has, and how messages call it."""
    source = named.place.source
    shown = os.path.normpath(Path(source.name).parent / str(named.content))
    return Path(os.path.normpath(source.folder / str(named.content))), shown


def identity(source: Source) -> Path:
    """The same for all ways in which a file can be named."""
    return _resolved(source.folder / Path(source.name).name)


def _blocks(tree: Value) -> dict[Key, Value]:
    blocks = tree.child("blocks")
    return blocks.content if blocks and isinstance(blocks.content, dict) else {}


def _written_at(value: Value) -> str:
    place = value.key or value.place
    return f"'{place.source.name}' (line {place.line + 1})"


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError):  # a NUL in the name, or too many links
        return path
