"""What a training is given as callbacks, each under the name by which its state is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from netlib.spec import callbacks as spec
from netlib.spec.base import Spec
from netlib.spec.errors import UsageError
from netlib.spec.listener import Listener
from netlib.training.callbacks.callback import Callback, SpecCallback
from netlib.training.callbacks.early_stopping import EarlyStopping
from netlib.training.callbacks.ema import EMA
from netlib.training.callbacks.function import EachEpoch
from netlib.training.callbacks.record_files import CSVLog
from netlib.training.callbacks.reduce_on_plateau import ReduceOnPlateau
from netlib.training.callbacks.stop_on_nan import StopOnNaN
from netlib.training.callbacks.tensorboard import TensorBoard
from netlib.training.callbacks.time_limit import TimeLimit

OF_SECTION = "early_stopping"
"""The name of that callback when it is the `train` section's."""

_OF_SPEC: tuple[type[SpecCallback[Any]], ...] = (
    EarlyStopping,
    ReduceOnPlateau,
    EMA,
    TimeLimit,
    StopOnNaN,
    TensorBoard,
)
_WITHOUT_PARAMETERS: dict[type[Spec], type[Callback]] = {spec.CSVLog: CSVLog}

_OWN = (*(cls.__name__ for cls in _OF_SPEC), "CSVLog", "Checkpoint")


def of_spec(wanted: Spec) -> Callback:
    """The callback that a config asks for."""
    if type(wanted) in _WITHOUT_PARAMETERS:
        return _WITHOUT_PARAMETERS[type(wanted)]()
    return next(cls(wanted) for cls in _OF_SPEC if cls.spec_type is type(wanted))


def collect(
    early_stopping: spec.EarlyStopping | None, specs: Sequence[Spec], given: Sequence[Any]
) -> tuple[dict[str, Callback], list[Listener]]:
    """The callbacks by name, in the order in which they are told of things, and listeners that were given among them.

    Args:
        early_stopping: that of the `train` section; it comes first.
        specs: the section's `callbacks`, in their order.
        given: those of a call, in theirs, last: callbacks, listeners, or functions of an epoch's record.

    Raises:
        UsageError: something is none of these, or is there twice.
    """
    named: dict[str, Callback] = {OF_SECTION: EarlyStopping(early_stopping)} if early_stopping else {}
    listeners: list[Listener] = []
    for each in (*map(of_spec, specs), *given):
        if isinstance(each, Listener) and not isinstance(each, Callback):
            listeners.append(each)
            continue
        callback = _as_callback(each)
        if callback in named.values():
            raise UsageError(f"the same {type(callback).__name__} is among the callbacks twice; leave one out")
        named[_free_name(callback, named)] = callback
    if sum(isinstance(callback, EMA) for callback in named.values()) > 1:
        raise UsageError("there are two EMA among the callbacks: a model is measured with one set of averages")
    return named, listeners


def _as_callback(given: Any) -> Callback:
    if isinstance(given, Callback):
        return given
    if isinstance(given, type):
        raise UsageError(f"a callback is an object, got the class {given.__name__}; write {given.__name__}(...)")
    if callable(given):
        return EachEpoch(given)
    name = type(given).__name__
    if isinstance(given, keras.callbacks.Callback):
        own = (
            f"write netlab's own, netlib.callbacks.{name}" if name in _OWN else "derive from netlib.callbacks.Callback"
        )
        raise UsageError(f"{name} is a callback of Keras, which this loop does not call; {own}")
    raise UsageError(f"a callback is a Callback, a Listener, or a function of an epoch's record; got {name}")


def _free_name(callback: Callback, taken: Mapping[str, Callback]) -> str:
    name = callback.name or type(callback).__name__
    numbers = (f"{name}_{number}" for number in range(2, len(taken) + 2))
    return next(each for each in (name, *numbers) if each not in taken)
