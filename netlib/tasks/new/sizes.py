"""How large a network, its batches and its held-out splits are, by the number of samples: rules of thumb, meant to be changed."""

from __future__ import annotations

from dataclasses import dataclass

from netlib.runs.available_memory import process_memory
from netlib.spec.errors import UsageError
from netlib.tasks.new.draft import Line

FEWEST = 10
"""Rows of which some can be held out and something can be learned from the others."""
BATCHES = 20
"""Steps that an epoch should have at least, where there are samples enough."""


@dataclass(frozen=True)
class Sizes:
    """What follows from the number of samples."""

    samples: int
    held_out: float
    batch_size: int
    width: int
    dropout: float
    epochs: int
    patience: int
    learning_rate: str


def sizes(samples: int, what: str) -> Sizes:
    """What fits so many samples.

    Raises:
        UsageError: they are too few.
    """
    if samples < FEWEST:
        raise UsageError(f"{what} has {samples} samples that can be used; at least {FEWEST} are needed")
    held_out = 0.2 if samples < 1000 else 0.15 if samples < 20_000 else 0.1
    ideal = samples * (1 - 2 * held_out) / BATCHES
    batch_size = max(16, min(512, 1 << (max(int(ideal), 1).bit_length() - 1)))
    limits = ((300, 16, 0.0), (2000, 32, 0.1), (20_000, 64, 0.1), (200_000, 128, 0.1))
    width, dropout = next(((wide, drop) for most, wide, drop in limits if samples < most), (256, 0.0))
    epochs, patience = (100, 15) if samples < 2000 else (60, 10) if samples < 20_000 else (30, 5)
    rate = "1e-2" if samples < 2000 else "5e-3" if samples < 20_000 else "1e-3"
    return Sizes(samples, held_out, batch_size, width, dropout, epochs, patience, rate)


def split_lines(size: Sizes, by: str = "") -> list[Line]:
    """The shares that are held out, and the batches."""
    return [
        Line(f"validation: {size.held_out}", by or "decides when to stop, and which weights are the best"),
        Line(f"test: {size.held_out}", "never seen in training; `netlab eval` measures on it"),
        Line(f"batch_size: {size.batch_size}", "larger is faster per epoch, smaller makes more updates of the weights"),
    ]


def memory_lines(needed: int) -> list[Line]:
    """A limit, where samples of so many bytes would not fit into the memory that is free."""
    free = process_memory()
    if free is None or needed < free // 2:
        return []
    limit = max(free // 4 // 10**6, 1)
    why = f"all samples take about {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free: read a part at a time"
    return [Line(f"memory: {limit}MB", why)]


def epoch_lines(size: Sizes) -> list[Line]:
    """How long it is trained at most, and when it stops earlier."""
    return [
        Line(f"epochs: {size.epochs}", "at most"),
        Line(
            f"early_stopping: {{monitor: validation.loss, patience: {size.patience}}}",
            "the run ends on its best weights in any case",
        ),
    ]
