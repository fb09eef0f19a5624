"""From the specs of initializers, regularizers, constraints, activations, losses, metrics, optimizers and schedules to Keras's
objects, by the kind and the name that both share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np

from netlib.nn.constraints import Clip
from netlib.nn.plugin_terms import PluginMean, plugin_loss
from netlib.spec.base import Spec
from netlib.spec.losses import LossSpec
from netlib.spec.metrics import Accuracy, MetricSpec
from netlib.spec.plugins.terms import PluginLoss, PluginMetric

_HOMES = {
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
    "loss": keras.losses,
    "metric": keras.metrics,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
}
_OURS = {("constraint", "Clip"): Clip}


def make(spec: Spec, **extra: Any) -> Any:
    """The Keras object of a spec; `extra` are arguments of Keras that are no parameter of the spec, such as `seed`."""
    return keras_class(spec)(**arguments(spec), **extra)


def keras_class(spec: Spec) -> Any:
    """The Keras class of a spec; one of ours that serves as such where Keras has none."""
    return _OURS.get((spec.kind, spec.type_name())) or getattr(_HOMES[spec.kind], spec.type_name())


def arguments(spec: Spec) -> dict[str, Any]:
    """A spec's parameters as Keras takes them."""
    return {name: _argument(value) for name, value in spec}


def _argument(value: Any) -> Any:
    if isinstance(value, Spec):
        return make(value)
    return list(value) if isinstance(value, tuple) else value


def activation(spec: Spec | None) -> Callable[[Any], Any]:
    """The function of an activation's spec; None is the identity."""
    if spec is None:
        return keras.activations.linear  # type: ignore[no-any-return]
    function = getattr(keras.activations, spec.type_name())
    parameters = arguments(spec)
    return partial(function, **parameters) if parameters else function


def make_loss(spec: LossSpec) -> Any:
    """The Keras loss, which gives a value for each entry of the output without the last axis: `(batch, ...)`, not reduced.

    That of a plug-in may also give one for each sample, or for each entry.
    """
    if isinstance(spec, PluginLoss):
        return plugin_loss(spec)
    return make(spec, reduction=None)


def make_metric(spec: MetricSpec, loss: LossSpec | None = None, units: int | None = None) -> Any:
    """The Keras metric of an output with that loss and that number of units; without `units`, F1Score, R2Score and a multi-label
    AUC make their variables when they are first used.

    Counters are float64: float32 ones stop at 16,777,216. A metric that takes the output itself is told whether that is logits.
    """
    if isinstance(spec, Accuracy):
        chosen = spec.for_loss(loss) if loss else None
        if chosen is None:
            raise ValueError("Accuracy needs a loss that classifies; `netlib.spec.contract.check` reports it")
        spec = chosen
    if isinstance(spec, PluginMetric):
        return _double(PluginMean)(spec, dtype="float64")
    extra = {"from_logits": loss is not None and loss.takes_logits} if spec.takes == "output" else {}
    metric = _double(keras_class(spec))(**arguments(spec), **extra, dtype="float64")
    if units is not None and not getattr(
        metric, "_built", True
    ):  # the mark of the metrics that make their variables late
        metric.update_state(np.zeros((1, units)), np.zeros((1, units)))
        metric.reset_state()
    return metric


def _double(metric: Any) -> Any:
    """The class with all variables in float64 (some of Keras's metrics ask for float32 whatever their `dtype`)."""

    def add_variable(self: Any, shape: Any, initializer: Any, dtype: Any = None, **options: Any) -> Any:
        return metric.add_variable(self, shape, initializer, dtype=dtype or self.dtype, **options)

    return type(metric.__name__, (metric,), {"add_variable": add_variable})
