"""What a run's `environment.json` has, which `netlib.runs.environment` described when the run began."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError


@contextmanager
def environment_of(run: RunDirectory) -> Iterator[Any]:
    """The facts, for a block; what the block cannot make of them is damage, too.

    Raises:
        NetlabError: the file is missing or damaged.
    """
    try:
        yield json.loads(run.read(run.environment.name))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NetlabError(f"{run.environment} is damaged: {error}") from error
