from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netlib.runs import plain
from netlib.spec.choice import parse_choice
from netlib.spec.errors import UsageError
from netlib.spec.listener import Listener
from netlib.spec.optimizers import OptimizerSpec
from netlib.spec.param_groups import ParamGroups
from netlib.training.callbacks import ReduceOnPlateau
from netlib.training.optimizers import Optimizers

Joined = Callable[..., ReduceOnPlateau]
FINITE = st.sampled_from([0.1, 0.2, 0.5, 0.50005, 1.0, 2.0])
# Keras takes a first value that is not a number for the best, than which none is ever better.
VALUES = st.tuples(FINITE, st.lists(FINITE | st.just(float("nan")), max_size=30)).map(lambda pair: [pair[0], *pair[1]])
PARAMETERS = st.fixed_dictionaries(
    {
        "factor": st.sampled_from([0.1, 0.5]),
        "patience": st.integers(0, 3),
        "min_delta": st.sampled_from([0.0, 1e-4, 0.3]),
        "cooldown": st.integers(0, 3),
        "min_lr": st.sampled_from([0.0, 0.01]),
        "mode": st.sampled_from(["min", "max"]),
    }
)


def rates_of_keras(values: list[float], parameters: dict[str, Any]) -> list[float]:
    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss", **parameters)
    model = type("Model", (), {"optimizer": keras.optimizers.SGD(0.1)})()
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"loss": value})
        rates.append(float(model.optimizer.learning_rate))
    return rates


def optimizers(choice: Any) -> Optimizers:
    return Optimizers(ParamGroups(cast(OptimizerSpec, parse_choice("optimizer", choice))))


def record(value: float) -> dict[str, Any]:
    return {"epoch": 1, "validation": {"loss": value}}


@given(VALUES, PARAMETERS)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_reduces_when_keras_does(joined: Joined, values: list[float], parameters: dict[str, Any]) -> None:
    """Also when it goes on from its saved state in the middle."""
    optimizer = optimizers({"SGD": 0.1})
    callback = joined(ReduceOnPlateau(**parameters), optimizer=optimizer)
    rates = []
    for index, value in enumerate(values):
        if index == len(values) // 2:
            state = plain.from_json(plain.to_json(callback.state()))
            callback = joined(ReduceOnPlateau(**parameters), optimizer=optimizer)
            callback.restore(state)
        callback.epoch_ended(record(value))
        rates.append(float(optimizer.learning_rate))
    np.testing.assert_allclose(rates, rates_of_keras(values, parameters), rtol=1e-6)


def test_it_says_so_and_epochs_without_a_value_do_not_count(joined: Joined) -> None:
    said: list[str] = []

    class Hears(Listener):
        def message(self, text: str) -> None:
            said.append(text)

    callback = joined(ReduceOnPlateau(patience=2, factor=0.5), optimizer=optimizers({"SGD": 0.1}), listeners=[Hears()])
    for value in (1.0, None, 1.0, None, None, 1.0):
        callback.epoch_ended({"epoch": 1, "train": {}} if value is None else record(value))
    assert said == ["learning rate 0.1 -> 0.05: validation.loss has not become better for 2 epochs"]


def test_a_schedule_cannot_be_reduced(joined: Joined) -> None:
    optimizer = optimizers(
        {"SGD": {"learning_rate": {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 9}}}}
    )
    message = "ReduceOnPlateau needs a learning rate that is a number, but 'optimizer' follows the schedule CosineDecay"
    with pytest.raises(UsageError, match=message):
        joined(ReduceOnPlateau(), optimizer=optimizer)
