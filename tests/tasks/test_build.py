from __future__ import annotations

import numpy as np
import pytest

from netlib.config.load import load, read
from netlib.spec.errors import UsageError
from netlib.tasks.build import build


def test_the_weights_are_those_of_the_graph_and_follow_from_the_seed(folder):
    experiment = load(folder / "tiny.yaml")
    first, second = (build(experiment).state_dict() for _ in range(2))
    assert {name: value.shape for name, value in first.items()} == {
        "hidden.kernel": (64, 8),
        "hidden.bias": (8,),
        "head.kernel": (8, 10),
        "head.bias": (10,),
    }
    assert all(np.array_equal(first[name], second[name]) for name in first)
    other = build(load(folder / "tiny.yaml", ["seed=4"])).state_dict()
    assert not np.array_equal(first["hidden.kernel"], other["hidden.kernel"])


def test_a_new_run_begins_with_these_weights(whole, folder):
    from safetensors.numpy import load_file

    begun = load_file(whole.run / "checkpoints" / "step-00000000" / "model.safetensors")
    built = build(load(folder / "tiny.yaml")).state_dict()
    assert begun.keys() == built.keys()
    assert all(np.array_equal(begun[name], built[name]) for name in built)


def test_a_library_has_no_model():
    with pytest.raises(UsageError, match=r"config 'shared' has no model to build; add a 'model' section"):
        build(read("name: shared\nvars: {width: 3}\n"))
