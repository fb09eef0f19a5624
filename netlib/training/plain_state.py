"""Whether the plain values of a checkpoint are such as a training can go on from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlib.runs.errors import CheckpointError
from netlib.training.progress import Progress


def need_plain_state(path: Path, saved: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Looks at the counts and at what the callbacks keep.

    Args:
        path: the checkpoint.
        saved: its plain values.
        now: those that the training has now, which say what the values of callbacks are like.

    Raises:
        CheckpointError: they are not such.
    """
    progress, callbacks = saved.get("progress"), saved.get("callbacks")
    if not isinstance(progress, Mapping) or not isinstance(callbacks, Mapping):
        raise _misfit(path, "it has no progress, or no callbacks")
    likes = vars(Progress())
    for name, value in progress.items():
        if name not in likes or not _is_like(value, likes[name]):
            raise _misfit(path, f"progress '{name}' is {str(value)[:40]!r}")
    for callback, state in now["callbacks"].items():
        kept = callbacks.get(callback, state)
        if not isinstance(kept, Mapping) or not state.keys() <= kept.keys():
            raise _misfit(path, f"callback '{callback}' needs {', '.join(state)}")
        for name, value in state.items():
            if _is_number(value) and not (kept[name] is None or _is_number(kept[name])):
                raise _misfit(path, f"'{name}' of callback '{callback}' is {str(kept[name])[:40]!r}")


def _misfit(path: Path, what: str) -> CheckpointError:
    return CheckpointError(f"checkpoint {path} does not say where the training stands: {what}")


def _is_like(value: Any, like: Any) -> bool:
    """Whether a value can stand where a new training has another one."""
    if like is None:
        return value is None or _is_number(value)
    if isinstance(like, dict):
        return isinstance(value, Mapping) and all(map(_is_number, value.values()))
    if isinstance(like, list):
        return isinstance(value, list) and all(
            isinstance(each, Mapping) and type(each.get("step")) is int for each in value
        )
    return _is_number(value) if isinstance(like, float) else type(value) is int and 0 <= value < 1 << 63


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)
