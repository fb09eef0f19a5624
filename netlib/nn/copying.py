"""Deep copies of modules, with variables of their own."""

from __future__ import annotations

import copy
from typing import Any

import keras

from netlib.nn.tree import Tree
from netlib.spec.errors import NetlabError, UsageError


def deep_copy(module: Any, memo: dict[int, Any]) -> Any:
    """A copy of a module in which everything is copied that it holds; what is shared inside stays shared.

    Raises:
        UsageError: a Keras layer inside cannot be copied, or shares a variable with what is outside of it; or the module is
            nested too deeply for Python.
    """
    if _COPYING in memo:
        return _copied(module, memo)
    memo[_COPYING] = module
    try:
        made = _copied(module, memo)
    except RecursionError:
        raise UsageError(
            f"{module.name} is nested too deeply for Python to copy it; raise the limit: sys.setrecursionlimit(100_000)"
        ) from None
    except NetlabError:
        raise
    except Exception as error:
        kinds = {type(entry.value).__name__: None for entry in Tree(module).modules if _is_keras(entry.value)}
        if not kinds:
            raise
        raise UsageError(
            f"{module.name} cannot be copied, for Keras cannot copy its layers ({', '.join(kinds)}): a class of your own needs"
            f" get_config and @keras.saving.register_keras_serializable()"
        ) from error
    _complete(module, made)
    return made


_COPYING = -1
"""No id of an object: under it `memo` has the module whose copy was asked for."""


def _copied(module: Any, memo: dict[int, Any]) -> Any:
    kind: Any = type(module)
    made = kind.__new__(kind)
    memo[id(module)] = made
    for name, value in vars(module).items():
        vars(made)[name] = copy.deepcopy(value, memo)
    return made


def _complete(module: Any, made: Any) -> None:
    """Keras makes its layers anew, each by itself, with those weights that it knows of: those are not all."""
    tree, copies = Tree(module), Tree(made)
    if not any(_is_keras(entry.value) for entry in tree.modules):
        return
    if [(e.path, e.aliases) for e in tree.variables] != [(e.path, e.aliases) for e in copies.variables]:
        raise UsageError(
            f"{module.name} cannot be copied: a Keras layer inside shares a variable with what is outside of it, or has"
            f" variables that its own constructor does not make, and Keras copies each layer by making it anew"
        )
    for old, new in zip(tree.variables, copies.variables, strict=True):
        new.value.assign(old.value)


def _is_keras(value: Any) -> bool:
    return isinstance(value, keras.layers.Layer)
