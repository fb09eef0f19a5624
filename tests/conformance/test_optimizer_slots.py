from __future__ import annotations

from math import prod
from typing import Any

import keras
import pytest
import tensorflow as tf

from netlib.spec.choice import parse_choice
from netlib.spec.registry import names

SETTINGS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in names("optimizer")),
    ("SGD", {"momentum": 0.9}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {"amsgrad": True}),
    ("RMSprop", {"momentum": 0.9}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
]
ONCE = {"Nadam": 3}
"""Numbers that an optimizer has whatever it trains: step and learning rate; Nadam also a running product."""


@pytest.mark.parametrize("shape", [(), (7,), (5, 7), (3, 3, 4, 6)], ids=str)
@pytest.mark.parametrize(("name", "parameters"), SETTINGS, ids=[f"{n}-{'-'.join(p) or 'plain'}" for n, p in SETTINGS])
def test_the_spec_says_how_many_numbers_keras_keeps(
    name: str, parameters: dict[str, Any], shape: tuple[int, ...]
) -> None:
    optimizer = getattr(keras.optimizers, name)(**parameters)
    optimizer.build([tf.Variable(tf.zeros(shape))])
    kept = sum(prod(variable.shape) for variable in optimizer.variables) - ONCE.get(name, 2)
    assert parse_choice("optimizer", {name: parameters}).slots(shape) == kept
