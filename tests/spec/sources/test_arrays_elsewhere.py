from __future__ import annotations

import numpy as np
import pytest

from netlib.spec.errors import SpecError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.npy import Npy
from netlib.spec.sources.npz import Npz


@pytest.fixture
def stored(tmp_path):
    x = np.zeros((5, 3), np.float32)
    np.savez(tmp_path / "a.npz", x=x, image=x, y=np.arange(5))
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", np.arange(5))
    return tmp_path


def elsewhere(source: SourceSpec, path: object) -> SourceSpec:
    return source.elsewhere(str(path), source.signature())


@pytest.mark.parametrize("name", ["a.npz", "x.npy"])
def test_one_input(stored, name):
    arrays = Npz.parse({"path": str(stored / "a.npz"), "inputs": {"image": "x"}})
    files = Npy.parse({"inputs": {"image": str(stored / "x.npy")}, "targets": {"y": str(stored / "y.npy")}})
    for source in (arrays, files):
        found = elsewhere(source, stored / name)
        assert found.signature().inputs == source.signature().inputs
        assert found.signature().targets == {}


def test_several_inputs_need_an_archive(stored):
    source = Npz.parse({"path": str(stored / "a.npz"), "inputs": ["x", "image"]})
    with pytest.raises(SpecError, match=r"x.npy has one array, but 2 are needed \('x', 'image'\): .* numpy.savez"):
        elsewhere(source, stored / "x.npy")
    assert list(elsewhere(source, stored / "a.npz").signature().inputs) == ["x", "image"]


def test_an_array_that_is_not_there(stored):
    np.savez(stored / "b.npz", X=np.zeros(3))
    source = Npz.parse({"path": str(stored / "a.npz")})
    with pytest.raises(SpecError, match=r"b.npz has no array 'x' \(it has: 'X'\); did you mean 'X'\?"):
        elsewhere(source, stored / "b.npz").signature()
