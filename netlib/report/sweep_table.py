"""A sweep as a table: its trials, the best first, with what each had chosen; around it how far it has come and what failed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from netlib.report import numbers
from netlib.report.layout import bold, dim, wrapped
from netlib.report.side_by_side import Texts, cut, fitting, folded, lines_of, pairs, short_names
from netlib.spec.study import ENDED, StudyView, TrialState, TrialView

MARK = "*"
"""In front of the best value."""
GIVES_WAY = ("run", "time", "epochs")
"""Columns that are left out, in this order, where there is no room for them."""
ORDER: tuple[TrialState, ...] = ("complete", "running", "pruned", "failed", "waiting")
"""In which the states stand below one another: values of trials that did not come to their end are no rank."""
BETTER = {"min": "less is better", "max": "more is better"}


def ranked(view: StudyView) -> list[TrialView]:
    """The trials, the best complete one first, then the others by their states."""
    return sorted(view.trials, key=lambda trial: (ORDER.index(trial.state), view.rank(trial)))


def varying(view: StudyView) -> list[str]:
    """The keys of which not all trials have one value, in the order in which they were chosen."""
    chosen = [trial.params for trial in view.trials if trial.params]
    absent = object()
    keys = dict.fromkeys(key for params in chosen for key in params)
    return [key for key in keys if len({_hashable(params.get(key, absent)) for params in chosen}) > 1]


def said(value: Any) -> str:
    """A parameter with about four digits."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def sweep_text(view: StudyView, width: int, color: bool = False, top: int | None = None) -> str:
    """The table; with `top` only so many trials."""
    shown = ranked(view)[:top]
    above = [line for text in _above(view) for line in wrapped(text, width)]
    rows = _rows(view, shown, width, color) if shown else []
    below = [line for text in _below(view, len(shown)) for line in wrapped(text, width, "  ")]
    return "\n".join([*above, *([""] if rows else []), *rows, *([""] if below else []), *below]) + "\n"


def counted(view: StudyView) -> str:
    """How many trials there are of each state."""
    counts = Counter(trial.state for trial in view.trials)
    return ", ".join(f"{counts[state]} {state}" for state in ORDER if counts[state]) or "no trials yet"


def _above(view: StudyView) -> Iterator[str]:
    """How far it has come, the best, and where the runs are."""
    of = f" of {view.wanted}" if view.wanted is not None else ""
    yield f"{view.name}: {len(view.of(*ENDED))}{of} trials have ended ({counted(view)})"
    if best := view.best:
        value = numbers.metric(best.value) if best.value is not None else ""
        yield f"best {view.metric} {value} ({BETTER[view.direction]}): trial {best.number}"
    if folder := _folder(view):
        yield f"runs in {folder}"


def _folder(view: StudyView) -> Path | None:
    """That of all runs, where there is one."""
    folders = {trial.run.parent for trial in view.trials if trial.run is not None}
    return folders.pop() if len(folders) == 1 else None


def _rows(view: StudyView, shown: Sequence[TrialView], width: int, color: bool) -> list[str]:
    keys = varying(view)
    short = short_names(keys)
    columns = [(short[key], _are_numbers(shown, key), [_param(trial, key) for trial in shown]) for key in keys]
    fixed, others = _fixed(view, shown), _others(view, shown)
    whole = fitting([*fixed, *columns, *others], width, GIVES_WAY)
    lines = lines_of(whole)
    if max(map(len, lines)) > width:
        chosen = [pairs(_chosen(trial, keys), short) for trial in shown]
        lines = folded(lines_of(fitting([*fixed, *others], width, GIVES_WAY)), chosen, width)
    if len(lines) == len(shown) + 1:
        faint = [trial.state in ("pruned", "waiting") for trial in shown]
        lines[1:] = [dim(line, color) if is_faint else line for line, is_faint in zip(lines[1:], faint, strict=True)]
    return [bold(lines[0], color), *lines[1:]]


def _fixed(view: StudyView, shown: Sequence[TrialView]) -> list[Texts]:
    return [
        ("trial", True, [str(trial.number) for trial in shown]),
        ("state", False, [trial.state for trial in shown]),
        (view.metric, True, [_value(trial, view.best) for trial in shown]),
    ]


def _others(view: StudyView, shown: Sequence[TrialView]) -> list[Texts]:
    seconds, runs, folder = [trial.seconds for trial in shown], [trial.run for trial in shown], _folder(view)
    return [
        ("epochs", True, ["" if trial.epochs is None else str(trial.epochs) for trial in shown]),
        ("time", True, ["" if each is None else numbers.duration(each) for each in seconds]),
        ("run", False, ["" if run is None else run.name if folder else str(run) for run in runs]),
    ]


def _value(trial: TrialView, best: TrialView | None) -> str:
    if trial.value is None:
        return ""
    is_best = best is not None and trial.number == best.number
    return f"{MARK if is_best else ''}{numbers.metric(trial.value)}"


def _chosen(trial: TrialView, keys: Sequence[str]) -> Mapping[str, str]:
    return {key: _param(trial, key) for key in keys if key in trial.params}


def _param(trial: TrialView, key: str) -> str:
    return cut(said(trial.params[key])) if key in trial.params else ""


def _are_numbers(shown: Sequence[TrialView], key: str) -> bool:
    values = [trial.params[key] for trial in shown if key in trial.params]
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _below(view: StudyView, shown: int) -> Iterator[str]:
    """What is not in the table: more trials, why some failed, and what all have."""
    if more := len(view.trials) - shown:
        yield f"and {more} more trial{'s' if more > 1 else ''}"
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for trial in view.of("failed"):
        reasons[trial.why or "for no reason that was kept"].append(str(trial.number))
    for why, which in reasons.items():
        yield f"failed: trial{'s' if len(which) > 1 else ''} {', '.join(which)}: {why}"


def _hashable(value: Any) -> Any:
    return (type(value) is bool, value)
