"""A module's tree as text: a line for each module, with its variables."""

from __future__ import annotations

from netlib.nn.contents import Parent
from netlib.nn.tree import Entry, Tree


def drawn(tree: Tree) -> str:
    """The lines, indented by depth.

    >>> import tensorflow as tf
    >>> from netlib.nn.module import Module
    >>> box = Module("box")
    >>> box.child, box.scale = Module("inner"), tf.Variable([1.0, 2.0])
    >>> print(drawn(Tree(box)))
    Module(): scale (2,)
      child: Module()
    """
    variables: dict[int, list[Entry]] = {}
    for entry in tree.variables:
        variables.setdefault(id(_shown(entry.owner)), []).append(entry)
    depths: dict[int, int] = {}
    lines = []
    for entry in tree.modules:
        if not entry.is_wrapped:
            around = _shown(entry.owner)
            depths[id(entry)] = depths[id(around)] + 1 if around else 0
            own = ", ".join(_variable(each, entry) for each in variables.get(id(entry), ()))
            lines.append(f"{'  ' * depths[id(entry)]}{_module(entry)}{': ' if own else ''}{own}")
    return "\n".join(lines)


def _shown(entry: Entry | None) -> Entry | None:
    """The module on whose line that stands which this one holds."""
    while entry is not None and entry.is_wrapped:
        entry = entry.owner
    return entry


def _module(entry: Entry) -> str:
    name = f"{_below(entry, _shown(entry.owner))}: " if entry.owner else ""
    return name + (entry.value.description() if isinstance(entry.value, Parent) else f"{type(entry.value).__name__}()")


def _variable(entry: Entry, around: Entry) -> str:
    frozen = " frozen" if entry.value.trainable and not entry.trainable else ""
    return f"{_below(entry, around)} {tuple(entry.value.shape)}{frozen}"


def _below(entry: Entry, around: Entry | None) -> str:
    return entry.path[len(around.path) + 1 :] if around and around.path else entry.path
