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
from netlib.training.optimizer_state import cover, named_slots, take_state, unbuilt

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


def trained_for(optimizer: Any, variables: list[tf.Variable], steps: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(steps):
        optimizer.apply([tf.constant(random.normal(size=v.shape), tf.float32) for v in variables], variables)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_weights_that_come_later_get_slots_and_the_others_keep_theirs(choice: Any) -> None:
    """The weights that were known from the beginning end as with an optimizer that never had to learn of others."""
    (grown, trained), (reference, same) = built(choice), built(choice)
    trained_for(grown, [named.variable for named in trained], 3, seed=1)
    trained_for(reference, [named.variable for named in same], 3, seed=1)
    kept = named_slots(grown, trained)

    late = NamedVariable("late.kernel", tf.Variable(tf.ones((5, 2))), True)
    cover(grown, [named.variable for named in (late, *trained)])
    everything = named_slots(grown, [*trained, late])
    assert {name: id(variable) for name, variable in everything.items() if not name.endswith("late.kernel")} == {
        name: id(variable) for name, variable in kept.items()
    }
    assert len({id(variable) for variable in grown.variables}) == len(grown.variables)  # none is listed twice
    new = [name for name in everything if name.endswith("/late.kernel")]
    assert len(new) == len([name for name in everything if name.endswith("/head.kernel")])
    assert {id(variable.value) for variable in grown.variables} <= {id(variable) for variable in everything.values()}

    trained_for(grown, [named.variable for named in trained], 2, seed=2)  # the late one is frozen in these steps
    trained_for(reference, [named.variable for named in same], 2, seed=2)
    for mine, other in zip(trained, same, strict=True):
        np.testing.assert_array_equal(mine.variable, other.variable)
    grown.apply([tf.ones((5, 2))], [late.variable])
    assert not np.array_equal(late.variable, np.ones((5, 2)))


def test_slots_of_weights_without_a_path_are_left_out() -> None:
    optimizer, trained = built("Adam")
    assert "momentums/hidden.bias" in named_slots(optimizer, trained)
    assert "momentums/hidden.bias" not in named_slots(optimizer, [trained[0], *trained[2:]])


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_a_copy_goes_on_alone_from_the_same_state(choice: Any) -> None:
    optimizer, trained = built(choice)
    variables = [named.variable for named in trained]
    trained_for(optimizer, variables, 3, seed=1)
    twins = [tf.Variable(variable) for variable in variables]
    twin = unbuilt(optimizer)
    take_state(twin, optimizer, lambda variable: twins[[each is variable for each in variables].index(True)])
    for value, other in zip(optimizer.variables, twin.variables, strict=True):
        np.testing.assert_array_equal(value, other)
    trained_for(twin, twins, 2, seed=2)
    assert not np.array_equal(variables[0], twins[0])
    trained_for(optimizer, variables, 2, seed=2)
    for variable, other in zip(variables, twins, strict=True):
        np.testing.assert_array_equal(variable, other)
