"""Sequences: tokens of a vocabulary, and a class."""

from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.features import Feature, labels
from netlib.spec.sources.sequences import Sequences
from netlib.spec.tensors import TensorSpec


def test_signature():
    signature = Sequences(length=12, min_length=3, vocabulary=30).signature()
    assert signature.inputs == {"tokens": Feature(TensorSpec((None, 12), "int32"), 30, minimum=0, maximum=29)}
    assert signature.targets == {"label": labels(2)}


def test_mistakes():
    with pytest.raises(SpecError, match=r"min_length \(=5\) must not be greater than length \(=4\)"):
        Sequences.parse({"length": 4})
    with pytest.raises(SpecError, match="vocabulary: expected a number not less than 4, got 3"):
        Sequences.parse({"vocabulary": 3})
    with pytest.raises(SpecError, match="min_length: expected a number greater than 0, got 0"):
        Sequences.parse({"min_length": 0})
