"""Pairs: two inputs of one form, and a target in the form of a distance."""

from __future__ import annotations

from netlib.spec.features import numbers
from netlib.spec.heads import encoding
from netlib.spec.sources.pairs import Pairs
from netlib.spec.tensors import TensorSpec


def test_signature():
    signature = Pairs(features=6, samples=10).signature()
    assert signature.inputs == {"left": numbers(6), "right": numbers(6)}
    assert signature.targets == {"same": numbers(1, minimum=0.0, maximum=1.0)}


def test_the_target_has_the_shape_of_one_unit():
    target = Pairs().signature().targets["same"].tensor
    assert target == TensorSpec((None, 1), "float32")
    assert encoding("like output", TensorSpec((None, 1)), target) == "like output"
