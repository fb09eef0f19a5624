"""`Sweep`: a sweep that has been checked, with the config that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlib.config.dump import to_flow
from netlib.config.experiment import Experiment

if TYPE_CHECKING:
    from netlib.config.tree import Place
    from netlib.spec.search_space import Distribution
    from netlib.spec.sweep import SweepSpec
    from netlib.spec.training import Monitored

_SAVED = ("train.load", "train.load.from")
"""Weights to begin with; what else stands there is no path."""


@dataclass(frozen=True)
class Sweep:
    """A sweep without mistakes.

    Attributes:
        spec: what was asked for.
        name: of the study, and of the folder of its runs.
        path: the sweep file; of a sweep from the command line the config's.
        config: the config's file, as seen from the current folder.
        experiment: the config with all that every trial has, but with no trial's own values.
        monitored: what trials are compared by.
        changes: what every trial has otherwise than the config, as words of the command line.
        folder: what relative paths among the choices are relative to.
        text: the sweep as YAML.
        completed: words of the first values of a trial, where the config is whole only with these; `experiment` has them then.
        place: where it is written; None in a worker.
    """

    spec: SweepSpec
    name: str
    path: Path
    config: Path
    experiment: Experiment
    monitored: Monitored
    changes: tuple[str, ...]
    folder: Path
    text: str = field(repr=False)
    completed: tuple[str, ...] = ()
    place: Place | None = None

    def overrides_of(self, params: Mapping[str, Any]) -> list[str]:
        """The words with which the config is one trial's: `key=value` of what all have and of what this one has chosen.

        Args:
            params: by key of the space a number, or the name of a choice; keys that do not apply are absent.
        """
        return [*self.changes, *words_of(self.spec.space, params, self.path_keys, self.folder)]

    @property
    def path_keys(self) -> tuple[str, ...]:
        """Keys whose values are paths."""
        return path_keys(self.experiment.tree.plain())


def words_of(
    space: Mapping[str, Distribution], params: Mapping[str, Any], paths: Sequence[str], folder: Path
) -> list[str]:
    """`key=value` of each parameter; a key below another one, such as that of an optimizer, after it."""
    keys = sorted((key for key in space if key in params), key=lambda key: key.count("."))
    return [word(key, space[key].value(params[key]), paths, folder) for key in keys]


def word(key: str, value: Any, paths: Sequence[str], folder: Path) -> str:
    """`key=value`, as it may stand on the command line; paths are absolute, wherever that is."""
    return f"{key}={to_flow(_located(key, value, paths, folder))}"


def path_keys(config: Any) -> tuple[str, ...]:
    """The keys of a config, that may be wrong in any way, whose values are paths."""
    from netlib.spec.registry import resolve, spec_class

    data = config.get("data") if isinstance(config, Mapping) else None
    name = data.get("source") if isinstance(data, Mapping) else None
    source: Any = spec_class("source", name) if isinstance(name, str) and resolve("source", name) else None
    return (*(f"data.{key}" for key in (source.paths if source else ())), *_SAVED)


def _located(key: str, value: Any, paths: Sequence[str], folder: Path) -> Any:
    """A value of a config with the paths in it made absolute."""
    if isinstance(value, Mapping):
        return {name: _located(f"{key}.{name}", item, paths, folder) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_located(key, item, paths, folder) for item in value]
    inside = any(key.startswith(f"{path}.") for path in paths if path not in _SAVED)
    return str(folder / value) if isinstance(value, str) and (key in paths or inside) else value
