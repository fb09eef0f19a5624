"""Jobs that are done in the background, in the order in which they were handed over: writing, while something else computes."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread

Job = Callable[[], None]


class Background:
    """One thread that does one job after another; one more may wait, and who hands over a third waits until there is room.

    What a job raises is raised in the caller, at its next call: each error once, the oldest first. The jobs after it are done
    nevertheless. The thread lives as long as there are jobs and is no daemon: when the interpreter ends it is waited for, so that
    nothing that was handed over is lost, and when nobody hands over anything there is nothing to close.

    Every method may be called from one thread only, which a signal may interrupt while it waits.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = Condition()
        self._waiting: Job | None = None
        self._working = False
        self._errors: list[BaseException] = []

    def hand_over(self, job: Job) -> None:
        """Lets a job be done; returns before it is, but not before there is room for it.

        Raises:
            BaseException: whatever an earlier job raised; this one is not taken then.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is None)
            self._raise()
            self._waiting = job
            if not self._working:
                self._working = True
                self._start()

    def check(self) -> None:
        """Waits for nothing.

        Raises:
            BaseException: whatever an earlier job raised.
        """
        with self._changed:
            self._raise()

    def finish(self) -> None:
        """Waits until everything that was handed over is done.

        Raises:
            BaseException: whatever a job raised; everything is done nevertheless.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._working)
            self._raise()

    def _raise(self) -> None:
        if self._errors:
            raise self._errors.pop(0)

    def _start(self) -> None:
        try:
            Thread(target=self._work, name=self._name).start()
        except RuntimeError:  # the system has no thread to give: the job is done at once
            self._work()

    def _work(self) -> None:
        while job := self._next():
            try:
                job()
            except BaseException as error:
                self._errors.append(error)

    def _next(self) -> Job | None:
        """The job that waits; with none of them, the thread ends."""
        with self._changed:
            job, self._waiting = self._waiting, None
            self._working = job is not None
            self._changed.notify_all()
            return job
