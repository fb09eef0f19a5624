"""`Model`: a network joined to the loop. It validates and delegates; the loop is in `netlib.training.fit`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import tensorflow as tf

from netlib.nn.network import Network
from netlib.nn.state import LoadReport
from netlib.report.diagram.write import write_diagram
from netlib.report.summary import print_summary
from netlib.report.summary_html import summary_html
from netlib.spec.errors import UsageError
from netlib.spec.training import TrainSpec
from netlib.training import saving
from netlib.training.callbacks import ProgressDisplay
from netlib.training.fit import fit
from netlib.training.given import BATCH_SIZE, Given, each_of, for_measuring, for_training, need_count, validation
from netlib.training.gradients import loss_gradients
from netlib.training.history import History
from netlib.training.keras_words import train_words
from netlib.training.prediction import Predictor
from netlib.training.samples import inputs_of_batch, samples_of, tensors_of
from netlib.training.setup import prepare
from netlib.training.trainer import Trainer

Values = Any
"""An array, or a mapping from name to array; the first axis is the samples. Lists, tensors and columns of tables serve too."""

Stream = Any
"""A `tf.data.Dataset`, a generator, a `keras.utils.PyDataset` or any other iterable of batches `(x, y)` or `(x, y, weights)`."""


class Model(Network):
    """A network that trains, evaluates and predicts.

    >>> model = Model([{"Dense": {"units": 16, "activation": "relu"}}, {"Dense": 3}], seed=1)
    >>> model.compile("sparse_categorical_crossentropy", {"Adam": {"learning_rate": 0.01}}, ["accuracy"])
    >>> history = model.fit(x, y, epochs=20)  # doctest: +SKIP
    """

    own_attributes = Network.own_attributes | {"trainer", "_predictor"}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.trainer: Trainer | None = None
        self._predictor: Predictor | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy that goes on from the same state, and alone from then on."""
        made = super().__deepcopy__(memo)
        if self.trainer and made.trainer:  # Keras makes its layers anew: their variables are known only now
            made.trainer.take_slots(self.trainer)
        return made

    def compile(
        self, loss: Any = None, optimizer: Any = None, metrics: Any = (), *, run_eagerly: bool = False, **keys: Any
    ) -> None:
        """Says how to train, in the words of a config's `train` section. Training begins anew, with the weights as they are.

        Args:
            loss: a loss, or a mapping from names to losses; None where layers add what is minimised.
            optimizer: a name, `{name: parameters}`, or one of Keras's optimizers, which is then the model's own; Adam if None.
            metrics: a list of them.
            run_eagerly: whether Python runs in every step, so that layers can be debugged; the same as `execution="eager"`.
            keys: keys of the section besides: `clip`, `accumulate`, `execution`; `phases`, in place of loss and optimizer.

        Raises:
            UsageError: with every mistake; or the loss or a metric is an object or a function.
        """
        words, ready = train_words(loss, optimizer, metrics, run_eagerly, keys)
        self.trainer = Trainer.new(self, TrainSpec.parse(words), ready)
        self._predictor = None

    @property
    def optimizer(self) -> Any:
        """The Keras optimizer, one and the same from `compile` on; with `param_groups` that of what is in no group.

        Raises:
            UsageError: `compile` was not called.
        """
        return self._compiled("optimizer").optimizer.main

    def fit(
        self,
        x: Values | Stream,
        y: Values = None,
        *,
        epochs: int = 1,
        batch_size: int | None = None,
        steps_per_epoch: int | None = None,
        validation_data: Any = None,
        validation_steps: int | None = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        shuffle: bool = True,
        callbacks: Any = (),
        verbose: bool | None = None,
    ) -> History:
        """Trains for some epochs more; returns the record of each.

        Args:
            x: inputs [samples, ...]; or batches of inputs and targets. Batches are used in the order in which they come.
            y: targets [samples, ...]; None if `x` has them, or the inputs are the targets, as the loss then says:
                `{"MeanSquaredError": {}, "target": "input"}`.
            epochs: how many to add. One that was cut short is the first: with the same objects it goes on, else it begins anew.
            batch_size: rows of a batch, 32 by default; batches that come as such have their own.
            steps_per_epoch: steps of an epoch, for batches: a pass by default. An iterator must have enough for all epochs.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or batches, to validate on after each epoch.
            validation_steps: batches of each validation, for batches: a pass by default.
            sample_weight: weight of each sample in the loss and the metrics, [samples]. A batch's loss is the weighted sum over
                the sum of the weights (Keras divides by the number of samples).
            class_weight: weight of the samples of each class, for one classification target; 1 for a class without.
            shuffle: whether each epoch of arrays has an order of its own.
            callbacks: callbacks, listeners, and functions of an epoch's record; or one.
            verbose: whether progress is shown; None is where stderr is a terminal.

        Raises:
            UsageError: `compile` was not called, or the data does not fit the model.
            TrainingError: numbers are not finite any more.
        """
        trainer = self._compiled("fit")
        epochs = need_count("epochs", epochs)
        given = Given("the training data", x, y, sample_weight, batch_size, ("steps_per_epoch", steps_per_epoch))
        engine, feed, samples = for_training(trainer, given, class_weight, shuffle=shuffle)
        held_out = validation(validation_data, validation_steps)
        measured = for_measuring(trainer, held_out, samples)[0] if held_out else None
        trainer.begin(feed, (x, y))
        shown = sys.stderr.isatty() if verbose is None else verbose
        job = prepare(
            engine,
            feed,
            measured,
            train=trainer.train.model_copy(update={"epochs": trainer.progress.epoch + epochs}),
            progress=trainer.progress,
            callbacks=[*each_of(callbacks), *([ProgressDisplay()] if shown else [])],
        )
        before = len(trainer.progress.records)
        try:
            fit(job)
        finally:
            trainer.ended()
        return History(trainer.progress.records[before:])

    def evaluate(
        self,
        x: Values | Stream,
        y: Values = None,
        *,
        batch_size: int | None = None,
        steps: int | None = None,
        sample_weight: Any = None,
    ) -> dict[str, float]:
        """The loss and every metric over some samples, or over batches, `steps` of them at most.

        Raises:
            UsageError: `compile` was not called, or the data does not fit the model.
        """
        trainer = self._compiled("evaluate")
        given = Given("the data", x, y, sample_weight, batch_size, ("steps", steps))
        measured, samples, rows = for_measuring(trainer, given)
        return trainer.engine(samples, rows).evaluator.run(measured)

    def predict(self, x: Values | Stream, *, batch_size: int | None = None, steps: int | None = None) -> Any:
        """What the model says of some samples: probabilities where it was trained on logits.

        Args:
            x: inputs [samples, ...]; or batches of inputs, whose targets are not looked at.
            batch_size: rows of a batch.
            steps: how many batches are taken of those that come as such; all by default.

        Returns:
            An array; where there are several outputs, one for each by name.

        Raises:
            UsageError: the data does not fit the model.
        """
        given = Given("the data", x, batch_size=batch_size, steps=("steps", steps))
        if self._predictor is None:
            self._predictor = Predictor(self, self.trainer.train if self.trainer else None)
        if given.streamed:
            stream = given.stream(lambda batch: inputs_of_batch(self, batch))
            joined = self._predictor.run(stream.some(given.steps[1]), stream.rows)
        else:
            joined = self._predictor.run([samples_of(self, x)], given.batch_size or BATCH_SIZE)
        return joined if len(joined) > 1 else next(iter(joined.values()))

    def train_on_batch(
        self, x: Values, y: Values = None, *, sample_weight: Any = None, class_weight: Mapping[int, float] | None = None
    ) -> dict[str, float]:
        """One step on all of these samples; the loss and every metric of this batch, before the step.

        The step is that of `fit`, and counts as one. Each number of rows is compiled once.

        Raises:
            UsageError: `compile` was not called, or the data does not fit the model.
            TrainingError: numbers are not finite.
        """
        trainer = self._compiled("train_on_batch")
        samples = samples_of(self, x, y, sample_weight)
        self.ensure_built(*tensors_of(samples))
        weigh = trainer.class_weights(samples, class_weight).apply if class_weight is not None else None
        return trainer.step(weigh(samples) if weigh else samples)

    def test_on_batch(self, x: Values, y: Values = None, *, sample_weight: Any = None) -> dict[str, float]:
        """The loss and every metric of this batch.

        Raises:
            UsageError: `compile` was not called, or the data does not fit the model.
        """
        self._compiled("test_on_batch")
        rows = len(samples_of(self, x, y, sample_weight))
        return self.evaluate(x, y, batch_size=rows, sample_weight=sample_weight)

    def gradients(
        self, x: Values, y: Values = None, loss: Any = None, *, training: bool = False, sample_weight: Any = None
    ) -> dict[str, tf.Tensor | None]:
        """The gradient of the compiled loss, with penalties and added losses, for every trainable variable by path.

        Args:
            x: inputs [samples, ...].
            y: targets [samples, ...]; None if the loss names an input as its target.
            loss: a function of targets and outputs to use instead, as `Module.gradients` takes it.
            training: whether layers behave as in training; random numbers are those of the step to come.
            sample_weight: weight of each sample in the loss, [samples].

        Returns:
            A tensor of each variable's shape; None where the loss does not depend on it.

        Raises:
            UsageError: `compile` was not called, or the data does not fit the model.
        """
        if loss is not None:
            return super().gradients(x, y, loss, training=training)
        return loss_gradients(self._compiled("gradients"), samples_of(self, x, y, sample_weight), training=training)

    def summary(self, depth: int | None = None) -> str:
        """Prints, and returns, what `netlab summary` prints: a row for each node, containers opened down to `depth` levels.

        Raises:
            UsageError: the model is not built, or `depth` is below 1.
        """
        return print_summary(self.graph, self.name, depth)

    def _repr_html_(self) -> str:
        """The summary, for a notebook; of a model that is not built, what it was given."""
        return summary_html(self.graph, self.name) if self.built else super()._repr_html_()

    def plot(self, path: str | Path, depth: int | None = None) -> None:
        """Draws the graph into a file: `.svg`, `.mmd` (Mermaid), `.dot` (Graphviz) or `.txt`, by its suffix.

        Raises:
            UsageError: the model is not built, the suffix is another one, or `depth` is below 1.
            NetlabError: the file cannot be written.
        """
        write_diagram(self.graph, self.name, Path(path), depth)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Writes network, weights, optimizer and progress to a folder, from which `load` makes a model that goes on to the same
        bits; `netlib.training.saving` says what is in it.

        Raises:
            UsageError: the model is not built, a layer is not described by plain values, or the path is taken.
            NetlabError: the system refuses.
        """
        saving.save(self, Path(path), overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path, *, layers: Mapping[str, Any] | None = None) -> Self:
        """A model that `save` wrote. `layers` are the classes of layers that are not netlab's own, by name.

        Raises:
            UsageError: there is none, or it has a layer of a class that is not in `layers`.
            CheckpointError: it is incomplete, damaged, or of a newer format.
        """
        return saving.load(cls, Path(path), layers or {})

    def save_weights(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Writes the weights alone, by path, to one `.safetensors` file.

        Raises:
            UsageError: the model is not built; or the path is taken, or ends with another suffix.
            NetlabError: the system refuses.
        """
        saving.save_weights(self, Path(path), overwrite=overwrite)

    def load_weights(
        self, path: str | Path, *, strict: bool = True, rename: Mapping[str, str] | None = None
    ) -> LoadReport:
        """Takes the weights of a `.safetensors` file, a saved model or a checkpoint; arguments as of `load_state_dict`.

        Raises:
            UsageError: the model is not built; or, with `strict`, the weights do not fit.
            NetlabError: the file is missing or damaged.
        """
        return saving.load_weights(self, Path(path), strict=strict, rename=rename)

    def _compiled(self, verb: str) -> Trainer:
        if self.trainer is None:
            raise UsageError(f"{self.name}.{verb} needs a loss: call {self.name}.compile(loss, ...) first")
        return self.trainer
