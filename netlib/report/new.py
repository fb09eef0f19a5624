"""What was written, why it is as it is, and what to type next; and the kinds that there are."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

from netlib.report.layout import GAP, bold, dim
from netlib.report.terminal import width

USAGE = (
    ("netlab new KIND NAME", "a config of that kind in NAME.yaml"),
    ("netlab new --from data.csv --target COLUMN", "a config for your own data"),
)


def kinds_text(kinds: Sequence[tuple[str, str]], color: bool = False) -> str:
    """The kinds with what each is for, and how to write one; `kinds` has name and sentence."""
    most = max(len(name) for name, _ in kinds)
    room = max(width() - most - len(GAP), 20)
    shown = []
    for name, about in kinds:
        first, *others = wrap(about, room)
        shown += [
            f"{bold(name, color)}{' ' * (most - len(name))}{GAP}{first}",
            *(" " * (most + len(GAP)) + part for part in others),
        ]
    return "\n".join([*shown, "", *_explained(USAGE, color), ""])


def written_text(
    path: Path, facts: str, choices: Sequence[str], beside: Sequence[Path] = (), color: bool = False
) -> str:
    """The choices, the files, and the next commands."""
    room = width() - 2
    lines = [f"  {part}" if index else part for each in choices for index, part in enumerate(wrap(each, room) or [""])]
    lines += [f"wrote {bold(str(path), color)} ({facts})", *(f"wrote {each}" for each in beside), ""]
    return "\n".join([*lines, *_explained(next_commands(path), color), ""])


def next_commands(path: Path) -> list[tuple[str, str]]:
    """What to do with a new config: commands, and what each does."""
    file = shlex.quote(str(path))
    return [
        (f"netlab peek {file}", "look at the data as the network reads it"),
        (f"netlab summary {file}", "look at the network"),
        (f"netlab train {file}", "train it"),
    ]


def _explained(commands: Sequence[tuple[str, str]], color: bool) -> list[str]:
    """Commands with what each does beside it, or below it where that is too wide: commands stay whole, to be copied."""
    most = max(len(command) for command, _ in commands)
    if most + len(GAP) + max(len(about) for _, about in commands) <= width():
        return [f"{command.ljust(most)}{GAP}{dim(about, color)}" for command, about in commands]
    return [line for command, about in commands for line in (command, f"{GAP}{dim(about, color)}")]
