"""The runs in some folders: what each has come to, and in what their configs differ. Quick for a thousand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import isnan
from pathlib import Path
from typing import Any

from netlib.config.collection import without_collection
from netlib.config.pieces import pieces, whole
from netlib.report.runs_table import RunRow
from netlib.runs.directory import DEFAULT_ROOT, RunDirectory, is_run, open_run, runs_in
from netlib.runs.overview import Overview, overview
from netlib.spec.errors import NetlabError, UsageError, did_you_mean
from netlib.tasks.config_keys import key_of
from netlib.tasks.listed_run import FACTS, Listed
from netlib.tasks.varying import ABSENT, flow, in_brief


def list_runs(
    roots: Sequence[Path] = (), *, sort: str = "begun", reverse: bool = False, last: int | None = None
) -> list[Listed]:
    """The runs in `roots` (`runs` without any), or those that `roots` are, in order.

    Args:
        roots: folders with runs, or runs.
        sort: a fact (see `FACTS`), a metric or a key of the config. `best` begins with the best, all others with the smallest;
            runs without a value are at the end.
        reverse: whether the order is turned around.
        last: how many are kept, the last ones begun.

    Raises:
        UsageError: there is no such folder, or no run has a value to sort by.
    """
    with without_collection():
        found = [(overview(run), _pieces(run)) for run in _runs(roots)]
        found.sort(key=lambda each: each[0].started or "")
        kept = found[-last:] if last is not None else found
        differing = _differing(kept)
        listed = [Listed(*each, differing.get(index, {})) for index, each in enumerate(kept)]
        return _sorted(listed, sort, reverse)


def check_columns(listed: Sequence[Listed], columns: Iterable[str]) -> None:
    """Refuses columns in which no run has a value.

    Raises:
        UsageError: there is such a column.
    """
    for column in columns:
        if listed and column not in FACTS and all(run.value(column) is None for run in listed):
            known = list(dict.fromkeys(key for run in listed[-10:] for key in run.keys()))  # noqa: SIM118
            if column in known:  # it is null in all
                continue
            hint = (
                did_you_mean(column, known) or f"; it may be one of {', '.join(FACTS)}, a metric or a key of the config"
            )
            raise UsageError(f"no run has '{column}'{hint}")


def rows(listed: Sequence[Listed], now: datetime | None = None) -> list[RunRow]:
    """For the table."""
    best = {id(each) for each in _winners([run.overview for run in listed])}
    return [row_of(run.overview, now, id(run.overview) in best, run.differs) for run in listed]


def row_of(
    found: Overview, now: datetime | None = None, is_best: bool = False, differs: Mapping[str, Any] | None = None
) -> RunRow:
    """A run as a row of the table; `now` is the clock's."""
    age = None
    if found.started:
        with suppress(ValueError, TypeError):
            age = ((now or datetime.now(UTC)) - datetime.fromisoformat(found.started)).total_seconds()
    texts = {key: flow(value) if value is not ABSENT else "" for key, value in (differs or {}).items()}
    watched, best, planned = str(found.monitor), found.best, found.planned
    return RunRow(found.name, found.state, watched, best, is_best, found.epochs, planned, found.seconds, age, texts)


def _runs(roots: Sequence[Path]) -> list[RunDirectory]:
    if not roots:
        return runs_in(DEFAULT_ROOT)
    found: dict[Path, RunDirectory] = {}
    for root in roots:
        if not is_run(root) and not root.is_dir():
            open_run(root)  # which says what is wrong
        for run in [RunDirectory(root)] if is_run(root) else runs_in(root):
            found.setdefault(run.path.resolve(), run)
    return list(found.values())


def _pieces(run: RunDirectory) -> dict[str, str]:
    """None of a run whose config is gone."""
    try:
        return pieces(run.read(run.resolved.name))
    except NetlabError:
        return {}


def _differing(found: Sequence[tuple[Overview, Mapping[str, str]]]) -> dict[int, dict[str, Any]]:
    """By the number of a run, the keys that differ among those of the same config name, with the run's values."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index, (each, _) in enumerate(found):
        groups[each.config].append(index)
    differs: dict[int, dict[str, Any]] = {}
    for group in groups.values():
        sides = [found[index][1] for index in group]
        for key in dict.fromkeys(key for side in sides for key in side):
            texts = [side.get(key, "") for side in sides]
            if len(set(texts)) > 1:
                for name, values in _varying(texts):
                    for index, value in zip(group, values, strict=True):
                        differs.setdefault(index, {})[name] = value
    return differs


def _varying(texts: Sequence[str]) -> Iterable[tuple[str, Sequence[Any]]]:
    read = [whole(text) or {} for text in texts]  # nothing of one that is damaged
    return ((key_of(loc), values) for loc, values in in_brief(read))


def _sorted(listed: list[Listed], sort: str, reverse: bool) -> list[Listed]:
    check_columns(listed, [sort])
    valued = [(run, run.value(sort)) for run in listed]
    there = [(run, value) for run, value in valued if value is not None]
    without = [run for run, value in valued if value is None]

    def order(each: tuple[Listed, Any]) -> tuple[bool, float, str]:
        run, value = each
        if isinstance(value, int | float):
            turned = sort == "best" and run.overview.monitor.mode == "max"
            number = float(value)
            return (True, 0.0, "") if isnan(number) else (False, -number if turned else number, "")
        return True, 0.0, flow(value)

    return [run for run, _ in sorted(there, key=order, reverse=reverse)] + without


def _winners(overviews: Sequence[Overview]) -> Iterable[Overview]:
    """The best run of each kind of best, where there are several to compare."""
    groups: defaultdict[tuple[str, str], list[Overview]] = defaultdict(list)
    for each in overviews:
        groups[each.config, str(each.monitor)].append(each)
    for group in groups.values():
        best = group[0]
        for each in group[1:]:
            if each.monitor.better(each.best, best.best):
                best = each
        if len(group) > 1 and best.best is not None and not isnan(best.best):
            yield best
