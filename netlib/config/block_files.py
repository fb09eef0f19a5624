"""Blocks that stand in other files: `{file: zoo/resnet50.yaml}` becomes the definition that it names.

A model becomes a block whose params are the file's `vars`; `closed` says that they, and not the variables of the config that
uses it, are what `$name` stands for in the blocks inside. A block of a library (`block: NAME`) keeps its params, and takes
along the library's `vars` and those of its blocks that it uses. `only` says that `outputs` were chosen here, so that nodes
which lead to none of them are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from netlib.config.extends import Bases, path_named
from netlib.config.problems import PlacedProblem
from netlib.config.reader import MAX_DEPTH, MAX_VALUES
from netlib.config.tree import Key, Value
from netlib.spec.errors import did_you_mean, one_of

KEYS = ("file", "block", "outputs")
MAX_NESTED_FILES = 20

Definition = dict[Key, Value]


class BlockFiles:
    """Puts definitions in the places of the files that have them; problems go to `bases`, which reads the files.

    `incomplete` when a block has no definition for that.
    """

    def __init__(self, bases: Bases) -> None:
        self.bases = bases
        self.incomplete = False
        self._done: dict[Path, Value] = {}

    def resolved(self, tree: Value, chain: tuple[Path, ...], level: int = 0) -> Value:
        """A tree with its `blocks` complete.

        Args:
            tree: a config, or a block.
            chain: the files that are being read, the one that has the tree last.
            level: how deep the tree stands in the config that was asked for.
        """
        blocks = tree.child("blocks")
        if blocks is None or not isinstance(blocks.content, dict) or not isinstance(tree.content, dict):
            return tree
        found: Definition = {}
        room = MAX_VALUES
        for name, written in blocks.content.items():
            block = self._block(str(name), written, chain, level + 2)
            if block is None:
                self.incomplete = True
                continue
            room -= _size(block) if block is not written else 0
            if room < 0:
                self._fail(written, f"with the blocks of other files the config has more than {MAX_VALUES} values")
                break
            found[name] = block
        return Value({**tree.content, "blocks": Value(found, blocks.place, blocks.key)}, tree.place, tree.key)

    def _block(self, name: str, written: Value, chain: tuple[Path, ...], level: int) -> Value | None:
        file = written.child("file")
        if file is None or not isinstance(written.content, dict):
            return self.resolved(written, chain, level)
        if not self._is_well_formed(name, written.content):
            return None
        tree = self._read(name, file, chain, level)
        definition = self._definition(tree, file, written.child("block")) if tree else None
        if definition is None:
            return None
        outputs = written.child("outputs")
        if outputs:
            definition = {**definition, "outputs": outputs, "only": Value(True, outputs.place, outputs.key)}
        made = Value(definition, written.place, written.key)
        if level + _height(made) > MAX_DEPTH:
            self._fail(file, f"with the blocks of other files the config has more than {MAX_DEPTH} levels")
            return None
        return made

    def _is_well_formed(self, name: str, content: Definition) -> bool:
        before = len(self.bases.problems)
        for key, value in content.items():
            if key in ("params", "vars"):
                reason = f"its parameters are given where it is used, as in '{name}: {{...}}'"
            elif key not in KEYS:
                reason = f"it has {one_of(KEYS)}"
            else:
                continue
            message = f"a block of another file has no key '{key}'{did_you_mean(str(key), KEYS)}; {reason}"
            self.bases.problem(Value(None, value.key or value.place), message)
        for key, what in (("file", "the path of a config file"), ("block", "the name of a block of that file")):
            text = content.get(key)
            if text and (not isinstance(text.content, str) or not text.content):
                self.bases.problem(text, f"expected {what}")
        return len(self.bases.problems) == before

    def _read(self, name: str, file: Value, chain: tuple[Path, ...], level: int) -> Value | None:
        """The config that `file` names, its own blocks complete; its problems say which block has led there."""
        if len(chain) > MAX_NESTED_FILES or level >= MAX_DEPTH:
            self._fail(file, f"blocks of other files are nested more than {MAX_NESTED_FILES} deep")
            return None
        problems, known = self.bases.problems, len(self.bases.problems)
        tree = self.bases.file_named(file, chain, "a config cannot be a block of itself")
        if tree:
            path = path_named(file)[0].resolve()
            if path not in self._done:
                self._done[path] = self.resolved(tree, (*chain, path), level)
            tree = self._done[path]
        reader = f"in the file of block '{name}' at {PlacedProblem(file.place, '').where}"
        problems[known:] = (
            problem if problem.place in (None, file.place) else replace(problem, via=(*problem.via, reader))
            for problem in problems[known:]
        )
        return tree

    def _definition(self, tree: Value, file: Value, block: Value | None) -> Definition | None:
        return self._model(tree, file) if block is None else self._library_block(tree, file, block)

    def _model(self, tree: Value, file: Value) -> Definition | None:
        """The model of a config as a block."""
        model = tree.child("model")
        if model is None:
            names = _blocks(tree)
            hint = f"; say with `block` which of its blocks is meant: {one_of(map(str, names))}" if names else ""
            self.bases.problem(file, f"'{path_named(file)[1]}' has no 'model'{hint}")
            return None
        definition = _definition(model)
        inputs = definition.get("inputs")
        if inputs and isinstance(inputs.content, dict):
            items = [Value(name, value.key or value.place) for name, value in inputs.content.items()]
            definition["inputs"] = Value(items, inputs.place, inputs.key)
        variables, blocks = tree.child("vars"), tree.child("blocks")
        definition["closed"] = Value(True, file.place, file.key)
        if variables and variables.content is not None:
            definition["params"] = variables
        if blocks:
            definition["blocks"] = blocks
        return definition

    def _library_block(self, tree: Value, file: Value, block: Value) -> Definition | None:
        """One block of a config, with what it needs of the others."""
        library = _blocks(tree)
        found = library.get(str(block.content))
        if found is None:
            names = list(map(str, library))
            hint = did_you_mean(str(block.content), names) or (f"; it has {one_of(names)}" if names else "")
            self.bases.problem(block, f"'{path_named(file)[1]}' has no block '{block.content}'{hint}")
            return None
        definition = _definition(found)
        if "closed" in definition or "vars" in definition:  # of a third file
            return definition
        variables, own = tree.child("vars"), definition.get("blocks")
        definition["vars"] = variables or Value({}, file.place, file.key)
        needed = _needed(found, library)
        if needed and (own is None or isinstance(own.content, dict)):
            place = own or found
            definition["blocks"] = Value({**needed, **(_blocks(found))}, place.place, place.key)
        return definition

    def _fail(self, file: Value, message: str) -> None:
        self.incomplete = True
        self.bases.problem(file, message)


def _definition(written: Value) -> Definition:
    """A copy of a mapping of nodes, inputs and outputs, or what a list of nodes is short for."""
    return dict(written.content) if isinstance(written.content, dict) else {"nodes": written}


def _blocks(tree: Value) -> Definition:
    blocks = tree.child("blocks")
    return blocks.content if blocks and isinstance(blocks.content, dict) else {}


def _needed(block: Value, library: Definition) -> Definition:
    """The blocks of a library whose names a block has as a key or a text, and those that they need."""
    names: set[Key] = set()
    waiting = [block]
    while waiting:
        new = {word for word in _words(waiting.pop()) if word in library} - names
        names |= new
        waiting += (library[name] for name in new)
    return {name: value for name, value in library.items() if name in names}


def _words(value: Value) -> Iterator[Key]:
    content = value.content
    if isinstance(content, dict):
        yield from content
        for item in content.values():
            yield from _words(item)
    elif isinstance(content, list):
        for item in content:
            yield from _words(item)
    elif isinstance(content, str):
        yield content


def _size(value: Value) -> int:
    """How many values there are in one."""
    return 1 + sum(map(_size, _parts(value)))


def _height(value: Value) -> int:
    """How many levels of lists and mappings there are."""
    if not isinstance(value.content, list | dict):
        return 0
    return 1 + max(map(_height, _parts(value)), default=0)


def _parts(value: Value) -> list[Value]:
    content = value.content
    return list(content.values()) if isinstance(content, dict) else content if isinstance(content, list) else []
