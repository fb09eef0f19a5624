"""`changes.jsonl`: a line for each time a run was gone on with after a change of its config, or on another machine.

A line is written before the new `resolved.yaml`. After a kill between the two it tells of a change that was not made: by the
digests of the configs before and after, such a line is known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError

BEFORE, AFTER = "config_before", "config_after"
"""SHA-256 of `resolved.yaml` before and after."""


def write(run: RunDirectory, resolved: str, record: Mapping[str, Any]) -> None:
    """Adds a line, and then makes `resolved` the run's config; each of the two whole or not at all.

    Raises:
        NetlabError: what is there cannot be read, or the system refuses.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    digests = {BEFORE: _digest(run.read(run.resolved.name)), AFTER: _digest(resolved)}
    before = run.read(run.changes.name) if run.changes.exists() else ""
    run.write(run.changes.name, f"{before}{json.dumps({'time': now, **record, **digests})}\n")
    if digests[BEFORE] != digests[AFTER]:
        run.write(run.resolved.name, resolved)


def made(run: RunDirectory) -> list[dict[str, Any]]:
    """The lines of changes that were really made, the first one first; none if there is no such file.

    Raises:
        NetlabError: the file is damaged.
    """
    if not run.changes.exists():
        return []
    try:
        records = [json.loads(line) for line in run.read(run.changes.name).splitlines()]
        follows = [record[BEFORE] for record in records[1:]] + [_digest(run.read(run.resolved.name))]
        return [dict(record) for record, digest in zip(records, follows, strict=True) if record[AFTER] == digest]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise NetlabError(f"{run.changes} is damaged: {error}") from error


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
