"""Fits the preprocessing of columns and inputs on the training split, applies it, and gives and takes its state."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from netlib.data.arrays import Array, Arrays, Values, side_by_side, widened
from netlib.data.joined_steps import at_once
from netlib.data.portions import Portions, Prepared, RoomError, portions_of
from netlib.data.row_error import RowError
from netlib.data.steps import step_of
from netlib.data.steps.step import Learned
from netlib.spec.choice import parse_choice
from netlib.spec.errors import NetlabError, Problem, SpecError, UsageError
from netlib.spec.features import PreprocessingSpec
from netlib.spec.pipeline import Steps, by_input

FORMAT = 2


@dataclass(frozen=True)
class FittedStep:
    """A step, and what it learned from the training split, by name."""

    spec: PreprocessingSpec
    learned: Learned

    def apply(self, values: Values) -> Array:
        """What the step makes of values."""
        return step_of(self.spec).apply(self.spec, self.learned, values)


Fitted = tuple[FittedStep, ...]


@dataclass(frozen=True)
class Preprocessing:
    """The fitted steps of every column, input and target that has some, and which columns are joined to which input."""

    steps: dict[str, Fitted]
    joins: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        steps: Mapping[str, Steps],
        columns: Mapping[str, Values | Portions],
        joins: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Self:
        """Learns what the steps need to know, each from what the ones before it make of the columns, targets among them.

        Each step looks at a portion of a column at a time, where it can; those before it are done again for that, so that no
        column is in memory twice. One is kept only if steps go over an input that it is joined to.

        Raises:
            SpecError: a step takes all values at once, which are more than the memory that is allowed.
            NetlabError: a value is none that a step can take, or there is nothing to learn from.
        """
        joins = joins or {}
        kept = {part for name, parts in joins.items() if name in steps for part in parts}
        done: dict[str, Fitted] = {}
        ready: dict[str, Any] = {}
        for name in columns:
            if name in steps or name in kept:
                values = portions_of(columns[name])
                done[name] = _fit(name, steps.get(name, ()), values)
                if name in kept:
                    ready[name] = cls(done).apply_steps(name, values.whole())
        for name in joins:
            if name in steps:
                joined = side_by_side([ready[part] for part in joins[name]])
                done[name] = _fit(name, steps[name], portions_of(joined))
        return cls({name: done[name] for name in done if name in steps}, dict(joins))

    @classmethod
    def fit_to(cls, steps: Mapping[str, Steps], samples: Arrays, joins: Mapping[str, tuple[str, ...]]) -> Self:
        """The same of samples, inputs and targets; a row in a message is that of their source."""
        with _rows_of(samples):
            return cls.fit(steps, {**samples.inputs, **samples.targets}, joins)

    def learned(self) -> dict[str, list[Learned]]:
        """Column, input or target -> what each of its steps learned."""
        return {name: [step.learned for step in steps] for name, steps in self.steps.items()}

    def specs(self) -> dict[str, Steps]:
        """Column, input or target -> its steps."""
        return {name: tuple(step.spec for step in steps) for name, steps in self.steps.items()}

    def apply(self, columns: Mapping[str, Values]) -> dict[str, Array]:
        """The inputs as the network reads them, float32 or int32.

        Raises:
            UsageError: they are not such columns as it was fitted on.
            NetlabError: a value is none that a step can take.
        """
        known = {*columns, *self.joins}
        wanted = [part for parts in self.joins.values() for part in parts]
        for name in [*self.steps, *wanted]:
            if name not in known and not _is_target(self.steps.get(name, ())):
                raise UsageError(
                    f"the preprocessing is of input '{name}', which the data has not (it has: {_list(columns)})"
                )
        joined = self._joined(columns)
        whole = {part: name for name in joined for part in self.joins[name]}
        ready: dict[str, Any] = {}
        for name, values in columns.items():
            if name in whole:
                ready[whole[name]] = joined[whole[name]]
            else:
                ready[name] = self.apply_steps(name, values)
        inputs = by_input({name: self.joins[name] for name in self.joins if name not in joined}, ready, side_by_side)
        return {
            name: widened(self.apply_steps(name, values) if name in self.joins else values)
            for name, values in inputs.items()
        }

    def _joined(self, columns: Mapping[str, Values]) -> dict[str, Array]:
        """Of the joins those whose columns can go through their steps together, after these."""
        found = {}
        for name, parts in self.joins.items():
            chains = [[(step.spec, step.learned) for step in self.steps.get(part, ())] for part in parts]
            values = at_once(chains, [columns[part] for part in parts])
            if values is not None:
                found[name] = values
        return found

    def apply_to(self, arrays: Arrays) -> Arrays:
        """The samples as network and losses read them, float32 or int32; a row in a message is that of their source."""
        with _rows_of(arrays):
            targets = {name: widened(self.apply_steps(name, values)) for name, values in arrays.targets.items()}
            return Arrays(self.apply(arrays.inputs), targets, arrays.weights, arrays.rows)

    def state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Plain values (for JSON) and named arrays, from which `from_state` makes it again."""
        plain = {name: [_plain(step) for step in steps] for name, steps in self.steps.items()}
        arrays = {
            f"{name}.{i}.{key}": value
            for name, steps in self.steps.items()
            for i, step in enumerate(steps)
            for key, value in step.learned.items()
            if isinstance(value, np.ndarray)
        }
        state = {"inputs": plain, "joins": {name: list(parts) for name, parts in self.joins.items()}}
        return {"format": FORMAT, **state, "sha256": _sha256(state, arrays)}, arrays

    @classmethod
    def from_state(cls, plain: Mapping[str, Any], arrays: Mapping[str, Array]) -> Self:
        """The preprocessing whose `state` this is.

        Raises:
            NetlabError: it is none, a part is missing, or it was changed since.
        """
        state = {key: plain.get(key) for key in ("inputs", "joins")}
        if plain.get("format") != FORMAT or not all(isinstance(part, Mapping) for part in state.values()):
            raise NetlabError(f"the stored preprocessing has format {plain.get('format')!r}, expected {FORMAT}")
        steps = {
            name: tuple(_restored(stored, f"{name}.{i}", arrays) for i, stored in enumerate(choices))
            for name, choices in plain["inputs"].items()
        }
        if _sha256(state, arrays) != plain.get("sha256"):
            raise NetlabError("the stored preprocessing is damaged: it is not what was stored, by its SHA-256")
        return cls(steps, {name: tuple(parts) for name, parts in plain["joins"].items()})

    def apply_steps(self, name: str, values: Any) -> Any:
        """What the steps of one column, input or target make of its values."""
        for step in self.steps.get(name, ()):
            _check_axes(name, step, values)
            with _named(name, step.spec):
                values = step.apply(values)
        return values


