from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.positions import PositionalEmbedding, RotaryEmbedding

SINES = {"max_length": 5, "encoding": "sinusoidal"}


def test_a_table_has_a_row_for_each_place() -> None:
    (table,) = PositionalEmbedding.parse(8).weights((None, None, 4))
    assert (table.name, table.shape) == ("embeddings", (8, 4))
    assert PositionalEmbedding.parse(SINES).weights((None, 3, 4)) == []


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((None, 6, 4), r"has max_length \(= 5\), but its input \(batch, 6, 4\) has 6 places"),
        ((None, 4), r"needs an input of rank 3, \(batch, time, features\), got \(batch, 4\)"),
        ((None, 3, None), r"needs to know the length of axis -1 of its input, got \(batch, 3, \?\)"),
    ],
)
@pytest.mark.parametrize("encoding", ["learned", "sinusoidal"])
def test_sequences_that_do_not_fit(encoding: str, shape: Any, message: str) -> None:
    with pytest.raises(SpecError, match=f"PositionalEmbedding {message}"):
        PositionalEmbedding.parse({"max_length": 5, "encoding": encoding}).output_shape(shape)


@pytest.mark.parametrize(
    "given",
    [{"embeddings_initializer": "ones"}, {"embeddings_regularizer": "l2"}, {"embeddings_constraint": "non_neg"}],
)
def test_sines_have_no_weights_to_speak_of(given: dict[str, Any]) -> None:
    message = f"{next(iter(given))} has no effect with encoding: sinusoidal, which has no weights; leave it out"
    with pytest.raises(SpecError, match=message):
        PositionalEmbedding.parse({**SINES, **given})
    plain = PositionalEmbedding.parse(SINES).to_plain()
    assert PositionalEmbedding.parse(plain).to_plain() == plain


@pytest.mark.parametrize(
    ("values", "shape", "message"),
    [
        ({}, (None, 4, 3), r"turns pairs of features: it needs an even number of them, got 3 in \(batch, 4, 3\)"),
        ({}, (None, 4), r"needs an input of rank 3 or more, got \(batch, 4\)"),
        ({}, (None, 4, None), r"needs to know the length of axis 2 of its input, got \(batch, 4, \?\)"),
        ({"sequence_axis": 0}, (None, 4, 2), r"has axis \(= 0\), which is the batch"),
        ({"feature_axis": 3}, (None, 4, 2), r"has axis \(= 3\), which its input \(batch, 4, 2\) has not"),
        (
            {"sequence_axis": 2},
            (None, 4, 2),
            r"'s sequence_axis \(= 2\) and feature_axis \(= -1\) are the same axis of its input \(batch, 4, 2\)",
        ),
    ],
)
def test_what_cannot_be_turned(values: dict[str, Any], shape: Any, message: str) -> None:
    with pytest.raises(SpecError, match=f"RotaryEmbedding ?{message}"):
        RotaryEmbedding.parse(values).output_shape(shape)


@pytest.mark.parametrize("name", ["max_wavelength", "scaling_factor"])
def test_factors_are_positive(name: str) -> None:
    with pytest.raises(SpecError, match=f"{name}: expected a number greater than 0, got 0"):
        RotaryEmbedding.parse({name: 0})
