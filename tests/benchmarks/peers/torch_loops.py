"""PyTorch: the usual eager loop, the same compiled, and Lightning."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

Epoch = Callable[[], None]


class _Last(nn.Module):
    """A recurrent network whose last output is read."""

    def __init__(self, recurrent: nn.Module, units: int) -> None:
        super().__init__()
        self.recurrent = recurrent
        self.head = nn.Linear(units, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.recurrent(x)[0][:, -1])


class _Language(nn.Module):
    """A causal Transformer over tokens, normalised before each part."""

    def __init__(self, vocabulary: int, length: int, width: int, heads: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Parameter(torch.zeros(length, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, hidden, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.ModuleList([layer, *(_same(layer) for _ in range(layers - 1))])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.tokens(x) + self.places
        for layer in self.layers:
            x = layer(x, src_mask=self.mask, is_causal=True)
        return self.head(self.norm(x))


def _same(layer: nn.TransformerEncoderLayer) -> nn.TransformerEncoderLayer:
    other = copy.deepcopy(layer)
    for parameter in other.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
    return other


class _Channels(nn.Module):
    """From channels last, as the samples are, to channels first."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 3, 1, 2)


def _mlp(*units: int) -> nn.Module:
    layers: list[nn.Module] = []
    for given, made in pairwise(units):
        layers += [nn.Linear(given, made), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _cnn() -> nn.Module:
    return nn.Sequential(
        _Channels(),
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
        nn.Linear(1600, 10),
    )


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "tiny_mlp": lambda: _mlp(64, 32, 10),
    "mlp": lambda: _mlp(784, 256, 128, 10),
    "cnn": _cnn,
    "lstm": lambda: _Last(nn.LSTM(16, 64, batch_first=True), 64),
    "gru": lambda: _Last(nn.GRU(16, 64, batch_first=True), 64),
    "transformer_lm": lambda: _Language(1000, 64, 128, 4, 512, 2),
}


def _loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(outputs.flatten(0, -2), targets.flatten())


def eager(name: str, x: np.ndarray, y: np.ndarray, batch: int) -> Epoch:
    """The loop of the tutorials, with the samples in memory."""
    network = NETWORKS[name]()
    return _loop(network, network, x, y, batch)


def compiled(name: str, x: np.ndarray, y: np.ndarray, batch: int) -> Epoch:
    """The same with `torch.compile`."""
    network = NETWORKS[name]()
    return _loop(network, torch.compile(network, dynamic=False), x, y, batch)


def _loop(network: nn.Module, forward: Any, x: np.ndarray, y: np.ndarray, batch: int) -> Epoch:
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))
    optimizer = torch.optim.Adam(network.parameters())

    def epoch() -> None:
        order = torch.randperm(len(inputs))
        for first in range(0, len(inputs) - batch + 1, batch):
            chosen = order[first : first + batch]
            optimizer.zero_grad()
            loss = _loss(forward(inputs[chosen]), targets[chosen])
            loss.backward()
            optimizer.step()

    return epoch


def lightning(name: str, x: np.ndarray, y: np.ndarray, batch: int) -> Epoch:
    """`lightning.Trainer.fit` with all that can be off off."""
    import lightning as L  # noqa: N812 - as its documentation writes it
    from torch.utils.data import DataLoader, TensorDataset

    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    network = NETWORKS[name]()

    class Module(L.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def training_step(self, given: Any, index: int) -> torch.Tensor:
            return _loss(self.network(given[0]), given[1])

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters())

    loader = DataLoader(
        TensorDataset(torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))), batch, shuffle=True, drop_last=True
    )
    module = Module()
    off = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}

    def epoch() -> None:
        L.Trainer(max_epochs=1, accelerator="cpu", devices=1, **off).fit(module, loader)

    return epoch


LOOPS = {"torch eager": eager, "torch.compile": compiled, "Lightning": lightning}


def start(threads: int) -> str:
    """Sets the threads; the version."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    return f"torch {torch.__version__}"
