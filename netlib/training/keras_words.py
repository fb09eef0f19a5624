"""From what `Model.compile` is given, objects of Keras too, to the words of a `train` section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from netlib.spec.errors import SpecError, UsageError
from netlib.spec.registry import resolve, spec_class


def train_words(
    loss: Any, optimizer: Any, metrics: Any, run_eagerly: bool, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], keras.optimizers.Optimizer | None]:
    """The arguments of `Model.compile` as a `train` section, and the optimizer if it is a ready one.

    Raises:
        UsageError: a setting belongs to `fit`, or to a run; something of Keras cannot be said in words; or `run_eagerly` is not
            what the settings say.
    """
    _refuse_budgets(settings)
    refuse_objects("loss", loss)
    refuse_objects("metric", metrics)
    ready = optimizer if isinstance(optimizer, keras.optimizers.Optimizer) else None
    words = {"epochs": 1, "loss": loss, "metrics": metrics}
    if optimizer is not None:
        words["optimizer"] = optimizer_words(ready) if ready else optimizer
    if settings.get("on_nan") == "rollback":
        raise UsageError(
            "compile takes no on_nan='rollback', which goes back in a run: give 'skip', or fit(..., callbacks=[StopOnNaN()])"
        )
    execution = settings.get("execution", "eager")
    if run_eagerly and execution != "eager":
        raise UsageError(f"run_eagerly=True is execution 'eager', got execution {execution!r} too")
    return {**words, **settings, **({"execution": "eager"} if run_eagerly else {})}, ready


_NOT_COMPILED = {
    "epochs": "write fit(..., epochs={})",
    "steps": "write fit(..., epochs=..., steps_per_epoch={}) for batches, or count in epochs",
    "max_time": "write fit(..., callbacks=[TimeLimit({!r})])",
    "checkpoint": "write fit(..., callbacks=[Checkpoint(path, ...)])",
    "load": "call model.load_weights({!r})",
    "freeze": "call model.freeze({!r}), and model.unfreeze between two calls of fit",
    "precision": "give it to the model, as Model(..., dtype={!r})",
    "threads": "call tf.config.threading.set_intra_op_parallelism_threads({}) before anything runs",
}


def _refuse_budgets(settings: Mapping[str, Any]) -> None:
    for key, advice in _NOT_COMPILED.items():
        if key in settings:
            raise UsageError(f"compile takes no '{key}', which is for a config: {advice.format(settings[key])}")


def optimizer_words(optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
    """A ready optimizer as `{"Adam": {"learning_rate": 0.001, ...}}`.

    Raises:
        UsageError: it is not one that netlab knows, or does by itself what the training loop does.
    """
    name = type(optimizer).__name__
    if resolve("optimizer", name) != name or type(optimizer) is not getattr(keras.optimizers, name, None):
        raise UsageError(
            f"compile takes Keras's own optimizers, got {name}, which a saved model could not name; for another one write"
            " the loop by hand: tf.GradientTape, model(x, training=True) and optimizer.apply_gradients"
        )
    if optimizer.built:
        count = len(optimizer._trainable_variables)
        raise UsageError(f"the {name} has slots for {count} variables already; give compile a new one")
    config = optimizer.get_config()
    known = spec_class("optimizer", name).model_fields
    fresh = type(optimizer)().get_config()
    changed = {key: value for key, value in config.items() if key in known or (key != "name" and value != fresh[key])}
    return {name: {key: _plain(value) for key, value in changed.items()}}


def refuse_objects(kind: str, given: Any) -> None:
    """Refuses losses and metrics that are objects or functions.

    Keras's objects do not tell all that they were made with, and compare probabilities where netlab's take logits.

    Raises:
        UsageError: there is one.
    """
    entries = given.values() if isinstance(given, Mapping) else given if isinstance(given, list | tuple) else [given]
    for entry in entries:
        if isinstance(entry, Mapping):
            refuse_objects(kind, entry)
        elif isinstance(entry, keras.losses.Loss | keras.metrics.Metric) or callable(entry):
            name = getattr(entry, "__name__", type(entry).__name__)
            known = resolve(kind, name)
            form = f"write '{known}' or {{'{known}': {{parameters}}}}" if known else _OWN[kind]
            raise UsageError(f"compile takes a {kind} by its name and parameters, got the object {name}: {form}")


_OWN = {
    "loss": "one of your own goes into a layer, as self.add_loss(value) in its call",
    "metric": "one of your own goes into a layer, as self.add_metric(value, name) in its call",
}


def _plain(value: Any) -> Any:
    """A parameter as a config writes it; a float32 as the shortest number that is it, a schedule as a choice."""
    if isinstance(value, Mapping) and "class_name" in value:
        parameters = {key: _plain(each) for key, each in value["config"].items() if key != "name"}
        if resolve("schedule", value["class_name"]) != value["class_name"]:
            raise SpecError(
                f"there is no schedule {value['class_name']}; give a number, or one of Keras's own schedules"
            )
        return {value["class_name"]: parameters}
    if isinstance(value, float) and value == float(np.float32(value)):
        return float(str(np.float32(value)))
    return value
