"""What one may do after a sweep, and what it came to as plain values."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from netlib.tasks.plugins import plugin_options
from netlib.tasks.sweep.facts import facts
from netlib.tasks.sweep.plan import FILE, SweepPlan
from netlib.tasks.sweep.run_sweep import SweepResult


def next_steps(plan: SweepPlan, result: SweepResult) -> Iterator[tuple[str, str]]:
    """In a word or two what one may do, and its command."""
    own = plan.storage.endswith(str((plan.folder / FILE).absolute()))
    yield "show", _netlab("sweep", "show", str(plan.folder), *([] if own else ["--storage", plan.storage]))
    yield "list", _netlab("runs", str(plan.folder), "--sort", str(plan.watched))
    best = result.study.best
    if best is None or best.run is None:
        return
    data = plan.sweep.experiment.data
    split = next((split for split in ("test", "validation") if data is not None and data.has(split)), "train")
    plugins = plugin_options(plan.sweep.experiment)
    yield (
        "measure",
        _netlab("eval", "--checkpoint", str(best.run), *([] if split == "test" else ["--split", split]), *plugins),
    )
    yield "predict", _netlab("predict", "--checkpoint", str(best.run), "--input", "FILE", *plugins)
    yield "train anew", _netlab("train", f"{best.run}/resolved.yaml", *plugins)


def plain(result: SweepResult) -> dict[str, Any]:
    """For JSON."""
    ended = {"folder": str(result.folder), "reason": result.reason, "seconds": result.seconds}
    return {**facts(result.study, {}), **ended}


def _netlab(*words: str) -> str:
    return shlex.join(["netlab", *words])
