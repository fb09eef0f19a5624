"""Python's `if`, `while` and `for` on tensors, in code that users write, where it is traced to a graph."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import tensorflow as tf

Function = Callable[..., Any]


def traceable(function: Function) -> Function:
    """The function as it is in eager mode; while a graph is made, one that takes control flow on tensors.

    TensorFlow's AutoGraph rewrites it then, as `tf.function` does. The loops of netlab leave that out, for rewriting what they
    call themselves takes seconds; so it is done here, for a function that has any control flow, once. A function decorated with
    `tf.function` or `tf.autograph.experimental.do_not_convert`, or without source, stays as it is.

    >>> def clipped(x):
    ...     return x if tf.norm(x) < 1 else x / tf.norm(x)
    >>> traceable(clipped) is clipped
    True
    """
    if tf.executing_eagerly():
        return function
    if inspect.ismethod(function):
        written = _rewritten(function.__func__)
        return function if written is None else written.__get__(function.__self__)
    return (_rewritten(function) if inspect.isfunction(function) else None) or function


@lru_cache(maxsize=1024)
def _rewritten(function: Any) -> Any:
    """None where there is nothing to rewrite."""
    if not inspect.isfunction(function) or hasattr(function, "__wrapped__") or not _branches(function):
        return None
    if (function.__module__ or "").partition(".")[0] in ("tensorflow", "keras", "netlib"):
        return None
    try:
        return tf.autograph.to_graph(function)
    except (ValueError, TypeError, NotImplementedError):
        return None


def _branches(function: Function) -> bool:
    """Whether its source has anything that depends on the truth of a value."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    return any(isinstance(node, _BRANCHES) for node in ast.walk(tree))


_BRANCHES = (ast.If, ast.IfExp, ast.While, ast.For, ast.Assert, ast.BoolOp, ast.Not)
