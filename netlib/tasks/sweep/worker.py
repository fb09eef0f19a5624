"""A worker of a sweep: takes a trial, trains it, tells the study, until there are as many as are wanted. With TensorFlow."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from netlib.config.experiment import Experiment
from netlib.spec.errors import NetlabError
from netlib.tasks.memory_trouble import OutOfMemoryError
from netlib.tasks.sweep.attributes import EPOCHS, RUN, STARTS, WHY
from netlib.tasks.sweep.claims import Claims
from netlib.tasks.sweep.liveness import Heart, me
from netlib.tasks.sweep.plan import SweepPlan
from netlib.tasks.sweep.pruning import Reports
from netlib.tasks.sweep.sampling import chosen, pruner, sampler
from netlib.tasks.sweep.storage import StorageError, explained, patiently
from netlib.tasks.sweep.study import THREADS, open_study
from netlib.tasks.sweep.trial import Outcome, begun_at, ended, given_up, told, trained
from netlib.training.interrupt import Interrupt, Interrupted

PAUSE = 1.0
"""Seconds between two looks whether a trial of another worker is given back."""
MEMORY_GROWTH = 2**30
"""Bytes by which a worker may grow before another one takes its place: what is compiled for a network stays in the process."""
STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
Tell = Callable[[dict[str, Any]], None]
"""Tells whoever runs the sweep."""


class ChangedError(NetlabError):
    """The config is not what the study is about any more."""


class Worker:
    """Works on the trials of one study.

    Args:
        plan: of the sweep.
        interrupt: notes the signals that come between two trainings.
        tell: is told which trials begin and end.

    Raises:
        UsageError: the study is about something else.
        NetlabError: the storage cannot be used.
    """

    def __init__(self, plan: SweepPlan, interrupt: Interrupt, tell: Tell = lambda said: None) -> None:
        self._plan = plan
        self._interrupt = interrupt
        self._tell = tell
        self._study = open_study(plan)
        self._claims = Claims(self._study, me(), plan.wanted)
        train = plan.sweep.experiment.train
        self._study.pruner = pruner(plan.sweep.spec, train.epochs if train else None)

    def work(self, seconds: float | None = None) -> Literal["done", "full"]:
        """Trains until all trials have ended, or the time is over; or until the process is full and another should go on.

        Args:
            seconds: after which no trial begins.

        Raises:
            Interrupted: a signal came; the trial is saved and given back.
            NetlabError: the storage is gone, or the config was changed.
        """
        end = None if seconds is None else time.monotonic() + seconds
        least = None
        while end is None or time.monotonic() < end:
            self._interrupt.obey("between two trials")
            taken = self._ask(self._claims.take)
            if taken is None:
                if self._ask(self._claims.all_ended):
                    break
                time.sleep(PAUSE)
                continue
            self._tell({"begun": taken.number})
            has_room = self._try(taken)
            self._tell({"ended": taken.number})
            gc.collect()
            used = memory_used()
            least = used if least is None else min(used, least)
            if not has_room or used - least > MEMORY_GROWTH:
                return "full"
        return "done"

    def _try(self, taken: FrozenTrial) -> bool:
        """Works on a trial, and tells how it ended; False where the process lacked the memory for it."""
        heart = Heart(partial(self._beat, taken))
        heart.start()
        has_room = True
        try:
            outcome = self._outcome(taken, heart)
        except (Interrupted, ChangedError, KeyboardInterrupt):
            with suppress(StorageError), explained(self._plan.storage):  # else it is found to be nobody's later
                self._claims.give_back(taken, {STARTS: []})
            raise
        except StorageError:
            raise
        except Exception as error:
            has_room = not isinstance(error, OutOfMemoryError | MemoryError)
            outcome = Outcome("failed", why=told(error))
        finally:
            heart.stop()
        if outcome.state != "lost":
            self._ask(partial(self._end, taken, outcome))
        return has_room

    def _outcome(self, taken: FrozenTrial, heart: Heart) -> Outcome:
        path, plan = self._plan.folder / f"trial-{taken.number:04d}", self._plan
        if found := ended(path, plan.watched):
            return found
        starts = [*taken.user_attrs.get(STARTS, ()), begun_at(path)]
        if why := given_up(starts):
            return Outcome("failed", why=why)
        need_unchanged(plan.sweep.experiment)
        trial, words = self._ask(partial(self._begin, taken, path, starts))
        reports = Reports(trial, plan.watched, plan.storage, self._interrupt, lambda: heart.lost)
        return trained(path, plan.sweep.config, words, reports, plan.watched)

    def _begin(self, taken: FrozenTrial, path: Path, starts: Sequence[int]) -> tuple[optuna.Trial, list[str]]:
        """The trial with its values, and the words that make it of the config."""
        self._study.sampler = sampler(self._plan.sweep.spec, taken.number)
        self._study._thread_local.cached_all_trials = None  # as `ask` does, which would take any waiting trial
        self._claims.set(taken, RUN, str(path.absolute()))
        self._claims.set(taken, STARTS, list(starts))
        trial = optuna.Trial(self._study, taken._trial_id)
        words = self._plan.sweep.overrides_of(chosen(self._plan.sweep.spec, trial))
        threads = self._study.user_attrs.get(THREADS)
        return trial, [*([] if threads is None else [f"train.threads={threads}"]), *words]

    def _end(self, taken: FrozenTrial, outcome: Outcome) -> None:
        """Tells the study; nothing where another worker has told it already."""
        if not self._claims.is_mine(taken):
            return
        for key, value in ((WHY, outcome.why), (EPOCHS, outcome.epochs)):
            if value is not None:
                self._claims.set(taken, key, value)
        state = STATES[outcome.state]
        values = outcome.value if outcome.state == "complete" else None
        try:
            self._study.tell(taken.number, values, state)
        except (UpdateFinishedTrialError, ValueError):
            if self._claims.is_mine(taken):
                raise

    def _beat(self, taken: FrozenTrial, number: int) -> bool:
        try:
            with explained(self._plan.storage):
                if not self._claims.is_mine(taken):
                    return False
                self._claims.beat(taken, number)
        except StorageError:  # it may be back for the next one
            pass
        return True

    def _ask(self, ask: Callable[[], Any]) -> Any:
        return patiently(self._plan.storage, ask)


def need_unchanged(experiment: Experiment) -> None:
    """Refuses to begin a trial of a config whose files are not what they were when the worker began.

    Raises:
        ChangedError: one is not.
    """
    for source in experiment.sources:
        path = source.folder / Path(source.name).name
        if source.origin in ("file", "base file") and _text(path) != source.text:
            raise ChangedError(
                f"{path} has changed while the sweep runs, and its trials would not be comparable; put it back and start "
                "the sweep again, or give the sweep another name"
            )


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def memory_used() -> int:
    """Bytes of the machine's memory that this process takes; where that cannot be known, the most that it took."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
