from __future__ import annotations

from pathlib import Path

import pytest

from netlib.config.problems import ConfigError
from netlib.config.sweep_words import sweep_of_words

CONFIG = """\
data: {source: digits, validation: 0.2}
model:
  - Flatten
  - Dense: {units: 8, activation: relu}
    name: hidden
  - {Dropout: 0.1, name: dropout}
  - Dense: 10
train: {epochs: 2, loss: sparse_categorical_crossentropy}
"""
FORM = "KEY=VALUES, such as data.batch_size=32,64 or seed=1..5 or train.optimizer.learning_rate=log:1e-4..1e-1"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny_net.yaml").write_text(CONFIG)


def swept(*words, **more):
    return sweep_of_words("tiny_net.yaml", words, **more)


def wrong(*words, **more):
    with pytest.raises(ConfigError) as refused:
        swept(*words, **more)
    return [(problem.where, problem.column, problem.message) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("word", "points"),
    [
        ("data.batch_size=32,64", [32, 64]),
        ("seed=1..4", [1, 2, 3, 4]),
        ("model.hidden.units=16..64:16", [16, 32, 48, 64]),
        ("model.dropout.rate=0..0.5:0.25", [0.0, 0.25, 0.5]),
        ("train.optimizer=adam,{SGD: {momentum: 0.9}}", ["adam", "{SGD: {momentum: 0.9}}"]),
        ("train.optimizer={Adam: {}},{SGD: {}}", ["Adam", "SGD"]),
        ("model.hidden.activation=relu,null", ["relu", None]),
        ("train.optimizer.learning_rate=1e-3", [0.001]),
        ('model."hidden".units=8', [8]),
    ],
)
def test_values_are_a_grid(word, points):
    sweep = swept(word)
    key = word.partition("=")[0]
    assert sweep.spec.is_grid
    assert [point[key] for point in sweep.spec.points()] == points


@pytest.mark.parametrize(
    ("word", "low", "high", "logarithmic", "whole"),
    [
        ("train.optimizer.learning_rate=1e-4..1e-1", 1e-4, 0.1, False, False),
        ("train.optimizer.learning_rate=log:1e-4..1", 1e-4, 1.0, True, False),
        ("model.hidden.units=log:8..512", 8, 512, True, True),
    ],
)
def test_numbers_without_a_step_are_random(word, low, high, logarithmic, whole):
    sweep = swept(word, "seed=1..3", trials=20, workers=2)
    found = sweep.spec.space[word.partition("=")[0]]
    assert (found.low, found.high, found.logarithmic, found.whole) == (low, high, logarithmic, whole)
    assert (sweep.spec.sampler.name(), sweep.spec.trials, sweep.spec.workers) == ("random", 20, 2)


def test_several_keys_are_every_pair():
    sweep = swept("data.batch_size=32,64", "seed=1..3", overrides=["train.epochs=5"])
    assert sweep.spec.num_points() == 6
    assert sweep.overrides_of({"seed": 3, "data.batch_size": 64}) == ["train.epochs=5", "seed=3", "data.batch_size=64"]


def test_the_same_words_are_the_same_study_and_others_another():
    first = swept("data.batch_size=32,64", "seed=1..3").name
    assert first.startswith("tiny-net-batch_size-seed-")
    assert swept("data.batch_size=32,64", "seed=1..3", workers=2).name == first
    assert swept("data.batch_size=32,64", "seed=1..4").name != first
    assert swept("data.batch_size=32,64", "seed=1..3", overrides=["train.epochs=5"]).name != first


@pytest.mark.parametrize(
    ("words", "column", "message"),
    [
        (["seed"], 9, f"expected {FORM}"),
        (["seed="], 9, f"there is no value to try; expected {FORM}"),
        (["=3"], 9, "expected a name here; an override is 'section.key=value' or '~section.key'"),
        (["seed=[1,2"], 14, "this '[' is not closed"),
        (["seed=5..1"], 14, "expected the lower end first, got [5, 1]: write [1, 5]"),
        (["seed=1,2,1"], 18, "the choice 1 stands twice"),
        (["seed=1,x"], 16, "expected an integer, got 'x'"),
        (["model.hiden.units=8,16"], 9, "'model' has no item 'hiden'; did you mean 'hidden'?"),
        (["data.epochs=1,2"], 9, "source 'digits' has no parameter 'epochs'; did you mean 'train.epochs'?"),
        (
            ["train.optimizer.learning_rate=0.1..0.2"],
            39,
            "any number between two ends may be tried: say how many trials there are, --trials 20",
        ),
    ],
)
def test_mistakes_are_shown_in_the_word(words, column, message):
    assert wrong(*words) == [(f"<command line>: --sweep {words[0]}", column, message)]


def test_a_key_is_swept_once():
    assert wrong("seed=1,2", "seed=3..4") == [
        ("<command line>: --sweep seed=3..4", 9, "'seed' is swept twice; give all of its values at once")
    ]


def test_more_trials_than_points():
    assert wrong("seed=1,2", trials=3) == [
        ("<command line>: --trials 3", 1, "the grid has 2 points, and 3 trials are asked for")
    ]
