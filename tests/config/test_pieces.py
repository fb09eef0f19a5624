from __future__ import annotations

from pathlib import Path

import pytest

from netlib.config.dump import to_yaml
from netlib.config.load import load
from netlib.config.pieces import pieces, whole

CONFIGS = Path(__file__).parents[2] / "configs"
SOME = ("digits_mlp.yaml", "digits_cnn.yaml", "zoo/resnet18.yaml", "zoo/gpt2_small.yaml")


def joined(text):
    found = {}
    for piece in pieces(text).values():
        for key, value in whole(piece).items():
            found[key] = {**found[key], **value} if isinstance(value, dict) and key in found else value
    return found


@pytest.mark.parametrize("name", SOME)
def test_the_pieces_are_the_whole(name):
    text = to_yaml(load(CONFIGS / name, open_data=False).resolved())
    assert joined(text) == whole(text)
    assert len(pieces(text)) > 20


def test_lists_and_deep_values_belong_to_their_key():
    text = "name: a\nmodel:\n- Flatten\n- Dense: {units: 8}\n  name: x\ntrain:\n  metrics:\n  - Accuracy: {}\n    name: b\n"
    found = pieces(text)
    assert list(found) == ["name", "model", "train: metrics"]
    assert joined(text) == whole(text)


def test_what_cannot_be_read_is_none():
    assert whole("train:\n  - [") is None
    assert whole("train:\n  epochs: 3\x01\n") is None
    assert whole("") is None
