"""From a file and the command line to an `Experiment`: read, extend, override, replace `$`, check. Every problem at once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlib.config.block_files import BlockFiles
from netlib.config.collection import without_collection
from netlib.config.edit import apply
from netlib.config.experiment import Experiment
from netlib.config.extends import Bases, identity
from netlib.config.overrides import command_line, parse_override
from netlib.config.problems import ConfigError, PlacedProblem, in_file_order
from netlib.config.sections import Measure, Sections
from netlib.config.sources import checked_source, open_source
from netlib.config.tree import Place, Source
from netlib.config.written import written

if TYPE_CHECKING:
    from netlib.spec.features import DataSignature
    from netlib.spec.language.state import Ask

_EXPECTED = "a config has sections, such as 'data', 'model' and 'train'"


def load(
    path: str | Path | Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    open_data: bool = True,
    measure: Measure | None = None,
    recalled: DataSignature | None = None,
) -> Experiment:
    """The experiment that a config file describes, with `key=value` and `~key` of the command line.

    Args:
        path: the file; or a mapping of the same form, `{"name": ..., "data": {...}, "model": [...], "train": {...}}`.
        overrides: changes, in their order; relative paths in them are relative to the current folder.
        open_data: whether data files are looked into even where the model declares its `inputs`.
        measure: tells what is known of the data only when its preprocessing is fitted; by default the data is read for that.
        recalled: what the data was before, which is taken where its files are gone.

    Raises:
        ConfigError: with every problem, in file order.
        NetlabError: nothing is wrong but a data file, which is damaged.
    """
    with without_collection():
        source = written(path) if isinstance(path, Mapping) else open_source(os.fspath(path), "file")
        return _load(source, overrides, open_data, measure, recalled)


def read(text: str, file: str = "config.yaml", overrides: Sequence[str] = (), *, open_data: bool = True) -> Experiment:
    """The same from a text, which is read as if it stood in `file`.

    Raises:
        ConfigError: with every problem, in file order.
        NetlabError: nothing is wrong but a data file, which is damaged.
    """
    with without_collection():
        return _load(checked_source(file, "file", text, Path(file).parent), overrides, open_data)


def asked(experiment: Experiment, ask: Ask) -> Experiment:
    """The same experiment with all that follows once Keras can be asked what its layers give.

    Raises:
        ConfigError: with every problem that is seen only then, in file order.
    """
    if experiment.graph is None or experiment.graph.known:
        return experiment
    with without_collection():
        known = experiment.signature
        measure = None if known is None else lambda *_: known
        recalled = experiment.data.recalled if experiment.data else None
        file, opens = experiment.sources[0].name, known is not None
        sections = Sections(experiment.tree, file, opens, ask=ask, measure=measure, recalled=recalled)
        return _checked(sections, [], experiment.sources)


def _load(
    source: Source,
    overrides: Sequence[str],
    open_data: bool,
    measure: Measure | None = None,
    recalled: DataSignature | None = None,
) -> Experiment:
    bases = Bases()
    tree = bases.complete(source)
    problems, commands, changes = bases.problems, [], []
    for text in overrides:
        try:
            commands.append(command_line(text, Path.cwd()))
            changes.append(parse_override(commands[-1]))
        except ConfigError as error:
            problems += error.problems
    if (tree is None or tree.content in ({}, None)) and not problems:
        problems.append(PlacedProblem(Place(source, 0, 0), f"the file is empty; {_EXPECTED}"))
    elif tree is not None and not isinstance(tree.content, dict):
        problems.append(PlacedProblem(tree.place, f"expected a mapping; {_EXPECTED}"))
    if tree is None or not isinstance(tree.content, dict) or not tree.content or bases.incomplete:
        raise ConfigError(in_file_order(problems, [*bases.sources, *commands]))
    for change in changes:
        try:
            tree = apply(change, tree)
        except ConfigError as error:
            problems += error.problems
    blocks = BlockFiles(bases)
    tree = blocks.resolved(tree, (identity(source),))
    complete = not blocks.incomplete
    sections = Sections(tree, source.name, open_data, blocks_are_known=complete, measure=measure, recalled=recalled)
    return _checked(sections, problems, [*bases.sources, *commands])


def _checked(sections: Sections, problems: list[PlacedProblem], sources: Sequence[Source]) -> Experiment:
    """The experiment, whose file is the first of its sources."""
    known = {problem.place for problem in problems}
    problems += (problem for problem in sections.placed_problems() if problem.place not in known)
    problems = in_file_order(problems, sources)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ConfigError(errors)
    if sections.damage:
        raise sections.damage
    return sections.experiment(sources, problems)
