"""What has changed from one resolved config to another, key by key, and whether a run may be gone on with after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netlib.config.experiment import Experiment
from netlib.config.problems import printable
from netlib.spec.errors import Loc, SpecError
from netlib.spec.training import Monitored
from netlib.tasks.change_rules import Effect, Kind, Rule, rule_of

LONGEST = 60
"""Characters of a value that are shown."""


_ORDERED = ("train", "callbacks")
"""A mapping by name whose order counts."""


class _Absent:
    """In place of the value of a key that is not there."""


ABSENT = _Absent()


@dataclass(frozen=True)
class Change:
    """One key, its value before and after (plain, `ABSENT` where it is not there), and the rule for it."""

    loc: Loc
    before: Any
    after: Any
    rule: Rule

    @property
    def key(self) -> str:
        """As it is written: `train.epochs`."""
        return ".".join(map(str, self.loc))

    @property
    def kind(self) -> Kind:
        """Whether it may change."""
        return self.rule.kind

    def shown(self) -> tuple[str, str]:
        """The two values, cut where they are long, unless they differ only in what would be cut."""
        whole = (_flow(self.before), _flow(self.after))
        before, after = (text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..." for text in whole)
        return (before, after) if before != after else whole

    def __str__(self) -> str:
        before, after = self.shown()
        return f"{self.key}: {before} -> {after}"

    def to_plain(self) -> dict[str, Any]:
        """For a file of the run."""
        values = {"before": self.before, "after": self.after}
        return {"key": self.key, "kind": self.kind, **{k: v for k, v in values.items() if v is not ABSENT}}


def changes_between(began: Experiment, now: Experiment) -> tuple[Change, ...]:
    """Every key whose value differs, in the order of the file.

    A monitor that is not written counts as what it comes to: to watch another value is to choose another best.
    """
    found = [Change(loc, before, after, rule_of(loc)) for loc, before, after in _differ((), _plain(began), _plain(now))]
    return tuple(found)


def begins_anew(changes: Iterable[Change], best: Monitored | None = None) -> frozenset[Effect]:
    """What begins anew after the changes: the unfinished `epoch`, the search for the `best`.

    Args:
        changes: those that are made.
        best: what decides about the best; where that metric is changed, the search begins anew.
    """
    effects: set[Effect] = set()
    for change in changes:
        effects |= change.rule.anew
        if best is not None and change.loc[:3] == ("train", "metrics", best.metric):
            effects.add("best")
    return frozenset(effects)


def monitored(experiment: Experiment) -> Monitored | None:
    """What decides about the best checkpoint; None where that is known only when the network is built."""
    if experiment.train is None:
        return None
    added = [node.name for node in experiment.graph.walk() if node.type == "AddMetric"] if experiment.graph else []
    try:
        return experiment.train.monitored(experiment.data is not None and experiment.data.has("validation"), added)
    except SpecError:
        return None


def _plain(experiment: Experiment) -> dict[str, Any]:
    """The resolved config; callbacks and metrics by name, so that one that comes or goes is one change."""
    resolved = experiment.resolved()
    if experiment.train is not None:
        section = resolved["train"]
        section["callbacks"] = {spec.type_name(): spec.to_plain() for spec in experiment.train.callbacks}
        section["metrics"] = {entry["name"]: entry for entry in section["metrics"]}
        if best := monitored(experiment):
            section["monitor"] = f"{best} ({best.mode})"
    return resolved


def _differ(loc: Loc, before: Any, after: Any) -> Iterator[tuple[Loc, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping) and not _other_type(before, after):
        if loc == _ORDERED and before.keys() == after.keys() and list(before) != list(after):
            yield loc, list(before), list(after)
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _differ((*loc, key), before.get(key, ABSENT), after.get(key, ABSENT))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differ((*loc, _step(number, old, new)), old, new)
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield loc, before, after


def _other_type(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> bool:
    """Whether both choose a type, and not the same: the parameters of one are not those of the other."""
    return len(before) == len(after) == 1 and before.keys() != after.keys() and str(next(iter(after)))[:1].isupper()


def _step(number: int, before: Any, after: Any) -> str | int:
    """The name of an entry of a list, where it has one, else its number."""
    names = [entry.get("name") if isinstance(entry, Mapping) else None for entry in (before, after)]
    return names[0] if names[0] == names[1] and isinstance(names[0], str) else number


def _flow(value: Any) -> str:
    """A value in one line of YAML, or what stands for none."""
    if value is ABSENT:
        return "(not there)"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return printable(value) if isinstance(value, str) and value else repr(value)
