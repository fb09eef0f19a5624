"""How a run began and how it ended, in a few facts: `header.json`, and then `result.json` or `failure.json`.

A run that is gone on with begins again: what it had come to before is taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netlib.runs import atomic, plain
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError

TOLD = ("name", "execution", "threads", "samples", "batch_size", "epochs", "monitor")
"""What of the header that listeners are told is kept as it is; the parameters are counted beside."""


def begin(run: RunDirectory, header: Mapping[str, Any]) -> None:
    """Keeps what is trained and how.

    Raises:
        NetlabError: the system refuses.
    """
    with atomic.explained(run.path):
        run.result.unlink(missing_ok=True)
        run.failure.unlink(missing_ok=True)
    facts = {name: header[name] for name in TOLD if name in header}
    _write(run.header, {**facts, "parameters": header["parameters"]._asdict()} if "parameters" in header else facts)


def end(run: RunDirectory, result: Mapping[str, Any]) -> None:
    """Keeps what came out: `reason`, `epoch`, `step`, `best_epoch`, `seconds`, `metrics` by split, and when that was.

    Raises:
        NetlabError: the system refuses.
    """
    values = {name: result.get(name) for name in ("reason", "epoch", "step", "best_epoch", "seconds")}
    metrics = {split: dict(values) for split, values in result.items() if isinstance(values, Mapping)}
    _write(run.result, {**values, "metrics": metrics, "finished": _now()})


def fail(run: RunDirectory, error: str) -> None:
    """Keeps why the training failed.

    Raises:
        NetlabError: the system refuses.
    """
    _write(run.failure, {"error": error, "finished": _now()})


def header(run: RunDirectory) -> dict[str, Any] | None:
    """What `begin` kept; None of a run that has not come so far.

    Raises:
        NetlabError: the file is damaged.
    """
    return _read(run.header)


def result(run: RunDirectory) -> dict[str, Any] | None:
    """What `end` kept; None of a run that has not ended, or not by itself.

    Raises:
        NetlabError: the file is damaged.
    """
    return _read(run.result)


def failure(run: RunDirectory) -> dict[str, Any] | None:
    """What `fail` kept; None of a run that has not failed.

    Raises:
        NetlabError: the file is damaged.
    """
    return _read(run.failure)


def _write(path: Path, facts: dict[str, Any]) -> None:
    atomic.write_text(path, f"{plain.to_json(facts)}\n")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = plain.from_json(path.read_bytes())
        if isinstance(found, dict):
            return found
        raise ValueError("expected a mapping")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NetlabError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise NetlabError(f"{path} is damaged: {error}") from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
