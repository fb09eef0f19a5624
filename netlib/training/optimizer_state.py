"""The variables of a Keras optimizer under names of ours, slots by the path of the weight that they belong to; and slots for
weights that it comes to know later.

Keras's own names hold counters that change from process to process (`adam_28/...`), and its optimizers refuse a variable that
they were not built with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import MethodType
from typing import Any

import keras
import tensorflow as tf

from netlib.nn.module import NamedVariable

_NOT_SLOTS = ("_variables", "_trainable_variables")


def cover(optimizer: Any, variables: Sequence[tf.Variable]) -> None:
    """Gives the optimizer slots for those of the variables that it does not know yet. What it has, it keeps."""
    if not variables:  # what is only measured may be frozen
        return
    if not optimizer.built:
        optimizer.build(list(variables))
        return
    known = {id(variable) for variable in optimizer._trainable_variables}
    added = [variable for variable in variables if id(variable) not in known]
    if not added:
        return
    fresh = unbuilt(optimizer)
    fresh.build(added)
    for attribute, slots in _slot_lists(fresh):
        getattr(optimizer, attribute).extend(slots)
        for slot in filter(_is_variable, slots):
            optimizer._tracker.track(slot)  # which its lists may have done already
    for variable in added:
        optimizer._trainable_variables_indices[optimizer._var_key(variable)] = len(optimizer._trainable_variables)
        optimizer._trainable_variables.append(variable)


def update_alone(optimizer: Any) -> None:
    """Lets it take the gradients as they are: under one of TensorFlow's strategies Keras would add up over all replicas what they
    have added up already, in a way that no loop and no XLA allows."""
    for name in ("_backend_update_step", "_apply_weight_decay"):
        setattr(optimizer, name, MethodType(getattr(_PLAIN, name), optimizer))


_PLAIN = next(each for each in keras.optimizers.Optimizer.__mro__ if each.__name__ == "BaseOptimizer")
"""Keras's optimizer as all of its backends share it."""


def unbuilt(optimizer: Any) -> Any:
    """A new optimizer with the same parameters, without slots."""
    return type(optimizer).from_config(optimizer.get_config())


def take_state(new: Any, old: Any, twin: Callable[[tf.Variable], tf.Variable]) -> None:
    """Brings a new optimizer, which has the parameters of `old`, to its state; `twin` gives the new one's variable for each."""
    if old.built:
        new.build([twin(variable) for variable in old._trainable_variables])
    values = _by_place(old)  # `variables` has another order where slots came later
    for name, variable in _by_place(new).items():
        variable.assign(values[name])


def _by_place(optimizer: Any) -> dict[str, tf.Variable]:
    """Every variable; the slots by the places of their weights."""
    known = enumerate(optimizer._trainable_variables)
    return named_slots(optimizer, [NamedVariable(str(place), variable, True) for place, variable in known])


def named_slots(optimizer: Any, named: Sequence[NamedVariable]) -> dict[str, tf.Variable]:
    """Every variable of a built optimizer: `iterations`, `learning_rate`, and `momentums/hidden.kernel` for the slots.

    A slot is found as an attribute that is a list with one variable for each weight that the optimizer knows, which is how
    Keras's optimizers keep them. `named` has the paths of the weights; slots of a weight that is not among them are left out.
    """
    paths = {id(each.variable): each.path for each in named}
    weights = [paths.get(id(variable)) for variable in optimizer._trainable_variables]
    single = [(name, value) for name, value in vars(optimizer).items() if _is_variable(value)]
    slots = list(_slot_lists(optimizer))
    _need_all(optimizer, [value for _, value in single] + [slot for _, each in slots for slot in each])
    found: dict[str, tf.Variable] = {name.strip("_"): value.value for name, value in single}
    for name, each in slots:
        for path, slot in zip(weights, each, strict=True):
            if path is not None and _is_variable(slot):
                found[f"{name.strip('_')}/{path}"] = slot.value
    return found


def _slot_lists(optimizer: Any) -> Iterator[tuple[str, list[Any]]]:
    """The attributes that are lists with one entry for each weight."""
    for attribute, value in vars(optimizer).items():
        one_each = isinstance(value, list) and len(value) == len(optimizer._trainable_variables)
        if one_each and attribute not in _NOT_SLOTS and any(map(_is_variable, value)):
            yield attribute, value


def _need_all(optimizer: Any, found: Sequence[Any]) -> None:
    known = {id(variable) for variable in found}
    lost = [variable.path for variable in optimizer.variables if id(variable) not in known]
    if lost:
        raise TypeError(f"{type(optimizer).__name__} keeps variables in a way that is not known: {', '.join(lost)}")


def _is_variable(value: Any) -> bool:
    return isinstance(getattr(value, "value", None), tf.Variable)
