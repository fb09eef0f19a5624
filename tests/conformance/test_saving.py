"""Every class of `netlib.nn` saved here and loaded in a fresh process, over the rows of `object_cases.py`.

As a SavedModel; and as its config with a file of its weights. One process loads all of them (`fresh_process.py`). Those are the
rows that are compiled: tracing and loading take the most of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from object_cases import ROWS, compiles, in_groups
from object_row import Row, assert_close, assert_same, call

from netlib.runs import tensors

SCRIPT = Path(__file__).with_name("fresh_process.py")


@pytest.mark.slow
def test_a_fresh_process_loads_what_this_one_saved(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    every = pytestconfig.getoption("--every-row")
    modules = {key: row.ready() for key, row in ROWS.items() if every or compiles(row)}
    faults = _save(tmp_path, modules)
    subprocess.run([sys.executable, str(SCRIPT), str(tmp_path)], check=True)
    faults |= json.loads((tmp_path / "faults.json").read_text())
    with np.load(tmp_path / "outputs.npz") as file:
        found = {key: file[key] for key in file.files}

    for key, module in modules.items():
        expected = call(module, ROWS[key].values())
        for what, compare in (("SavedModel", lambda *pair: assert_close(*pair, 2e-6)), ("state", assert_same)):
            if f"{what}/{key}" in faults:
                continue
            try:
                compare([found[f"{what}/{key}/{i}"] for i in range(len(expected))], expected)
            except (AssertionError, KeyError) as error:
                faults[f"{what}/{key}"] = repr(error)
    assert not faults, "\n\n".join(f"{key}: {fault}" for key, fault in faults.items())


def _save(folder: Path, modules: dict[str, Any]) -> dict[str, str]:
    """All that the script needs; what could not be saved, and why."""
    saved = in_groups([ROWS[key] for key in modules], lambda group: _saved_together(folder, group, modules))
    plan: dict[str, Any] = {}
    inputs = {}
    for key in modules:
        row = ROWS[key]
        tensors.save(folder / f"{key}.safetensors", modules[key].state_dict())
        config = modules[key].get_config() if row.is_layer and row.describable else None
        plan[key] = {"saved_model": str(saved[key]), "config": config, "inputs": len(row.tensors)}
        inputs.update({f"{key}/{i}": value.numpy() for i, value in enumerate(row.values())})
    np.savez(folder / "inputs.npz", **inputs)
    (folder / "plan.json").write_text(json.dumps(plan))
    return {f"SavedModel/{key}": repr(path) for key, path in saved.items() if isinstance(path, Exception)}


def _saved_together(folder: Path, group: Sequence[Row], modules: dict[str, Any]) -> dict[str, Any]:
    """One SavedModel with an object and a function for each row."""
    holder = tf.Module()
    holder.objects = {str(row): modules[str(row)] for row in group}
    holder.run = {str(row): _function(modules[str(row)], row) for row in group}
    path = folder / f"{group[0]}-{len(group)}"
    tf.saved_model.save(holder, str(path))
    return {str(row): path for row in group}


def _function(module: Any, row: Row) -> Any:
    return tf.function(lambda *values: call(module, values), input_signature=row.signature(), autograph=False)
