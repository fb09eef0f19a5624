"""Weights from the disk, in a model that is built."""

from __future__ import annotations

import hashlib
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from netlib.runs import checkpoint, pointers, tensors
from netlib.runs.directory import create_at
from netlib.runs.errors import CheckpointError
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.loading import LoadSpec
from netlib.training.callbacks.ema import EMA
from netlib.training.model import Model
from netlib.training.warm_start import load_weights

NODES = [{"Dense": 4, "name": "body"}, {"Dense": 2, "name": "head"}]


def model(seed: int = 0) -> Model:
    made = Model(NODES, seed=seed)
    made(tf.ones([1, 3]))
    return made


def spec(path: Path, **keys: object) -> LoadSpec:
    return LoadSpec.parse({"from": str(path), **keys})


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def test_a_saved_model_gives_its_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved, new = model(1), model(2)
    saved.save(tmp_path / "m")
    monkeypatch.chdir(tmp_path)
    loaded = load_weights(new, spec(tmp_path / "m"))
    assert same(new.state_dict(), saved.state_dict())
    assert loaded.lines == ("loaded 4 of 4 weights (26 values) from m, saved model of step 0",)
    file = tmp_path / "m" / "model.safetensors"
    assert loaded.facts == {
        "from": str(tmp_path / "m"),
        "step": 0,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "weights": 4,
    }


def test_what_is_missing_and_left_over_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file, new = tmp_path / "a.safetensors", model(2)
    before = new.state_dict()
    tensors.save(file, {"old.body.bias": np.full(4, 7, np.float32), "rest": np.ones(3)})
    loaded = load_weights(new, spec(file, partial=True, map={"old.**": "**"}))
    (line,) = loaded.lines
    assert line == (
        "loaded 1 of 4 weights (4 values) from a.safetensors; renamed 1;"
        " missing, as the seed gives them: body.kernel, head.kernel, head.bias; 1 saved ones not used: rest"
    )
    assert loaded.facts["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert loaded.facts["step"] is None
    assert same(new.state_dict(), {**before, "body.bias": np.full(4, 7, np.float32)})


def test_averages_are_what_is_loaded_as_for_a_measurement(tmp_path: Path) -> None:
    run, weights = create_at(tmp_path / "a", {}), model(1).state_dict()
    average = np.full((3, 4), 5, np.float32)
    loop = {f"callbacks/{EMA.name}/body.kernel": average, "metrics/accuracy": np.ones(2, np.float32)}
    pointers.point(run, "best", checkpoint.write(run, 4, {"model": weights, "loop": loop}, {}))
    new = model(2)
    load_weights(new, spec(run.path))
    assert same(new.state_dict(), {**weights, "body.kernel": average})


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_values_of_fewer_bits_are_kept_to_the_bit(tmp_path: Path, dtype: type) -> None:
    saved = {name: value.astype(dtype) for name, value in model(1).state_dict().items()}
    tensors.save(tmp_path / "a.safetensors", saved)
    new = model(2)
    load_weights(new, spec(tmp_path / "a.safetensors"))
    assert same({name: value.astype(dtype) for name, value in new.state_dict().items()}, saved)
    assert {value.dtype for value in new.state_dict().values()} == {np.dtype(np.float32)}


def test_weights_that_do_not_fit_change_nothing(tmp_path: Path) -> None:
    new, saved = model(2), model(1).state_dict()
    before = new.state_dict()
    for wrong, text in (
        ({**saved, "head.bias": np.ones(3, np.float32)}, r"'head\.bias' is \[2\] and saved as \[3\]"),
        ({**saved, "more": np.ones(3, np.float32)}, "1 saved, but no weight of the network: 'more'"),
    ):
        tensors.save(tmp_path / "a.safetensors", wrong)
        with pytest.raises(SpecError, match=text):
            load_weights(new, spec(tmp_path / "a.safetensors"))
    tensors.save(tmp_path / "a.safetensors", {**saved, "head.bias": np.array([1, np.nan], np.float32)})
    with pytest.raises(NetlabError, match=r"'head\.bias' in .* has values that are not finite"):
        load_weights(new, spec(tmp_path / "a.safetensors"))
    assert same(new.state_dict(), before)


def test_a_bit_that_turned_is_noticed(tmp_path: Path) -> None:
    model(1).save(tmp_path / "m")
    file = tmp_path / "m" / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.safetensors has SHA-256"):
        load_weights(model(2), spec(tmp_path / "m"))
