from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.callbacks import EMA, CSVLog, EarlyStopping, ReduceOnPlateau, TimeLimit, parse_callbacks
from netlib.spec.contract import check
from netlib.spec.errors import SpecError
from netlib.spec.features import DataSignature, labels, numbers
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import Monitored, TrainSpec


def test_patience_may_stand_alone() -> None:
    assert EarlyStopping.parse(5) == EarlyStopping.parse({"patience": 5})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"restore_best_weights": True}, "takes no 'restore_best_weights': training always ends on the best weights"),
        ({"verbose": 1}, "takes no 'verbose': the display always says why training stopped"),
        ({"patience": -1}, "patience: expected a number not less than 0, got -1"),
        ({"mode": "up"}, "mode: expected 'auto', 'min' or 'max', got 'up'"),
        ({"baseline": "low"}, "baseline: expected a number, got 'low'"),
    ],
)
def test_mistakes_are_told(values: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        EarlyStopping.parse(values)


def test_a_list_of_choices() -> None:
    found = parse_callbacks(["csv_log", {"ReduceOnPlateau": {"factor": 0.5}}, {"EMA": 0.9}, {"TimeLimit": "2h"}])
    assert found == (CSVLog(), ReduceOnPlateau(factor=0.5), EMA(decay=0.9), TimeLimit(limit="2h"))
    assert parse_callbacks(found) == found
    assert found[-1].to_plain() == {"limit": 7200.0}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"EMA": 0.9}, "expected a list of callbacks, got a mapping"),
        ("EMA", "expected a list of callbacks, got 'EMA'"),
        (["EMA", "ema"], "1: there are two callbacks EMA; leave one out"),
        (["EMA", {"EarlyStopping": 3}], "1: EarlyStopping has a place of its own: write it as train.early_stopping"),
        ([3], "0: expected one callback, as a name or as 'Name: {parameters}', got 3"),
        (["CsvLogs"], "0: there is no callback 'CsvLogs'; did you mean 'CSVLog'?"),
        (["CSVLogger"], "0: there is no callback 'CSVLogger' in netlab: it is called CSVLog"),
        (["ModelCheckpoint"], "'ModelCheckpoint' in netlab: 'train.checkpoint' says when a run is saved"),
        ([{"EMA": 1.0}], "0.EMA.decay: expected a number less than 1, got 1.0"),
        ([{"ReduceOnPlateau": {"factor": 1}}], "0.ReduceOnPlateau.factor: expected a number less than 1, got 1"),
        ([{"ReduceOnPlateau": {"verbose": 1}}], "takes no 'verbose': the display always says what the learning rate"),
        ([{"TimeLimit": "soon"}], "0.TimeLimit.limit: expected seconds, or a time such as 90s"),
        (["TimeLimit"], "0: TimeLimit needs 'limit': seconds, or a time such as 90s, 10m, 2h"),
        ([{"CSVLog": {"path": "a.csv"}}], r"0.CSVLog.path: CSVLog has no parameter 'path' (it has none)"),
    ],
)
def test_mistakes_in_the_list_are_told(value: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_callbacks(value)
    assert message in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        train(callbacks=[{"EMA": 2}, "CSVLog", {"TimeLimit": 0}])
    assert [problem.loc[:2] for problem in caught.value.problems] == [("callbacks", 0), ("callbacks", 2)]


def train(**values: Any) -> TrainSpec:
    return TrainSpec.parse({"epochs": 1, "loss": "sparse_categorical_crossentropy", **values})


def test_a_section_with_callbacks_survives_being_written() -> None:
    spec = train(callbacks=["StopOnNaN", {"ReduceOnPlateau": {"patience": 2}}, {"TimeLimit": "90s"}])
    plain = spec.to_plain()["callbacks"]
    assert plain[0] == "StopOnNaN"
    assert plain[1]["ReduceOnPlateau"]["patience"] == 2
    assert plain[2] == {"TimeLimit": {"limit": 90.0}}
    assert TrainSpec.parse(spec.to_plain()) == spec


def test_a_schedule_cannot_be_reduced() -> None:
    decay = {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 9}}
    message = r"callbacks.1: cannot reduce the learning rate: 'optimizer' follows the schedule CosineDecay; give it a"
    with pytest.raises(SpecError, match=message):
        train(optimizer={"Adam": {"learning_rate": decay}}, callbacks=["EMA", "ReduceOnPlateau"])


@pytest.mark.parametrize(
    ("name", "mode", "values", "expected"),
    [
        (None, "auto", {}, Monitored("validation", "loss", "min")),
        (None, "max", {}, Monitored("validation", "loss", "max")),
        ("train.accuracy", "auto", {}, Monitored("train", "accuracy", "max")),
        ("train.loss", "auto", {"monitor": {"metric": "train.loss", "mode": "max"}}, Monitored("train", "loss", "max")),
        (None, "auto", {"early_stopping": {"monitor": "train.loss"}}, Monitored("train", "loss", "min")),
    ],
)
def test_what_a_callback_watches(name: str | None, mode: Any, values: dict[str, Any], expected: Monitored) -> None:
    assert train(metrics=["accuracy"], **values).watched(name, mode, validation=True) == expected


@pytest.mark.parametrize(
    ("monitor", "validation", "message"),
    [
        ("validation.accuracy", True, "nothing is logged as 'validation.accuracy'; did you mean 'validation.loss'?"),
        ("speed", True, "nothing is logged as 'speed' (it has: train.loss, validation.loss)"),
        ("validation.loss", False, "validation.loss is not logged: there is no validation split"),
    ],
)
def test_an_unknown_monitor_is_a_problem_at_its_place(monitor: str, validation: bool, message: str) -> None:
    graph, _ = analyse([{"Dense": 3}], {"x": TensorSpec((None, 8))})
    assert graph is not None
    spec = train(callbacks=["CSVLog", {"ReduceOnPlateau": {"monitor": monitor}}])
    signature = DataSignature({"x": numbers(8)}, {"y": labels(3)}, 100)
    (problem,) = check(graph, spec, signature, validation=validation)
    assert problem.loc == ("train", "callbacks", 1, "ReduceOnPlateau", "monitor")
    assert problem.severity == "error"
    assert message in problem.message
