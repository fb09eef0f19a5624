"""State dicts: the values of a module's variables by path, and what became of them when they were loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from netlib.spec.errors import UsageError, closest
from netlib.spec.selectors import Renaming


class LoadReport(NamedTuple):
    """What `load_state_dict` did: paths that were loaded (`renamed` says from which others), that the state lacked, that it had
    too many, that did not fit; `ignored` are those that nothing here needs (torch's counters of batches)."""

    loaded: list[str]
    renamed: dict[str, str]
    missing: list[str]
    unexpected: list[str]
    mismatched: list[str]
    ignored: tuple[str, ...] = ()

    def complete(self) -> bool:
        """Whether every variable was loaded, and everything was used."""
        return not (self.missing or self.unexpected or self.mismatched)

    def rest(self) -> str:
        """What was not loaded, in words."""
        words = ("missing", "unexpected", "mismatched", "ignored")
        return "; ".join(f"{word}: {', '.join(paths)}" for word in words if (paths := getattr(self, word)))

    def __str__(self) -> str:
        renamed = f" ({len(self.renamed)} renamed)" if self.renamed else ""
        return "; ".join(filter(None, [f"{len(self.loaded)} loaded{renamed}", self.rest()]))


class StateError(UsageError):
    """A state dict that does not fit the module; `misfits` are what does not."""

    def __init__(self, message: str, misfits: str = "") -> None:
        super().__init__(message)
        self.misfits = misfits


def load(
    variables: Mapping[str, tf.Variable],
    state: Mapping[str, Any],
    *,
    strict: bool,
    rename: Mapping[str, str] | None,
    name: str,
) -> LoadReport:
    """Sets variables, by path, to the values of a state dict; `name` is the module's, for messages.

    Raises:
        StateError: with `strict`, something is missing, too many, or of another shape or dtype.
        SpecError: a rule of `rename` fits nothing, or makes two paths one. Nothing is changed in either case.
    """
    new_paths = Renaming(rename or {}).over(state)
    origins = {new: old for old, new in new_paths.items() if new != old}
    known = {new: np.asarray(state[old]) for old, new in new_paths.items()}
    fits = {path: path in known and _fits(variable, known[path]) for path, variable in variables.items()}
    loaded = [path for path, fit in fits.items() if fit]
    report = LoadReport(
        loaded=loaded,
        renamed={path: origins[path] for path in loaded if path in origins},
        missing=[path for path in variables if path not in known],
        unexpected=[path for path in known if path not in variables],
        mismatched=[_mismatch(p, variables[p], known[p]) for p, fit in fits.items() if not fit and p in known],
    )
    if strict and not report.complete():
        raise StateError(f"the state dict does not fit {name}: {report}{_hint(report)}", report.rest())
    for path in report.loaded:
        variables[path].assign(known[path])
    return report


def _fits(variable: tf.Variable, value: np.ndarray) -> bool:
    return tuple(variable.shape) == value.shape and variable.dtype.as_numpy_dtype == value.dtype


def _mismatch(path: str, variable: tf.Variable, value: np.ndarray) -> str:
    return f"{path} is {tuple(variable.shape)} {variable.dtype.name}, got {value.shape} {value.dtype}"


def _hint(report: LoadReport) -> str:
    """What to do where a missing and an unexpected path look like one."""
    pairs = [(path, closest(path, report.unexpected)) for path in report.missing]
    old, new = next(((close, path) for path, close in pairs if close), ("", ""))
    return f". Is '{old}' meant for '{new}'? Give a map: rename={{'{old}': '{new}'}}" if new else ""
