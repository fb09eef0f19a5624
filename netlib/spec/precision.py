"""Dtype policies: in what a layer computes, and in what it keeps its weights; `train.precision` is that of the whole network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean
from netlib.spec.layer import Weight

if TYPE_CHECKING:
    from netlib.spec.graph import Graph
    from netlib.spec.training import TrainSpec

Precision = Literal["float32", "mixed_bfloat16", "mixed_float16", "float64"]
"""Names of the policies."""


class Policy(NamedTuple):
    """A name with its two dtypes."""

    name: str
    compute: str
    variable: str


POLICIES = {
    "float32": Policy("float32", "float32", "float32"),
    "mixed_bfloat16": Policy("mixed_bfloat16", "bfloat16", "float32"),
    "mixed_float16": Policy("mixed_float16", "float16", "float32"),
    "float64": Policy("float64", "float64", "float64"),
}


def at_least_float32(compute: str) -> str:
    """The dtype for sums, means, losses: in fewer bits than float32 they would be wrong."""
    return "float64" if compute == "float64" else "float32"


def stored(weights: Iterable[Weight], compute: str) -> tuple[Weight, ...]:
    """The weights of a layer that computes in that dtype; those that have no dtype of their own with that of its policy, where it
    is not float32."""
    if POLICIES["float64"].compute != compute:
        return tuple(weights)
    return tuple(weight if weight.dtype else replace(weight, dtype=compute) for weight in weights)


def policy(name: object) -> Policy:
    """The policy of that name.

    Raises:
        SpecError: there is none.
    """
    if not isinstance(name, str) or name not in POLICIES:
        hint = did_you_mean(str(name), POLICIES) or f" (known: {', '.join(POLICIES)})"
        raise SpecError(f"there is no dtype policy {shown(name)}{hint}")
    return POLICIES[name]


def compute_of(train: TrainSpec | None) -> str:
    """The dtype in which a network computes that is trained so; as one without a `train` section does, where there is none."""
    return POLICIES[train.precision if train else "float32"].compute


def slow_without_gpu(graph: Graph, precision: str) -> Iterator[Problem]:
    """A warning for each place of a config that asks for float16, which processors do not compute with: they convert.

    Which device there will be cannot be known before TensorFlow is imported, nor elsewhere.
    """
    asked: list[Loc] = [("train", "precision")] if precision == _HALF else []
    asked += [(*node.loc, "dtype") for node in graph.walk() if node.dtype == _HALF]
    for place in dict.fromkeys(asked):
        yield Problem(place, _SLOW, severity="warning")


_HALF = "mixed_float16"
_SLOW = (
    "float16 is for GPUs: without one it is slower than float32, a convolution several times; where there is none use"
    " mixed_bfloat16 or float32"
)
