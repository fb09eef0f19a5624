"""`TensorBoard`: each epoch's metrics as event files. The package of that name shows them; nothing here needs it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from netlib.runs import atomic
from netlib.training.callbacks.callback import Callback, Training
from netlib.training.callbacks.record_files import place

VERSION = "brain.Event:2"
"""From this version on a `START` event takes back what an earlier file has of later steps."""
BESIDE = ("learning_rate", "samples_per_second")
"""What is shown with the metrics of `train`."""


class TensorBoard(Callback):
    """Writes scalars by step into the folders `train` and `validation`, so that TensorBoard draws both into one picture.

    Each start adds files; what was written of steps that a resumed run does again is taken back.

    Args:
        folder: where the two folders are made; `tensorboard` in the run directory if None.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self._given = folder
        self._files: dict[str, Any] = {}

    def join(self, training: Training) -> None:
        """Finds its folder.

        Raises:
            UsageError: none was given and there is no run directory.
        """
        self._folder = place(self, self._given, training, "tensorboard")
        self._progress = training.progress

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        """Remembers from which step on this start writes."""
        self.close()
        self._first = self._progress.step + 1

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what it has written of later steps, once it writes again."""
        self.run_started(None, {})

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Writes the record's numbers at its step.

        Raises:
            NetlabError: the system refuses.
        """
        self._write("train", record["step"], {**record["train"], **{name: record[name] for name in BESIDE}})
        if "validation" in record:
            self._write("validation", record["step"], record["validation"])

    def close(self) -> None:
        """Closes the files."""
        for file in self._files.values():
            file.close()
        self._files = {}

    def _write(self, split: str, step: int, values: Mapping[str, float]) -> None:
        if split not in self._files:
            self._files[split] = self._new_file(self._folder / split)
        summary = tf.compat.v1.Summary(
            value=[tf.compat.v1.Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        )
        self._put(split, step=step, summary=summary)
        self._files[split].flush()

    def _new_file(self, folder: Path) -> Any:
        with atomic.explained(folder, "make"):
            folder.mkdir(parents=True, exist_ok=True)
        # TensorBoard reads a folder's files in the order of their names.
        file = tf.io.TFRecordWriter(str(folder / f"events.out.tfevents.{time.time_ns()}.netlab"))
        start = tf.compat.v1.SessionLog(status=tf.compat.v1.SessionLog.START)
        for content in ({"file_version": VERSION}, {"session_log": start, "step": self._first}):
            file.write(_event(content))
        return file

    def _put(self, split: str, **content: Any) -> None:
        self._files[split].write(_event(content))


def _event(content: Mapping[str, Any]) -> bytes:
    serialized: bytes = tf.compat.v1.Event(wall_time=time.time(), **content).SerializeToString()
    return serialized
