"""Weights with which a training begins, from another run, a saved model or a file, in place of those that the seed gives."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from netlib.nn.network import Network
from netlib.report.numbers import count
from netlib.runs import checkpoint, tensors
from netlib.runs.weights import SavedWeights, find_weights
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.loading import LoadSpec
from netlib.spec.saved_weights import Fit, Stored, Wanted, values_of
from netlib.training.weights import weights_to_measure

_SHOWN = 5


@dataclass(frozen=True)
class Loaded:
    """What was loaded: lines for a person, and what a run's `environment.json` keeps of it."""

    lines: tuple[str, ...]
    facts: dict[str, Any]


class _Read(NamedTuple):
    arrays: Mapping[str, np.ndarray]
    aliases: Mapping[str, str]
    step: int | None
    sha256: str


def load_weights(model: Network, spec: LoadSpec) -> Loaded:
    """Gives a built model saved weights; the averages of a training that kept some.

    Raises:
        SpecError: they do not fit, or there are none; places are under `train.load`. Nothing is changed then.
        NetlabError: they are damaged, or not finite; nothing is changed either.
    """
    found = find_weights(Path(spec.source))
    read = _read(found)
    named = {each.path: each for each in model.named_variables()}
    wanted = [
        Wanted((path, *each.aliases), tuple(each.variable.shape), each.variable.dtype.name)
        for path, each in named.items()
    ]
    stored = {name: Stored(array.shape, array.dtype.name) for name, array in read.arrays.items()}
    fit = spec.fit(stored, read.aliases, wanted)
    if problem := spec.problem(fit, stored, wanted):
        raise SpecError([problem])
    _need_finite(found, fit, read.arrays)
    for path, name in fit.loaded.items():
        variable = named[path].variable
        variable.assign(read.arrays[name].astype(variable.dtype.as_numpy_dtype))
    facts = {
        "from": str(found.folder or found.file),
        "step": read.step,
        "sha256": read.sha256,
        "weights": len(fit.loaded),
    }
    return Loaded(_lines(found, read, fit, values_of(fit, stored)), facts)


def _read(found: SavedWeights) -> _Read:
    if found.folder is None:
        digest = hashlib.sha256()
        arrays = tensors.load(found.file, digest)
        return _Read(arrays, tensors.load_aliases(found.file), None, digest.hexdigest())
    groups = [group for group in ("model", "loop") if (found.folder / f"{group}.safetensors").is_file()]
    saved = checkpoint.read(found.folder, groups)
    sha256 = found.known_sha256()
    assert sha256 is not None
    return _Read(weights_to_measure(saved.groups), saved.aliases, saved.step, sha256)


def _need_finite(found: SavedWeights, fit: Fit, arrays: Mapping[str, np.ndarray]) -> None:
    for name in fit.loaded.values():
        if not np.all(np.isfinite(arrays[name])):
            raise NetlabError(
                f"'{name}' in {found.file} has values that are not finite: there is nothing to begin with"
            )


def _lines(found: SavedWeights, read: _Read, fit: Fit, values: int) -> tuple[str, ...]:
    """`loaded 12 of 14 weights (1,200 values) from runs/a-1, best checkpoint of step 400; renamed 12; missing: ...`."""
    parts = [
        f"loaded {len(fit.loaded)} of {fit.considered} weights ({count(values)} values) from {found.described(read.step)}"
    ]
    if fit.renamed:
        parts.append(f"renamed {fit.renamed}")
    if fit.missing:
        parts.append(f"missing, as the seed gives them: {_listed([each.paths[0] for each in fit.missing])}")
    if fit.unused:
        parts.append(f"{count(len(fit.unused))} saved ones not used: {_listed(fit.unused)}")
    return ("; ".join(parts),)


def _listed(names: Any) -> str:
    more = f" and {count(len(names) - _SHOWN)} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
