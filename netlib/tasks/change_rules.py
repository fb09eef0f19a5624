"""What may change in the config of a run that is gone on with: one table, key by key, with the reason.

`safe` may change freely; `allow` makes the rest of the run another one, whose state still means something, and needs
`--allow-change`; `never` would make what was measured untrue, or the state meaningless.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from netlib.spec.callbacks import CallbackSpec
from netlib.spec.errors import SpecError
from netlib.spec.registry import spec_class

Kind = Literal["safe", "allow", "never"]
Effect = Literal["epoch", "best", "rate", "parts"]
"""What begins anew at the change: the unfinished epoch; the search for the best, whose value would mean something else; learning
rates, which are kept with the state where they are numbers; parts of the state that the run had not before, such as averages of
the weights and the scale of the loss, while those that it needs no more go."""


class Rule(NamedTuple):
    """Whether a key may change, why, and what begins anew when it does."""

    kind: Kind
    why: str
    anew: frozenset[Effect] = frozenset()


_EPOCH: frozenset[Effect] = frozenset({"epoch"})
_RATE: frozenset[Effect] = frozenset({"rate"})
_PARTS: frozenset[Effect] = frozenset({"parts"})
_BOTH: frozenset[Effect] = frozenset({"epoch", "best"})
_SPLITS = "another division would train on samples that the run was validated or tested on"
_ORDER = "the batches that follow are others"
_UPDATE = "the updates that follow are others"
_BITS = "the bits that follow are others"

RULES: dict[str, Rule] = {
    "format": Rule("safe", "it says how the file is read"),
    "name": Rule("safe", "it names new runs"),
    "seed": Rule("never", "all that was drawn at random, the splits too, follows from it"),
    "vars": Rule("allow", "the network is written with them", _PARTS),
    "blocks": Rule("allow", "the network is made of them", _PARTS),
    "model": Rule("allow", "the network that goes on is another one", _PARTS),
    "data": Rule("never", "it says which samples there are: what was learned and measured is of those"),
    "data.source": Rule("never", "what was learned and measured is of its samples"),
    "data.validation": Rule("never", _SPLITS),
    "data.test": Rule("never", _SPLITS),
    "data.folds": Rule("never", _SPLITS),
    "data.fold": Rule("never", _SPLITS),
    "data.stratify": Rule("never", _SPLITS),
    "data.split": Rule("never", _SPLITS),
    "data.memory": Rule("allow", _ORDER, _EPOCH),
    "data.cache": Rule("safe", "it says where decoded samples are kept"),
    "data.batch_size": Rule("allow", _ORDER, _EPOCH),
    "data.shuffle": Rule("allow", _ORDER, _EPOCH),
    "data.drop_remainder": Rule("allow", _ORDER, _EPOCH),
    "data.buckets": Rule("never", "the network was trained on batches that were cut to these lengths"),
    "data.class_weights": Rule("never", "the run keeps those that it began with, and its loss was measured with them"),
    "data.preprocess": Rule("never", "what it learned is kept with the run, and the weights go with it"),
    "train.epochs": Rule("safe", "it says when to stop"),
    "train.steps": Rule("safe", "it says when to stop"),
    "train.max_time": Rule("safe", "it says when to stop"),
    "train.loss": Rule("allow", "what is minimised is another thing", _BOTH),
    "train.optimizer": Rule("allow", _UPDATE),
    "train.param_groups": Rule("allow", _UPDATE),
    "train.phases": Rule("allow", _UPDATE, _EPOCH),
    "train.metrics": Rule("allow", "the records that follow have other metrics", _EPOCH),
    "train.early_stopping": Rule("safe", "it says when to stop"),
    "train.callbacks": Rule("allow", "in another order they may do something else"),
    "train.monitor": Rule("never", "the best checkpoint so far was chosen by it"),
    "train.freeze": Rule("allow", "other weights are trained"),
    "train.mix": Rule("allow", "the samples that follow are mixed in another way"),
    "train.clip": Rule("allow", _UPDATE),
    "train.accumulate": Rule("allow", _UPDATE, _EPOCH),
    "train.validate_every": Rule("allow", "the best checkpoint is chosen among other epochs"),
    "train.checkpoint": Rule("safe", "it says when the state is saved"),
    "train.precision": Rule("allow", _BITS, _PARTS),
    "train.execution": Rule("allow", _BITS),
    "train.distribute": Rule("safe", "it says who computes; the rest is equal to float tolerance"),
    "train.distribute.batch": Rule("allow", _ORDER, _EPOCH),
    "train.distribute.scale_learning_rate": Rule("allow", _UPDATE, _RATE),
    "train.distribute.synchronized": Rule("allow", "batches are normalised by other statistics"),
    "train.threads": Rule("allow", _BITS),
    "train.on_nan": Rule("allow", "what is done about numbers that are not finite is another thing"),
    "train.load": Rule("never", "weights are loaded when a run begins; its checkpoints have them since"),
}

_WITH_RATES = ("train.optimizer", "train.param_groups", "train.phases")
UNKNOWN = Rule("never", "it is not known what it changes in a run that has begun")
_LOOKS_ON = Rule("safe", "it changes no weight")
_TAKES_PART = Rule("allow", "it changes weights", _PARTS)


def rule_of(loc: Sequence[str | int]) -> Rule:
    """The rule of the longest part of a key, in whole steps, that the table has."""
    rule, key = _rule(loc), ".".join(map(str, loc[:2]))
    found: list[Effect] = []
    if key in _WITH_RATES and (len(loc) == 2 or "learning_rate" in loc):
        found.append("rate")
    if key == "train.phases" and (len(loc) == 2 or "loss" in loc):
        found.append("best")
    return rule._replace(anew=rule.anew.union(found)) if found else rule


def _rule(loc: Sequence[str | int]) -> Rule:
    if tuple(loc[:2]) == ("train", "callbacks") and len(loc) > 2:
        return _TAKES_PART if _changes_weights(str(loc[2])) else _LOOKS_ON
    parts = (".".join(map(str, loc[:length])) for length in range(len(loc), 0, -1))
    return next((RULES[part] for part in parts if part in RULES), UNKNOWN)


def _changes_weights(callback: str) -> bool:
    try:
        found = spec_class("callback", callback)
    except SpecError:
        return True
    return not issubclass(found, CallbackSpec) or found.changes_weights
