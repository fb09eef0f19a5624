"""Runs a sweep: opens its study, starts the workers, shows how far it has come, and ends it. The workers have TensorFlow."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.study import ENDED, StudyView, TrialView
from netlib.tasks.sweep.crew import Crew, Died
from netlib.tasks.sweep.engine import need_optuna
from netlib.tasks.sweep.plan import SweepPlan
from netlib.tasks.sweep.request import to_plain
from netlib.training.interrupt import Interrupt, Interrupted, watch_signals

LOOK = 1.0
"""Seconds between two looks at the study, at least."""
SHARE = 0.05
"""Of the time that looking may take."""
ALIKE = 3
"""Trials that may fail in the same way before it is the sweep that fails."""


@dataclass(frozen=True)
class SweepResult:
    """How a sweep ended: what it came to, why it ended, and in how many seconds of this start."""

    study: StudyView
    folder: Path
    reason: str
    seconds: float


@dataclass
class Watcher:
    """Looks on: is shown the study again and again, and told what is worth a line."""

    show: Callable[[StudyView], None] = lambda view: None
    say: Callable[[str], None] = lambda text: None


def sweep(plan: SweepPlan, command: Sequence[str], again: str, watcher: Watcher | None = None) -> SweepResult:
    """Runs the workers until as many trials have ended as are wanted, or the time is over.

    Args:
        plan: of the sweep.
        command: starts a worker; see `netlib.tasks.sweep.worker_process`.
        again: the command line that goes on with the sweep.
        watcher: who looks on.

    Raises:
        Interrupted: a signal ended it; what was trained is saved.
        UsageError: the study of this name is about something else.
        NetlabError: the storage cannot be used, or trials fail in one way.
    """
    need_optuna()
    from netlib.tasks.sweep.study import open_study

    with watch_signals(interrupt=Stopping(again)) as interrupt, Crew(command) as crew:
        watcher = watcher or Watcher()
        run = _Running(plan, open_study(plan), crew, watcher)
        try:
            run.until_ended(interrupt)
        finally:
            watcher.show(run.look())
        if interrupt.number is not None:
            raise Interrupted(interrupt.number, run.stopped(signal.Signals(interrupt.number).name, again))
        return run.result()


class Stopping(Interrupt):
    """Signals for the process that runs the workers. The first lets them save, the second does not wait for that."""

    def __init__(self, again: str) -> None:
        super().__init__()
        self._again = again

    def at_once(self) -> str:
        """What is to be said where it does not wait."""
        return f"stopped at once; trials go on from what they saved before, with: {self._again}"


@dataclass
class _Running:
    plan: SweepPlan
    study: Any
    crew: Crew
    watcher: Watcher
    began: float = field(default_factory=time.monotonic)
    failure: NetlabError | None = None
    ended: dict[int, TrialView] = field(default_factory=dict)
    """Trials that ended since the start, in the order in which that was seen."""

    def __post_init__(self) -> None:
        self._view = self._viewed()
        self._before = {trial.number for trial in self._view.of(*ENDED)}
        self._next_look = 0.0

    def until_ended(self, interrupt: Interrupt) -> None:
        """Listens to the workers until the last has ended."""
        self.watcher.show(self._view)
        for _ in range(self._useful()):
            self.crew.start(self._request())
        asked = False
        while len(self.crew):
            self._hear(may_start=not asked)
            if not asked and (interrupt.number is not None or self.failure):
                self.crew.ask_to_end()
                asked = True
            if time.monotonic() >= self._next_look and not asked:
                self.watcher.show(self.look())
                self.failure = self.failure or self._alike()
        if self.failure:
            raise self.failure

    def look(self) -> StudyView:
        """The study as it is now; as it was seen last where the storage is gone."""
        began = time.monotonic()
        try:
            self._view = self._viewed()
        except NetlabError as error:
            self.watcher.say(f"warning: {error}")
        took = time.monotonic() - began
        self._next_look = time.monotonic() + max(LOOK, took / SHARE)
        for trial in self._view.of(*ENDED):
            if trial.number not in self._before:
                self.ended.setdefault(trial.number, trial)
        return self._view

    def stopped(self, name: str, again: str) -> str:
        """What is said after a signal."""
        return f"stopped by {name} after {self._counted()}; go on with: {again}"

    def result(self) -> SweepResult:
        """How it ended.

        Raises:
            NetlabError: every trial has failed.
        """
        ended = self._view.of(*ENDED)
        if ended and all(trial.state == "failed" for trial in ended):
            raise NetlabError(f"all trials have failed; the last one: {ended[-1].why}")
        wanted = self._view.wanted
        reason = "all trials have ended" if wanted is not None and len(ended) >= wanted else "the time is over"
        return SweepResult(self._view, self.plan.folder, reason, time.monotonic() - self.began)

    def _hear(self, *, may_start: bool) -> None:
        said = self.crew.hear(self._pause())
        if isinstance(said, Died):
            self.watcher.say(f"warning: {said}" if may_start else f"warning: a worker was ended by {said.how}")
        elif said and "error" in said:
            kind = UsageError if said["code"] == UsageError.exit_code else NetlabError
            self.failure = self.failure or kind(said["error"])
        if may_start and (isinstance(said, Died) or (said and "full" in said)):
            self.crew.start(self._request())

    def _alike(self) -> NetlabError | None:
        """The error of a sweep whose first trials have failed in one way; what differs are numbers and names in quotes."""
        first = [*self.ended.values()][:ALIKE]
        reasons = {re.sub(r"'[^']*'|\d+", "", str(trial.why)) for trial in first}
        if len(first) < ALIKE or len(reasons) > 1 or any(trial.state != "failed" for trial in first):
            return None
        return NetlabError(
            f"the first {ALIKE} trials have all failed alike, so the sweep ends: {first[-1].why}; "
            "mend that, then start it again, under another name to have these trials once more"
        )

    def _request(self) -> dict[str, Any]:
        limit = self.plan.sweep.spec.max_time
        left = None if limit is None else max(0.0, limit - (time.monotonic() - self.began))
        return {**to_plain(self.plan), "seconds": left}

    def _useful(self) -> int:
        """Workers that find something to do."""
        wanted = self._view.wanted
        return self.plan.workers if wanted is None else min(self.plan.workers, wanted - len(self._view.of(*ENDED)))

    def _counted(self) -> str:
        view = self._view
        count, saved = len(view.of(*ENDED)), len([trial for trial in view.of("waiting") if trial.run])
        of = f"{count} of {view.wanted} trials" if view.wanted is not None else f"{count} trials"
        return f"{of}; {saved} more {'is' if saved == 1 else 'are'} saved on the way" if saved else of

    def _pause(self) -> float:
        return max(0.02, min(0.2, self._next_look - time.monotonic()))

    def _viewed(self) -> StudyView:
        from netlib.tasks.sweep.storage import explained
        from netlib.tasks.sweep.view import view

        with explained(self.plan.storage):
            return view(self.study)
