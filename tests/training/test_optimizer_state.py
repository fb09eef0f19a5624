from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.keras_objects import make
from netlib.nn.module import NamedVariable
from netlib.spec.choice import parse_choice
from netlib.spec.registry import names
from netlib.training.optimizer_state import named_slots

SHAPES = {"hidden.kernel": (3, 4), "hidden.bias": (4,), "filters": (2, 2, 3, 4), "head.kernel": (4, 2)}
CHOICES: list[Any] = [
    *names("optimizer"),
    {"SGD": {"momentum": 0.9}},
    {"RMSprop": {"momentum": 0.9, "centered": True}},
    {"Adam": {"amsgrad": True}},
    {"Adam": {"learning_rate": {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 9}}}},
]


def built(choice: Any) -> tuple[Any, list[NamedVariable]]:
    trained = [NamedVariable(path, tf.Variable(tf.ones(shape)), True) for path, shape in SHAPES.items()]
    optimizer = make(parse_choice("optimizer", choice))
    optimizer.build([named.variable for named in trained])
    return optimizer, trained


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_every_variable_has_a_name_that_is_the_same_in_every_instance(choice: Any) -> None:
    (first, trained), (second, others) = built(choice), built(choice)
    slots, again = named_slots(first, trained), named_slots(second, others)
    assert list(slots) == list(again)
    assert {id(variable.value) for variable in first.variables} <= {id(variable) for variable in slots.values()}
    assert not {id(variable) for variable in slots.values()} & {id(variable) for variable in again.values()}
    assert "iterations" in slots


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_slots_belong_to_the_weight_of_their_name(choice: Any) -> None:
    """Only the weight with a gradient moves its slots."""
    for moved in range(len(SHAPES)):
        optimizer, trained = built(choice)
        slots = named_slots(optimizer, trained)
        before = {name: variable.numpy() for name, variable in slots.items()}
        path = trained[moved].path
        grads = [tf.fill(named.variable.shape, 0.5 if named.path == path else 0.0) for named in trained]
        optimizer.apply(grads, [named.variable for named in trained])
        changed = {name for name, variable in slots.items() if not np.array_equal(variable.numpy(), before[name])}
        own = {name for name in changed if name.partition("/")[2] == path}
        shaped = [name for name in own if slots[name].shape == trained[moved].variable.shape]
        stateless = choice == "SGD"
        factored = choice == "Adafactor" and len(SHAPES[path]) > 1
        assert shaped or stateless or factored
        others = {name.partition("/")[2] for name in changed} - {path, ""}
        assert not others or choice == "Adafactor"  # which moves by its epsilon


def test_an_optimizer_of_another_make_is_refused() -> None:
    class Odd(keras.optimizers.SGD):
        def build(self, variables: Any) -> None:
            super().build(variables)
            self.hidden_away = {"slot": self.add_variable((2,), name="slot")}

    optimizer, variable = Odd(), tf.Variable([1.0])
    optimizer.build([variable])
    with pytest.raises(TypeError, match=r"Odd keeps variables in a way that is not known: odd.*slot"):
        named_slots(optimizer, [NamedVariable("w", variable, True)])
