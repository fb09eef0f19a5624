"""What buckets ask of the network, as `check` says it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netlib.config.load import read
from netlib.config.problems import ConfigError

CONFIG = """\
data:
  source: npz
  path: {path}
  inputs: x
  targets: {targets}
  buckets: {{of: [{of}], lengths: [4, 8]}}
model: {model}
train: {{epochs: 1, loss: sparse_categorical_crossentropy}}
"""
MASKED = "Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}"
BARE = "Embedding: {input_dim: 9, output_dim: 4}"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("buckets") / "d.npz"
    tokens = np.ones((6, 12), np.int32)
    np.savez(path, x=tokens, y=np.arange(6, dtype=np.int32) % 2, z=tokens)
    return path


def problems(path: Path, model: str, targets: str = "y", of: str = "x") -> list[str]:
    """Place, severity and text."""
    try:
        found = read(CONFIG.format(path=path, model=model, targets=targets, of=of)).warnings
    except ConfigError as error:
        found = tuple(error.problems)
    return [f"{each.place.line}:{each.place.column} {each.severity} {each.message}" for each in found if each.place]


@pytest.mark.parametrize(
    "model",
    [
        f"[{MASKED}, LSTM: 3, Dense: 2]",
        f"[{MASKED}, {{Dropout: 0.1}}, {{Dense: 5}}, LayerNormalization, GlobalAveragePooling1D, Dense: 2]",
        f"[{MASKED}, Bidirectional: {{GRU: {{units: 3, return_sequences: true}}}}, GlobalMaxPooling1D, Dense: 2]",
        f"[{MASKED}, LSTM: {{units: 4, return_sequences: true}}, LSTM: 3, Dense: 2]",
        f"[{MASKED}, Residual: [LSTM: {{units: 4, return_sequences: true}}], GlobalAveragePooling1D, Dense: 2]",
    ],
)
def test_networks_that_mask_padding_are_fine(path: Path, model: str) -> None:
    assert problems(path, model) == []


def test_outputs_for_each_place_need_their_targets_cut(path: Path) -> None:
    model = f"[{MASKED}, LSTM: {{units: 4, return_sequences: true}}, Dense: 9]"
    assert problems(path, model, "z", "x, z") == []
    (found,) = problems(path, model, "z")
    assert found.startswith("5:31 error samples cut to a length of 4 do not fit the network: SparseCategoricalCross")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            f"[{MASKED}, Flatten, Dense: 2]",
            "4 do not fit the network: 'kernel' of Dense 'dense' has the shape (16, 2) then, and (48, 2) at the whole length",
        ),
        (
            f"[{MASKED}, Reshape: ['$(input.shape[0] * 2)', 2], GlobalAveragePooling1D, Dense: 2]",
            "the parameters of Reshape 'reshape' follow from the length; let them be the same for every length",
        ),
        (f"[{MASKED}, {{Conv1D: {{filters: 3, kernel_size: 6}}}}, GlobalAveragePooling1D, Dense: 2]", "do not fit"),
        (
            f"[{MASKED}, LSTM: {{units: 3, stateful: true, batch_size: 32}}, Dense: 2]",
            "LSTM 'lstm' is stateful: row i of a batch goes on where row i of the batch before ended, which is of another",
        ),
    ],
)
def test_what_is_another_network_at_another_length(path: Path, model: str, message: str) -> None:
    found = [text for text in problems(path, model) if message in text]
    assert len(found) == 1
    assert found[0].startswith("5:31 error" if "length" in found[0] else "5:")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (f"[{BARE}, LSTM: 3, Dense: 2]", "LSTM 'lstm' takes padding for real"),
        (
            f"[{BARE}, {{Dense: 4}}, GlobalAveragePooling1D, Dense: 2]",
            "GlobalAveragePooling1D 'global_average_pooling_1d'",
        ),
        (
            f"[{MASKED}, {{Conv1D: {{filters: 3, kernel_size: 2}}}}, GlobalAveragePooling1D, Dense: 2]",
            "Conv1D 'conv_1d' has no use for a mask, so that it takes padding for real: mask it (Embedding: {mask_zero: true},",
        ),
    ],
)
def test_what_takes_padding_for_real_is_warned_of(path: Path, model: str, message: str) -> None:
    (found,) = problems(path, model)
    assert found.startswith("5:11 warning")
    assert message in found


def test_an_output_that_is_not_masked_is_warned_of(path: Path) -> None:
    (found,) = problems(path, f"[{BARE}, Dense: 9]", "z", "x, z")
    assert "output 'output' has no mask, so that its loss counts padding: mask it" in found
