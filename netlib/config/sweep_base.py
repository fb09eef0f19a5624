"""The config that a sweep is about, with what all trials change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from netlib.config.experiment import Experiment
from netlib.config.extends import path_named
from netlib.config.load import load
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.config.sources import open_source
from netlib.config.suggestions import tree_of
from netlib.config.sweep import path_keys, word, words_of
from netlib.config.sweep_written import Written
from netlib.config.tree import Value
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.search_space import Distribution
from netlib.spec.train_fields import MonitorSpec

MONITOR = "train.monitor"
Params = Mapping[str, Any]
"""By key of the space a number, or the name of a choice."""


@dataclass(frozen=True)
class Base:
    """The config that trials change.

    Attributes:
        file: its path.
        changes: words that all trials have.
        paths: keys whose values are paths, relative to `folder`.
        problems: what is wrong with it before any trial changes it.
        experiment: None where something is.
        context: what trials choose, where the config is whole only with that.
    """

    file: str
    changes: tuple[str, ...]
    paths: tuple[str, ...]
    folder: Path
    problems: tuple[PlacedProblem, ...] = ()
    experiment: Experiment | None = None
    context: Params = field(default_factory=dict)

    def read(self, space: Mapping[str, Distribution]) -> Base:
        """The same with its experiment or problems.

        A config may be whole only with a trial's values, as one with `data.folds` whose `data.fold` is tried; it is then read
        with the first of them.
        """
        experiment, problems = self.loaded(())
        alone = replace(self, experiment=experiment, problems=tuple(problems))
        first = {key: next(each.tried()) for key, each in space.items() if not each.when}
        if not problems or not first:
            return alone
        experiment, problems = self.loaded(self.words(space, first))
        return alone if problems else replace(self, experiment=experiment, context=first)

    def words(self, space: Mapping[str, Distribution], params: Params) -> list[str]:
        """What a trial with these values changes beside what all trials change."""
        return words_of(space, params, self.paths, self.folder)

    def loaded(self, words: Sequence[str]) -> tuple[Experiment | None, list[PlacedProblem]]:
        """With further changes."""
        try:
            return load(self.file, [*self.changes, *words]), []
        except ConfigError as error:
            return None, error.problems
        except NetlabError as error:
            return None, [PlacedProblem(None, str(error))]

    def refusals(self, words: Sequence[str]) -> list[PlacedProblem]:
        """What is wrong with these changes that is not wrong without them."""
        known = {(problem.where, problem.message) for problem in self.problems}
        return [each for each in self.loaded(words)[1] if (each.where, each.message) not in known]


def base_of(written: Written, space: Mapping[str, Distribution]) -> Base | None:
    """The config with what all trials have; None where there is no such file, which is reported."""
    named = written.find("config")
    if named is None or not isinstance(named.content, str) or not named.content:
        return None
    path, shown = path_named(named)
    try:
        open_source(shown, "base file", path=path, mentioned=named.place)
    except ConfigError as error:
        written.problems += error.problems
        return None
    tree = tree_of(shown)
    base = Base(shown, (), path_keys(tree.plain() if tree else None), named.place.source.folder)
    changes = [text for _, _, text in changes_of(written, base)]
    return replace(base, changes=(*changes, *written.overrides)).read(space)


def changes_of(written: Written, base: Base) -> Iterator[tuple[str, Value, str]]:
    """What the sweep changes in every trial: the key, where it is written, and the word of the command line."""
    for key, value in written.mapping("set").items():
        yield str(key), value, word(str(key), value.plain(), base.paths, base.folder)
    monitor = written.find("monitor")
    if monitor and _is_monitor(monitor.plain()):
        yield MONITOR, monitor, word(MONITOR, monitor.plain(), (), base.folder)


def _is_monitor(said: Any) -> bool:
    try:
        MonitorSpec.parse(said)
    except SpecError:  # which is reported
        return False
    return True
