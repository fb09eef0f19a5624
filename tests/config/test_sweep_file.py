from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from netlib.config.load import load
from netlib.config.problems import ConfigError
from netlib.config.sweep_file import load_sweep

CONFIG = """\
name: tiny
data: {source: digits, validation: 0.2, test: 0.2, batch_size: 64}
model:
  - Flatten
  - Dense: {units: 8, activation: relu}
    name: hidden
  - {Dropout: 0.1, name: dropout}
  - Dense: 10
train:
  epochs: 2
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
"""
EXPECTED = "a sweep has 'config', the config that it is about, and 'space', what is tried for its keys"
PRUNED = "a trial is pruned by what is validated in each epoch"
STOPPED = "the config's early stopping watches validation.loss, and a run has one best epoch"
OPTIMIZERS = "train.optimizer: {choices: {adam: {Adam: {learning_rate: 0.001}}, sgd: SGD}}"


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes a config, and a sweep beside it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(CONFIG)

    def write(text: str, name: str = "first_sweep.yaml") -> Path:
        (tmp_path / name).write_text(textwrap.dedent(text))
        return Path(name)

    return write


@pytest.fixture
def wrong(written):
    """Every mistake of a sweep: line, column, and what is said."""

    def find(text: str, overrides=()) -> list[tuple[int | None, int | None, str]]:
        with pytest.raises(ConfigError) as refused:
            load_sweep(written(text), overrides)
        return [(problem.line, problem.column, problem.message) for problem in refused.value.problems]

    return find


@pytest.fixture
def of_space(wrong):
    """The messages of a space of these lines."""

    def find(*lines: str, more: str = "") -> list[str]:
        body = "".join(f"  {line}\n" for line in lines)
        return [message for _, _, message in wrong(f"config: tiny.yaml\nspace:\n{body}trials: 3\n{more}")]

    return find


def test_a_sweep_gives_the_words_of_each_trial(written):
    sweep = load_sweep(
        written(f"""\
            config: tiny.yaml
            set: {{train.epochs: 5}}
            space:
              {OPTIMIZERS}
              train.optimizer.SGD.momentum: {{range: [0, 0.99], when: {{train.optimizer: sgd}}}}
              train.optimizer.learning_rate: {{log: [1e-4, 1e-1]}}
            trials: 3
            """),
        ["seed=3"],
    )
    assert (sweep.name, str(sweep.config), str(sweep.monitored)) == ("first-sweep", "tiny.yaml", "validation.loss")
    chosen = {
        "train.optimizer.SGD.momentum": 0.5,
        "train.optimizer": "sgd",
        "train.optimizer.learning_rate": 1e-4,
    }
    words = sweep.overrides_of(chosen)
    assert words == [
        "train.epochs=5", "seed=3", "train.optimizer=SGD", "train.optimizer.learning_rate=0.0001",
        "train.optimizer.SGD.momentum=0.5",
    ]  # fmt: skip
    trial = load(sweep.config, words)
    assert (trial.seed, trial.train.epochs) == (3, 5)
    assert (trial.train.optimizer.type_name(), trial.train.optimizer.momentum) == ("SGD", 0.5)
    assert load(sweep.config, sweep.overrides_of({"train.optimizer": "adam"})).train.optimizer.type_name() == "Adam"


def test_numbers_are_those_of_yaml_1_2(written):
    sweep = load_sweep(
        written("{config: tiny.yaml, space: {train.optimizer.learning_rate: {log: [1e-4, 1e-1]}}, max_time: 90s}")
    )
    assert sweep.spec.space["train.optimizer.learning_rate"].low == 1e-4
    assert sweep.spec.max_time == 90.0


def test_the_monitor_of_a_sweep_is_that_of_its_trials(written):
    sweep = load_sweep(written("{config: tiny.yaml, space: {seed: [1, 2]}, monitor: validation.accuracy, trials: 2}"))
    assert (str(sweep.monitored), sweep.monitored.mode) == ("validation.accuracy", "max")
    assert load(sweep.config, sweep.overrides_of({"seed": 1})).train.monitor.metric == "validation.accuracy"


