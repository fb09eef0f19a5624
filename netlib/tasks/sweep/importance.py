"""How much each key of a space decides about what comes out."""

from __future__ import annotations

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from netlib.spec.study import TELLING


def importances(study: optuna.Study) -> dict[str, float]:
    """By key its share in what tells the best tenth of the trials from the others, the greatest first; their sum is 1.

    Conditional keys, which not every trial has, are left out. Empty where fewer than `TELLING` trials are complete. The
    method is PED-ANOVA (Watanabe, Bansal and Hutter 2023).
    """
    if len(study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))) < TELLING:
        return {}
    return dict(get_param_importances(study, evaluator=PedAnovaImportanceEvaluator()))
