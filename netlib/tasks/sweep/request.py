"""A plan as plain values, by which the process that runs a sweep tells its workers what to do, and the other way.

The spec goes as the sweep's text: in JSON the names of choices would all be texts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netlib.config.load import load
from netlib.config.reader import read_tree
from netlib.config.sources import checked_source
from netlib.config.sweep import Sweep
from netlib.spec.sweep import SweepSpec
from netlib.spec.training import Monitored
from netlib.tasks.sweep.plan import SweepPlan


def to_plain(plan: SweepPlan) -> dict[str, Any]:
    """For JSON; paths are absolute."""
    sweep = plan.sweep
    return {
        "name": sweep.name,
        "path": str(sweep.path),
        "config": str(sweep.config.absolute()),
        "monitored": list(sweep.monitored),
        "changes": list(sweep.changes),
        "relative_to": str(sweep.folder.absolute()),
        "text": sweep.text,
        "completed": list(sweep.completed),
        "folder": str(plan.folder.absolute()),
        "storage": plan.storage,
        "wanted": plan.wanted,
        "workers": plan.workers,
        "threads": plan.threads,
        "plugins": [str(path.absolute()) for path in plan.plugins],
    }


def from_plain(request: dict[str, Any]) -> SweepPlan:
    """The plan that was made plain; its config is read anew.

    Raises:
        UsageError: the config is not valid any more.
    """
    config, changes, completed = Path(request["config"]), tuple(request["changes"]), tuple(request["completed"])
    sweep = Sweep(
        _spec(request["text"]),
        request["name"],
        Path(request["path"]),
        config,
        load(config, (*changes, *completed)),
        Monitored(*request["monitored"]),
        changes,
        Path(request["relative_to"]),
        request["text"],
        completed,
    )
    return SweepPlan(
        sweep,
        Path(request["folder"]),
        request["storage"],
        request["wanted"],
        request["workers"],
        request["threads"],
        tuple(map(Path, request["plugins"])),
    )


def _spec(text: str) -> SweepSpec:
    tree, _ = read_tree(checked_source("the sweep", "file", text, Path()))
    assert tree is not None
    return SweepSpec.parse(tree.plain())
