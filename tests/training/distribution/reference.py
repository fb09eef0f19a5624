"""Trains by two replicas of this process what two workers have trained, up to the steps that they came to.

python reference.py FOLDER NAME=STEPS ...
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from cases import CASES, Case
from training import VALIDATION, Trained
from working import LONG, SHORT

from netlib.training.environment import configure
from netlib.training.strategies import mirrored

TRAINED: dict[str, Case] = {
    "graph": CASES["MLP with dropout, graph"],
    "xla": CASES["MLP with dropout, xla"],
    "signal": LONG,
    "max_time": LONG,
    "training": LONG,
    "validating": SHORT,
    "compiling": SHORT,
}


def main(folder: Path, wanted: list[str]) -> None:
    """All of them."""
    replicas = mirrored(2)
    configure(None)
    for name, steps in (each.split("=") for each in wanted):
        case = TRAINED[name].but({"epochs": None, "steps": max(1, int(steps))})
        made = Trained(case, case.data(case.rows), case.data(VALIDATION), replicas)
        if int(steps):
            made.fit()
        np.savez(folder / f"{name} mirrored.npz", **made.values())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
