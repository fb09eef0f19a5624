"""Looks at everything that netlab needs, without importing TensorFlow: that happens in a process of its own."""

from __future__ import annotations

from pathlib import Path

from netlib.runs.directory import DEFAULT_ROOT
from netlib.spec.finding import Diagnosis
from netlib.tasks.doctor.folders import folders
from netlib.tasks.doctor.machine import machine, variables
from netlib.tasks.doctor.packages import extras, versions
from netlib.tasks.doctor.trial import tried


def examine(cache: Path | None, quick: bool = False) -> Diagnosis:
    """What was found, under headings.

    Args:
        cache: the folder in which the command keeps what XLA has compiled; None where it keeps nothing.
        quick: TensorFlow is imported, and nothing is trained.
    """
    return {
        "Versions": versions(),
        "Extras": extras(),
        "Machine": machine(),
        "Folders": folders(DEFAULT_ROOT, cache),
        "Variables": variables(),
        "TensorFlow": tried(quick),
    }