def test_paths_are_seen_from_the_sweep(written, tmp_path, monkeypatch):
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text("x,y\n1,2\n2,3\n3,4\n")
    (tmp_path / "table.yaml").write_text(
        "data: {source: csv, path: a.csv, targets: y}\nmodel: [Dense: 1]\ntrain: {epochs: 1, loss: mse}\n"
    )
    file = tmp_path / written(
        "config: table.yaml\nspace:\n  data.path: [b.csv, c.csv]\nset: {train.epochs: 2}\ntrials: 2\n"
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    sweep = load_sweep(file)
    assert sweep.overrides_of({"data.path": "c.csv"}) == ["train.epochs=2", f"data.path={tmp_path / 'c.csv'}"]
    assert sweep.name == "first-sweep"


def test_the_rendered_mistake_has_its_line_and_a_caret(written):
    with pytest.raises(ConfigError) as refused:
        load_sweep(written("config: tiny.yaml\nspace:\n  model.hiden.units: [8, 16]\ntrials: 3\n"))
    assert str(refused.value).splitlines() == [
        "first_sweep.yaml:3:3: error: 'model' has no item 'hiden'; did you mean 'hidden'?",
        "    3 |   model.hiden.units: [8, 16]",
        "      |   ^^^^^^^^^^^^^^^^^",
    ]


def test_all_mistakes_come_at_once_in_the_order_of_the_file(wrong):
    found = wrong("""\
        config: tiny.yaml
        samplr: random
        set: {train.epoch: 3, data.batch_size: 0}
        space:
          train.optimizer.learning_rate: {log: [0, 1e-1]}
          model.hiden.units: {int: [16, 256], step: 16}
          model.dropout.rate: {range: [0.0, 1.5]}
          seed: [1, 1]
        pruner: medain
        trials: 0
        """)
    assert [(line, column) for line, column, _ in found] == [
        (2, 1), (3, 7), (3, 40), (5, 40), (6, 3), (7, 37), (8, 13), (9, 9), (10, 9),
    ]  # fmt: skip
    assert [message.partition(" (it has")[0] for _, _, message in found[:3]] == [
        "a sweep has no key 'samplr'; did you mean 'sampler'?",
        "train has no key 'epoch'; did you mean 'epochs'?",
        "expected a number greater than 0, got 0",
    ]
    assert found[5][2] == "expected a number less than 1, got 1.5"


def test_a_choice_that_the_config_refuses_is_shown_at_the_choice(wrong):
    assert wrong("config: tiny.yaml\nspace:\n  model.hidden.activation: [relu, gleu]\ntrials: 3\n") == [
        (3, 35, "there is no activation 'gleu'; did you mean 'gelu'?")
    ]


def test_what_is_refused_elsewhere_for_a_choice_is_told_at_the_choice(wrong):
    ((line, column, message),) = wrong("config: tiny.yaml\nspace:\n  model.4: [{Dense: 10}, {Dense: 9}]\ntrials: 3\n")
    assert (line, column) == (3, 3)
    ((line, column, message),) = wrong(
        "config: tiny.yaml\nspace:\n  train.loss: [sparse_categorical_crossentropy, mse]\ntrials: 3\n"
    )
    assert (line, column) == (3, 49)
    assert message.startswith("the config refuses train.loss=mse, at tiny.yaml:12:13: accuracy is of classes")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train.batch_size: [32, 64]", "train has no key 'batch_size'; did you mean 'data.batch_size'?"),
        ("data.epochs: [32, 64]", "source 'digits' has no parameter 'epochs'; did you mean 'train.epochs'?"),
        ("trian.epochs: [1, 2]", "a config has no key 'trian'; did you mean 'train'?"),
        ("model.hidden.unit: [1, 2]", "Dense has no parameter 'unit'; did you mean 'units'?"),
        (
            "model.hidden.units: {range: [1, 9]}",
            "expected an integer, got 4.04: write {int: ...} in place of {range: ...}",
        ),
        ("model..units: [1, 2]", "expected a name here; an override is 'section.key=value' or '~section.key'"),
        ("extends: [a.yaml, b.yaml]", "'extends' is read before the command line; write it in a file"),
        (OPTIMIZERS.replace("rate", "rat"), "Adam has no parameter 'learning_rat'; did you mean 'learning_rate'?"),
    ],
)  # fmt: skip
def test_keys_and_values_that_the_config_does_not_have(of_space, line, message):
    (found,) = of_space(line)
    assert found.partition(" (digits has")[0] == message


def test_seeds_may_be_tried(written):
    text = "config: tiny.yaml\nspace: {seed: {int: [1, 5]}, data.shuffle: [true, false]}\nsampler: grid\n"
    assert load_sweep(written(text)).spec.num_points() == 10


def test_a_config_may_be_whole_only_with_a_trials_values(written, wrong):
    text = "config: tiny.yaml\nset: {data.folds: 3, data.validation: 0}\nspace:\n  data.fold: {int: [1, %d]}\nsampler: grid\n"
    sweep = load_sweep(written(text % 3))
    assert (sweep.completed, sweep.spec.num_points()) == (("data.fold=1",), 3)
    assert sweep.experiment.data.fold == 1
    assert sweep.overrides_of({"data.fold": 3})[-1] == "data.fold=3"
    ((line, column, message),) = wrong(text % 4)
    assert (line, column) == (4, 24)
    assert "4" in message


def test_a_key_below_a_choice_asks_for_it(of_space, written):
    momentum = "train.optimizer.SGD.momentum: {range: [0, 0.9]%s}"
    assert of_space(OPTIMIZERS, momentum % "") == [
        "does not fit where 'train.optimizer' is 'adam' (Adam has no parameter 'SGD'): give it 'when: {train.optimizer: sgd}'"
    ]
    assert of_space(OPTIMIZERS, "train.optimizer.SGD.momentun: {range: [0, 0.9], when: {train.optimizer: sgd}}") == [
        "SGD has no parameter 'momentun'; did you mean 'momentum'?"
    ]
    assert of_space(OPTIMIZERS, "train.optimizer.momentun: {range: [0, 0.9]}") == ["Adam has no parameter 'momentun'"]
    three = "train.optimizer: [sgd, adam, rmsprop]"
    assert of_space(three, "train.optimizer.momentum: {range: [0, 0.9]}")[0].endswith(
        "give it 'when: {train.optimizer: [sgd, rmsprop]}'"
    )


