"""Every class of `netlib.nn` compiled, over the rows of `object_cases.py`: `tf.function` and XLA give what eager mode gives.

That the layers of the catalogue do so is in `test_layers.py`, over the rows of the YAML files.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from object_cases import rows
from object_row import Row, assert_close, call, floating, step


def is_no_catalogue_layer(row: Row) -> bool:
    return not row.in_catalogue


@rows(is_no_catalogue_layer)
def test_one_graph_takes_batches_of_any_size(row: Row) -> None:
    module = row.ready()
    run = tf.function(lambda *values: call(module, values), input_signature=row.signature(), autograph=False)
    for batch in (6, 1):
        assert_close(run(*row.values(batch)), call(module, row.values(batch)), 5e-6)
    assert run.experimental_get_tracing_count() == 1


@pytest.mark.slow
@rows(is_no_catalogue_layer)
@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_a_step_of_training_is_the_same(row: Row, jit_compile: bool) -> None:
    """Outputs, gradients by inputs and by weights, and statistics; and before that the outputs of inference."""
    module, other = row.ready(), row.ready()
    run = tf.function(
        lambda values: (call(module, values), step(module, values)), jit_compile=jit_compile, autograph=False
    )
    inference, trained = run(row.values())
    assert_close(inference, call(other, row.values()), 2e-5)
    expected = step(other, row.values())
    if row.random == "foreign":  # Keras's generator draws other numbers in another mode
        assert [value.shape for value in trained] == [value.shape for value in expected]
    else:
        assert_close(trained, expected, 2e-5)
    for value in (*trained, *floating(module)):
        assert np.all(np.isfinite(value))
