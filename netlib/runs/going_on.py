"""The command that goes on with a run."""

from __future__ import annotations

import shlex
from pathlib import Path

from netlib.spec.launched import launched_workers


def resume_command(run: Path, *words: str) -> str:
    """By as many processes as `netlab launch` started, if it did; `words` follow."""
    workers = launched_workers()
    verb = ["launch", "--workers", str(workers)] if workers else ["train"]
    return shlex.join(["netlab", *verb, "--resume", str(run), *words])
