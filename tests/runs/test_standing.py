from __future__ import annotations

import json

import pytest

from netlib.runs.errors import CheckpointError
from netlib.runs.standing import Standing, standing

PROGRESS = {"epoch": 2, "position": 3, "step": 37, "elapsed": 1.5, "records": []}


def write(folder, progress):
    (folder / "state.json").write_text(json.dumps({"step": 37, "state": {"progress": progress}}))


def test_where_a_checkpoint_stands(tmp_path):
    write(tmp_path, PROGRESS)
    assert standing(tmp_path) == Standing(epoch=2, position=3, step=37, elapsed=1.5)


@pytest.mark.parametrize("progress", [None, {}, {**PROGRESS, "step": "x"}, [], {**PROGRESS, "elapsed": None}])
def test_a_state_that_is_not_of_a_training(tmp_path, progress):
    write(tmp_path, progress)
    with pytest.raises(CheckpointError, match=r"is damaged: state\.json cannot be read"):
        standing(tmp_path)


def test_a_state_that_is_not_there(tmp_path):
    with pytest.raises(CheckpointError, match=r"state\.json cannot be read"):
        standing(tmp_path)
