"""What has changed from one resolved config to another, key by key, and whether a run may be gone on with after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from netlib.config.experiment import Experiment
from netlib.spec.distribute import Distribution
from netlib.spec.errors import Loc, SpecError
from netlib.spec.training import Monitored, TrainSpec
from netlib.tasks.change_rules import Effect, Kind, Rule, rule_of
from netlib.tasks.varying import ABSENT, flow, varying

LONGEST = 60
"""Characters of a value that are shown."""


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
        whole = (flow(self.before), flow(self.after))
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
    sides = plain_by_name(began), plain_by_name(now)
    return tuple(Change(loc, before, after, rule_of(loc)) for loc, (before, after) in varying(sides))


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


def plain_by_name(experiment: Experiment) -> dict[str, Any]:
    """The resolved config; callbacks and metrics by name, so that one that comes or goes is one change, and of the distribution
    apart who computes and what."""
    resolved = experiment.resolved()
    if experiment.train is not None:
        section = resolved["train"]
        section["callbacks"] = {spec.type_name(): spec.to_plain() for spec in experiment.train.callbacks}
        section |= _distribution(experiment.train)
        section["metrics"] = {entry["name"]: entry for entry in section["metrics"]}
        if best := monitored(experiment):
            section["monitor"] = f"{best} ({best.mode})"
    return resolved


def _distribution(train: TrainSpec) -> dict[str, Any]:
    """Who computes, under the name of the way; and what is computed, which is something in any case."""
    spread = train.distribution
    plain = (spread or Distribution.model_validate({})).to_plain()
    what = {f"distribute.{name}": plain.pop(name) for name in Distribution.model_fields}
    return {"distribute": {spread.type_name(): plain} if spread else None, **what}
