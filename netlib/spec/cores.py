"""How much may be done at once."""

from __future__ import annotations

import os


def available_cores() -> int:
    """The cores that this process may use, which a container or `taskset` can make fewer."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
