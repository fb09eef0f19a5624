"""Which trial a worker takes next. Trials are slots by number: with 50 wanted, those are 0 to 49, whoever makes or takes them.

A number is given by the database; a waiting trial is taken, and one whose process died goes back to waiting, by an update that
only one process can do. So no number of processes, started when they like and killed when you like, ends more
trials than were asked for. One that was made too much, because two made the last one at once, waits for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import optuna
import sqlalchemy
from optuna.storages import RDBStorage
from optuna.storages._rdb.models import TrialModel, TrialUserAttributeModel
from optuna.trial import FrozenTrial, TrialState, create_trial

from netlib.tasks.sweep.attributes import BEAT, WORKER
from netlib.tasks.sweep.liveness import Watch


class Claims:
    """Takes trials of a study for one worker, and gives them back.

    Args:
        study: whose trials.
        worker: who takes them, as `netlib.tasks.sweep.liveness.me` says.
        wanted: how many there are to be; None where there is no end.
    """

    def __init__(self, study: optuna.Study, worker: Mapping[str, Any], wanted: int | None) -> None:
        self._study = study
        self._worker = dict(worker)
        self._wanted = wanted
        self._watch = Watch()

    def take(self) -> FrozenTrial | None:
        """A trial that is this worker's from now on; None where all that are wanted have ended or are worked on."""
        while True:
            trials = self._trials()
            self._free_dead(trials)
            for trial in trials:
                if trial.state == TrialState.WAITING and self._taken(trial):
                    return self._storage.get_trial(trial._trial_id)
            if self._wanted is not None and len(trials) >= self._wanted:
                if any(trial.state == TrialState.WAITING for trial in self._trials()):
                    continue
                return None
            self._storage.create_new_trial(self._study._study_id, create_trial(state=TrialState.WAITING))

    def all_ended(self) -> bool:
        """Whether as many have ended as are wanted."""
        trials = self._trials()
        return len(trials) == self._wanted and all(trial.state.is_finished() for trial in trials)

    def is_mine(self, trial: FrozenTrial) -> bool:
        """Whether nobody else has taken it, as from one that was taken for dead."""
        now = self._storage.get_trial(trial._trial_id)
        holder = now.user_attrs.get(WORKER) or {}
        return now.state == TrialState.RUNNING and holder.get("token") == self._worker["token"]

    def beat(self, trial: FrozenTrial, number: int) -> None:
        """Shows that this worker lives."""
        self.set(trial, BEAT, f"{self._worker['token']}/{number}")

    def set(self, trial: FrozenTrial, key: str, value: Any) -> None:
        """Sets an attribute of a trial."""
        self._storage.set_trial_user_attr(trial._trial_id, key, value)

    def give_back(self, trial: FrozenTrial, attributes: Mapping[str, Any] | None = None) -> None:
        """Lets it wait for somebody who goes on with it, with other values of some attributes."""
        if self.is_mine(trial):
            for key, value in {**(attributes or {}), WORKER: None}.items():
                self.set(trial, key, value)
            self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    @property
    def _storage(self) -> optuna.storages.BaseStorage:
        return self._study._storage

    def _trials(self) -> list[FrozenTrial]:
        trials = self._study.get_trials(deepcopy=False)
        return trials if self._wanted is None else trials[: self._wanted]

    def _taken(self, trial: FrozenTrial) -> bool:
        now = {"state": TrialState.RUNNING, "datetime_start": datetime.now()}
        if not self._moved(trial, TrialModel.state == TrialState.WAITING, **now):
            return False
        self.set(trial, WORKER, self._worker)
        return True

    def _free_dead(self, trials: list[FrozenTrial]) -> None:
        for trial in trials:
            if trial.state == TrialState.RUNNING:
                of, beat = trial.user_attrs.get(WORKER), trial.user_attrs.get(BEAT)
                if self._watch.is_dead((trial.number, str(trial.datetime_start)), of, beat):
                    self._free(trial)

    def _free(self, trial: FrozenTrial) -> None:
        """Back to waiting, and nobody's, unless it was begun again since it was looked at."""
        seen = sqlalchemy.and_(
            TrialModel.state == TrialState.RUNNING, TrialModel.datetime_start == trial.datetime_start
        )
        self._moved(trial, seen, state=TrialState.WAITING)

    def _moved(self, trial: FrozenTrial, condition: sqlalchemy.ColumnElement[bool], **values: Any) -> bool:
        """Changes a trial that is nobody's from now on, if it meets the condition: whether it did.

        Optuna reads and then writes, which on SQLite lets two processes take one trial; this is one statement.
        """
        backend = getattr(self._storage, "_backend", self._storage)
        assert isinstance(backend, RDBStorage)
        own = TrialModel.trial_id == trial._trial_id
        of_trial = TrialUserAttributeModel.trial_id == trial._trial_id
        move = sqlalchemy.update(TrialModel).where(own, condition).values(**values)
        forget = sqlalchemy.update(TrialUserAttributeModel).where(of_trial, TrialUserAttributeModel.key == WORKER)
        with backend.engine.begin() as connection:
            moved = connection.execute(move).rowcount == 1
            if moved:
                connection.execute(forget.values(value_json="null"))
        return moved
