"""One run of a list, with a value for every column that it can be asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from netlib.config.pieces import whole
from netlib.report.numbers import duration
from netlib.runs.overview import Overview
from netlib.tasks.config_keys import keys_of, value_at
from netlib.tasks.varying import ABSENT, flow

FACTS = ("name", "state", "best", "epochs", "time", "begun")
"""What is known of every run, by the names of the columns; a metric and a key of the config are columns, too."""


@dataclass(frozen=True)
class Listed:
    """A run with the pieces of its config's text; `differs` has what other runs of the same config name have not so."""

    overview: Overview
    pieces: Mapping[str, str] = field(repr=False)
    differs: Mapping[str, Any]

    def value(self, column: str) -> Any:
        """Of a column: a fact, a metric such as `validation.loss`, or a key of the config; None where there is none. One that
        differs is told in brief."""
        found = self.overview
        facts = (found.name, found.state, found.best, found.epochs, found.seconds, found.started)
        if column in FACTS:
            return dict(zip(FACTS, facts, strict=True))[column]
        if column in self.differs:
            return None if self.differs[column] is ABSENT else self.differs[column]
        split, _, metric = column.partition(".")
        if metric in found.metrics.get(split, {}):
            return found.metrics[split][metric]
        value = value_at(self._section(split), column)
        return None if value is ABSENT else value

    def shown(self, column: str) -> str | float | None:
        """The same for a table: what was measured as a number, anything else as it is written."""
        value = self.value(column)
        if value is None:
            return None
        if column == "time":
            return duration(value)
        split, _, metric = column.partition(".")
        return value if column in FACTS or metric in self.overview.metrics.get(split, {}) else flow(value)

    def keys(self) -> Iterable[str]:
        """Every column that it has a value in."""
        yield from FACTS
        yield from (f"{split}.{name}" for split, values in self.overview.metrics.items() for name in values)
        for section in dict.fromkeys(name.partition(":")[0] for name in self.pieces):
            yield from keys_of(self._section(section))

    def _section(self, name: str) -> dict[str, Any]:
        """A section of its config, or a key at the top."""
        read = [whole(text) for key, text in self.pieces.items() if key.partition(":")[0] == name]
        values = [each[name] for each in read if each]
        if values and all(isinstance(value, Mapping) for value in values):
            return {name: {key: value for section in values for key, value in section.items()}}
        return {name: values[0]} if values else {}


def plain(run: Listed) -> dict[str, Any]:
    """For a program."""
    found = run.overview
    return {
        "name": found.name,
        "path": str(found.path),
        "config": found.config,
        "state": found.state,
        "started": found.started,
        "seconds": found.seconds,
        "epochs": found.epochs,
        "planned_epochs": found.planned,
        "step": found.step,
        "best_epoch": found.best_epoch,
        "monitor": str(found.monitor),
        "mode": found.monitor.mode,
        "best": found.best,
        "metrics": {split: dict(values) for split, values in found.metrics.items()},
        "differs": {key: value for key, value in run.differs.items() if value is not ABSENT},
        "failure": found.failure,
    }
