"""What holds for all tests of `netlib.nn`, and what those of shared and tied weights have in common."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Keras shuffles by TensorFlow's own seed, which must be set once any test before has turned determinism on."""
    tf.random.set_seed(1)


@pytest.fixture
def rows() -> tf.Tensor:
    """Four samples of three numbers."""
    return tf.constant(np.random.default_rng(3).normal(size=[4, 3]), tf.float32)


@pytest.fixture
def network(rows: tf.Tensor) -> Callable[..., Any]:
    """Makes a network of nodes, which has been called with `rows`."""

    def make(*nodes: Any, inputs: Any = None, outputs: Any = None, kind: Any = nn.Network, **options: Any) -> Any:
        made = kind(list(nodes), outputs, inputs=inputs, seed=3, **options)
        made(rows)
        return made

    return make


@pytest.fixture
def assert_can_be_saved(rows: tf.Tensor, tmp_path: Path) -> Callable[[Any], None]:
    """Asserts that a SavedModel of a network gives what it gives."""

    def check(made: Any) -> None:
        made.run = tf.function(lambda x: made(x), input_signature=[tf.TensorSpec([None, 3])])
        tf.saved_model.save(made, str(tmp_path / "saved"))
        loaded = tf.saved_model.load(str(tmp_path / "saved"))
        np.testing.assert_allclose(loaded.run(rows), made(rows), atol=1e-6)

    return check


@pytest.fixture
def assert_comes_back(rows: tf.Tensor, assert_can_be_saved: Callable[[Any], None]) -> Callable[[Any], None]:
    """Asserts that a network comes back as a copy, from its description, and as a SavedModel."""

    def check(made: Any) -> None:
        expected = made(rows)
        for other in (copy.deepcopy(made), type(made).from_config(json.loads(json.dumps(made.get_config())))):
            assert [each._replace(variable=None) for each in other.named_variables()] == [
                each._replace(variable=None) for each in made.named_variables()
            ]
            assert not {id(v) for v in other.variables} & {id(v) for v in made.variables}
            assert other.graph.parameters() == made.graph.parameters()
            other.load_state_dict({path: value + 1 for path, value in made.state_dict().items()})
            np.testing.assert_array_equal(made(rows), expected)
            assert np.any(np.asarray(other(rows)) != np.asarray(expected))
            other.load_state_dict(made.state_dict())
            np.testing.assert_array_equal(other(rows), expected)
        assert_can_be_saved(made)

    return check
