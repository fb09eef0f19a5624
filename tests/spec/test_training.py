from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.optimizers import Adam
from netlib.spec.training import Monitored, TrainSpec


def train(**values: Any) -> TrainSpec:
    return TrainSpec.parse({"loss": "mse", "epochs": 1, **values})


WHOLE = {
    "epochs": 3,
    "steps": 100,
    "max_time": "1h30m",
    "loss": {"a": {"Huber": 2, "of": "x", "target": "y", "weight": 0.5}, "b": "bce"},
    "optimizer": {"SGD": {"learning_rate": {"PolynomialDecay": {"initial_learning_rate": 1, "decay_steps": 9}}}},
    "metrics": ["mae", {"AUC": {"thresholds": [0.5]}, "of": "b", "name": "area"}],
    "early_stopping": {"patience": 3, "monitor": "validation.area"},
    "monitor": {"metric": "validation.area", "mode": "min"},
    "clip": {"global_norm": 1},
    "accumulate": 2,
    "validate_every": 5,
    "checkpoint": {
        "every_epochs": 2,
        "every_steps": 50,
        "every_minutes": 2.5,
        "keep_last": "all",
        "keep_best": {"validation.area": 3, "train.loss": {"count": 1, "mode": "max"}},
    },
    "on_nan": "skip",
    "execution": "graph",
    "threads": 4,
}


@pytest.mark.parametrize("values", [WHOLE, {"loss": "mse", "epochs": 1}, {"loss": {"a": "mse"}, "steps": 1}])
def test_a_section_survives_being_written(values: dict[str, Any]) -> None:
    spec = TrainSpec.parse(values)
    assert TrainSpec.parse(spec.to_plain()) == spec
    assert TrainSpec.parse(spec.to_plain()).to_plain() == spec.to_plain()


