"""Trains cases alone and by two or three replicas, on parts of the CPU, and prints what differs, as JSON.

TensorFlow has to be told of its devices before it is used, so this is a process of its own.

    python together.py [CASE ...]       # all of them with two and with three replicas, where none is named
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import tensorflow as tf
from cases import CASES, Case
from training import VALIDATION, Trained

from netlib.runs import checkpoint
from netlib.runs.directory import create
from netlib.training.environment import configure
from netlib.training.replicas import ALONE, Replicas
from netlib.training.strategies import mirrored

PARTS = 3
BOTH = ("MLP with dropout, graph",)
"""What two and three replicas train; of the other cases that are named, two train every other one, and three the rest."""


def difference(one: Any, other: Any) -> float:
    """The greatest, relative to the greatest value of each column."""
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if one.shape != other.shape:
        return np.inf
    scale = np.nanmax(np.abs(one), axis=0, initial=0.0) + 1e-6 if one.ndim else np.abs(one) + 1e-6
    if (np.isnan(one) != np.isnan(other)).any():
        return np.inf
    return float(np.nan_to_num(np.abs(one - other) / scale).max(initial=0.0))


def trained(case: Case, replicas: Replicas, chunk: int = 0, **options: Any) -> Trained:
    """From the beginning to the end."""
    made = Trained(case, case.data(case.rows), case.data(VALIDATION), replicas, chunk, **options)
    made.fit()
    return made


def all_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, float]:
    """Of all that is in the first."""
    return {name: difference(value, other.get(name, np.inf)) for name, value in one.items()}


def compared(name: str, replicas: tuple[int, ...]) -> dict[str, Any]:
    """What differs between one and several."""
    case = CASES[name]
    alone = trained(case, ALONE).values()
    found: dict[str, Any] = {"steps": len(alone["facts"]), "replicas": replicas}
    for count in replicas:
        several = trained(case, mirrored(count, synchronized=case.synchronized))
        found[str(count)] = all_differences(alone, several.values())
        found[f"copies {count}"] = several.copies_differ()
    if name == "MLP with dropout, graph":
        found |= in_parts(case, alone)
    if case.synchronized:
        apart = trained(case, mirrored(2))
        facts = difference(alone["facts"], apart.values()["facts"])
        found["not synchronised"] = {"facts": facts, "copies": apart.copies_differ()}
    return found


def in_parts(case: Case, alone: Mapping[str, Any]) -> dict[str, float]:
    """The greatest differences where chunks are short, and where a training is gone on with by two replicas, and by one."""
    two = mirrored(2)
    whole = trained(case, two).values()
    found = {"other chunks": max(all_differences(whole, trained(case, two, 1).values()).values())}
    with TemporaryDirectory() as folder:
        run = create(Path(folder), "run")
        trained(case.but({"epochs": None, "steps": 6}), two, run=run)
        saved = checkpoint.read(run.checkpoints / checkpoint.name_of(6))
        for count, by, wanted in ((2, two, whole), (1, ALONE, alone)):
            again = Trained(case, case.data(case.rows), case.data(VALIDATION), by)
            with by.scope():
                again.job.state.restore(saved)
            again.fit()
            values = again.values() | {"facts": wanted["facts"]}  # which are those of its own steps
            found[f"resumed by {count}"] = max(all_differences(wanted, values).values())
    return found


def main(names: list[str]) -> None:
    """All of them, or some."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * PARTS)
    configure(None)
    for place, name in enumerate(names or CASES):
        case = CASES[name]
        replicas = case.replicas if not names or len(case.replicas) == 1 or name in BOTH else (2 + place % 2,)
        try:
            found = compared(name, replicas)
        except Exception:
            found = {"error": traceback.format_exc()}
        print(json.dumps({"case": name, **found}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
