"""The variables of a Keras optimizer under names of ours: slots by the path of the weight that they belong to.

Keras's own names hold counters that change from process to process (`adam_28/...`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from netlib.nn.module import NamedVariable


def named_slots(optimizer: Any, trained: Sequence[NamedVariable]) -> dict[str, tf.Variable]:
    """Every variable of a built optimizer: `iterations`, `learning_rate`, and `momentums/hidden.kernel` for the slots.

    A slot is found as an attribute that is a list with one variable for each trained weight, which is how Keras's
    optimizers keep them.
    """
    named: dict[str, tf.Variable] = {}
    for attribute, value in vars(optimizer).items():
        if attribute in ("_variables", "_trainable_variables"):
            continue
        name = attribute.strip("_")
        if _is_variable(value):
            named[name] = value.value
        elif isinstance(value, list) and len(value) == len(trained):
            for weight, slot in zip(trained, value, strict=True):
                if _is_variable(slot):
                    named[f"{name}/{weight.path}"] = slot.value
    found = {id(variable) for variable in named.values()}
    lost = [variable.path for variable in optimizer.variables if id(variable.value) not in found]
    if lost:
        raise TypeError(f"{type(optimizer).__name__} keeps variables in a way that is not known: {', '.join(lost)}")
    return named


def _is_variable(value: Any) -> bool:
    return isinstance(getattr(value, "value", None), tf.Variable)
