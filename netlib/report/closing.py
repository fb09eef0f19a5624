"""What stands below the results of a training: the commands that may come next."""

from __future__ import annotations

from collections.abc import Sequence

from netlib.report.layout import GAP, dim

INDENT = "  "


def next_commands(commands: Sequence[tuple[str, str]], color: bool = False) -> str:
    """What one may do, each with its command, which stands last and whole, to be copied, however narrow the terminal is."""
    longest = max((len(what) for what, _ in commands), default=0)
    lines = [f"{INDENT}{dim(what.ljust(longest), color)}{GAP}{command}" for what, command in commands]
    return "\n".join(["next:", *lines]) + "\n"
