"""`TensorBoard`: a training as event files. The package of that name shows them; nothing here needs it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlib.data.arrays import Array
from netlib.spec import callbacks as spec
from netlib.spec.errors import SpecError
from netlib.spec.weight_selectors import fits, misses
from netlib.training.callbacks.callback import SpecCallback, Training
from netlib.training.callbacks.confusion import ConfusionMatrices
from netlib.training.callbacks.record_files import place
from netlib.training.event_files import EventFile

BESIDE = ("learning_rate", "samples_per_second")
"""What is shown with the metrics of `train`."""


class TensorBoard(SpecCallback[spec.TensorBoard]):
    """Writes scalars by step into the folders `train` and `validation`, so that TensorBoard draws both into one picture.

    In a run it writes the text of the config, too; histograms and the confusion matrix if it is asked for them. Each start adds
    files; what was written of steps that a resumed run does again is taken back.

    Args:
        folder: where the two folders are made; `tensorboard` in the run directory if None.
        parameters: those of the spec.
    """

    def __init__(self, folder: Path | str | spec.TensorBoard | None = None, **parameters: Any) -> None:
        given = folder if isinstance(folder, spec.TensorBoard) else None
        super().__init__(*([given] if given else []), **parameters)
        self._given = None if isinstance(folder, spec.TensorBoard) else folder
        self._files: dict[str, EventFile] = {}

    def join(self, training: Training) -> None:
        """Finds its folder, the weights whose histograms it writes, and what it predicts.

        Raises:
            UsageError: there is no folder and no run directory, or a confusion matrix cannot be drawn.
            SpecError: a selector fits no weight.
        """
        self._folder = place(self, self._given, training, "tensorboard")
        self._training = training
        self._progress = training.progress
        self._weights = self._chosen(training) if self.spec.histograms else {}
        self._confusion = ConfusionMatrices(training) if self.spec.confusion else None

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        """Remembers from which step on this start writes."""
        self.close()
        self._first = self._progress.step + 1

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what it has written of later steps, once it writes again."""
        self.run_started(None, {})

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Writes the record's numbers at its step, and what else is due.

        Raises:
            NetlabError: the system refuses.
        """
        step = record["step"]
        train = self._file("train")
        train.scalars(step, {**record["train"], **{name: record[name] for name in BESIDE}})
        if "validation" in record:
            self._file("validation").scalars(step, record["validation"])
        if record["epoch"] % self.spec.every:
            return
        if self._weights:
            train.histograms(step, self._values())
        if self._confusion:
            for output, (png, height, width) in self._confusion.pictures(f"epoch {record['epoch']}").items():
                self._file("validation").picture(step, f"confusion/{output}", png, height, width)

    def close(self) -> None:
        """Closes the files."""
        for file in self._files.values():
            file.close()
        self._files = {}

    def _file(self, split: str) -> EventFile:
        if split not in self._files:
            self._files[split] = EventFile(self._folder / split, self._first)
            if split == "train":
                self._write_config(self._files[split])
        return self._files[split]

    def _write_config(self, file: EventFile) -> None:
        """What the user wrote, and everything as it is run, as blocks of code."""
        run = self._training.run
        for path in (run.config, run.resolved) if run else ():
            if path.is_file():
                file.text(self._first - 1, path.stem, textwrap.indent(path.read_text(encoding="utf-8"), "    "))

    def _chosen(self, training: Training) -> dict[str, Any]:
        """The variables, by path, whose histograms are written."""
        variables = {found.path: found.variable for found in training.model.named_variables()}
        if problems := misses([(("histograms",), each) for each in self.spec.histograms], variables):
            raise SpecError(problems, "TensorBoard")
        return {path: value for path, value in variables.items() if fits(self.spec.histograms, [path])}

    def _values(self) -> dict[str, Array]:
        return {path: value.numpy() for path, value in self._weights.items()}
