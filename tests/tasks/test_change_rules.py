from __future__ import annotations

import pytest

from netlib.config.experiment import Header
from netlib.spec.data import DataSpec
from netlib.spec.distribute import Distribution
from netlib.spec.registry import names, spec_class
from netlib.spec.training import TrainSpec
from netlib.tasks.change_rules import RULES, UNKNOWN, rule_of

SECTIONS = {"data": DataSpec, "train": TrainSpec}
TOP = [key for key in Header.model_fields if key not in ("extends", *SECTIONS)]  # a resolved config extends nothing
KEYS = [*TOP, *(f"{section}.{key}" for section, spec in SECTIONS.items() for key in spec.model_fields)]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_a_config_has_a_row_of_its_own(key):
    assert key in RULES
    assert RULES[key].why[0].islower()
    assert RULES[key].why[-1] != "."
    assert rule_of(key.split("."))[:2] == RULES[key][:2]


def test_every_row_is_of_a_key_that_there_is():
    what = [f"train.distribute.{name}" for name in Distribution.model_fields]  # whoever computes
    assert set(RULES) - {"data"} == {*KEYS, *what}


def test_only_what_goes_on_begins_something_anew():
    assert {rule.kind for rule in RULES.values() if rule.anew} == {"allow"}


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("train.epochs", "safe"),
        ("train.checkpoint.every_steps", "safe"),
        ("train.early_stopping.patience", "safe"),
        ("train.optimizer.Adam.learning_rate", "allow"),
        ("model.hidden.Dense.units", "allow"),
        ("data.path", "never"),  # a source's own
        ("data.preprocess.image.0", "never"),
        ("train.distribute.multi_worker.timeout", "safe"),
        ("train.distribute.synchronized", "allow"),
        ("train.callbacks.CSVLog", "safe"),
        ("train.callbacks.TimeLimit.limit", "safe"),
        ("train.callbacks.EMA.decay", "allow"),
        ("train.callbacks.ReduceOnPlateau.factor", "allow"),
    ],
)
def test_what_is_under_a_key_has_its_rule(key, kind):
    assert rule_of(key.split(".")).kind == kind


@pytest.mark.parametrize(
    "key", ["train.epochs_x", "train.epoch", "train", "train.checkpoints", "trains.epochs", "seeds"]
)
def test_what_only_begins_like_a_key_has_not_its_rule(key):
    assert rule_of(key.split(".")) is UNKNOWN
    assert UNKNOWN.kind == "never"


def test_learning_rates_begin_anew_where_they_are_changed():
    assert rule_of(["train", "optimizer"]).anew == {"rate"}
    assert rule_of(["train", "optimizer", "Adam", "learning_rate"]).anew == {"rate"}
    assert rule_of(["train", "phases", 0, "optimizer", "SGD", "learning_rate"]).anew == {"epoch", "rate"}
    assert rule_of(["train", "phases", 0, "loss", "Huber", "delta"]).anew == {"epoch", "best"}
    assert rule_of(["train", "phases"]).anew == {"epoch", "best", "rate"}
    assert rule_of(["train", "optimizer", "Adam", "beta_1"]).anew == set()


def test_a_callback_may_come_and_go_unless_it_changes_weights():
    found = {name: rule_of(("train", "callbacks", name)).kind for name in names("callback")}
    assert found == {name: "allow" if spec_class("callback", name).changes_weights else "safe" for name in found}
    assert set(found.values()) == {"allow", "safe"}
    assert rule_of(("train", "callbacks", "Unheard")).kind == "allow"
