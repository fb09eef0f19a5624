from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tensorflow.python.framework import config as tensorflow_config

from netlib.config.load import load
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks import bench_peer
from netlib.tasks.bench import bench, plan_bench
from netlib.tasks.bench_peer import KerasFit, Subject, make_peer
from netlib.tasks.bench_run import measure, measured_part
from netlib.tasks.build import build
from netlib.tasks.plan import Complete
from netlib.training import measuring
from netlib.training.setup import heads_of

SUITE = sorted((Path(__file__).parents[2] / "configs" / "bench").glob("*.yaml"))
CONFIG = """\
name: small
data:
  source: noise
  samples: 110
  inputs: {x: {shape: [4]}}
  targets: {label: {classes: 3}}
  stratify: false
  validation: 0.1
  batch_size: 32
model: [Dense: 5, Dense: 3]
train:
  epochs: 2
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
  early_stopping: {monitor: validation.loss}
  callbacks: [CSVLog]
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def short_rounds(monkeypatch):
    for module in (measuring, bench_peer):
        monkeypatch.setattr(module, "LONG_ENOUGH", 0.001)


@pytest.mark.parametrize(
    ("peer", "message"),
    [
        ("kears", r"^--against takes 'keras' or 'keras-tuned', got 'kears'; did you mean 'keras'\?$"),
        ("keras_tuned", r"got 'keras_tuned'; did you mean 'keras-tuned'\?$"),
        ("jax", "^--against takes 'keras' or 'keras-tuned', got 'jax'$"),
    ],
)
def test_an_unknown_peer(config, peer, message):
    with pytest.raises(UsageError, match=message):
        plan_bench(config, against=["keras", peer])


def test_no_rounds(config):
    with pytest.raises(UsageError, match=r"^--rounds must be at least 1, got 0$"):
        plan_bench(config, rounds=0)


def test_a_folder_without_configs(tmp_path):
    with pytest.raises(UsageError, match="there is no config in the folder"):
        plan_bench(tmp_path)


def test_a_config_that_is_no_training(tmp_path):
    (tmp_path / "network.yaml").write_text("model: {inputs: {x: {shape: [4]}}, nodes: [Dense: 3]}")
    with pytest.raises(UsageError, match="cannot be trained: it has no section 'data' and no 'train'"):
        plan_bench(tmp_path / "network.yaml")


def test_a_folder_is_all_configs_below_and_a_peer_is_taken_once(config, tmp_path):
    (tmp_path / "more").mkdir()
    other = tmp_path / "more" / "other.yaml"
    other.write_text("not: valid")
    plan = plan_bench(tmp_path, ["data.batch_size=8"], ["keras", "keras"], 3)
    assert (plan.configs, plan.alone) == ((other, config), False)
    assert (plan.overrides, plan.against, plan.rounds) == (("data.batch_size=8",), ("keras",), 3)


def test_mistakes_of_configs_in_a_folder_are_told_each_in_its_place(tmp_path):
    (tmp_path / "a.yaml").write_text(CONFIG.replace("Dense: 5", "Dens: 5"))
    (tmp_path / "b.yaml").write_text("blocks: {}\n")
    phases: list[str] = []
    found = bench(plan_bench(tmp_path, against=["keras"]), lambda config, phase: phases.append(phase))
    first, second = found["benchmarks"]
    assert "did you mean 'Dense'?" in first["error"]
    assert "cannot be trained" in second["error"]
    assert found["geometric_means"] == {"keras": None}
    assert phases == []


def test_a_process_that_dies_is_an_error_with_its_last_words(config, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(config.parent / "fake"))
    (config.parent / "fake").write_text("#!/bin/sh\necho first >&2\necho last words >&2\nexit 7\n")
    (config.parent / "fake").chmod(0o755)
    with pytest.raises(NetlabError, match=r"^the process that measures ended with code 7: last words$"):
        bench(plan_bench(config))


def test_what_is_measured_is_the_training_without_what_takes_part(config):
    train = load(config).train
    assert train is not None
    part = measured_part(train)
    assert (part.epochs, part.early_stopping, part.callbacks) == (None, None, ())
    assert (part.loss, part.metrics, part.optimizer) == (train.loss, train.metrics, train.optimizer)


def test_a_config_is_measured(config, short_rounds, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("netlib.tasks.bench_loop.matmul_rate", lambda: 1e9)
    phases: list[str] = []
    found = measure(Complete.of(load(config)), [], 3, phases.append)
    assert phases[-3:] == ["round 1 of 3", "round 2 of 3", "round 3 of 3"]
    assert (found["name"], found["execution"], found["parameters"]) == ("small", "xla", 43)
    assert (found["samples"], found["batch_size"], found["steps_per_epoch"], found["rounds"]) == (99, 32, 4, 3)
    rates, steps = found["samples_per_second"], found["step_seconds"]
    assert rates["min"] <= rates["median"] <= rates["max"]
    for rate, step in zip(rates["rounds"], steps["rounds"], strict=True):
        assert rate * step == pytest.approx(99 / 4)
    assert sum(found["shares"].values()) == pytest.approx(1)
    start = found["start"]
    parts = start["libraries"] + start["data"] + start["model"] + start["compile"]
    assert parts == pytest.approx(start["first_step"])
    assert min(start.values()) >= 0
    macs = 4 * 5 + 5 * 3
    flops = found["flops"]
    assert flops["per_sample"] == 3 * 2 * macs
    assert flops["per_second"] == pytest.approx(6 * macs * rates["median"])
    assert flops["share_of_matmul_peak"] == pytest.approx(flops["per_second"] / 1e9)
    assert found["matmul"] == {"before": 1e9, "after": 1e9, "peak": 1e9}
    assert found["peers"] == {}
    assert json.loads(json.dumps(found)) == found
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


def subject(path: Path, *overrides: str) -> Subject:
    config = Complete.of(load(path, overrides))
    from netlib.data.load import load as load_data

    model = build(config.experiment)
    samples = load_data(config.data, 0).train
    train = measured_part(config.train)
    return Subject(model, train, heads_of(model, train, samples), samples, config.data)


def test_keras_takes_its_turns_without_determinism(config, short_rounds, monkeypatch):
    tensorflow_config.enable_op_determinism()
    fit = KerasFit(subject(config), 1)
    twin, called = fit._twin, []
    before, train = [weight.numpy() for weight in twin.trainable_weights], twin.fit

    def watched(**given: object) -> None:
        called.append((tensorflow_config.is_op_determinism_enabled(), given["epochs"]))
        train(**given)

    monkeypatch.setattr(twin, "fit", watched)
    assert fit.rate() > 0
    assert called == [(False, fit._epochs)]
    assert tensorflow_config.is_op_determinism_enabled()
    assert twin.steps_per_execution == 1
    assert all((new.numpy() != old).any() for new, old in zip(twin.trainable_weights, before, strict=True))


def test_an_epoch_without_its_remainder_is_without_it_for_keras_too(config, short_rounds):
    whole, cut = (
        bench_peer._given(each, bench_peer._trained_on(99, each.data))
        for each in (subject(config), subject(config, "data.drop_remainder=true"))
    )
    assert (len(whole["x"]), len(whole["y"])) == (99, 99)
    assert (len(cut["x"]), len(cut["y"])) == (96, 96)


@pytest.mark.slow
def test_tuned_is_the_best_of_what_was_tried_and_an_epoch_is_the_most(config, short_rounds):
    peer = make_peer("keras-tuned", subject(config, "data.samples=400"))
    assert peer.reason == ""
    assert list(peer.tried) == [8, 11]
    assert peer.steps_per_execution == max(peer.tried, key=lambda steps: peer.tried[steps])
    peer.run_round()
    assert len(peer.rates) == 1


def test_a_network_without_a_twin_has_a_reason(config):
    peer = make_peer("keras", subject(config, "train.mix={MixUp: {}}"))
    assert peer.reason.startswith("no Keras twin: train.mix (mix): ")
    assert peer.steps_per_execution is None


def test_what_keras_fails_at_is_a_reason(config, monkeypatch):
    def fails(*_: object, **__: object) -> None:
        raise ValueError("not like this\nand more")

    monkeypatch.setattr(bench_peer, "twin_of", fails)
    assert make_peer("keras", subject(config)).reason == "Keras fails: ValueError: not like this"


@pytest.mark.slow
@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.stem)
def test_every_config_of_the_suite_has_a_twin(path):
    from netlib.nn.keras_twin import obstacles

    each = subject(path, "data.samples=20", "data.batch_size=2")
    assert obstacles(each.model, each.train, each.heads) == []


def test_the_suite_is_whole():
    names = "autoencoder cnn gru lstm mlp mlp_512 resnet tiny_mlp transformer_lm wide_and_deep"
    assert [path.stem for path in SUITE] == names.split()


@pytest.mark.slow
def test_the_process_ends_with_the_one_that_started_it():
    command = [sys.executable, "-m", "netlib.tasks.bench_process"]
    request = {"config": str(SUITE[0]), "overrides": [], "against": [], "rounds": 1_000, "plugins": []}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()
        assert json.loads(child.stdout.readline()) == {"phase": "importing TensorFlow"}
        child.send_signal(signal.SIGINT)  # that of a terminal reaches the whole group: it is not meant for this process
        child.stdin.close()
        assert child.wait(60) == 1
