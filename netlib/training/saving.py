"""Models as folders: what a network is, how it is trained and how far it came, and its weights. Nothing in one can run code.

A saved model is a checkpoint (`netlib.runs.checkpoint`) whose state also says what the network consists of:
`model.safetensors` has the weights by path (a shared one once, its aliases in the header), `optimizer.safetensors` the
optimizer's slots, `loop.safetensors` the counters of the metrics of an epoch that was cut short and the loss scale,
`state.json` the rest as plain values, `manifest.json` sizes and SHA-256. It exists whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import tensorflow as tf

from netlib.nn import state as states
from netlib.nn.keras_calls import plain
from netlib.nn.module import LoadReport, NamedVariable
from netlib.nn.network import Network
from netlib.nn.tree import joined
from netlib.runs import checkpoint, manifest, pointers, tensors
from netlib.runs.atomic import explained
from netlib.runs.checkpoint import Checkpoint
from netlib.runs.directory import CHECKPOINTS, RunDirectory
from netlib.runs.errors import CheckpointError
from netlib.spec.errors import UsageError
from netlib.spec.training import TrainSpec
from netlib.training.loss_scale import needs_loss_scale
from netlib.training.optimizers import Optimizers
from netlib.training.phase_optimizers import PhaseOptimizers, optimizers_of
from netlib.training.progress import Progress
from netlib.training.trainer import Trainer
from netlib.training.weights import weights_to_measure

if TYPE_CHECKING:
    from netlib.training.model import Model

ModelType = TypeVar("ModelType", bound="Model")
_WEIGHTS = ".safetensors"
_KEYS = {"network", "training"}


def save(model: Model, path: Path, *, overwrite: bool) -> None:
    """Writes a built model to a folder.

    Raises:
        UsageError: the model is not built, or cannot be described by plain values; or the path is taken.
        NetlabError: the system refuses; what was at the path is still there.
    """
    _need_built(model, "saved")
    _need_free(path, overwrite=overwrite)
    named = list(model.named_variables())
    _need_described(model, named)
    groups = {"model": _values({each.path: each.variable for each in named})}
    trainer = model.trainer
    if trainer:  # what was changed before the first step is kept too
        trainer.optimizer.cover_trained(model)
    if trainer and trainer.optimizer.built:
        groups["optimizer"] = _values(trainer.optimizer.named_slots(named))
    scale = trainer.scale.values() if trainer and needs_loss_scale(model) else {}
    if trainer and (loop := {**trainer.counters(), **scale}):
        groups["loop"] = loop
    state = {"network": plain(model.get_config()), "training": _training(trainer)}
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        checkpoint.write_folder(path, trainer.progress.step if trainer else 0, groups, state, _aliases(named))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{model.name} cannot be saved: {error}") from error


def load(cls: type[ModelType], path: Path, layers: Mapping[str, Any]) -> ModelType:
    """A model from a folder that `save` wrote.

    Raises:
        UsageError: there is no saved model; or it has a layer whose class is neither netlab's own nor in `layers`.
        CheckpointError: it is incomplete, damaged or of a newer format.
    """
    saved = _read(path)
    model = cls.from_config(saved.state["network"], layers)
    model.load_state_dict(saved.groups["model"])
    if saved.state["training"] is not None:
        model.trainer = _trainer(model, saved.state["training"], saved.groups.get("optimizer"))
        model.trainer.counted = model.trainer.scale.take(saved.groups.get("loop", {}))
    return model


def save_weights(model: Model, path: Path, *, overwrite: bool) -> None:
    """Writes the weights alone, by path, to one safetensors file.

    Raises:
        UsageError: the model is not built; or the path is taken, or has another suffix.
        NetlabError: the system refuses; what was at the path is still there.
    """
    _need_built(model, "saved")
    if path.suffix != _WEIGHTS:
        raise UsageError(f"weights are saved as one file that ends with {_WEIGHTS}, got '{path}'")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give another name")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} is there already; overwrite=True replaces it")
    named = list(model.named_variables())
    try:
        tensors.save(path, _values({each.path: each.variable for each in named}), _aliases(named))
    except (TypeError, ValueError) as error:
        raise UsageError(f"the weights of {model.name} cannot be saved: {error}") from error


def load_weights(model: Model, path: Path, *, strict: bool, rename: Mapping[str, str] | None) -> LoadReport:
    """Gives a built model the weights in a safetensors file, or those with which a saved model or checkpoint is measured.

    Raises:
        UsageError: the model is not built; with `strict`, the weights do not fit.
        SpecError: `rename` does not fit the weights.
        NetlabError: the file is missing or damaged.
    """
    _need_built(model, "given weights")
    values = weights_to_measure(checkpoint.read(path).groups) if path.is_dir() else tensors.load(path)
    return model.load_state_dict(values, strict=strict, rename=rename)


def _need_built(model: Model, verb: str) -> None:
    if not model.built:
        raise UsageError(f"{model.name} is not built yet, so it has no weights: call it once before it is {verb}")


def _need_described(model: Model, named: Sequence[NamedVariable]) -> None:
    """What the graph does not tell of would be missing, or be two variables instead of one, in a model that is loaded."""
    described = _described(model)
    if model.is_written and "inputs" not in model.get_config():
        raise UsageError(
            f"{model.name} cannot be saved: get_config of {type(model).__name__} leaves out what it reads; return"
            f" {{**super().get_config(), ...}} with its own parameters"
        )
    for each in named:
        if each.path not in described:
            raise UsageError(
                f"{model.name} cannot be saved: '{each.path}' is a variable of no layer in its graph, from which load makes it"
                f" again; make it a weight of a layer"
            )
        for alias in described.intersection(each.aliases):
            raise UsageError(
                f"{model.name} cannot be saved: '{each.path}' and '{alias}' are one variable, of a layer in two networks, which"
                f" would be two after load; call the layer twice in one network"
            )


def _described(network: Network) -> set[str]:
    """Paths of the weights that the graph tells of. What a hand-written `call` uses stands in the network, in no node of it."""
    found: set[str] = set()
    for node in network.graph.nodes:
        inner = {weight.name for weight in node.own_weights}
        inner |= _described(network.layer(node.name)) if node.body else set()
        found |= inner if network.is_written else {joined(node.name, path) for path in inner}
    return found


def _need_free(path: Path, *, overwrite: bool) -> None:
    """A folder that is no saved model is never replaced: it would be deleted with all that is in it."""
    if not path.exists():
        return
    if not path.is_dir() or (any(path.iterdir()) and not (path / manifest.NAME).is_file()):
        raise UsageError(f"{path} is there already, and is no saved model; give another name")
    if not overwrite:
        raise UsageError(f"{path} is there already; overwrite=True replaces it")


def _read(path: Path) -> Checkpoint:
    if not path.is_dir():
        hint = "; Model.load_weights reads a file of weights" if path.suffix == _WEIGHTS else ""
        raise UsageError(f"there is no saved model at {path}: Model.save makes a folder{hint}")
    if (path / CHECKPOINTS).is_dir():
        best = pointers.pointed(RunDirectory(path), "best") or path / CHECKPOINTS
        raise UsageError(
            f"{path} is a run, not a saved model: build its network from its config, call it once, and give it the weights"
            f" of a checkpoint: model.load_weights('{best}')"
        )
    saved = checkpoint.read(path)
    if "network" not in saved.state:
        raise UsageError(
            f"{path} is a checkpoint of a run, which does not say what its network is: build it from the run's config, and"
            f" give it the weights by load_weights"
        )
    if saved.state.keys() != _KEYS:
        raise CheckpointError(
            f"checkpoint {path} holds {', '.join(sorted(saved.state))}, expected {', '.join(sorted(_KEYS))}:"
            f" another version of netlab wrote it"
        )
    return saved


def _training(trainer: Trainer | None) -> dict[str, Any] | None:
    """What a trainer is made of, as plain values."""
    if trainer is None:
        return None
    return {"train": trainer.train.to_plain(), "progress": trainer.progress.state(), "steps": trainer.steps}


def _trainer(model: Model, training: Mapping[str, Any], slots: Mapping[str, Any] | None) -> Trainer:
    train, progress = TrainSpec.parse(training["train"]), Progress.from_state(training["progress"])
    optimizer = optimizers_of(train)
    if slots is not None:
        _restore(optimizer, model, slots)
    return Trainer(model, train, optimizer, progress, training["steps"])


def _restore(optimizer: Optimizers | PhaseOptimizers, model: Model, slots: Mapping[str, Any]) -> None:
    """Gives new optimizers slots for the variables that the saved ones had them for, with their values."""
    variables = optimizer.restore(list(model.named_variables()), slots)
    optimizer.cover_trained(model)  # of those without slots
    states.load(variables, slots, strict=True, rename=None, name=f"the optimizer of {model.name}")


def _values(variables: Mapping[str, tf.Variable]) -> dict[str, Any]:
    return {name: variable.numpy() for name, variable in variables.items()}


def _aliases(named: Sequence[NamedVariable]) -> dict[str, str]:
    return {alias: each.path for each in named for alias in each.aliases}
