"""The weights of a checkpoint, for a model that is to be measured or used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlib.nn.network import Network
from netlib.nn.state import StateError
from netlib.runs import checkpoint
from netlib.training.callbacks.ema import NAME


def restore_weights(model: Network, path: Path | str) -> None:
    """Gives the model the weights of a checkpoint with which it is measured: the averages, if the training had some.

    Args:
        model: a built model of the same form.
        path: the checkpoint's folder, `.../checkpoints/step-00000012`.

    Raises:
        CheckpointError: it is damaged.
        StateError: it is of another model.
    """
    weights = weights_to_measure(checkpoint.read(Path(path), groups=["model", "loop"]).groups)
    try:
        model.load_state_dict(weights)
    except StateError as error:
        raise StateError(f"checkpoint {path} is of another network than this one: {error.misfits}") from None


def weights_to_measure(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Of a checkpoint's groups `model` and `loop`, what `restore_weights` restores."""
    prefix = f"callbacks/{NAME}/"
    averages = {name.removeprefix(prefix): a for name, a in groups.get("loop", {}).items() if name.startswith(prefix)}
    return {**groups["model"], **averages}
