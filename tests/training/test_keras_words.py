from __future__ import annotations

from typing import Any

import keras
import pytest

from netlib.nn.keras_objects import make
from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.registry import names
from netlib.training.keras_words import optimizer_words, refuse_objects

COSINE = keras.optimizers.schedules.CosineDecay(0.1, 10, warmup_target=0.5, warmup_steps=3)
CHANGED: list[tuple[str, dict[str, Any]]] = [
    *((name, {"learning_rate": 0.003}) for name in names("optimizer")),
    *((name, {}) for name in names("optimizer")),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adam", {"beta_1": 0.8, "amsgrad": True, "epsilon": 1e-5}),
    ("AdamW", {"weight_decay": 0.1}),
    ("SGD", {"learning_rate": COSINE}),
]


@pytest.mark.parametrize(("name", "parameters"), CHANGED, ids=range(len(CHANGED)))
def test_a_ready_optimizer_in_words_is_the_same_optimizer(name: str, parameters: dict[str, Any]) -> None:
    ready = getattr(keras.optimizers, name)(**parameters)
    made = make(parse_choice("optimizer", optimizer_words(ready)))
    wanted = {**ready.get_config(), "name": made.name}
    assert made.get_config() == wanted


def test_learning_rates_are_written_as_they_were_meant() -> None:
    assert optimizer_words(keras.optimizers.SGD(0.1))["SGD"]["learning_rate"] == 0.1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"clipnorm": 1.0}, "SGD takes no 'clipnorm': clipping belongs to the training loop, use 'train.clip.norm'"),
        ({"use_ema": True}, "SGD takes no 'use_ema'"),
        ({"gradient_accumulation_steps": 2}, "use 'train.accumulate'"),
    ],
)
def test_what_the_loop_does_is_refused_with_our_word_for_it(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse_choice("optimizer", optimizer_words(keras.optimizers.SGD(**parameters)))


def test_optimizers_of_another_make() -> None:
    class Own(keras.optimizers.SGD):
        pass

    for optimizer, name in ((Own(), "Own"), (keras.optimizers.Muon(), "Muon")):
        with pytest.raises(
            UsageError, match=f"compile takes Keras's own optimizers, got {name}, which .* write the loop by hand"
        ):
            optimizer_words(optimizer)


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step: Any) -> Any:
        return 1 / step

    def get_config(self) -> dict[str, Any]:
        return {}


def test_schedules_of_another_make() -> None:
    with pytest.raises(SpecError, match="there is no schedule Falling; give a number, or one of Keras's own schedules"):
        optimizer_words(keras.optimizers.SGD(Falling()))


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (
            "loss",
            keras.losses.Huber(2.0),
            r"a loss by its name and parameters, got the object Huber: write 'Huber' or {'Huber': {",
        ),
        ("loss", {"a": keras.losses.Huber(2.0)}, "got the object Huber"),
        ("loss", {"a": {"of": "x", "Huber": keras.losses.Huber(2.0)}}, "got the object Huber"),
        ("loss", keras.losses.mean_squared_error, "write 'MeanSquaredError' or"),
        (
            "loss",
            lambda y, p: 0,
            r"got the object <lambda>: one of your own goes into a layer, as self.add_loss\(value\)",
        ),
        (
            "metric",
            [keras.metrics.AUC()],
            "takes a metric by its name and parameters, got the object AUC: write 'AUC' or",
        ),
        (
            "metric",
            ["accuracy", len],
            r"got the object len: one of your own .* self.add_metric\(value, name\) in its call",
        ),
    ],
)
def test_losses_and_metrics_are_named(kind: str, given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        refuse_objects(kind, given)


@pytest.mark.parametrize("given", ["mse", {"Huber": 2}, {"a": {"mse": None}}, ["accuracy", {"AUC": {}}], ()])
def test_names_are_taken(given: Any) -> None:
    refuse_objects("loss", given)