def _fit(name: str, steps: Steps, values: Portions) -> Fitted:
    """The steps, each fitted on what those before it make of the values."""
    done: list[FittedStep] = []
    for place, spec in enumerate(steps):
        with _named(name, spec), _roomy(name, place, spec):
            done.append(FittedStep(spec, step_of(spec).fit(spec, values)))
        values = Prepared(values, done[-1].apply)
    return tuple(done)


@contextmanager
def _roomy(name: str, place: int, spec: PreprocessingSpec) -> Iterator[None]:
    """Says which step it is that takes more memory than is allowed."""
    try:
        yield
    except RoomError as error:
        what = f"{spec.type_name()} looks at all values of '{name}' to train on at once, which {error}"
        how = (
            "allow more, or take a step that looks at a part at a time: Standardize, MinMax, Impute by mean or a number"
        )
        raise SpecError([Problem(("preprocess", name, place), f"{what}: {how}")], "data") from None


@contextmanager
def _named(name: str, step: PreprocessingSpec) -> Iterator[None]:
    """Says in an error whose values they are."""
    place = f"{'target' if step.of_targets else 'column'} '{name}'"
    try:
        yield
    except RowError as error:
        raise error.within(place) from None
    except SpecError:
        raise
    except NetlabError as error:
        raise type(error)(f"{place}: {error}") from None


@contextmanager
def _rows_of(samples: Arrays) -> Iterator[None]:
    """Says in an error which row of the source it is."""
    try:
        yield
    except RowError as error:
        raise error.at(samples.row(error.index)) from None


def _check_axes(name: str, step: FittedStep, values: Any) -> None:
    """Refuses samples of other axes than those that numbers were learned of."""
    if not step_of(step.spec).by_axes:
        return
    learned = next((value for value in step.learned.values() if isinstance(value, np.ndarray)), None)
    axes = () if learned is None else learned.shape
    found = values.shape[1:]
    if found[max(len(found) - len(axes), 0) :] != axes:
        what = f"{step.spec.type_name()} of input '{name}' was fitted on samples that end in {axes}"
        raise UsageError(f"{what}, the data's have the shape {found}")


def _plain(step: FittedStep) -> dict[str, Any]:
    """A step with the texts that it learned."""
    texts = {key: list(value) for key, value in step.learned.items() if isinstance(value, tuple)}
    return {"step": step.spec.to_choice(), **({"learned": texts} if texts else {})}


def _restored(stored: Any, prefix: str, arrays: Mapping[str, Array]) -> FittedStep:
    if not isinstance(stored, Mapping) or "step" not in stored:
        raise NetlabError(f"the stored preprocessing is damaged: '{prefix}' does not say which step it is")
    try:
        spec = parse_choice("preprocessing", stored["step"])
    except SpecError as error:
        raise NetlabError(f"the stored preprocessing cannot be read: {error}") from None
    assert isinstance(spec, PreprocessingSpec)
    texts = {key: tuple(value) for key, value in stored.get("learned", {}).items()}
    if not all(isinstance(text, str) for found in texts.values() for text in found):
        raise NetlabError(f"the stored preprocessing is damaged: what '{prefix}' has learned are not texts")
    learned: dict[str, Any] = {}
    for key in step_of(spec).learns:
        if key in texts:
            learned[key] = texts[key]
        elif f"{prefix}.{key}" in arrays:
            learned[key] = arrays[f"{prefix}.{key}"]
        else:
            raise NetlabError(f"the stored preprocessing has no array '{prefix}.{key}' (it has: {_list(arrays)})")
    return FittedStep(spec, learned)


def _is_target(steps: Fitted) -> bool:
    return any(step.spec.of_targets is not False for step in steps)


def _sha256(plain: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
    """Of the steps and of what they learned: figures measured with other numbers would be wrong without a word."""
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode())
    digest.update(Arrays(dict(arrays), {}).fingerprint().encode())
    return digest.hexdigest()


def _list(names: Mapping[str, Any]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "none"
