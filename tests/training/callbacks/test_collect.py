from __future__ import annotations

from typing import Any

import keras
import pytest

from netlib.spec.callbacks import EarlyStopping as EarlyStoppingSpec
from netlib.spec.callbacks import parse_callbacks
from netlib.spec.errors import UsageError
from netlib.spec.listener import Listener
from netlib.spec.registry import names
from netlib.training import callbacks
from netlib.training.callbacks import CSVLog, EarlyStopping
from netlib.training.callbacks.collect import collect, of_spec
from netlib.training.fit import fit


def test_names_and_order() -> None:
    function, listener = list.append, Listener()
    given = [CSVLog("a.csv"), function, listener, EarlyStopping(3), CSVLog("b.csv"), CSVLog("c.csv")]
    named, listeners = collect(EarlyStoppingSpec(), parse_callbacks(["StopOnNaN", "EMA", "CSVLog"]), given)
    assert list(named) == [
        "early_stopping", "StopOnNaN", "EMA", "CSVLog", "CSVLog_2", "EachEpoch", "EarlyStopping", "CSVLog_3", "CSVLog_4",
    ]  # fmt: skip
    assert listeners == [listener]


@pytest.mark.parametrize("name", [name for name in names("callback") if name != "EarlyStopping"])
def test_everything_that_a_config_can_name_is_made(name: str) -> None:
    (spec,) = parse_callbacks([{name: {"limit": 5}} if name == "TimeLimit" else name])
    made = of_spec(spec)
    assert type(made) is getattr(callbacks, name)
    assert getattr(made, "spec", spec) == spec


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([3], "a callback is a Callback, a Listener, or a function of an epoch's record; got int"),
        (
            [keras.callbacks.EarlyStopping()],
            "EarlyStopping is a callback of Keras, which this loop does not call; write netlab's own, netlib.callbacks.Early",
        ),
        (
            [keras.callbacks.RemoteMonitor()],
            "RemoteMonitor is a callback of Keras.*; derive from netlib.callbacks.Callback",
        ),
        (["EMA"], "a function of an epoch's record; got str"),
        ([CSVLog], r"a callback is an object, got the class CSVLog; write CSVLog\(...\)"),
        ([(log := CSVLog("a")), log], "the same CSVLog is among the callbacks twice; leave one out"),
    ],
)
def test_mistakes_are_told(given: list[Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        collect(None, (), given)


def test_a_function_gets_each_record(lab: Any) -> None:
    records: list[Any] = []
    job = lab.job(epochs=2, callbacks=[records.append])
    fit(job)
    assert records == job.progress.records
