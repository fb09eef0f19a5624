"""Runs the losses and metrics of a plug-in once, without values: what is wrong with them is seen before there is a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import tensorflow as tf

from netlib.spec.heads import Heads
from netlib.spec.plugins.terms import PluginLoss, PluginMetric
from netlib.spec.tensors import TensorSpec
from netlib.training.meters import Meters
from netlib.training.objective import Tensors, objective_of


def try_terms(heads: Heads, outputs: Mapping[str, TensorSpec], targets: Mapping[str, TensorSpec], rows: int) -> None:
    """Runs those of a plug-in; others are not looked at.

    Args:
        heads: every loss and metric.
        outputs: the network's.
        targets: what a loss or a metric may name as its target.
        rows: of a batch.

    Raises:
        NetlabError: a function raised something, or returned something else than a value for each sample or entry.
    """
    losses = tuple(loss for loss in heads.losses if isinstance(loss.spec, PluginLoss))
    metrics = tuple(metric for metric in heads.metrics if isinstance(metric.spec, PluginMetric))
    if not losses and not metrics:
        return
    own = Heads(losses, metrics)
    objective, meters = objective_of(own), Meters(own, outputs)

    def run(given: Tensors, wanted: Tensors) -> None:
        objective.rows(given, wanted)
        meters.update(given, wanted, None)

    named = {*(loss.target for loss in losses), *(metric.target for metric in metrics)}
    signature = _batch(outputs, outputs, rows), _batch(targets, named, rows)
    tf.function(run, autograph=False).get_concrete_function(*signature)


def _batch(tensors: Mapping[str, TensorSpec], names: Collection[str], rows: int) -> dict[str, tf.TensorSpec]:
    """Those of such names, in a batch of so many rows."""
    return {name: tf.TensorSpec((rows, *tensors[name].shape[1:]), tensors[name].dtype) for name in names}
