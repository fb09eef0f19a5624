"""How far a run has come, by the plain values of a checkpoint: without its arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from netlib.runs import plain
from netlib.runs.checkpoint import STATE
from netlib.runs.manifest import damaged


@dataclass(frozen=True)
class Standing:
    """Where a checkpoint stands: complete epochs, steps of the next one, steps in all, seconds of training."""

    epoch: int
    position: int
    step: int
    elapsed: float


def standing(path: Path) -> Standing:
    """Of a checkpoint that was verified.

    Raises:
        CheckpointError: its state is not that of a training.
    """
    try:
        progress = plain.from_json((path / STATE).read_bytes())["state"]["progress"]
        counts = [int(progress[name]) for name in ("epoch", "position", "step")]
        return Standing(counts[0], counts[1], counts[2], float(progress["elapsed"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise damaged(path, f"{STATE} cannot be read ({error})") from error
