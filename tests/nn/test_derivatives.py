"""Derivatives of outputs, beside them: against finite differences, and tapes by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.derivatives import differentiated
from netlib.nn.network import Network
from netlib.nn.tensor_expressions import compute
from netlib.spec.computed import Derivative, Read, Side
from netlib.spec.errors import UsageError
from netlib.spec.tensor_expressions import TensorExpression
from netlib.spec.tensors import TensorSpec

X = np.random.default_rng(3).normal(size=(5, 3))
NODES = [
    {"Dense": {"units": 4, "activation": "tanh"}, "from": "x", "name": "inner"},
    {"Compute": "inner * inner", "name": "squared"},
    {"Dense": {"units": 2, "activation": "tanh"}, "from": "squared", "name": "score"},
    {"Compute": "float(argmax(inner))", "from": {"inner": "inner"}, "name": "step"},
]


def network(dtype: str = "float64") -> Network:
    made = Network(
        NODES,
        ["inner", "squared", "score", "step"],
        inputs={"x": {"shape": [3], "dtype": "float64"}},
        dtype=dtype,
        seed=2,
    )
    made.ensure_built(TensorSpec((None, 3), "float64"))
    return made


def wanted(of: str, by: str, side: Side = "output") -> Derivative:
    return Derivative(f"gradient({of}, {by})", Read((of,), of, "output", of), Read((by,), by, side, by))


def slope(function: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> np.ndarray:
    """By central differences."""
    found, width = np.zeros_like(at), 1e-5
    for place in np.ndindex(*at.shape):
        step = np.zeros_like(at)
        step[place] = width
        found[place] = (function(at + step).sum() - function(at - step).sum()) / (2 * width)
    return found


def scored(model: Network, squared: np.ndarray) -> np.ndarray:
    weights = model.state_dict()
    return np.tanh(squared @ weights["score.kernel"] + weights["score.bias"])


def test_it_is_what_finite_differences_give() -> None:
    model = network()
    inner = lambda x: np.tanh(x @ model.state_dict()["inner.kernel"] + model.state_dict()["inner.bias"])  # noqa: E731
    asked = [
        wanted("score", "x", "input"),
        wanted("score", "squared"),
        wanted("score", "inner"),
        wanted("score", "score"),
    ]
    outputs = differentiated(model, {"x": tf.constant(X)}, asked)
    by_x, by_squared, by_inner, by_itself = (outputs[each.key].numpy() for each in asked)
    np.testing.assert_allclose(by_x, slope(lambda x: scored(model, inner(x) ** 2), X), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(by_squared, slope(lambda a: scored(model, a), inner(X) ** 2), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(by_inner, slope(lambda a: scored(model, a**2), inner(X)), rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(by_itself, np.ones((5, 2)))


def test_outputs_are_those_of_the_network_alone() -> None:
    model = network()
    with_slope = differentiated(model, {"x": tf.constant(X)}, [wanted("score", "x", "input")])
    for name, value in model.forward({"x": tf.constant(X)}).items():
        np.testing.assert_array_equal(with_slope[name], value)
    assert differentiated(model, {"x": tf.constant(X)}).keys() == {"inner", "squared", "score", "step"}


@pytest.mark.parametrize("execution", ["eager", "graph", "xla"])
def test_a_gradient_goes_through_it(execution: str) -> None:
    """The gradient of a gradient penalty by the weights, of any number of rows, against differences of the penalty."""
    model = network()
    asked = wanted("score", "x", "input")
    variables = model.trainable_variables

    def penalty(x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean((tf.norm(differentiated(model, {"x": x}, [asked])[asked.key], axis=-1) - 1) ** 2)

    def gradients(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            value = penalty(x)
        return tape.gradient(value, variables)

    if execution != "eager":
        gradients = tf.function(
            gradients, jit_compile=execution == "xla", input_signature=[tf.TensorSpec([None, 3], tf.float64)]
        )
    for rows in (5, 2):
        x = tf.constant(X[:rows])
        for variable, found in zip(variables, gradients(x), strict=True):
            value = variable.numpy()

            def of(values: np.ndarray, variable: tf.Variable = variable, x: tf.Tensor = x) -> np.ndarray:
                variable.assign(values)
                return penalty(x).numpy()

            np.testing.assert_allclose(found, slope(of, value), rtol=1e-5, atol=1e-8)
            variable.assign(value)


def test_half_the_width_gives_the_values_in_float32() -> None:
    outputs = differentiated(network("mixed_bfloat16"), {"x": tf.constant(X)}, [wanted("score", "squared")])
    assert {value.dtype.name for value in outputs.values()} == {"float32"}
    exact = differentiated(network("float32"), {"x": tf.constant(X)}, [wanted("score", "squared")])
    np.testing.assert_allclose(*(each[wanted("score", "squared").key] for each in (outputs, exact)), atol=0.03)


def test_what_has_no_derivative_is_an_error() -> None:
    message = r"'gradient\(step, x\)' in a loss or a metric is not known: output 'step' does not depend on input 'x' by"
    with pytest.raises(UsageError, match=message):
        differentiated(network(), {"x": tf.constant(X)}, [wanted("step", "x", "input")])


@pytest.mark.parametrize("order", ["", ", ord=1", ", ord=inf"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_norm_has_a_finite_gradient_at_zero(order: str, dtype: str) -> None:
    x = tf.constant([[0.0, 0.0], [3.0, -4.0]], dtype)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            (length,) = compute(TensorExpression.parse(f"norm(x{order})"), {"x": x}, dtype)
        first = tape.gradient(length, x)
    second = outer.gradient(first, x)
    assert np.isfinite(first).all()
    if not order:
        np.testing.assert_array_equal(length, [0.0, 5.0])
        np.testing.assert_allclose(first, [[0.0, 0.0], [0.6, -0.8]], rtol=1e-6)
        assert np.isfinite(second).all()
