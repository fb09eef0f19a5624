"""A short training that is profiled, in each mode: the parts add up, and the operations are those of the network."""

from __future__ import annotations

import json

import pytest

from netlib.tasks.plan import plan_training
from netlib.tasks.train import execute, train
from netlib.training.profiling import COMPILING, STEPS, TRACED_STEPS

CONFIG = """\
name: tiny
seed: 3
data: {source: digits, validation: 0.2, test: 0.2, batch_size: 8}
model:
  - Flatten
  - Dense: {units: 8, activation: relu}
    name: hidden
  - Dense: 10
train: {epochs: 2, loss: sparse_categorical_crossentropy, metrics: [accuracy], execution: graph}
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("profiling") / "tiny.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope="module")
def profiled(config):
    return execute(plan_training(config, runs_root=config.parent / "runs", profile=True))


def kept(result):
    return json.loads((result.run / "profile.json").read_text())


def test_the_parts_add_up(profiled):
    found = kept(profiled)
    parts = found["parts"]
    assert sum(part["seconds"] for part in parts.values()) == pytest.approx(found["seconds"])
    assert {"starting", "data", "building", COMPILING, STEPS, "validation and test", "checkpoints"} <= set(parts)
    assert parts["data"]["times"] == parts["starting"]["times"] == 1
    assert parts["validation and test"]["times"] == 3
    assert parts[COMPILING]["seconds"] > parts[STEPS]["seconds"] > 0
    within = sum(parts[name]["seconds"] for name in parts if name not in ("starting", "data", "building"))
    assert within == pytest.approx(profiled.seconds, rel=0.3)


def test_the_operations_are_those_of_the_network(profiled):
    found = kept(profiled)
    assert found["traced_steps"] == TRACED_STEPS
    products = [each for each in found["operations"] if each["name"].endswith("hidden/MatMul")]
    assert [each["times"] for each in products] in ([], [TRACED_STEPS])
    assert any("MatMul" in each["name"] for each in found["operations"])
    assert all(each["seconds"] >= 0 and each["times"] for each in found["operations"])
    assert len(list((profiled.run / "profile").rglob("*.xplane.pb"))) == 1


def test_it_changes_no_bit(profiled, config, tmp_path):
    plain = train(config, run_dir=tmp_path / "plain")
    assert plain.metrics == profiled.metrics
    weights = [run / "checkpoints" / "step-00000270" / "model.safetensors" for run in (plain.run, profiled.run)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert not (plain.run / "profile.json").exists()


@pytest.mark.slow
def test_xla_is_traced_too(config, tmp_path):
    plan = plan_training(config, ["train.execution=xla"], run_dir=tmp_path / "xla", profile=True)
    found = kept(execute(plan))
    assert found["traced_steps"] == TRACED_STEPS
    assert found["operations"]


def test_a_training_that_ends_before_it_is_warm_has_no_trace(config, tmp_path):
    plan = plan_training(config, ["train.steps=2", "~train.epochs"], run_dir=tmp_path / "short", profile=True)
    found = kept(execute(plan))
    assert (found["traced_steps"], found["operations"]) == (0, [])
