"""What a sweep has come to, whether it runs or not: only the storage is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netlib.runs.directory import DEFAULT_ROOT
from netlib.spec.study import StudyView
from netlib.tasks.sweep.engine import need_optuna
from netlib.tasks.sweep.find import find_study


@dataclass(frozen=True)
class Shown:
    """A sweep; `importance` is by key of the space, and empty where nothing can be said yet."""

    view: StudyView
    importance: Mapping[str, float]


def shown(asked: str, storage: str | None = None, runs_root: Path = DEFAULT_ROOT) -> Shown:
    """The sweep that is meant; the arguments are those of `find_study`.

    Raises:
        UsageError: there is no such sweep, or Optuna is not installed.
        NetlabError: the storage cannot be used.
    """
    url, name = find_study(asked, storage, runs_root)
    need_optuna()
    from netlib.tasks.sweep.importance import importances
    from netlib.tasks.sweep.storage import explained, load
    from netlib.tasks.sweep.view import view

    study = load(url, name)
    with explained(url):
        return Shown(view(study), importances(study))
