"""Which checkpoints of a run stay: the newest, the best, and those that a pointer names."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

from netlib.runs import staging
from netlib.runs.checkpoint import checkpoints_of, step_of
from netlib.runs.directory import RunDirectory
from netlib.runs.pointers import POINTERS, pointed


def best_steps(values: Mapping[int, float], count: int, mode: Literal["min", "max"]) -> set[int]:
    """Of values by step, the steps of the `count` best; of equals the earlier ones, and never one that is not a number."""
    sign = 1 if mode == "min" else -1
    numbers = ((sign * value, step) for step, value in values.items() if not math.isnan(value))
    return {step for _, step in sorted(numbers)[:count]}


def prune(run: RunDirectory, keep_last: int | None, best: Collection[int] = ()) -> list[Path]:
    """Remove checkpoints but the newest `keep_last` (None: all), those of the steps in `best`, and those that `best` and
    `latest` name; return what was removed.

    The checkpoint of step 0 is as any other: the initial weights follow from the config and its seed.

    Raises:
        NetlabError: if a pointer is damaged (nothing is removed then), or the system refuses.
    """
    if keep_last is None:
        return []
    if keep_last < 1:
        raise ValueError(f"at least 1 checkpoint must be kept, got keep_last={keep_last}")
    kept = {pointed(run, pointer) for pointer in POINTERS}
    removed = [path for path in checkpoints_of(run)[:-keep_last] if path not in kept and step_of(path) not in best]
    for path in removed:
        staging.remove(path)
    return removed
