"""The study of a sweep: made, joined or gone on with, whoever starts it. It keeps what is searched: one name is one search."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna

from netlib.spec.errors import UsageError
from netlib.tasks.sweep.plan import SweepPlan
from netlib.tasks.sweep.storage import connect, explained, shown
from netlib.tasks.varying import flow, varying

SEARCH = "netlab"
"""The study's attribute with what is searched: the `sweep` with its config, as plain values, and the `metric` with its `mode`."""
WANTED = "netlab:trials"
"""How many trials are to end, as it was said the last time; None where time decides."""
MAY_DIFFER = ("config", "name", "trials", "max_time", "workers", "storage")
"""Keys of a sweep file that may change while its study stays the same: the config is compared by what it says."""
THREADS = "netlab:threads"
"""With how many each trial computes, where its config does not say: as when the study began, for bits depend on it, and a trial
can be gone on with only so."""
SHOWN = 8
"""Differences that are told."""


def open_study(plan: SweepPlan) -> optuna.Study:
    """The plan's study, which is made if there is none.

    Raises:
        UsageError: the study of this name searches something else, or the storage cannot be one.
        NetlabError: the storage cannot be used.
    """
    storage = connect(plan.storage)
    with explained(plan.storage):
        study = optuna.create_study(
            study_name=plan.name,
            storage=storage,
            direction="minimize" if plan.watched.mode == "min" else "maximize",
            load_if_exists=True,
        )
        search = search_of(plan)
        if SEARCH not in study.user_attrs:
            study.set_user_attr(THREADS, plan.threads)
            study.set_user_attr(SEARCH, search)
        _need_same(study, search, plan)
        if study.user_attrs.get(WANTED, 0) != plan.wanted:
            study.set_user_attr(WANTED, plan.wanted)
    return study


def search_of(plan: SweepPlan) -> dict[str, Any]:
    """What decides about the trials, as plain values that are the same on another machine."""
    written = {key: value for key, value in plan.sweep.spec.to_plain().items() if key not in MAY_DIFFER}
    written["config"] = plan.sweep.experiment.resolved()
    folder = plan.sweep.config.absolute().parent
    return {"sweep": _portable(written, folder), "metric": str(plan.watched), "mode": plan.watched.mode}


def _need_same(study: optuna.Study, search: Mapping[str, Any], plan: SweepPlan) -> None:
    kept = study.user_attrs[SEARCH]
    if not isinstance(kept, Mapping):
        raise UsageError(f"study '{plan.name}' in {shown(plan.storage)} is none of netlab's; choose another name")
    found = [
        f"  {'.'.join(map(str, loc[1:])) or loc[0]}: {flow(before)} -> {flow(after)}"
        for loc, (before, after) in varying([_as_kept(kept), _as_kept(search)])
    ]
    if not found:
        return
    more = [f"  and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    raise UsageError(
        "\n".join(
            [
                f"sweep '{plan.name}' in {shown(plan.storage)} searches something else; what differs from then to now:",
                *found[:SHOWN],
                *more,
                "put that back to go on with it, or begin another one: give the sweep another name",
            ]
        )
    )


def _as_kept(search: Mapping[str, Any]) -> Any:
    """As it comes back from a storage, which keeps JSON."""
    return json.loads(json.dumps(search))


def _portable(value: Any, folder: Path) -> Any:
    """The same with the paths of what lies beside the config written from its folder: another machine has that elsewhere."""
    if isinstance(value, Mapping):
        return {str(key): _portable(each, folder) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_portable(each, folder) for each in value]
    beside = folder if folder.parent == Path(folder.anchor) else folder.parent
    is_beside = isinstance(value, str) and Path(value).is_absolute() and Path(value).is_relative_to(beside)
    return os.path.relpath(value, folder) if is_beside else value
