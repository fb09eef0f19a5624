"""The forward pass that is under way: what layers add to it, and the training flag that calls inside of it inherit.

The outermost call begins a pass; what was added in the one before is forgotten. A layer that runs twice in a pass keeps both.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import tensorflow as tf


def graph_under_way() -> Any:
    """The graph that is being made, None in eager mode."""
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()


@dataclass(eq=False)
class Pass:
    """What was added during one outermost call: (layer, value), and (layer, name, value). Layers are held weakly.

    `graph` is the one that the call is made in.
    """

    losses: list[tuple[weakref.ref[Any], tf.Tensor]] = field(default_factory=list)
    metrics: list[tuple[weakref.ref[Any], str, tf.Tensor]] = field(default_factory=list)
    output_masks: weakref.WeakKeyDictionary[Any, Any] = field(default_factory=weakref.WeakKeyDictionary)
    graph: Any = field(default_factory=graph_under_way)

    def reachable(self) -> bool:
        """Whether what was added can be computed with here: in eager mode, or inside of the function that it was added in."""
        here = graph_under_way()
        while here is not None and here is not self.graph:
            here = getattr(here, "outer_graph", None)
        return here is self.graph


@dataclass(frozen=True)
class Frame:
    """The pass under way, and the training flag of the innermost call; and whether that is of a graph, which passes masks along
    its edges itself."""

    current: Pass
    training: Any
    along_edges: bool = False


_frame: ContextVar[Frame | None] = ContextVar("frame", default=None)
_last: weakref.WeakKeyDictionary[Any, Pass] = weakref.WeakKeyDictionary()


@contextmanager
def entered(layer: Any, training: Any, *, along_edges: bool = False) -> Iterator[Any]:
    """Inside, the layer is being called; gives the training flag, which is that of the call around where it is None."""
    frame = _frame.get()
    frame = replace(Frame(Pass(), False) if frame is None else frame, along_edges=along_edges)
    if training is not None:
        frame = replace(frame, training=training)
    _last[layer] = frame.current
    token = _frame.set(frame)
    try:
        yield frame.training
    finally:
        _frame.reset(token)


def current() -> Pass | None:
    """The pass under way, None outside of any call."""
    frame = _frame.get()
    return frame.current if frame else None


def along_edges() -> bool:
    """Whether the call that begins now is of a node of a graph, which is given its masks."""
    frame = _frame.get()
    return frame is not None and frame.along_edges


def last(layer: Any) -> Pass:
    """The pass in which a layer was called last; an empty one if it never was."""
    return _last.get(layer) or Pass()
