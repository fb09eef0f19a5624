from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers import adaptive_pooling
from netlib.spec.layers.adaptive_pooling import AdaptiveAveragePooling2D


def test_adaptive_pooling_gives_its_size_from_any() -> None:
    for shape in ((None, 6, 6, 256), (None, 1, 13, 256), (None, None, None, 256)):
        assert AdaptiveAveragePooling2D.parse(6).output_shape(shape) == (None, 6, 6, 256)
    assert AdaptiveAveragePooling2D.parse([1, 7]).output_shape((None, 9, 9, 4)) == (None, 1, 7, 4)
    with pytest.raises(SpecError, match="AdaptiveAveragePooling2D needs an input of rank 4"):
        AdaptiveAveragePooling2D.parse(6).output_shape((None, 9, 4))


@pytest.mark.parametrize("kind", ["Average", "Max"])
def test_sequences_and_volumes(kind: str) -> None:
    sequence, volume = (getattr(adaptive_pooling, f"Adaptive{kind}Pooling{count}D") for count in (1, 3))
    assert sequence.parse(5).output_shape((None, None, 2)) == (None, 5, 2)
    assert volume.parse(2).output_shape((None, 3, None, 5, 2)) == (None, 2, 2, 2, 2)
    with pytest.raises(SpecError, match=r"output_size: expected a positive integer or three of them, got \[1, 2\]"):
        volume.parse([1, 2])
