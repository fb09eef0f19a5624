"""The checkpoints of a training while it runs: saved when they are due, told of when they are there, waited for at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from netlib.runs.background import Background
from netlib.spec.errors import NetlabError
from netlib.training.checkpoint_writer import CheckpointWriter
from netlib.training.checkpoints import TrainingError
from netlib.training.due import Due
from netlib.training.progress import Progress


@dataclass(frozen=True)
class Saves:
    """What `netlib.training.fit.fit` saves; without a `writer` only what callbacks save in the background."""

    progress: Progress
    due: Due
    writer: CheckpointWriter | None
    background: Background
    tell: Callable[..., None]
    """Tells everybody of an event: its name, then the details."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Around a training: afterwards all that was saved is there, whatever ended it. What failed besides is said.

        Raises:
            BaseException: whatever went wrong in writing.
        """
        self.due.saved(self.progress)  # that with which a resumed training begins
        try:
            yield
            self.finish()
        except BaseException as error:
            for late in self._late():
                if not (isinstance(error, TrainingError) and isinstance(late, TrainingError)):
                    with suppress(NetlabError):  # where the disk is full, the log can be so, too
                        self.tell("message", str(late))
            raise

    def save(self, *, best: bool = False) -> None:
        """Saves the present state, once the checkpoint before is there and told of.

        Raises:
            BaseException: whatever went wrong in writing an earlier one.
        """
        if self.writer:
            self.writer.wait()
            self.look()
            self.writer.save(best=best)
            self.due.saved(self.progress)

    def after_chunk(self) -> None:
        """Between the steps of an epoch: saves if that is due."""
        if self.due.after_chunk(self.progress) or self._by_clock():
            self.save()

    def after_epoch(self, record: Mapping[str, Any], *, best: bool, last: bool) -> None:
        """Saves the state after an epoch if it is the best or the last one, among the best that stay, or due."""
        stays = self.writer is not None and self.writer.stays(record)
        if best or last or stays or self.due.after_epoch(self.progress) or self._by_clock():
            self.save(best=best)

    def look(self) -> None:
        """Tells of the checkpoints that are there by now.

        Raises:
            BaseException: whatever went wrong in writing.
        """
        self._tell_saved()
        self.background.check()

    def finish(self) -> None:
        """Waits for all that is being written, and tells of it.

        Raises:
            BaseException: whatever went wrong in writing.
        """
        try:
            self.background.finish()
        finally:
            self._tell_saved()

    def _by_clock(self) -> bool:
        """Whether one is due by the clock, and would not have to wait for the one before: on a slow disk there are fewer."""
        return self.due.by_clock(self.progress) and not (self.writer and self.writer.is_writing)

    def _tell_saved(self) -> None:
        for saved in self.writer.saved() if self.writer else ():
            self.tell("checkpoint_saved", saved.path, saved.best)

    def _late(self) -> Iterator[Exception]:
        while True:
            try:
                self.finish()
            except Exception as error:
                yield error
            else:
                return
