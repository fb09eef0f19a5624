"""Loads what `test_saving.py` saved, in a process of its own: `python fresh_process.py FOLDER`.

The SavedModels come first, before anything of netlab is imported: they have to do without. Then every row is rebuilt from its
config and given the weights of its file. What each gives, or how it failed, is left in the folder.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

Results = dict[str, list[Any]]


def main(folder: Path) -> None:
    """All of it."""
    plan = json.loads((folder / "plan.json").read_text())
    with np.load(folder / "inputs.npz") as file:
        inputs = {row: [tf.constant(file[f"{row}/{i}"]) for i in range(entry["inputs"])] for row, entry in plan.items()}
    faults: dict[str, str] = {}
    outputs = collected(list(plan), lambda row: from_saved_model(plan[row], inputs[row], row), "SavedModel", faults)
    assert "netlib" not in sys.modules
    outputs |= collected(list(plan), lambda row: from_state(folder, plan[row], inputs[row], row), "state", faults)
    np.savez(
        folder / "outputs.npz",
        **{f"{key}/{i}": value for key, given in outputs.items() for i, value in enumerate(given)},
    )
    (folder / "faults.json").write_text(json.dumps(faults))


def collected(rows: list[str], load: Callable[[str], list[Any]], what: str, faults: dict[str, str]) -> Results:
    """The outputs of each row; the traceback of one that fails goes to `faults`."""
    found = {}
    for row in rows:
        try:
            found[f"{what}/{row}"] = load(row)
        except Exception:
            faults[f"{what}/{row}"] = traceback.format_exc()
    return found


_loaded: dict[str, Any] = {}


def from_saved_model(entry: dict[str, Any], values: list[tf.Tensor], row: str) -> list[Any]:
    """What the function of that row gives; a folder has those of many."""
    path = entry["saved_model"]
    if path not in _loaded:
        _loaded[path] = tf.saved_model.load(path)
    return list(tf.nest.flatten(_loaded[path].run[row](*values)))


def from_state(folder: Path, entry: dict[str, Any], values: list[tf.Tensor], row: str) -> list[Any]:
    """What the row's object gives, rebuilt from its config, with the weights of its file."""
    from hand_written import plugged_in
    from object_cases import ROWS
    from object_row import call

    from netlib.runs import tensors

    with plugged_in():
        made = ROWS[row].rebuilt(entry["config"])
    call(made, values)
    made.load_state_dict(tensors.load(folder / f"{row}.safetensors"))
    return call(made, values)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
