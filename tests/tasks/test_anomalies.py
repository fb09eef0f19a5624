from __future__ import annotations

from pathlib import Path

import pytest

from netlib.config.load import read
from netlib.spec.looks import Anomaly
from netlib.tasks.anomalies import MOST_SAID, lines, relevant
from netlib.tasks.train import train

IMBALANCE = Anomaly("imbalance", "many of one", "species")
UNSEEN = Anomaly("unseen", "never seen", "species")
SCALES = Anomaly("scales", "far apart", "features")
LEAK = Anomaly("leak", "the answer")
ALL = (LEAK, UNSEEN, IMBALANCE, SCALES)
CONFIG = "data: {{source: iris}}\nmodel: [{first}{{Dense: {units}}}]\ntrain: {{epochs: 1, loss: {loss}}}\n"


def kept(units: int, loss: str, first: str = "") -> tuple[Anomaly, ...]:
    experiment = read(CONFIG.format(units=units, loss=loss, first=first))
    assert experiment.train
    assert experiment.graph
    heads = experiment.train.bind(list(experiment.graph.outputs), ["species"], ["features"])
    return relevant(ALL, heads, experiment.graph)


@pytest.mark.parametrize(
    ("units", "loss", "expected"),
    [
        (3, "sparse_categorical_crossentropy", ALL),
        (3, "categorical_crossentropy", ALL),
        (1, "mean_squared_error", (LEAK, SCALES)),
        (1, "huber", (LEAK, SCALES)),
    ],
)
def test_classes_are_of_interest_where_a_loss_reads_some(units, loss, expected):
    assert kept(units, loss) == expected


def test_a_normalisation_in_front_makes_scales_alike():
    assert kept(3, "sparse_categorical_crossentropy", "BatchNormalization, ") == (LEAK, UNSEEN, IMBALANCE)
    assert kept(3, "sparse_categorical_crossentropy", "LayerNormalization, ") == ALL


def test_without_losses_all_are():
    assert relevant(ALL, None, None) == ALL


def test_so_many_lines_and_no_more():
    found = [Anomaly("leak", str(i)) for i in range(MOST_SAID + 3)]
    assert lines(found[:MOST_SAID], "a.yaml") == [f"data: {i}" for i in range(MOST_SAID)]
    assert lines(found, "a.yaml")[MOST_SAID:] == ["data: and 3 more: netlab peek a.yaml"]
    assert lines([], "a.yaml") == []


def test_a_training_begins_with_them_and_a_resumed_one_does_not_say_them_again(tmp_path: Path, recorder):
    config = tmp_path / "wine.yaml"
    config.write_text(
        "data: {source: wine, validation: 0.2}\nmodel: [{Dense: 3}]\n"
        "train: {epochs: 1, loss: sparse_categorical_crossentropy, execution: graph}\n"
    )
    done = train(config, runs_root=tmp_path / "runs", listeners=[recorder])
    said = [text for text in recorder.of("message") if text.startswith("data: ")]
    assert len(said) == 1
    assert said[0].startswith("data: input 'features' has numbers of wildly different sizes: 'features[12]'")
    assert done.run
    assert said[0] in (done.run / "log.txt").read_text()
    recorder.events.clear()
    train(None, resume=done.run, overrides=["train.epochs=2"], listeners=[recorder])
    assert not [text for text in recorder.of("message") if text.startswith("data: ")]
