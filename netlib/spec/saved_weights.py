"""Saved weights beside those of a network: names, shapes and types, and whether the ones can be the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from netlib.spec.graph import Graph
from netlib.spec.weight_selectors import weights_of

_TRIED = 50
"""Renamings that are tried to find one that explains everything."""
_WIDER = {"float16": ("float32", "float64"), "bfloat16": ("float32", "float64"), "float32": ("float64",)}
"""Types in which every value of a type is the same."""


class Stored(NamedTuple):
    """Shape and dtype of a saved array."""

    shape: tuple[int, ...]
    dtype: str


class Wanted(NamedTuple):
    """A weight of the network: all its paths (several where it is shared), its shape and dtype."""

    paths: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Fit:
    """What becomes of saved weights. `loaded` has the saved name of each weight of the network, by the first path of that.

    `mismatched` says in words what has another shape or dtype; `unused` are saved names, `considered` counts the weights that
    were to be loaded.
    """

    loaded: dict[str, str]
    missing: tuple[Wanted, ...]
    mismatched: tuple[str, ...]
    unused: tuple[str, ...]
    considered: int
    renamed: int


def wanted_by(graph: Graph) -> list[Wanted]:
    """Every weight of a static graph, those that are never trained too."""
    return [Wanted(paths, tuple(weight.shape), weight.dtype or "float32") for paths, weight, _ in weights_of(graph)]


def values_of(fit: Fit, arrays: Mapping[str, Stored]) -> int:
    """How many numbers are loaded."""
    return sum(prod(arrays[name].shape) for name in fit.loaded.values())


def misfit(wanted: Wanted, saved: Stored) -> str | None:
    """What is wrong with a saved array for a weight of the network, in words; None if it can be taken."""
    path = wanted.paths[0]
    if wanted.shape != saved.shape:
        return f"'{path}' is {list(wanted.shape)} and saved as {list(saved.shape)}"
    if wanted.dtype != saved.dtype and wanted.dtype not in _WIDER.get(saved.dtype, ()):
        return f"'{path}' is {wanted.dtype} and saved as {saved.dtype}, which it cannot hold"
    return None


def explaining(missing: Wanted, unused: Sequence[str], arrays: Mapping[str, Stored]) -> Iterator[tuple[str, str]]:
    """Rules that put a prefix for another, by which an unused array would be the missing weight; longest common ends first."""
    path = missing.paths[0].split(".")
    alike = [name.split(".") for name in unused if arrays[name].shape == missing.shape]
    common = {".".join(name): _common_end(name, path) for name in alike}
    for name in sorted(common, key=lambda name: -common[name])[:_TRIED]:
        count = common[name]
        if count:
            yield _below(name.split(".")[:-count]), _below(path[:-count])


def _common_end(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _below(prefix: Sequence[str]) -> str:
    return ".".join([*prefix, "**"])
