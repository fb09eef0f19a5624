"""Used but unknown: what is compiled may use no variable that is in no tree, for that would silently not be trained or saved.

What is looked at is what the compiled function captures, so nothing that it uses is missed: weights, frozen ones, statistics,
seed states. Only what a `tf.py_function` does inside Python cannot be seen.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from netlib.nn.module import Module
from netlib.nn.random import fresh_state
from netlib.spec.errors import NetlabError, UsageError
from netlib.training.holders import Holder, holder_of
from netlib.training.replicas import ALONE, Replicas, copies_of

LOOKED_INTO = "attributes, lists, tuples, dicts, dataclasses, modules and Keras layers"

Variables = Callable[[], Iterable[Any]]
"""Gives the variables of an optimizer, of metrics or of callbacks: TensorFlow's or Keras's."""


class UncheckedWarning(UserWarning):
    """What is run eagerly could not be checked for unknown variables."""


@dataclass(frozen=True)
class Unknown:
    """A variable that is used and in no tree; `holder` is None where nothing that the model reaches holds it."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    holder: Holder | None

    def __str__(self) -> str:
        text = f"'{self.name}' {self.shape} {self.dtype}"
        return f"{text}, {self.holder}" if self.holder else f"{text}, held by nothing that the model reaches"


class UnknownVariableError(UsageError):
    """Variables are used that are in no tree; `unknown` has them."""

    def __init__(self, what: str, unknown: Sequence[Unknown]) -> None:
        self.what = what
        self.unknown = tuple(unknown)
        super().__init__(self.message(self.unknown))

    def message(self, unknown: Sequence[Unknown]) -> str:
        """What is to be said of some of the variables."""
        several = len(unknown) > 1
        noun, them = ("variables that are", "they") if several else ("a variable that is", "it")
        listed = "".join(f"\n  {each}" for each in unknown) if several else f" {unknown[0]}"
        remedies = dict.fromkeys(each.holder.remedy if each.holder else _HAND_OVER for each in unknown)
        return (
            f"{self.what} uses {noun} in no tree, so that {them} would silently not be trained, saved or restored:{listed}\n"
            f"netlib looks into {LOOKED_INTO}; {'; '.join(remedies)}"
        )


_HAND_OVER = "make it an attribute of the layer that uses it"


class Guard:
    """Refuses what uses a variable that is in no tree.

    Args:
        what: as messages call what is run.
        model: the network; its tree is looked at anew for each check.
        others: the variables of the optimizer, the metrics and the callbacks.
        replicas: those that run it.
    """

    def __init__(self, what: str, model: Module, *others: Variables, replicas: Replicas = ALONE) -> None:
        self._what = what
        self._model = model
        self._others = others
        self._replicas = replicas

    def compiled(self, function: Callable[..., Any], execution: str) -> Callable[..., Any]:
        """The function as the execution mode runs it: `xla`, `graph`, or as plain Python in `eager`.

        Each trace is checked before it runs for the first time. In `eager` the function is traced once, and only for that.

        Raises:
            UnknownVariableError: (the function that is returned) before it has changed anything.
        """
        if execution == "eager":
            return self._eager(function)
        traced = tf.function(function, jit_compile=execution == "xla", autograph=False)
        passed: set[int] = set()

        def run(*arguments: Any) -> Any:
            # Looking the trace up and calling it is what calling `traced` does, and takes as long.
            concrete = traced.get_concrete_function(*arguments)
            if id(concrete) not in passed:
                self.check(concrete)
                passed.add(id(concrete))  # `traced` keeps it, so the id stays its own
            return concrete(*arguments)

        return run

    def _eager(self, function: Callable[..., Any]) -> Callable[..., Any]:
        checked = False

        def run(*arguments: Any) -> Any:
            nonlocal checked
            if not checked:
                self._check_traced(function, arguments)
                checked = True
            return function(*arguments)

        return run

    def _check_traced(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Traces the function for the check alone."""
        try:
            concrete = tf.function(function, autograph=False).get_concrete_function(*arguments)
        except NetlabError:
            raise
        except Exception as error:  # code that runs eagerly may do what no graph can, and fail in any way
            first = str(error).strip().partition("\n")[0]
            text = f"whether {self._what} uses variables that are in no tree could not be checked: it cannot be traced"
            advice = "a variable elsewhere than in " + LOOKED_INTO + " would silently not be trained or saved"
            warnings.warn(UncheckedWarning(f"{text} ({type(error).__name__}: {first}); {advice}"), stacklevel=2)
        else:
            self.check(concrete)

    def check(self, concrete: Any) -> None:
        """Compares the variables that a concrete function captures with the trees.

        Raises:
            UnknownVariableError: some are in none.
        """
        known = {id(copy.handle) for variable in self._known() for copy in copies_of(variable)}
        known.update(map(id, self._replicas.handles))
        used = {id(variable.handle): variable for variable in concrete.graph.variables}
        handles = [*(variable.handle for variable in used.values()), *concrete.captured_inputs]
        foreign = {id(handle): handle for handle in handles if id(handle) not in known}
        unknown = [self._described(handle, used.get(key)) for key, handle in foreign.items() if _is_variable(handle)]
        if unknown:
            raise UnknownVariableError(self._what, unknown)

    def _known(self) -> Iterator[tf.Variable]:
        yield from self._model.variables
        for variables in self._others:
            for variable in variables():
                yield variable.value if isinstance(variable, keras.Variable) else variable
        yield fresh_state()

    def _described(self, handle: tf.Tensor, variable: tf.Variable | None) -> Unknown:
        holder = holder_of(self._model, handle)
        found = holder.variable if variable is None and holder else variable
        if found is None:
            return Unknown(
                "?", tuple(tf.raw_ops.VariableShape(input=handle).numpy().tolist()), "of unknown dtype", None
            )
        return Unknown(found.name.partition(":")[0], tuple(found.shape), found.dtype.name, holder)


def _is_variable(handle: Any) -> bool:
    """Whether a captured tensor is a variable's handle; lookup tables have handles too."""
    return handle.dtype == tf.resource and bool(tf.raw_ops.VarIsInitializedOp(resource=handle))
