"""What a run of a config does when a number is not finite: places are lines of the config, and the run's log follows."""

from __future__ import annotations

from netlib.config.experiment import Experiment
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import Loc, Problem
from netlib.spec.training import TrainSpec
from netlib.tasks.run_log import go_on
from netlib.training.checkpoints import TrainingState
from netlib.training.trouble.answer import Trouble


def trouble_of(run: RunDirectory, experiment: Experiment, train: TrainSpec) -> Trouble:
    """How the run answers."""

    def place(loc: Loc) -> str:
        return experiment.place(Problem(loc, "")).where

    def taken_back(state: TrainingState) -> None:
        go_on(run, state.progress.step, state.progress.records)

    return Trouble(run, train.on_nan, place, taken_back)
