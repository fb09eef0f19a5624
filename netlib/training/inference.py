"""What evaluation and prediction share: random numbers that are the same each time, and whether a batch may be filled up."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from netlib.nn.network import Network
from netlib.nn.random import forward_pass, stable_hash


def inference_pass(model: Network, first_row: Any, draw: Any = 0) -> AbstractContextManager[Any]:
    """Inside, layers that draw random numbers outside of training too draw the same for a sample each time, whatever the batches.

    Evaluation and prediction draw alike: what was measured is what is predicted. Training draws other numbers.

    Args:
        model: whose seed decides.
        first_row: place of the batch's first row among all samples.
        draw: which draw it is where there are several; what there is one of is number 0.
    """
    return forward_pass(stable_hash(model.seed or 0, "inference"), draw, first_row)


def couples_rows(model: Network) -> bool:
    """Whether what the model gives for a sample depends on the others of its batch, as a node or a layer written by hand says."""
    layers = (module for _, module in model.named_modules())
    return model.graph.couples_rows or any(getattr(layer, "couples_rows", False) for layer in layers)
