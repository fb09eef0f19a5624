from __future__ import annotations

from netlib.tasks.config_keys import key_of, keys_of, value_at
from netlib.tasks.varying import ABSENT, flow, in_brief, varying

ADAM = {"optimizer": {"Adam": {"learning_rate": 0.1, "beta_1": 0.9}}}
SGD = {"optimizer": {"SGD": {"learning_rate": 0.5, "momentum": 0.0}}}


def test_only_what_differs_among_all_is_told_with_each_value():
    sides = [{"a": 1, "b": {"c": [1, 2]}}, {"a": 1, "b": {"c": [1, 3]}}, {"a": 1, "b": {"c": [1, 2], "d": None}}]
    assert list(varying(sides)) == [(("b", "c", 1), (2, 3, 2)), (("b", "d"), (ABSENT, ABSENT, None))]
    assert list(varying([sides[0], dict(sides[0])])) == []


def test_true_is_not_one_and_a_longer_list_is_another():
    assert list(varying([{"a": True}, {"a": 1}])) == [(("a",), (True, 1))]
    assert list(varying([{"a": [1]}, {"a": [1, 2]}])) == [(("a",), ([1], [1, 2]))]


def test_entries_go_by_their_names_and_the_order_of_callbacks_counts():
    assert list(varying([[{"name": "x", "k": 1}], [{"name": "x", "k": 2}]])) == [(("x", "k"), (1, 2))]
    sides = [{"train": {"callbacks": {"a": 1, "b": 2}}}, {"train": {"callbacks": {"b": 2, "a": 1}}}]
    assert list(varying(sides)) == [(("train", "callbacks"), (["a", "b"], ["b", "a"]))]


def test_another_type_is_told_whole():
    assert list(varying([ADAM, SGD])) == [(("optimizer",), (ADAM["optimizer"], SGD["optimizer"]))]
    assert list(varying([ADAM, ADAM | {}])) == []


def test_in_brief_types_are_names_and_what_they_share_is_compared():
    expected = [(("optimizer",), ("Adam", "SGD")), (("optimizer", "learning_rate"), (0.1, 0.5))]
    assert list(in_brief([ADAM, SGD])) == expected
    assert list(in_brief([{"split": "Random"}, {"split": {"Time": {"column": "t"}}}])) == [
        (("split",), ("Random", "Time"))
    ]
    named = [{"metrics": [{"name": "a"}]}, {"metrics": [{"name": "a"}, {"name": "b"}]}]
    assert list(in_brief(named)) == [(("metrics",), (["a"], ["a", "b"]))]
    assert list(in_brief([ADAM, {}])) == [(("optimizer",), (ADAM["optimizer"], ABSENT))]


def test_values_as_text():
    assert flow({"a": [1, None, True], "b": "x"}) == "{a: [1, null, true], b: x}"
    assert (flow(ABSENT), flow("")) == ("(not there)", "''")


def test_keys_as_they_are_written():
    assert key_of(("train", "optimizer", "Adam", "learning_rate")) == "train.optimizer.learning_rate"
    assert key_of(("model", "nodes", "hidden", "Dense", "units")) == "model.hidden.units"
    assert key_of(("data", "split", "Time", "column")) == "data.split.column"


def test_names_that_begin_with_a_capital_are_no_types():
    assert key_of(("data", "preprocess", "Age", 0, "Standardize", "per")) == "data.preprocess.Age.0.per"
    assert key_of(("model", "nodes", "Hidden", "Dense", "units")) == "model.Hidden.units"
    assert key_of(("train", "callbacks", "EMA", "momentum")) == "train.callbacks.EMA.momentum"
    config = {"data": {"preprocess": {"Age": [{"Standardize": {"per": "channel"}}], "Height": []}}}
    assert list(keys_of(config)) == ["data.preprocess.Age", "data.preprocess.Height"]
    assert value_at(config, "data.preprocess.Age.0.per") == "channel"


def test_values_by_keys_as_they_are_written():
    config = {"model": {"nodes": [{"Dense": {"units": 8}, "name": "hidden"}]}, "train": ADAM, "seed": 0}
    assert value_at(config, "model.hidden.units") == 8
    assert value_at(config, "model.0.units") == 8
    assert value_at(config, "train.optimizer.learning_rate") == 0.1
    assert value_at(config, "seed") == 0
    assert value_at(config, "train.optimizer.momentum") is ABSENT
    assert value_at(config, "seed.x") is ABSENT
    assert list(keys_of(config)) == ["model", "train.optimizer.learning_rate", "train.optimizer.beta_1", "seed"]
