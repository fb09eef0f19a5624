"""The weights of a user's layer, as its `weights` describes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netlib.spec.base import Spec
from netlib.spec.choice import parse_choice
from netlib.spec.tensors import Shape


@dataclass(frozen=True)
class DescribedWeight:
    """A weight without its name. An axis of `shape` is None where it is that of an input and not known."""

    shape: Shape
    initializer: Spec
    regularizer: Spec | None
    constraint: Spec | None
    trainable: bool


def weight(
    shape: int | Sequence[int | None],
    initializer: Any = "glorot_uniform",
    *,
    regularizer: Any = None,
    constraint: Any = None,
    trainable: bool = True,
) -> DescribedWeight:
    """A weight of a layer under `@netlib.layer`, as its `weights` gives it under a name.

    >>> weight((3, 4), {"RandomNormal": {"stddev": 0.1}}).shape
    (3, 4)

    Args:
        shape: lengths of its axes, or one length.
        initializer: as a config writes it: a name, or `{name: parameters}`.
        regularizer: likewise.
        constraint: likewise; applied after each update.
        trainable: False for statistics and constants: `call` is given the variable itself, to which it may assign.

    Raises:
        ValueError: the shape is none.
        SpecError: there is no such initializer, regularizer or constraint, or it cannot fill such a shape.
    """
    axes = (shape,) if isinstance(shape, int) else tuple(shape)
    if not all(axis is None or (type(axis) is int and axis >= 0) for axis in axes):
        raise ValueError(f"the shape of a weight is a list of lengths, got {shape!r}")
    return DescribedWeight(
        axes,
        parse_choice("initializer", initializer),
        None if regularizer is None else parse_choice("regularizer", regularizer),
        None if constraint is None else parse_choice("constraint", constraint),
        trainable,
    )
