"""Which variables of a tree are trained, chosen by selectors over their paths."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from netlib.nn.contents import Parent, flag
from netlib.nn.tree import Entry, Place, Tree
from netlib.spec.selectors import select


def set_trained(root: Any, selectors: str | Iterable[str], *, trained: bool) -> list[str]:
    """Freezes or unfreezes what the selectors choose: variables, or modules with all they hold; returns the variables' paths.

    Everything else stays as it is, so that a weight can be unfrozen inside a frozen module: the module's own flag then gives way
    to flags of its other weights.

    Raises:
        SpecError: a selector matches nothing.
    """
    tree: Tree = root._tree()
    chosen = _chosen(tree, selectors)
    variables = tree.variables
    weights = {id(entry) for entry in variables if entry.value.trainable}
    named = {id(entry) for entry in variables if any(_is_named(place) for place in entry.places)}
    shut = {id(entry) for entry in tree.modules if not flag(entry.value)}
    now = {id(e) for e in variables if (id(e) in chosen and trained) or (e.trainable and id(e) not in chosen)}
    opened = _set_empty(tree, chosen, trained=trained)
    closed = _set_flags(tree, weights, now & weights, opened)
    for entry in variables:
        around = _around(entry)
        if id(entry) in now:
            _name(entry, frozen=False)
        elif id(entry) in chosen | named or ((id(entry) in weights or around & shut) and not around & closed):
            _name(entry, frozen=True)
    return [entry.path for entry in variables if id(entry) in chosen]


def set_all(root: Any, *, trained: bool) -> None:
    """Sets the flags of all modules and Keras layers of a tree; what was frozen one by one is not any more."""
    for entry in Tree(root).modules:
        _set_flag(entry.value, trained=trained)
        if isinstance(entry.value, Parent):
            entry.value.frozen_names.clear()


def is_trained(root: Any) -> bool:
    """Whether any weight of a tree is trained; the root's own flag where it has none."""
    weights = [entry for entry in Tree(root).variables if entry.value.trainable]
    return any(entry.trainable for entry in weights) if weights else flag(root)


def settings(root: Any) -> list[tuple[bool, frozenset[str]]]:
    """Of every module of a tree its flag, and what is frozen in it one by one: by these it is decided what a step changes."""
    modules = [entry.value for entry in Tree(root).modules]
    return [(flag(each), frozenset(getattr(each, "frozen_names", ()))) for each in modules]


def restore(root: Any, kept: Iterable[tuple[bool, frozenset[str]]]) -> None:
    """Sets everything as it was when `settings` told it; the tree has the same modules."""
    for entry, (trained, names) in zip(Tree(root).modules, kept, strict=True):
        _set_flag(entry.value, trained=trained)
        if isinstance(entry.value, Parent):
            entry.value.frozen_names.clear()
            entry.value.frozen_names.update(names)


def frozen_by_name(root: Any) -> list[str]:
    """Paths of the variables that are frozen one by one, not by the flag of a module."""
    return [entry.path for entry in Tree(root).variables if any(_is_named(place) for place in entry.places)]


def _chosen(tree: Tree, selectors: str | Iterable[str]) -> set[int]:
    """Ids of the entries that are selected, by any of their paths, or stand in a module that is."""
    asked = [selectors] if isinstance(selectors, str) else list(selectors)
    if tree.variables and not any(entry.path for entry in tree.entries) and {"", "**"} & set(asked):
        return set(map(id, tree.entries))  # a variable by itself, which has no path
    found = set(select(map(tree.first_path, asked), [path for entry in tree.entries for path in entry.paths if path]))
    chosen = {id(entry) for entry in tree.entries if not found.isdisjoint(entry.paths)}
    return {id(entry) for entry in tree.entries if id(entry) in chosen or _around(entry) & chosen}


def _set_empty(tree: Tree, chosen: set[int], *, trained: bool) -> set[int]:
    """Sets the flags of chosen modules that have no variables yet; returns the ids of those to open, they and all around."""
    filled = {module for entry in tree.variables for module in _around(entry)}
    opened: set[int] = set()
    for entry in tree.modules:
        if id(entry) in chosen and id(entry) not in filled:
            _set_flag(entry.value, trained=trained)
            opened |= {id(entry), *_around(entry)} if trained else set()
    return opened


def _around(entry: Entry) -> set[int]:
    """Ids of the entries of all modules that it stands in, at any of its places."""
    found: set[int] = set()
    waiting = [place.owner for place in entry.places]
    while waiting:
        owner = waiting.pop()
        if owner is not None and id(owner) not in found:
            found.add(id(owner))
            waiting += [place.owner for place in owner.places]
    return found


def _set_flag(module: Any, *, trained: bool) -> None:
    """Of a Keras layer too, which tells its variables, and of whatever else has such a flag."""
    if isinstance(module, Parent):
        module.__dict__["_trainable"] = trained
    elif hasattr(module, "trainable"):
        module.trainable = trained


def _set_flags(tree: Tree, weights: set[int], trained: set[int], opened: set[int]) -> set[int]:
    """Opens every module with a trained variable in it, and those to be `opened`; returns the ids of those that stay frozen as
    a whole.

    A Keras layer follows its weights both ways: it is its flag that stops the moving statistics.
    """
    around = {id(entry): _around(entry) for entry in tree.variables}
    with_weights = {module for entry in weights for module in around[entry]}
    with_trained = {module for entry in trained for module in around[entry]} | opened
    closed = set()
    for module in tree.modules:
        if isinstance(module.value, keras.layers.Layer):
            if id(module) in with_weights:
                module.value.trainable = id(module) in with_trained
        elif flag(module.value):
            continue
        elif id(module) not in with_trained:
            closed.add(id(module))
        else:
            _set_flag(module.value, trained=True)
    return closed


def _name(entry: Entry, *, frozen: bool) -> None:
    """Notes it at every place, in the `Parent` that holds it there."""
    for place in entry.places:
        if place.parent is not None:
            names: set[str] = place.parent.value.frozen_names
            names.add(_own_name(place)) if frozen else names.discard(_own_name(place))


def _is_named(place: Place) -> bool:
    return place.parent is not None and _own_name(place) in place.parent.value.frozen_names


def _own_name(place: Place) -> str:
    start = len(place.parent.path) if place.parent else 0
    return place.path[start + 1 if start else 0 :]
