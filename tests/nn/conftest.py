"""What holds for all tests of `netlib.nn`."""

from __future__ import annotations

import pytest
import tensorflow as tf


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Keras shuffles by TensorFlow's own seed, which must be set once any test before has turned determinism on."""
    tf.random.set_seed(1)
