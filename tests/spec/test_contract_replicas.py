"""What `check` says of configs whose training is spread; read as a user's file is, so that places are seen, too."""

from __future__ import annotations

import pytest

from netlib.config.load import read
from netlib.config.problems import ConfigError
from netlib.spec.contract_replicas import check_replicas
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec

CONFIG = """\
data: {source: digits, batch_size: 64}
model:
  - Flatten
  - Dense: 8
  - BatchNormalization
  - Dense: 10
train:
  epochs: 1
  loss: sparse_categorical_crossentropy
  distribute: {mirrored: {devices: 2}}
"""


def problems(text: str, *overrides: str) -> list[str]:
    try:
        return [str(problem.message) for problem in read(text, "config.yaml", overrides).warnings]
    except ConfigError as error:
        return [f"{problem.where}: {problem.message}" for problem in error.problems]


def test_a_config_that_can_be_spread():
    assert problems(CONFIG) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("devices: 2", "devices: 3", "a batch of 64 samples is not divided by the 3 replicas of train.distribute: take 63 or 66"),
        ("batch_size: 64", "batch_size: 1", "a batch of 1 samples is not divided by the 2 replicas of train.distribute: take 2"),
        ("epochs: 1", "epochs: 1\n  on_nan: rollback", "cannot go back together: take stop or skip"),
        ("epochs: 1", "epochs: 1\n  mix: MixUp", "a sample would be mixed with others of its own replica alone"),
        ("epochs: 1", "epochs: 1\n  execution: eager", "replicas run in one compiled loop, which eager has not"),
        ("devices: 2", "devices: 2, synchronized: true}}\n  accumulate: 2 #", "cannot be those of micro-batches"),
        ("devices: 2", "devices: 2, synchronized: true}}\n  execution: xla #", "XLA cannot add up the statistics of batch"),
    ],
)  # fmt: skip
def test_what_replicas_cannot_do_is_refused(old, new, message):
    (found,) = problems(CONFIG.replace(old, new))
    assert message in found
    assert found.startswith("config.yaml:")


def test_players_cannot_be_spread():
    text = CONFIG.replace("  loss: sparse_categorical_crossentropy\n", "").replace(
        "epochs: 1", "epochs: 1\n  phases: [{name: all, trains: '**', loss: sparse_categorical_crossentropy}]"
    )
    assert any(
        "players cannot be trained by several replicas (train.distribute): leave it" in each for each in problems(text)
    )


def test_a_stateful_layer_cannot_be_spread():
    nodes = [{"GRU": {"units": 3, "stateful": True, "batch_size": 4}, "name": "memory"}]
    graph, _ = analyse(nodes, {"x": TensorSpec((None, 6, 5))}, {}, ("model",))
    train = TrainSpec.parse({"loss": "mse", "epochs": 1, "distribute": {"mirrored": 2}})
    (found,) = check_replicas(graph, train, None, 2)
    assert found.loc == ("model", 0, "GRU", "stateful")
    assert found.message.startswith(
        "GRU 'memory' is stateful: row i of a batch goes on where row i of the batch before ended"
    )
    assert found.message.endswith("set stateful: false, or train on one device")


def test_a_batch_of_each_replica_divides():
    assert problems(CONFIG.replace("devices: 2", "devices: 3, batch: per_replica")) == []


def test_one_device_divides_all():
    assert problems(CONFIG.replace("devices: 2", "devices: 3"), "train.distribute=null") == []


def test_synchronized_without_statistics_changes_nothing():
    text = CONFIG.replace("devices: 2", "devices: 2, synchronized: true")
    assert problems(text) == []
    without = text.replace("  - BatchNormalization\n", "")
    assert problems(without) == ["synchronized changes nothing: the network has no BatchNormalization"]


def test_how_many_workers_there_are_is_no_affair_of_the_config(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{")
    assert problems(CONFIG.replace("{mirrored: {devices: 2}}", "multi_worker")) == []


def test_a_loss_of_all_rows_at_once_cannot_be_added_up():
    text = CONFIG.replace("  - Dense: 10\n", "  - {Dense: 1, name: out}\n").replace(
        "loss: sparse_categorical_crossentropy", 'loss: {Compute: "max(abs(out))"}'
    )
    found = problems(text)
    assert any("cannot be added up over replicas" in each for each in found), found
    assert not any("replicas" in each for each in problems(text, "train.distribute=null"))
