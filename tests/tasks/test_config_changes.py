from __future__ import annotations

import json

import pytest

from netlib.config.load import read
from netlib.tasks.config_changes import begins_anew, changes_between, monitored

CONFIG = """\
name: tiny
seed: 3
vars: {width: 8}
data: {source: digits, validation: 0.2, batch_size: 64}
model:
  - Flatten
  - Dense: {units: $width, activation: relu}
    name: hidden
  - Dense: 10
train:
  epochs: 30
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
  callbacks: [CSVLog, {TimeLimit: 10m}]
"""


def changed(*overrides):
    return changes_between(read(CONFIG), read(CONFIG, overrides=list(overrides)))


def lines(*overrides):
    return [str(change) for change in changed(*overrides)]


def test_a_line_a_key_in_the_order_of_the_file():
    assert lines("train.epochs=60", "seed=4", "data.batch_size=32") == [
        "seed: 3 -> 4",
        "data.batch_size: 64 -> 32",
        "train.epochs: 30 -> 60",
    ]
    assert lines() == lines("train.epochs=30") == []


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("train.max_time=90s", "train.max_time: null -> 90.0"),
        ("data.shuffle=false", "data.shuffle: true -> false"),
        ("vars.width=9", "vars.width: 8 -> 9"),
        ("model.hidden.activation=tanh", "model.hidden.Dense.activation: relu -> tanh"),
        (
            "model=[Flatten, Dense: 10]",
            "model: [Flatten, {Dense: {units: $width, activation: relu}, name... -> [Flatten, {D",
        ),
        ("train.callbacks=[{TimeLimit: 10m}]", "train.callbacks.CSVLog: {} -> (not there)"),
        ("train.callbacks=[CSVLog, {TimeLimit: 11m}]", "train.callbacks.TimeLimit.limit: 600.0 -> 660.0"),
        ("train.callbacks=[{TimeLimit: 10m}, CSVLog]", "train.callbacks: [CSVLog, TimeLimit] -> [TimeLimit, CSVLog]"),
        ("train.monitor=train.loss", "train.monitor: validation.loss (min) -> train.loss (min)"),
    ],
)
def test_how_a_change_is_shown(override, line):
    assert lines(override)[0].startswith(line)


def test_a_metric_that_comes_is_one_change():
    found = changed("train.metrics=[accuracy, {SparseTopKCategoricalAccuracy: 3}]")
    assert len(found) == 1
    assert found[0].key.startswith("train.metrics.")
    assert str(found[0]).partition(": ")[2].startswith("(not there) -> {SparseTopKCategoricalAccuracy: ")


def test_another_optimizer_is_one_change():
    (found,) = changed("train.optimizer={SGD: {momentum: 0.9}}")
    assert found.key == "train.optimizer"
    assert str(found).startswith("train.optimizer: {Adam: {learning_rate: 0.001, ")
    assert " -> {SGD: {learning_rate: 0.01, " in str(found)


def test_a_monitor_counts_as_what_it_comes_to():
    found = changed("train.early_stopping={monitor: validation.loss, patience: 3}")
    assert [(change.key, change.kind) for change in found] == [("train.early_stopping", "safe")]
    found = changed("train.early_stopping={monitor: validation.accuracy}")
    assert [(change.key, change.kind) for change in found] == [
        ("train.early_stopping", "safe"),
        ("train.monitor", "never"),
    ]


def test_long_values_that_differ_only_at_the_end_are_shown_whole():
    text = CONFIG.replace("name: tiny", "name: tiny\nblocks: {B: {params: {text: %s}, nodes: []}}")
    first, second = (read(text % ("x" * 80 + end)) for end in "ab")
    (found,) = changes_between(first, second)
    assert str(found) == f"blocks.B.params.text: {'x' * 80}a -> {'x' * 80}b"


def test_what_a_terminal_would_obey_is_not_shown_as_it_is():
    text = CONFIG.replace("name: tiny", 'name: tiny\nblocks: {B: {params: {text: "%s"}, nodes: []}}')
    (found,) = changes_between(read(text % "a"), read(text % r"\e[31m\nb"))
    assert str(found) == r"blocks.B.params.text: a -> \x1b[31m\nb"


def test_as_plain_values():
    (found,) = changed("train.callbacks=[CSVLog]")
    assert json.loads(json.dumps(found.to_plain())) == {
        "key": "train.callbacks.TimeLimit",
        "kind": "safe",
        "before": {"limit": 600.0},
    }


def test_what_begins_anew():
    def anew(*overrides):
        return begins_anew(
            changed(*overrides), monitored(read(CONFIG, overrides=["train.monitor=validation.accuracy"]))
        )

    assert anew("train.epochs=60") == anew("train.optimizer.beta_1=0.8") == set()
    assert anew("train.optimizer.learning_rate=0.1") == {"rate"}
    assert anew("data.batch_size=32") == anew("train.accumulate=2") == {"epoch"}
    assert anew("train.loss={SparseCategoricalCrossentropy: {from_logits: false}}") == {"epoch", "best"}
    assert anew("train.metrics=[{SparseCategoricalAccuracy: {}, name: other}, accuracy]") == {"epoch"}
    assert anew("train.metrics=[]") == {"epoch", "best"}


def test_what_decides_about_the_best_may_be_what_a_layer_adds():
    text = CONFIG.replace("  - Dense: 10\n", "  - Dense: 10\n  - {AddMetric: mean(x), name: bigness, from: hidden}\n")
    assert str(monitored(read(text))) == "validation.loss"
    best = monitored(read(text, overrides=["train.monitor={metric: validation.bigness, mode: max}"]))
    assert (str(best), best.mode) == ("validation.bigness", "max")