def test_a_conditional_value_is_tried_where_it_applies(of_space):
    line = "train.optimizer.SGD.momentum: {range: [0, 2], when: {train.optimizer: sgd}}"
    assert of_space(OPTIMIZERS, line) == ["expected a number not greater than 1.0, got 2.0"]


def test_the_condition_must_be_met_by_some_choice(of_space):
    line = "train.optimizer.SGD.momentum: {range: [0, 0.9], when: {train.optimizer: sdg}}"
    assert of_space(OPTIMIZERS, line) == ["'train.optimizer' has no choice 'sdg'; did you mean 'sgd'?"]


def test_a_key_is_either_set_or_tried(wrong):
    assert wrong("config: tiny.yaml\nset: {seed: 3}\nspace:\n  seed: [1, 2]\ntrials: 2\n") == [
        (2, 7, "'seed' is in 'space', too, where each trial chooses it: leave it out here")
    ]


@pytest.mark.parametrize(
    ("more", "place", "message"),
    [
        (
            "monitor: validation.acuracy",
            (4, 10),
            "nothing is logged as 'validation.acuracy'; did you mean 'validation.accuracy'?",
        ),
        (
            "monitor: {metric: validation.loss, mode: least}",
            (4, 42),
            "expected 'auto', 'min' or 'max', got 'least'",
        ),
        (
            "set: {data.validation: 0}\npruner: median",
            (5, 9),
            f"{PRUNED}, and the config validates on nothing: set 'data.validation'; or leave 'pruner' out",
        ),
        (
            "monitor: train.loss\npruner: median",
            (5, 9),
            f"{PRUNED}, and trials are compared by train.loss; or leave 'pruner' out",
        ),
        (
            "set: {train.early_stopping: {monitor: validation.loss}}\nmonitor: validation.accuracy",
            (5, 10),
            f"{STOPPED}: set 'train.early_stopping.monitor', too, or leave this out",
        ),
        (
            "name: a b",
            (4, 7),
            "expected at most 100 letters, digits, '-', '_' and '.', the first a letter or digit, got 'a b'",
        ),
        ("sampler: grid\ntrials: 9", (5, 9), "the grid has 2 points, and 9 trials are asked for"),
    ],
)
def test_what_goes_with_what(wrong, more, place, message):
    assert wrong(f"config: tiny.yaml\nspace:\n  seed: [1, 2]\n{more}\n") == [(*place, message)]


def test_a_grid_has_an_end(wrong):
    text = "config: tiny.yaml\nsampler: grid\nspace:\n  seed: {int: [0, 100000]}\n"
    assert wrong(text) == [
        (3, 1, "a grid has at most 100,000 points; take fewer values, or the sampler 'random'"),
    ]


def test_mistakes_of_the_config_are_told_where_they_are(written):
    Path("tiny.yaml").write_text(CONFIG.replace("epochs: 2", "epohs: 2"))
    with pytest.raises(ConfigError) as refused:
        load_sweep(written("config: tiny.yaml\nspace:\n  model.hidden.unit: [1, 2]\ntrials: 2\n"))
    assert [problem.where for problem in refused.value.problems] == [
        "first_sweep.yaml:3:3",
        "tiny.yaml:10:3",
    ]


def test_a_mistake_on_the_command_line_is_told_so(wrong):
    assert wrong("config: tiny.yaml\nspace: {seed: [1, 2]}\ntrials: 2\n", ["train.epochs=0"]) == [
        (None, 14, "expected a number greater than 0, got 0")
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"expected a mapping: {EXPECTED}"),
        ("- 1", f"expected a mapping: {EXPECTED}"),
        (CONFIG, f"this is a config, and no sweep: {EXPECTED}"),
        ("config: tiny.yml\nspace: {seed: [1, 2]}", "there is no file 'tiny.yml'; did you mean 'tiny.yaml'?"),
        ("config: tiny.yaml\nconfig: b.yaml", "'config' is set already, in line 1"),
        ("config: net.yaml\nspace: {seed: [1, 2]}\ntrials: 2", "'net.yaml' has no section 'train': there is nothing to try"),
    ],
)  # fmt: skip
def test_what_is_no_sweep(written, text, message):
    Path("net.yaml").write_text("model: {inputs: {x: {shape: [4]}}, nodes: [Dense: 2]}\n")
    with pytest.raises(ConfigError) as refused:
        load_sweep(written(text))
    assert message in [problem.message for problem in refused.value.problems]


def test_there_is_no_such_file():
    with pytest.raises(ConfigError, match="there is no file 'nowhere"):
        load_sweep("nowhere.yaml")
