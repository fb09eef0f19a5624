"""What a network gives, as columns: classes by their names, probabilities, numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from netlib.data.arrays import Array
from netlib.spec.features import Feature
from netlib.spec.heads import BoundLoss, Heads
from netlib.spec.losses import KLDivergence
from netlib.spec.tensors import TensorSpec

Kind = Literal["classes", "binary", "flags", "numbers"]


@dataclass(frozen=True)
class Head:
    """What is said of an output.

    Attributes:
        output: its name in the network.
        name: of its columns, which begin so.
        kind: `classes` where its last axis has a probability for each; `binary` for one of class 1; `flags` for several of
            those, each for itself; `numbers` for anything else.
        tensor: its shape and dtype.
        classes: their names; empty where they have none.
        units: what its last axis is called, if that has names.
    """

    output: str
    name: str
    kind: Kind
    tensor: TensorSpec
    classes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    @property
    def single(self) -> bool:
        """Whether all of its columns have one value a sample."""
        return len(self.tensor.shape) <= 2


@dataclass(frozen=True)
class Wanted:
    """What is asked for beside the prediction: `probabilities` of each class, the `top` best classes; `arrays` in place of a
    column for each unit or class."""

    probabilities: bool = False
    top: int = 1
    arrays: bool = False


def heads_told(
    outputs: Mapping[str, TensorSpec],
    heads: Heads,
    targets: Mapping[str, Feature],
    prefix: str,
    joined: Mapping[str, tuple[str, ...]],
) -> list[Head]:
    """What is said of each output, in their order.

    A head is called after the target that it tells, or after the output where two tell one target, or it tells none.

    Args:
        outputs: what the network gives, by name.
        heads: the losses, which say what the outputs are.
        targets: what is known of each target.
        prefix: begins the names of all columns.
        joined: targets that are several columns side by side, and these.
    """
    losses = {name: heads.loss_of(name) for name in outputs}
    of = [loss.target for loss in losses.values() if loss]
    told = []
    for output, tensor in outputs.items():
        loss = losses[output]
        target = targets.get(loss.target) if loss else None
        stem = loss.target if loss and target and of.count(loss.target) == 1 else output
        kind = _kind(loss, tensor, target)
        classes = target.class_names if target and kind in ("classes", "binary") else ()
        units = joined.get(loss.target, ()) if loss else ()
        told.append(Head(output, f"{prefix}{stem}", kind, tensor, classes, units))
    return told


def columns(head: Head, values: Array, wanted: Wanted) -> dict[str, Any]:
    """Name -> values, a row for each sample, of one output; `values` are probabilities where the loss knows them."""
    if not head.single or values.ndim < 2:
        return dict(_whole(head, values, wanted))
    return dict(
        {"classes": _classes, "binary": _binary, "flags": _flags, "numbers": _numbers}[head.kind](head, values, wanted)
    )


Columns = Iterator[tuple[str, Any]]


def _kind(loss: BoundLoss | None, tensor: TensorSpec, target: Feature | None) -> Kind:
    if loss is None or not loss.spec.probabilities:
        return "numbers"
    spec = loss.spec
    several = spec.logits_link == "softmax" or spec.target != "like output" or isinstance(spec, KLDivergence)
    if several and len(tensor.shape) > 1 and tensor.shape[-1] != 1:
        return "classes"
    if len(tensor.shape) == 2 and tensor.shape[-1] == 1:
        return "binary"
    return "flags" if len(tensor.shape) == 2 and target and target.tensor.dtype == "int32" else "numbers"


def _classes(head: Head, values: Array, wanted: Wanted) -> Columns:
    """The best class and its probability, then the others that are asked for."""
    top = min(wanted.top, values.shape[-1])
    order = np.argsort(-values, axis=-1, kind="stable")[:, :top]
    for place in range(top):
        name = head.name if not place else f"{head.name}_{place + 1}"
        number = order[:, place]
        yield name, _named(head.classes, number)
        yield f"{name}_probability", np.take_along_axis(values, number[:, None], 1)[:, 0]
    if wanted.probabilities:
        yield from _of_each(head, values, wanted)


def _binary(head: Head, values: Array, wanted: Wanted) -> Columns:
    """The class, its probability, and that of class 1, whichever it is."""
    one = values.reshape(len(values))
    number = (one > 0.5).astype(np.int32)
    yield head.name, _named(head.classes, number)
    yield f"{head.name}_probability", np.maximum(one, 1 - one)
    if wanted.probabilities:
        yield from _of_each(head, np.stack([1 - one, one], axis=1), wanted)
    else:
        yield f"{head.name}_probability_{_class(head, 1)}", one


def _of_each(head: Head, values: Array, wanted: Wanted) -> Columns:
    if wanted.arrays:
        yield f"{head.name}_probabilities", values
        return
    for number in range(values.shape[1]):
        yield f"{head.name}_probability_{_class(head, number)}", values[:, number]


def _flags(head: Head, values: Array, wanted: Wanted) -> Columns:
    if wanted.arrays:
        yield head.name, (values > 0.5).astype(np.int32)
        yield f"{head.name}_probability", values
        return
    for number in range(values.shape[1]):
        name = f"{head.name}_{unit_name(head, number)}"
        yield name, (values[:, number] > 0.5).astype(np.int32)
        yield f"{name}_probability_1", values[:, number]


def _numbers(head: Head, values: Array, wanted: Wanted) -> Columns:
    if values.shape[1] == 1:
        yield head.name, values[:, 0]
    elif wanted.arrays:
        yield head.name, values
    else:
        yield from ((f"{head.name}_{unit_name(head, number)}", values[:, number]) for number in range(values.shape[1]))


def _whole(head: Head, values: Array, wanted: Wanted) -> Columns:
    """Of several axes, as they are; of classes, the number of the best one."""
    if head.kind != "classes" or values.ndim < 2:
        yield head.name, values
        return
    yield head.name, values.argmax(axis=-1).astype(np.int32)
    yield f"{head.name}_probability", values.max(axis=-1)
    if wanted.probabilities:
        yield f"{head.name}_probabilities", values


def _named(classes: tuple[str, ...], numbers: Array) -> Any:
    """Classes by their names, or by number where they have none."""
    if not classes:
        return numbers.astype(np.int32)
    import polars as pl

    return pl.Series(classes, dtype=pl.String())[numbers]


def _class(head: Head, number: int) -> str:
    return head.classes[number] if number < len(head.classes) else str(number)


def unit_name(head: Head, number: int) -> str:
    """What one of an output's units is called."""
    return head.units[number] if number < len(head.units) else str(number)


def classes_of(feature: Feature, values: Array) -> Any:
    """A target's values as a person reads them: the names of classes, one number a sample as such."""
    if feature.class_names and values.ndim == 1:
        return _named(feature.class_names, values)
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
