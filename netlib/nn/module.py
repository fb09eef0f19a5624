"""`Module`: an object whose variables and children are found, and named by path, however they are nested."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from netlib.spec.errors import UsageError, did_you_mean


class NamedVariable(NamedTuple):
    """A variable with its path, and whether it is to be trained: its own flag, and no module around it is frozen."""

    path: str
    variable: tf.Variable
    trainable: bool


class LoadReport(NamedTuple):
    """What `load_state_dict` did: paths that were loaded, that the state lacked, that it had too many, that did not fit."""

    loaded: list[str]
    missing: list[str]
    unexpected: list[str]
    mismatched: list[str]

    def complete(self) -> bool:
        """Whether every variable was loaded, and everything was used."""
        return not (self.missing or self.unexpected or self.mismatched)

    def __str__(self) -> str:
        parts = [f"{len(self.loaded)} loaded"]
        for word, paths in zip(self._fields[1:], self[1:], strict=True):
            if paths:
                parts.append(f"{word}: {', '.join(paths)}")
        return "; ".join(parts)


class StateError(UsageError):
    """A state dict that does not fit the module."""


class Module(tf.Module):
    """A `tf.Module` that finds its variables in any nesting of attributes, lists, dicts, dataclasses and other modules.

    Every variable has one path, the dotted names and indices that lead to it. A variable that is reachable in two ways is listed
    once, under the first path. `trainable = False` freezes a module and all that it holds.
    """

    trainable: bool = True

    def children(self) -> Iterator[tuple[str, Any]]:
        """Name and value of everything that may hold variables, in the order of definition."""
        for name, value in vars(self).items():
            if name not in _TF_MODULE_ATTRIBUTES and not name.startswith("_self_"):
                yield name, value

    def named_modules(self) -> Iterator[tuple[str, tf.Module]]:
        """Path and module of every module below this one, itself first under the empty path."""
        for path, value, _ in _walk("", self, True, {}):
            if isinstance(value, tf.Module):
                yield path, value

    def named_variables(self) -> Iterator[NamedVariable]:
        """Every variable with its path, in the order of definition.

        Raises:
            UsageError: two variables have one path, because of a dot in a dict's key or the like.
        """
        paths = set()
        for path, value, trainable in _walk("", self, True, {}):
            if isinstance(value, tf.Variable):
                if path in paths:
                    raise UsageError(
                        f"{self.name} has two variables with the path '{path}'; rename what holds one of them"
                    )
                paths.add(path)
                yield NamedVariable(path, value, trainable and value.trainable)

    @property
    def variables(self) -> tuple[tf.Variable, ...]:
        """All variables, in the order of definition."""
        return tuple(named.variable for named in self.named_variables())

    @property
    def trainable_variables(self) -> tuple[tf.Variable, ...]:
        """The variables to train: frozen ones left out."""
        return tuple(named.variable for named in self.named_variables() if named.trainable)

    @property
    def non_trainable_variables(self) -> tuple[tf.Variable, ...]:
        """The others: statistics, constants, and all that is frozen."""
        return tuple(named.variable for named in self.named_variables() if not named.trainable)

    def num_parameters(self) -> int:
        """Number of elements in all variables."""
        return sum(int(np.prod(variable.shape)) for variable in self.variables)

    def state_dict(self) -> dict[str, np.ndarray]:
        """The value of every variable by path."""
        return {named.path: named.variable.numpy() for named in self.named_variables()}

    def load_state_dict(self, state: Mapping[str, np.ndarray], *, strict: bool = True) -> LoadReport:
        """Sets the variables to the values of a state dict.

        Raises:
            StateError: with `strict`, something is missing, too many, or of another shape or dtype; nothing is changed then.
        """
        named = {name: variable for name, variable, _ in self.named_variables()}
        fits = {path: path in state and _fits(variable, state[path]) for path, variable in named.items()}
        report = LoadReport(
            loaded=[path for path, fit in fits.items() if fit],
            missing=[path for path in named if path not in state],
            unexpected=[path for path in state if path not in named],
            mismatched=[_mismatch(p, named[p], state[p]) for p, fit in fits.items() if not fit and p in state],
        )
        if strict and not report.complete():
            raise StateError(f"the state dict does not fit {self.name}: {report}")
        for path in report.loaded:
            named[path].assign(state[path])
        return report

    def __getitem__(self, path: str) -> Any:
        """The variable or module at a dotted path."""
        known = {found: value for found, value, _ in _walk("", self, True, {})}
        if path not in known:
            raise UsageError(f"{self.name} has nothing at '{path}'{did_you_mean(str(path), known)}")
        return known[path]


# What tf.Module and its base keep about themselves. Everything else is looked into, private names too.
_TF_MODULE_ATTRIBUTES = frozenset(vars(tf.Module(name="probe"))) | {
    "_unconditional_checkpoint_dependencies",
    "_unconditional_dependency_names",
    "_functions",
    "_obj_reference_counts_dict",
}


def _walk(path: str, value: Any, trainable: bool, seen: dict[int, Any]) -> Iterator[tuple[str, Any, bool]]:
    """Path, object and trainable flag of every module and variable, each object once.

    `seen` holds the objects by their ids, so that no id is given to another one meanwhile.
    """
    if id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, tf.Variable | tf.Module):
        trainable = trainable and (isinstance(value, tf.Variable) or getattr(value, "trainable", True))
        yield path, value, trainable
    for name, child in _children(value):
        yield from _walk(f"{path}.{name}" if path else str(name), child, trainable, seen)


def _children(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Module):
        yield from value.children()
    elif isinstance(value, tf.Module):
        yield from Module.children(value)  # only `vars` is asked of it
    elif isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((field.name, getattr(value, field.name, None)) for field in dataclasses.fields(value))


def _fits(variable: tf.Variable, value: np.ndarray) -> bool:
    return tuple(variable.shape) == value.shape and variable.dtype.as_numpy_dtype == value.dtype


def _mismatch(path: str, variable: tf.Variable, value: np.ndarray) -> str:
    return f"{path} is {tuple(variable.shape)} {variable.dtype.name}, got {value.shape} {value.dtype}"
