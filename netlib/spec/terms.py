"""The terms under `train.loss` and `train.metrics`: how they are written, and which output and target each one joins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from netlib.spec.base import Spec, shown
from netlib.spec.choice import parse_choice
from netlib.spec.computed import ComputedSpec
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean, one_of
from netlib.spec.names import check_name
from netlib.spec.registry import ALIASES, resolve, snake_case

if TYPE_CHECKING:
    from netlib.spec.losses import LossSpec
    from netlib.spec.metrics import MetricSpec

ONLY = "loss"
"""Name of the loss that is written without one."""
WIRING = {"loss": ("of", "target", "weight"), "metric": ("of", "target", "name")}


@dataclass(frozen=True)
class LossTerm:
    """One loss. `of` (an output) and `target` are None where they follow from names; `loc` is its place under `train`."""

    name: str
    spec: LossSpec | ComputedSpec
    of: str | None = None
    target: str | None = None
    weight: float = 1.0
    loc: Loc = field(default=("loss",), compare=False)
    phase: str = ""
    """Of `train.phases`, the one that minimises it."""

    def within(self, phase: str, loc: Loc) -> LossTerm:
        """The same as a term of a phase, which stands at `loc`."""
        return replace(self, phase=phase, loc=(*loc, *self.loc))

    def to_plain(self) -> dict[str, Any]:
        """As a config writes it, without the name."""
        weight = {} if self.weight == 1 else {"weight": self.weight}
        return {self.spec.type_name(): self.spec.to_plain(), **_written(of=self.of, target=self.target), **weight}


@dataclass(frozen=True)
class MetricTerm:
    """One metric. `of` (an output) and `target` are None where they follow from names; `loc` is its place under `train`."""

    name: str
    spec: MetricSpec | ComputedSpec
    of: str | None = None
    target: str | None = None
    loc: Loc = field(default=("metrics",), compare=False)

    def to_plain(self) -> dict[str, Any]:
        """As a config writes it in a list."""
        return {
            self.spec.type_name(): self.spec.to_plain(),
            **_written(of=self.of, target=self.target),
            "name": self.name,
        }


def parse_losses(value: Any) -> tuple[LossTerm, ...]:
    """`mse`, `{Huber: 2, weight: 0.1}`, or a mapping from names to such entries; nothing, where layers add what is minimised.

    Raises:
        SpecError: with every mistake, placed under `loss`'s value.
    """
    if value is None:
        return ()
    if isinstance(value, tuple) and all(isinstance(term, LossTerm) for term in value):
        return value
    if _is_entry("loss", value):
        entries: list[tuple[str, Any, Loc]] = [(ONLY, value, ())]
    else:
        entries = [(name, entry, (name,)) for name, entry in _names("loss", value).items()]
    problems: list[Problem] = []
    terms = []
    for name, entry, place in entries:
        problems += check_name(name, place)
        parts = _entry("loss", entry, place, problems)
        weight = parts.pop("weight", 1.0)
        if not _is_number(weight):
            problems.append(Problem((*place, "weight"), f"expected a finite number, got {shown(weight)}"))
        elif "spec" in parts:
            terms.append(LossTerm(name, **parts, weight=float(weight), loc=("loss", *place)))
    if problems:
        raise SpecError(problems)
    return tuple(terms)


def parse_metrics(value: Any) -> tuple[MetricTerm, ...]:
    """A list of `accuracy` or `{AUC: {...}, name: area}`, or a mapping from names to such entries.

    Raises:
        SpecError: with every mistake, placed under `metrics`'s value.
    """
    if isinstance(value, tuple) and all(isinstance(term, MetricTerm) for term in value):
        return value
    problems: list[Problem] = []
    terms: list[MetricTerm] = []
    for name, entry, place in _metric_entries(value):
        if name is not None:
            problems += check_name(name, place)
        parts = _entry("metric", entry, place, problems)
        given = parts.pop("name", None)
        if "spec" not in parts:
            continue
        called = name or given or _default_name(entry, parts["spec"])
        if any(term.name == called for term in terms):
            problems.append(Problem(place, f"there are two metrics '{called}'; give one another 'name'"))
        terms.append(MetricTerm(called, **parts, loc=("metrics", *place)))
    if problems:
        raise SpecError(problems)
    return tuple(terms)


def losses_to_plain(terms: Sequence[LossTerm]) -> dict[str, Any] | None:
    """What `parse_losses` makes equal terms from."""
    if not terms:
        return None
    if len(terms) == 1 and terms[0].name == ONLY:
        return terms[0].to_plain()
    return {term.name: term.to_plain() for term in terms}


def metrics_to_plain(terms: Sequence[MetricTerm]) -> list[Any]:
    """What `parse_metrics` makes equal terms from."""
    return [term.to_plain() for term in terms]


def _metric_entries(value: Any) -> Iterator[tuple[str | None, Any, Loc]]:
    if isinstance(value, list | tuple):
        yield from ((None, entry, (i,)) for i, entry in enumerate(value))
    elif _is_entry("metric", value):
        yield None, value, ()
    else:
        yield from ((name, entry, (name,)) for name, entry in _names("metric", value).items())


def _is_entry(kind: str, value: Any) -> bool:
    """Whether it is one term, rather than a mapping from names to terms."""
    if isinstance(value, Mapping):
        return any(_is_type(key) or key in WIRING[kind] for key in value)
    return isinstance(value, str | Spec)


def _names(kind: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not value:
        raise SpecError(f"expected a {kind}, or a mapping from names to them, got {shown(value)}")
    wrong = []
    for name, entry in value.items():
        known = resolve(kind, name) if isinstance(name, str) else None
        if known and not _is_entry(kind, entry):
            message = (
                f"'{name}' is read as the name of a term here; a type with parameters is written '{known}: {{...}}'"
            )
            wrong.append(Problem((name,), message, at="key"))
    if wrong:
        raise SpecError(wrong)
    return value


def _entry(kind: str, value: Any, place: Loc, problems: list[Problem]) -> dict[str, Any]:
    """The spec (if it has no mistake) and the wiring beside it."""
    parts: dict[str, Any] = {}
    if isinstance(value, str) and "(" in value:
        problems.append(Problem(place, f"there is no {kind} {shown(value)}; an expression is written 'Compute: ...'"))
        return {}
    choice = value
    if isinstance(value, Mapping):
        type_key = _type_key(kind, value, place, problems)
        if type_key is None:
            return {}
        choice = {type_key: value[type_key]}
        parts = {key: value[key] for key in WIRING[kind] if value.get(key) is not None}
        wrong = [key for key in ("of", "target", "name") if not isinstance(parts.get(key, "text"), str)]
        problems += [Problem((*place, key), f"expected a name, got {shown(parts.pop(key))}") for key in wrong]
    try:
        parts["spec"] = parse_choice(kind, choice)
    except SpecError as error:
        problems += [problem.under(place) for problem in error.problems]
    if isinstance(parts.get("spec"), ComputedSpec):
        beside = [key for key in ("of", "target") if key in parts]
        problems += [Problem((*place, key), _NOT_BESIDE, at="key") for key in beside]
    return parts


_NOT_BESIDE = "Compute takes no 'of' and no 'target': its expression reads outputs, targets and inputs by their names"


def _type_key(kind: str, entry: Mapping[Any, Any], place: Loc, problems: list[Problem]) -> str | None:
    wiring = WIRING[kind]
    types = [key for key in entry if _is_type(key)] or [key for key in entry if key not in wiring]
    if len(types) != 1:
        form = f"expected one {kind} as 'Name: {{parameters}}', with {one_of(wiring)} beside it"
        problems.append(Problem(place, f"{form}, got {', '.join(map(str, entry)) or 'an empty mapping'}"))
        return None
    for key in entry:
        if key != types[0] and key not in wiring:
            hint = did_you_mean(str(key), wiring) or f"; it has {one_of(wiring)}"
            problems.append(Problem((*place, key), f"a {kind} has no key {shown(key)} beside its type{hint}", at="key"))
    if not isinstance(types[0], str):
        problems.append(Problem(place, f"expected the name of a {kind}, got {shown(types[0])}"))
        return None
    return types[0]


def _default_name(entry: Any, spec: Spec) -> str:
    """As it was written where that is a short name of the field (`mae`), else the type's."""
    words = entry if isinstance(entry, Mapping) else [entry]
    return next((word for word in words if word in ALIASES["metric"]), snake_case(spec.type_name()))


def _is_type(key: Any) -> bool:
    return isinstance(key, str) and key[:1].isupper()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _written(**wiring: str | None) -> dict[str, str]:
    return {key: value for key, value in wiring.items() if value is not None}
