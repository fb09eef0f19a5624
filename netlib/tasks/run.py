"""`open_run`: a run directory as an object, for Python and for notebooks. What needs TensorFlow is imported when it is needed."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlib.config.experiment import Experiment
from netlib.report.run_card import RunCard, as_html, as_text, progress
from netlib.runs import history, locate, outcome
from netlib.runs.checkpoint import checkpoints_of, name_of, step_of
from netlib.runs.directory import RunDirectory
from netlib.runs.directory import open_run as directory_at
from netlib.runs.overview import overview
from netlib.runs.reading import read_found
from netlib.spec.errors import UsageError
from netlib.tasks.run_config import config_of_run

if TYPE_CHECKING:
    import polars as pl

    from netlib.training.model import Model


def open_run(path: Path | str) -> Run:
    """The run at a path, such as `runs/digits-mlp-1`.

    Raises:
        UsageError: there is none, with the names of those beside it.
    """
    return Run(directory_at(path))


class Run:
    """A run: its config, its records, its checkpoints, and what can be done with them.

    A checkpoint is `best`, `latest` or the number of a step, of which `steps` has those that are kept.
    """

    def __init__(self, directory: RunDirectory) -> None:
        self.directory = directory

    @property
    def path(self) -> Path:
        """The run directory."""
        return self.directory.path

    @property
    def name(self) -> str:
        """That folder's own name."""
        return self.directory.name

    @cached_property
    def config(self) -> Experiment:
        """The config as it was run.

        Raises:
            UsageError: it needs a plug-in that is not loaded.
            NetlabError: the run is damaged.
        """
        return config_of_run(self.directory)

    @property
    def history(self) -> list[dict[str, Any]]:
        """The record of each epoch so far, read anew each time: a run may be under way.

        Raises:
            NetlabError: the log is damaged.
        """
        return history.read(self.directory).records

    def history_frame(self) -> pl.DataFrame:
        """The same as a table, a row for each record: `epoch`, `step`, `train.loss`, `validation.accuracy`, ..."""
        import polars as pl

        return pl.DataFrame([_flat(record) for record in self.history], infer_schema_length=None)

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """What the best epoch measured, by split, and the test."""
        return {split: dict(values) for split, values in overview(self.directory).metrics.items()}

    @property
    def result(self) -> dict[str, Any] | None:
        """How the training ended: `reason`, `epoch`, `step`, `seconds`, `metrics`, ...; None of a run that has not ended."""
        return outcome.result(self.directory)

    @property
    def steps(self) -> list[int]:
        """The steps after which the checkpoints were saved that are kept."""
        return [step_of(path) or 0 for path in checkpoints_of(self.directory)]

    def checkpoint(self, which: str | int = "best") -> Path:
        """The folder of a checkpoint; without a best one, `best` is the newest.

        Raises:
            UsageError: there is no such checkpoint.
        """
        return locate.find_checkpoint(self._asked(which))

    def model(self, checkpoint: str | int = "best") -> Model:
        """The network with the weights of a checkpoint, the averages if it has some, compiled as the run's config says.

        It reads what the network reads: what the data's steps have made of the columns. `predict` takes the columns.

        Raises:
            UsageError: there is no such checkpoint, or a plug-in is missing.
            NetlabError: the run is damaged.
        """
        from netlib.tasks.build import build
        from netlib.training.trainer import Trainer
        from netlib.training.weights import restore_weights

        model = build(self.config)
        read_found(self._asked(checkpoint), partial(restore_weights, model))
        if self.config.train:
            model.trainer = Trainer.new(model, self.config.train)
        return model

    def evaluate(self, split: str = "test", *, checkpoint: str | int = "best") -> dict[str, float]:
        """The loss and every metric on `test`, `validation` or `train`, as `netlab eval` measures them.

        Raises:
            UsageError: there is no such split or checkpoint.
            NetlabError: the data has changed since the run began, or is damaged.
        """
        from netlib.tasks.evaluate import evaluate

        return evaluate(self._asked(checkpoint), split).metrics

    def predict(
        self,
        given: Any = None,
        *,
        split: str | None = None,
        checkpoint: str | int = "best",
        probabilities: bool = False,
        top: int = 1,
        samples: int | None = None,
    ) -> pl.DataFrame:
        """A table with a row for each sample: its own columns, and what the network says, as `netlab predict` writes it.

        Args:
            given: a file, a folder or a pattern; or the samples themselves, as they are before any step of the data: a table
                (polars, pandas, or a mapping from column to values), an array, or a mapping from input to array.
            split: samples of the run's own data instead.
            checkpoint: whose weights.
            probabilities: whether the probability of each class is given, too.
            top: how many of the best classes.
            samples: how many draws of a network that is random at prediction are averaged.

        Raises:
            UsageError: there is no such file, split or checkpoint, or what is given does not fit the run.
            NetlabError: a row cannot be used.
        """
        from netlib.data.prediction_files import Frames
        from netlib.tasks.given_samples import as_file
        from netlib.tasks.plan_prediction import Asked, plan_prediction
        from netlib.tasks.predict import predicted

        with as_file(given, self.config) as path:
            asked = Asked(path, split, None, "parquet", probabilities, top, samples=samples)
            frames = Frames()
            predicted(plan_prediction(self._asked(checkpoint), asked), into=frames)
            return frames.joined()

    def __repr__(self) -> str:
        """State, progress and metrics, a few lines."""
        return as_text(self._card())

    def _repr_html_(self) -> str:
        return as_html(self._card())

    def _card(self) -> RunCard:
        seen = overview(self.directory)
        done = progress(seen.epochs, seen.planned, seen.best_epoch, seen.step, seen.seconds)
        started = [] if seen.started is None else [f"began {seen.started}"]
        failed = [] if seen.failure is None else [seen.failure.splitlines()[0]]
        return RunCard(f"{seen.path}: {seen.state}", (done, *started, *failed, *seen.damaged), seen.metrics)

    def _asked(self, checkpoint: str | int) -> str:
        """What means the checkpoint, in the words of `--checkpoint`."""
        if isinstance(checkpoint, int) and not isinstance(checkpoint, bool):
            return str(self.directory.checkpoints / name_of(checkpoint))
        if checkpoint not in ("best", "latest"):
            raise UsageError(
                f"a checkpoint is 'best', 'latest' or the number of a step ({self._kept()}), got {checkpoint!r}"
            )
        return str(self.path if checkpoint == "best" else self.path / checkpoint)

    def _kept(self) -> str:
        return ", ".join(map(str, self.steps)) or "the run has none yet"


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """`{"train": {"loss": 1.0}}` as `{"train.loss": 1.0}`."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        found |= {f"{name}.{key}": each for key, each in value.items()} if isinstance(value, dict) else {name: value}
    return found