def test_defaults() -> None:
    spec = train()
    assert spec.optimizer == Adam.parse({})
    assert (spec.accumulate, spec.validate_every, spec.execution, spec.clip) == (1, 1, "auto", None)
    assert (spec.checkpoint.every_epochs, spec.checkpoint.every_steps, spec.on_nan) == (1, None, "stop")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(90, 90), (0.5, 0.5), ("90s", 90), ("10m", 600), ("2h", 7200), ("1h30m", 5400), ("1.5h", 5400)],
)
def test_times(written: Any, seconds: float) -> None:
    assert train(max_time=written).max_time == seconds


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": None}, "train needs a budget: give 'epochs', 'steps' or 'max_time'"),
        ({"epochs": 0}, "epochs: expected a number greater than 0, got 0"),
        ({"max_time": "soon"}, "max_time: expected seconds, or a time such as 90s, 10m, 2h or 1h30m, got 'soon'"),
        ({"max_time": "0s"}, "max_time: expected seconds, or a time such as 90s"),
        ({"max_time": True}, "max_time: expected seconds, or a time such as 90s, 10m, 2h or 1h30m, got true"),
        (
            {"clip": {"norm": 1, "value": 1}},
            "clip: clip takes exactly one of 'value', 'norm' or 'global_norm', got value and norm",
        ),
        ({"on_nan": "ignore"}, "on_nan: expected 'stop', 'skip' or 'rollback', got 'ignore'"),
        ({"clip": {}}, "clip: clip takes exactly one of 'value', 'norm' or 'global_norm', got none"),
        ({"clip": {"nrom": 1}}, "clip.nrom: clip has no key 'nrom'; did you mean 'norm'?"),
        (
            {"freeze": "a..b"},
            "freeze.0: the selector 'a..b' has an empty part; write names or wildcards between the dots",
        ),
        ({"freeze": 3}, "freeze: expected a list, got 3"),
        ({"checkpoint": {"keep": 1}}, "checkpoint.keep: checkpoint has no key 'keep'"),
        ({"epoch": 1}, "epoch: train has no key 'epoch'; did you mean 'epochs'?"),
        ({"execution": "tpu"}, "execution: expected 'auto', 'xla', 'graph' or 'eager', got 'tpu'"),
        ({"optimizer": "adamm"}, "optimizer: there is no optimizer 'adamm'; did you mean 'adam'?"),
        ({"loss": {}}, "loss: expected a loss, or a mapping from names to them, got a mapping"),
        (
            {"metrics": [{"mse": {}, "name": "loss"}]},
            "metrics.0: 'loss' is the name of a loss in the log; give the metric another",
        ),
        (
            {"loss": {"a": "mse", "b": "mae"}, "metrics": {"b_loss": "mse"}},
            "metrics.b_loss: 'b_loss' is the name of a loss in the log",
        ),
        (
            {"monitor": "train.loss", "early_stopping": {"monitor": "validation.loss"}},
            "early_stopping.monitor: watches validation.loss, but 'train.monitor' is train.loss: there is one best checkpoint",
        ),
        (
            {"monitor": {"metric": "train.loss", "mode": "min"}, "early_stopping": {"mode": "max"}},
            "early_stopping.mode: is max, but the mode of 'train.monitor' is min: there is one best checkpoint",
        ),
    ],
)
def test_mistakes_are_told(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        train(**values)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        train(epochs=0, loss="mze", metrics=["x"], optimizer={"Adam": {"beta_1": 2}}, clip=3)
    assert {problem.loc for problem in caught.value.problems} == {
        ("epochs",), ("loss",), ("metrics", 0), ("optimizer", "Adam", "beta_1"), ("clip",),
    }  # fmt: skip


def test_names_in_the_log() -> None:
    assert train(metrics=["acc"]).logged == ("loss", "acc")
    assert train(loss={"a": "mse", "b": "mae"}).logged == ("loss", "a_loss", "b_loss")
    assert train(loss={"a": "mse"}).logged == ("loss",)


@pytest.mark.parametrize(
    ("values", "validation", "monitored"),
    [
        ({}, True, Monitored("validation", "loss", "min")),
        ({}, False, Monitored("train", "loss", "min")),
        ({"metrics": ["auc"], "monitor": "validation.auc"}, True, Monitored("validation", "auc", "max")),
        ({"metrics": ["mae"], "monitor": "train.mae"}, True, Monitored("train", "mae", "min")),
        ({"monitor": {"metric": "train.loss", "mode": "max"}}, True, Monitored("train", "loss", "max")),
        ({"metrics": ["auc"], "early_stopping": {"monitor": "train.auc"}}, False, Monitored("train", "auc", "max")),
        ({"early_stopping": 3}, False, Monitored("train", "loss", "min")),
        ({"monitor": "train.loss", "early_stopping": {"mode": "max"}}, False, Monitored("train", "loss", "max")),
        ({"loss": {"a": "mse", "b": "mae"}, "monitor": "train.b_loss"}, False, Monitored("train", "b_loss", "min")),
    ],
)
def test_what_is_monitored(values: dict[str, Any], validation: bool, monitored: Monitored) -> None:
    assert train(**values).monitored(validation) == monitored


def test_what_is_computed_or_added_is_monitored_with_a_mode() -> None:
    monitor = {"metric": "validation.gap", "mode": "max"}
    expected = Monitored("validation", "gap", "max")
    assert train(metrics=[{"Compute": "mean(a)", "name": "gap"}], monitor=monitor).monitored(True) == expected
    assert train(monitor=monitor).monitored(True, added=["gap"]) == expected
    with pytest.raises(
        SpecError, match="whether more or less of 'gap' is better is not known: give 'mode', min or max"
    ):
        train(monitor="validation.gap").monitored(True, added=["gap"])
    with pytest.raises(SpecError, match=r"nothing is logged as 'validation\.gap'"):
        train(monitor=monitor).monitored(True)
    watched = train().watched("train.gap", "min", False, added=["gap"])
    assert watched == Monitored("train", "gap", "min")


def test_a_monitored_value_has_a_full_name() -> None:
    assert str(Monitored("validation", "loss", "min")) == "validation.loss"


@pytest.mark.parametrize(
    ("values", "validation", "message"),
    [
        (
            {"monitor": "validation.los"},
            True,
            "monitor: nothing is logged as 'validation.los'; did you mean 'validation.loss'?",
        ),
        ({"monitor": "x"}, False, "monitor: nothing is logged as 'x' (it has: train.loss)"),
        (
            {"early_stopping": {"monitor": "validation.loss"}},
            False,
            "is not logged: there is no validation split; set 'data.validation', or give Model.fit validation_data",
        ),
        ({"monitor": "val_loss"}, True, "monitor: nothing is logged as 'val_loss'; did you mean 'validation.loss'?"),
        (
            {"metrics": [{"Compute": "mean(a)", "name": "gap"}], "monitor": "train.gap"},
            False,
            "monitor: whether more or less of 'gap' is better is not known: give 'mode', min or max",
        ),
        (
            {"metrics": [{"Compute": "mean(a)", "name": "gap"}], "early_stopping": {"monitor": "train.gap"}},
            False,
            "early_stopping.monitor: whether more or less of 'gap' is better is not known",
        ),
        ({"monitor": "loss"}, False, "monitor: nothing is logged as 'loss'; did you mean 'train.loss'?"),
        (
            {"monitor": "val_loss"},
            False,
            "monitor: nothing is logged as 'val_loss': write validation.loss, and set 'data.validation', or give Model.fit",
        ),
        ({"monitor": "test.loss"}, True, "monitor: nothing is logged as 'test.loss'"),
    ],
)
def test_what_is_not_logged_cannot_be_monitored(values: dict[str, Any], validation: bool, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        train(**values).monitored(validation)


def test_terms_are_bound() -> None:
    heads = train(metrics=["mae"]).bind(["output"], ["y"])
    assert [(term.name, term.output, term.target) for term in (*heads.losses, *heads.metrics)] == [
        ("loss", "output", "y"),
        ("mae", "output", "y"),
    ]
