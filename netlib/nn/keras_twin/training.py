"""How a twin is trained: Keras's optimizer, losses and metrics for a `train` section; and the targets in their form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log
from typing import Any

import keras
import numpy as np

from netlib.nn.keras_objects import arguments, keras_class, make
from netlib.nn.keras_twin.obstacles import NoCounterpart, Obstacle
from netlib.spec.base import Spec
from netlib.spec.computed import BoundCompute
from netlib.spec.heads import BoundLoss, BoundMetric, Heads, encoding
from netlib.spec.losses import Wants
from netlib.spec.plugins.terms import PluginLoss, PluginMetric
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec

NONE: dict[str, str] = {
    "mix": "Keras mixes samples only where the data is read",
    "phases": "keras.Model.fit trains all weights in every step, by one loss",
    "param_groups": "keras.Model.fit has one optimizer for all weights",
}
"""Keys of `train` that change the steps and have no counterpart."""
_PLUGIN = "it is a function of a plug-in"


def training_obstacles(train: TrainSpec, heads: Heads) -> list[Obstacle]:
    """Everything of a training of which Keras has no counterpart."""
    return [*_of_options(train), *_of_losses(heads), *_of_metrics(heads)]


def compile_twin(twin: keras.Model, train: TrainSpec, heads: Heads, **options: Any) -> None:
    """Compiles it to be trained as `train` says; the targets are those that `twin_targets` gives.

    Args:
        twin: what `twin_of` gave.
        train: optimizer, clipping and accumulation.
        heads: losses and metrics.
        options: of `keras.Model.compile`: `jit_compile`, `steps_per_execution`.
    """
    losses: Any = {loss.output: make(loss.spec) for loss in heads.losses}
    weights: Any = {loss.output: loss.weight for loss in heads.losses}
    metrics: Any = {}
    for metric in heads.metrics:
        metrics.setdefault(metric.output, []).append(_metric(metric))
    if not isinstance(twin.output, Mapping):
        losses, weights = next(iter(losses.values()), None), list(weights.values()) or None
        metrics = next(iter(metrics.values()), [])
    twin.compile(_optimizer(train), loss=losses, loss_weights=weights, metrics=metrics, **options)


def twin_targets(heads: Heads, outputs: Mapping[str, TensorSpec], targets: Mapping[str, Any]) -> Any:
    """The targets as the twin's losses take them: an array, or a mapping by output where there are several outputs.

    Args:
        heads: losses and metrics.
        outputs: the network's.
        targets: targets by name, and inputs, where one is a target.
    """
    wanted = {name: (target, wants) for name, target, wants in _wanted(heads)}
    found = {name: _encoded(np.asarray(targets[each]), outputs[name], wants) for name, (each, wants) in wanted.items()}
    return found if len(outputs) > 1 else next(iter(found.values()), None)


def _encoded(target: np.ndarray, output: TensorSpec, wants: Wants) -> np.ndarray:
    form = encoding(wants, output, TensorSpec((None, *target.shape[1:]), target.dtype.name))
    if form == "like output":
        return target.reshape(target.shape[0], *(-1 if axis is None else axis for axis in output.shape[1:])).astype(
            "float32"
        )
    index = target.reshape(target.shape[: len(output.shape) - 1]).astype("int32")
    return index if form == "index" else np.eye(int(output.shape[-1] or 0), dtype="float32")[index]


def _optimizer(train: TrainSpec) -> Any:
    clip = train.clip.to_plain() if train.clip else {}
    words = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}
    own: dict[str, Any] = {words[name]: limit for name, limit in clip.items() if limit is not None}
    if train.accumulate > 1:
        own["gradient_accumulation_steps"] = train.accumulate
    optimizer = make(train.optimizer, **own)
    scaled = getattr(train, "precision", None) == "mixed_float16"
    return keras.optimizers.LossScaleOptimizer(optimizer) if scaled else optimizer


def _of_options(train: TrainSpec) -> Iterator[Obstacle]:
    for key, reason in NONE.items():
        if getattr(train, key, None):
            yield Obstacle(f"train.{key}", key, reason)
    if train.accumulate > 1 and isinstance(getattr(train.optimizer, "learning_rate", None), Spec):
        reason = "Keras's schedules count batches where gradients are accumulated, and ours steps"
        yield Obstacle("train.accumulate", "accumulate", reason)
    for place, callback in enumerate(train.callbacks):
        if callback.type_name() == "EMA":
            yield Obstacle(
                f"train.callbacks.{place}", "EMA", "Keras's averages take the weights' place only in the end"
            )


def _of_losses(heads: Heads) -> Iterator[Obstacle]:
    seen: set[str] = set()
    for loss in heads.all_losses:
        place = ".".join(map(str, ("train", *loss.loc)))
        if isinstance(loss, BoundCompute):
            yield Obstacle(place, "Compute", "a loss of Keras's is one of an output and a target")
        elif isinstance(loss.spec, PluginLoss):
            yield Obstacle(place, loss.spec.type_name(), _PLUGIN)
        elif loss.output in seen:
            yield Obstacle(place, loss.spec.type_name(), f"output '{loss.output}' has another loss, and in Keras one")
        else:
            seen.add(loss.output)


def _of_metrics(heads: Heads) -> Iterator[Obstacle]:
    wanted = {name: (target, wants) for name, target, wants in _wanted(heads)}
    for metric in heads.all_metrics:
        place = ".".join(map(str, ("train", *metric.loc)))
        if isinstance(metric, BoundCompute):
            yield Obstacle(place, "Compute", "a metric of Keras's is one of an output and a target")
        elif not _same_target(wanted[metric.output], (metric.target, metric.spec.target)):
            yield Obstacle(
                place, metric.spec.type_name(), f"it takes another target than the loss of '{metric.output}'"
            )
        else:
            try:
                _metric(metric)
            except NoCounterpart as reason:
                yield Obstacle(place, metric.spec.type_name(), str(reason))


def _same_target(one: tuple[str, Wants], other: tuple[str, Wants]) -> bool:
    """Whether two take one target in one form: columns of classes have the output's shape."""
    return one[0] == other[0] and (one[1] == "class index") == (other[1] == "class index")


def _wanted(heads: Heads) -> Iterator[tuple[str, str, Wants]]:
    """For every output that is compared the target and its form: those of its loss, else of its first metric."""
    bound: list[BoundLoss | BoundMetric] = [*heads.losses, *heads.metrics]
    seen: set[str] = set()
    for each in bound:
        if each.output not in seen:
            seen.add(each.output)
            yield each.output, each.target, each.spec.target


def _metric(bound: BoundMetric) -> Any:
    """Keras's metric, told that the output is logits where it is.

    Raises:
        NoCounterpart: it cannot be told.
    """
    if isinstance(bound.spec, PluginMetric):
        raise NoCounterpart(_PLUGIN)
    spec, own, link = bound.spec, arguments(bound.spec), bound.loss.link if bound.loss else None
    if spec.takes == "output":
        own["from_logits"] = bound.loss is not None and bound.loss.takes_logits
    elif spec.takes == "linked output" and link is not None:
        own |= _of_logits(spec, link)
    return keras_class(spec)(**own, name=bound.name)


def _of_logits(spec: Spec, link: str) -> dict[str, Any]:
    name, threshold = spec.type_name(), getattr(spec, "threshold", None)
    if name == "BinaryAccuracy" and threshold is not None and 0 < threshold < 1:
        return {"threshold": log(threshold / (1 - threshold))}
    if name == "AUC" and link == "sigmoid":
        return {"from_logits": True}
    raise NoCounterpart("Keras's metric takes probabilities, and the output is logits")
