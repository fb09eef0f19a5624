"""What evaluations are asked for: runs, and splits of their own data or other files with targets, with all that can be refused
before TensorFlow is imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netlib.spec.choice import parse_choice
from netlib.spec.sources.with_targets import with_targets
from netlib.tasks.plain_words import in_plain_words
from netlib.tasks.plan import Elsewhere, EvaluationPlan, plan_evaluation

WHOLE = {"validation": 0.0, "test": 0.0, "folds": None, "fold": None, "stratify": None, "buckets": None}
"""Keys of `data` with which all samples are in one split."""


def plan_evaluations(
    checkpoints: Sequence[str], splits: Sequence[str] = (), files: Sequence[str] = ()
) -> list[EvaluationPlan]:
    """Every run on every split and file, the test split by default; those of a run one after the other.

    Raises:
        UsageError: there is no such run, checkpoint, split or file, or a file does not fit the run.
        NetlabError: a run is not whole, or a file is damaged.
    """
    own = splits or ([] if files else ["test"])
    return [
        plan
        for checkpoint in checkpoints
        for plan in (
            *(plan_evaluation(checkpoint, split) for split in own),
            *(plan_elsewhere(checkpoint, path) for path in files),
        )
    ]


def plan_elsewhere(checkpoint: str, path: str) -> EvaluationPlan:
    """Checks that a checkpoint can be measured on other files; raises as `plan_evaluations` does."""
    plan = plan_evaluation(checkpoint, "train", reads=False)
    data = plan.config.data
    with in_plain_words():
        raw = data.raw()
        source = with_targets(data.source, path, raw)
        source.signature()
    whole = data.model_copy(update={**WHOLE, "source": source, "split": parse_choice("split", "Random")})
    return replace(plan, elsewhere=Elsewhere(path, whole))
