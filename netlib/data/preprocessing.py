"""Fits the preprocessing of the inputs on the training split, applies it, and gives and takes its state."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from netlib.data.arrays import Array, Arrays, widened
from netlib.data.steps import STEPS
from netlib.spec.choice import parse_choice
from netlib.spec.errors import NetlabError, SpecError, UsageError
from netlib.spec.features import PreprocessingSpec

FORMAT = 1


@dataclass(frozen=True)
class FittedStep:
    """A step, and the arrays that it learned from the training split, by name."""

    spec: PreprocessingSpec
    learned: dict[str, Array]

    def apply(self, values: Array) -> Array:
        """What the step makes of an input's values."""
        return STEPS[type(self.spec)].apply(self.spec, self.learned, values)


@dataclass(frozen=True)
class Preprocessing:
    """The fitted steps of every input that has some."""

    steps: dict[str, tuple[FittedStep, ...]]

    @classmethod
    def fit(cls, specs: Mapping[str, tuple[PreprocessingSpec, ...]], inputs: Mapping[str, Array]) -> Self:
        """Learns what the steps need to know, each from what the ones before it make of `inputs`."""
        fitted: dict[str, tuple[FittedStep, ...]] = {}
        for name, steps in specs.items():
            values = inputs[name]
            done = []
            for spec in steps:
                done.append(FittedStep(spec, STEPS[type(spec)].fit(spec, values)))
                values = done[-1].apply(values)
            fitted[name] = tuple(done)
        return cls(fitted)

    def apply(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The inputs as the network reads them, float32 or int32.

        Raises:
            UsageError: they are not such inputs as it was fitted on.
        """
        for name in self.steps:
            if name not in inputs:
                raise UsageError(
                    f"the preprocessing is of input '{name}', which the data has not (it has: {_list(inputs)})"
                )
        return {name: self._apply(name, values) for name, values in inputs.items()}

    def apply_to(self, arrays: Arrays) -> Arrays:
        """The samples as network and losses read them, float32 or int32."""
        targets = {name: widened(values) for name, values in arrays.targets.items()}
        return Arrays(self.apply(arrays.inputs), targets, arrays.weights, arrays.rows)

    def state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Plain values (for JSON) and named arrays, from which `from_state` makes it again."""
        plain = {name: [step.spec.to_choice() for step in steps] for name, steps in self.steps.items()}
        arrays = {
            f"{name}.{i}.{key}": array
            for name, steps in self.steps.items()
            for i, step in enumerate(steps)
            for key, array in step.learned.items()
        }
        return {"format": FORMAT, "inputs": plain, "sha256": _sha256(plain, arrays)}, arrays

    @classmethod
    def from_state(cls, plain: Mapping[str, Any], arrays: Mapping[str, Array]) -> Self:
        """The preprocessing whose `state` this is.

        Raises:
            NetlabError: it is none, a part is missing, or it was changed since.
        """
        if plain.get("format") != FORMAT or not isinstance(plain.get("inputs"), Mapping):
            raise NetlabError(f"the stored preprocessing has format {plain.get('format')!r}, expected {FORMAT}")
        steps = {
            name: tuple(_restored(choice, f"{name}.{i}", arrays) for i, choice in enumerate(choices))
            for name, choices in plain["inputs"].items()
        }
        if _sha256(plain["inputs"], arrays) != plain.get("sha256"):
            raise NetlabError("the stored preprocessing is damaged: it is not what was stored, by its SHA-256")
        return cls(steps)

    def _apply(self, name: str, values: Array) -> Array:
        for step in self.steps.get(name, ()):
            learned = next(iter(step.learned.values()), None)
            axes = () if learned is None else learned.shape
            if values.shape[1:][max(values.ndim - 1 - len(axes), 0) :] != axes:
                what = f"{step.spec.type_name()} of input '{name}' was fitted on samples that end in {axes}"
                raise UsageError(f"{what}, the data's have the shape {values.shape[1:]}")
            values = step.apply(values)
        return widened(values)


def _restored(choice: Any, prefix: str, arrays: Mapping[str, Array]) -> FittedStep:
    try:
        spec = parse_choice("preprocessing", choice)
    except SpecError as error:
        raise NetlabError(f"the stored preprocessing cannot be read: {error}") from None
    assert isinstance(spec, PreprocessingSpec)
    learned = {}
    for key in STEPS[type(spec)].learns:
        if f"{prefix}.{key}" not in arrays:
            raise NetlabError(f"the stored preprocessing has no array '{prefix}.{key}' (it has: {_list(arrays)})")
        learned[key] = arrays[f"{prefix}.{key}"]
    return FittedStep(spec, learned)


def _sha256(plain: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
    """Of the steps and of what they learned: figures measured with other numbers would be wrong without a word."""
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode())
    digest.update(Arrays(dict(arrays), {}).fingerprint().encode())
    return digest.hexdigest()


def _list(names: Mapping[str, Any]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "none"
