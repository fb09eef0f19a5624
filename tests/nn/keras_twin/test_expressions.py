"""Every function of which Keras has an operation: what it gives there is what it gives here."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.keras_twin.expressions import OPERATIONS, computed
from netlib.nn.tensor_expressions import compute
from netlib.spec.tensor_expressions import TensorExpression


def _each(names: tuple[str, ...], arguments: list[str]) -> dict[str, list[str]]:
    return {name: list(arguments) for name in names}


ARGUMENTS = {
    "clip": ["x, -0.5, 0.5"],
    "where": ["x > 0, x, y"],
    "one_hot": ["k, 4"],
    "reshape": ["x, [null, 2, 2]", "x, [-1, 4]"],
    "take": ["x, k, axis=1"],
    "take_along_axis": ["x, cast(x > 0, 'int32'), axis=1"],
    "cast": ["x, 'int32'"],
    "concatenate": ["[x, y], axis=1"],
    "stack": ["[x, y], axis=1"],
    "expand_dims": ["x, 1"],
    "swapaxes": ["x, 0, 1"],
    "squeeze": ["x[:, :1], 1"],
    "flip": ["x, axis=1"],
    "gelu": ["x", "x, approximate=true"],
    "norm": ["x, axis=1", "x, axis=1, ord=1"],
    "leaky_relu": ["x", "x, 0.3"],
    "elu": ["x", "x, 0.5"],
    "transpose": ["x", "x, axes=[1, 0]"],
    "matmul": ["x, w"],
    "outer": ["x, y"],
    "logical_not": ["x > 0"],
    "any": ["x > 0", "x > 1, axis=1"],
    "all": ["x > -1", "x > 0, axis=1, keepdims=true"],
    **_each(("logical_and", "logical_or", "logical_xor"), ["x > 0, y > 0"]),
    **_each(("maximum", "minimum", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal"), ["x, y"]),
    **_each(("sum", "prod", "max", "min", "mean", "std", "variance", "logsumexp"), ["x", "x, axis=1, keepdims=true"]),
    **_each(("softmax", "log_softmax", "cumsum", "cumprod"), ["x", "x, axis=0"]),
    **_each(("log", "sqrt", "rsqrt", "reciprocal"), ["abs(x)"]),
    **_each(("log1p",), ["x ** 2"]),
}
"""Of the functions that take more than `x`, one way or several."""
SIGNS = {
    "negative": "-x",
    "+": "x + y + 1",
    "-": "x - y",
    "*": "x * y * 2",
    "/": "k / 3 + x[:, 0] / y[:, 0]",
    "//": "[x // 0.3, 7 // k]",
    "%": "[x % 0.7, k % 2]",
    "**": "abs(x) ** y",
    "@": "x @ w",
    "[]": "x[:, 1:3] + x[1, ..., null, :1]",
}
TEXTS = [
    *SIGNS.values(),
    *(f"{name}({a})" for name in OPERATIONS if name not in (*SIGNS, "like") for a in ARGUMENTS.get(name, ["x"])),
]


@pytest.mark.parametrize("text", TEXTS)
def test_it_gives_the_same(text: str) -> None:
    rng = np.random.default_rng(4)
    values = {
        "x": tf.constant(rng.normal(0, 1.2, [3, 4]), tf.float32),
        "y": tf.constant(rng.normal(0, 1.2, [3, 4]), tf.float32),
        "w": tf.constant(rng.normal(0, 1.2, [4, 2]), tf.float32),
        "k": tf.constant([1, 3, 2]),
    }
    expression = TensorExpression.parse(text)
    expected = compute(expression, values)
    inputs = {
        name: keras.Input(batch_shape=value.shape, dtype=value.dtype, name=name) for name, value in values.items()
    }
    symbols = {name: symbol for name, symbol in inputs.items() if (name,) in {chain[:1] for chain in expression.chains}}
    model = keras.Model(inputs, computed(expression, symbols, "float32"))
    for given, wanted in zip(keras.tree.flatten(model(values)), expected, strict=True):
        assert given.dtype == wanted.dtype
        np.testing.assert_allclose(given, wanted, rtol=1e-5, atol=1e-6)
