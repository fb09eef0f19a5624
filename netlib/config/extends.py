"""`extends`: a config file together with the files that it is based on."""

from __future__ import annotations

import os
from pathlib import Path

from netlib.config.merge import merge
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.config.reader import read_tree
from netlib.config.sources import open_source
from netlib.config.tree import Source, Value

KEY = "extends"
MAX_FILES = 100


class Bases:
    """Reads base files, each one once; `sources` and `problems` collect what was read and what is wrong in it.

    `incomplete` when a base could not be read, so that what it would have given is missing.
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
            found = self._base(item, source, (*chain, _identity(source)))
            if found is None:
                self.incomplete = True
            else:
                base = found if base is None else merge(base, found)
        return tree if base is None else merge(base, tree)

    def _names(self, named: Value) -> list[Value]:
        items = named.content if isinstance(named.content, list) else [named]
        names: list[Value] = []
        for item in items:
            if not isinstance(item.content, str) or not item.content:
                self._problem(item, "expected the path of a config file, or a list of them")
            elif any(item.content == other.content for other in names):
                self._problem(item, f"'{item.content}' is listed twice")
            else:
                names.append(item)
        return names

    def _base(self, named: Value, source: Source, chain: tuple[Path, ...]) -> Value | None:
        shown = os.path.normpath(Path(source.name).parent / str(named.content))
        path = Path(os.path.normpath(source.folder / str(named.content)))
        identity = _resolved(path)
        if identity in chain:
            circle = " -> ".join(other.name for other in (*chain[chain.index(identity) :], identity))
            self._problem(named, f"a config cannot extend itself: {circle}")
            return None
        if identity not in self._done:
            if len(self.sources) > MAX_FILES:
                self._problem(named, f"a config extends at most {MAX_FILES} files")
                return None
            self._done[identity] = self._read(shown, path, named, chain)
        return self._done[identity]

    def _read(self, shown: str, path: Path, named: Value, chain: tuple[Path, ...]) -> Value | None:
        try:
            source = open_source(shown, "base file", path=path, mentioned=named.place)
        except ConfigError as error:
            self.problems += error.problems
            return None
        tree = self.complete(source, chain)
        if tree is not None and not isinstance(tree.content, dict):
            self._problem(tree, "expected a mapping of a config's keys")
            return None
        return tree

    def _problem(self, value: Value, message: str) -> None:
        self.problems.append(PlacedProblem(value.place, message))


def _identity(source: Source) -> Path:
    return _resolved(source.folder / Path(source.name).name)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError):  # a NUL in the name, or too many links
        return path
