"""What a user's function returned, held against what a source must give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from netlib.spec.errors import NetlabError
from netlib.spec.features import DataSignature
from netlib.spec.names import check_name
from netlib.spec.plugins.origin import Origin
from netlib.spec.sources.plugin_values import Wrong, feature_of_values, kind_of, usable, usable_weights

EXPECTED = "(inputs, targets) or (inputs, targets, weights), where inputs and targets map names to values"


@dataclass(frozen=True)
class Result:
    """Values by name: arrays of numbers, lists of texts, series of texts or times. `weights` is None or an array."""

    inputs: dict[str, Any]
    targets: dict[str, Any]
    weights: Any = None


def result_of(returned: Any, origin: Origin) -> tuple[DataSignature, Result]:
    """The samples that a function returned, and their signature.

    Raises:
        NetlabError: they are none; the message names the function.
    """
    try:
        return _checked(returned)
    except Wrong as wrong:
        raise NetlabError(f"{origin} {wrong}") from None


def _checked(returned: Any) -> tuple[DataSignature, Result]:
    if not isinstance(returned, tuple) or len(returned) not in (2, 3):
        length = f" of {len(returned)}" if isinstance(returned, tuple) else ""
        raise Wrong(f"must return {EXPECTED}; it returned {kind_of(returned)}{length}")
    inputs, targets = _by_name("inputs", returned[0]), _by_name("targets", returned[1])
    weights = returned[2] if len(returned) == 3 else None
    if not inputs:
        raise Wrong("returned no input: at least one is needed")
    both = next((name for name in inputs if name in targets), None)
    if both is not None:
        raise Wrong(
            f"returned '{both}' as an input and as a target; a loss can compare with an input: leave the target out"
        )
    result = Result(
        {name: usable(f"input '{name}'", values) for name, values in inputs.items()},
        {name: usable(f"target '{name}'", values) for name, values in targets.items()},
        None if weights is None else usable_weights(weights),
    )
    samples = _length(result)
    signature = DataSignature(
        {name: feature_of_values(values) for name, values in result.inputs.items()},
        {name: feature_of_values(values) for name, values in result.targets.items()},
        samples,
    )
    return signature, result


def _by_name(role: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        raise Wrong(f"must return {EXPECTED}; its {role} are {kind_of(found)}")
    for name in found:
        for problem in check_name(name, ()):
            raise Wrong(f"has a wrong name among its {role}: {problem.message}")
    return dict(found)


def _length(result: Result) -> int:
    """The number of samples, if all agree on it."""
    (first, rows), *others = _lengths(result)
    for name, length in others:
        if length != rows:
            raise Wrong(f"returned {rows:,} rows as {first} and {length:,} as {name}: one row is one sample")
    return rows


def _lengths(result: Result) -> Iterator[tuple[str, int]]:
    yield from ((f"input '{name}'", len(values)) for name, values in result.inputs.items())
    yield from ((f"target '{name}'", len(values)) for name, values in result.targets.items())
    if result.weights is not None:
        yield "weights", len(result.weights)
