"""SpectralNormalization and WeightNormalization against closed form in NumPy."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError
from netlib.spec.tensors import TensorSpec
from netlib.training.model import Model

RNG = np.random.default_rng(6)
ROWS = tf.constant(RNG.normal(size=[6, 5]), tf.float32)
IMAGES = tf.constant(RNG.normal(size=[2, 6, 5, 3]), tf.float32)
INDICES = tf.constant([[0, 3], [2, 2]])
EXECUTIONS = pytest.mark.parametrize("execution", ["eager", "graph", "xla"])

HELD: dict[str, tuple[Any, tf.Tensor, Any]] = {
    "Dense": ({"Dense": 4}, ROWS, lambda kernel: kernel),
    "Conv2D": (
        {"Conv2D": {"filters": 4, "kernel_size": 3}},
        IMAGES,
        lambda kernel: kernel.reshape(-1, 4),
    ),
    "Conv2DTranspose": (
        {"Conv2DTranspose": {"filters": 4, "kernel_size": 3}},
        IMAGES,
        lambda kernel: kernel.transpose(0, 1, 3, 2).reshape(-1, 4),
    ),
    "DepthwiseConv2D": (
        {"DepthwiseConv2D": {"kernel_size": 3, "depth_multiplier": 2}},
        IMAGES,
        lambda kernel: kernel.reshape(9, 6),
    ),
    "EinsumDense": (
        {"EinsumDense": {"equation": "ab,cbd->acd", "output_dim": [2, 3]}},
        ROWS,
        lambda kernel: kernel.transpose(1, 0, 2).reshape(5, 6),
    ),
    "Embedding": ({"Embedding": {"input_dim": 4, "output_dim": 3}}, INDICES, lambda table: table),
}
EACH_LAYER = pytest.mark.parametrize("name", HELD)
"""What is held, what it reads, and its weight as a matrix with a column for each output."""


def executed(function: Any, execution: str) -> Any:
    return function if execution == "eager" else tf.function(function, jit_compile=execution == "xla", autograph=False)


def held(wrapper: Any) -> tuple[Any, str]:
    """The layer in it, and the name of the weight."""
    layer = wrapper.in_order()[0]
    return layer, "embeddings" if hasattr(layer, "embeddings") else "kernel"


def plain(wrapper: Any, x: tf.Tensor, weight: np.ndarray) -> np.ndarray:
    """What a layer like the one in it gives with another weight."""
    layer, name = held(wrapper)
    other = copy.deepcopy(layer)
    getattr(other, name).assign(weight)
    return np.asarray(other(x))


def unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))


# SpectralNormalization.


@EACH_LAYER
def test_the_largest_singular_value_becomes_one(name: str) -> None:
    node, x, matrix = HELD[name]
    wrapper = nn.SpectralNormalization(node, power_iterations=20, seed=3)
    for _ in range(20):
        output = wrapper(x, training=True)
    layer, weight = held(wrapper)
    value = getattr(layer, weight).numpy()
    largest = np.linalg.svd(matrix(value), compute_uv=False)[0]
    assert abs(largest - 1) > 1e-2
    expected = plain(wrapper, x, value / largest)
    np.testing.assert_allclose(output, expected, atol=1e-4 * np.abs(expected).max())
    np.testing.assert_allclose(wrapper(x), output, atol=1e-6)


@pytest.mark.parametrize("iterations", [1, 3])
@EXECUTIONS
def test_the_power_iteration_in_numpy(iterations: int, execution: str) -> None:
    wrapper = nn.SpectralNormalization(nn.Dense(4, use_bias=False), power_iterations=iterations, seed=3)
    wrapper(ROWS)
    kernel, u = (wrapper[path].numpy().astype(np.float64) for path in ("dense.kernel", "u"))
    train = executed(lambda x: wrapper(x, training=True), execution)
    for _ in range(2):
        output = train(ROWS)
        for _ in range(iterations):
            u = unit(kernel.T @ unit(kernel @ u))
        np.testing.assert_allclose(wrapper["u"], u, atol=1e-6)
        np.testing.assert_allclose(output, ROWS @ kernel / np.linalg.norm(kernel @ u), rtol=1e-5, atol=1e-6)


@EXECUTIONS
def test_the_gradient_goes_through_the_division(execution: str) -> None:
    """With v = W u / |W u| held fixed in the formula of Miyato and others, d(W / sigma) / dW is (dW - <dW, W> v u^T / sigma) /
    sigma."""
    wrapper = nn.SpectralNormalization(nn.Dense(4, use_bias=False), seed=3)
    wrapper(ROWS)
    kernel = wrapper["dense.kernel"]

    def gradient(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.sin(wrapper(x, training=True)))
        return tape.gradient(loss, kernel)

    actual = executed(gradient, execution)(ROWS)
    weight, x, u = kernel.numpy().astype(np.float64), ROWS.numpy().astype(np.float64), wrapper["u"].numpy()
    sigma, v = np.linalg.norm(weight @ u), unit(weight @ u)
    by_normalized = x.T @ np.cos(x @ weight / sigma)
    expected = (by_normalized - (by_normalized * weight).sum() / sigma * np.outer(v, u)) / sigma
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


def test_the_kernel_is_trained_and_never_assigned_to() -> None:
    wrapper = nn.SpectralNormalization(nn.Dense(4), seed=3)
    wrapper(ROWS)
    before = wrapper.state_dict()
    wrapper(ROWS, training=True)
    after = wrapper.state_dict()
    assert np.any(after["u"] != before["u"])
    np.testing.assert_array_equal(after["dense.kernel"], before["dense.kernel"])
    assert isinstance(wrapper["dense"].kernel, tf.Variable)
    assert [(each.path, each.trainable) for each in wrapper.named_variables()] == [
        ("u", False),
        ("dense.kernel", True),
        ("dense.bias", True),
    ]


@pytest.mark.parametrize("how", ["inference", "frozen", "selected"])
def test_u_stays_outside_of_training_and_when_frozen(how: str) -> None:
    wrapper = nn.SpectralNormalization(nn.Dense(4), seed=3, trainable=how != "frozen")
    wrapper(ROWS)
    before = wrapper.state_dict()
    if how == "selected":
        wrapper.freeze("u")
    wrapper(ROWS, training=how != "inference")
    for path, value in wrapper.state_dict().items():
        np.testing.assert_array_equal(value, before[path])


def test_a_kernel_of_zeros_stays_one_and_spoils_nothing() -> None:
    for wrapper in (nn.SpectralNormalization(nn.Dense(4, kernel_initializer="zeros"), seed=3),
                    nn.WeightNormalization(nn.Dense(4, kernel_initializer="zeros"), seed=3)):  # fmt: skip
        with tf.GradientTape() as tape:
            output = wrapper(ROWS, training=True)
        np.testing.assert_array_equal(output, np.zeros([6, 4]))
        assert all(np.isfinite(gradient).all() for gradient in tape.gradient(output, wrapper.trainable_variables))
    spectral = nn.SpectralNormalization(nn.Dense(4, kernel_initializer="zeros"), seed=3)
    spectral(ROWS, training=True)
    assert np.linalg.norm(spectral["u"]) == pytest.approx(1)


def test_the_weight_is_there_again_when_the_layer_fails() -> None:
    class Failing(nn.Dense):
        def call(self, inputs: tf.Tensor) -> tf.Tensor:
            raise RuntimeError("no")

    layer = nn.Dense(4)
    wrapper = nn.SpectralNormalization(layer, seed=3)
    wrapper(ROWS)
    layer.__class__ = Failing
    with pytest.raises(RuntimeError, match="no"):
        wrapper(ROWS)
    assert isinstance(layer.kernel, tf.Variable)


# WeightNormalization.


@EACH_LAYER
def test_length_and_direction_apart(name: str) -> None:
    node, x, matrix = HELD[name]
    wrapper = nn.WeightNormalization(node, seed=3)
    output = wrapper(x)
    layer, weight = held(wrapper)
    value = getattr(layer, weight).numpy()
    np.testing.assert_allclose(np.ravel(wrapper.g), np.linalg.norm(matrix(value), axis=0), rtol=1e-5)
    np.testing.assert_allclose(output, plain(wrapper, x, value), rtol=1e-4, atol=1e-5)
    # A longer kernel changes nothing, another g does.
    getattr(layer, weight).assign(3 * value)
    np.testing.assert_allclose(wrapper(x), output, rtol=1e-4, atol=1e-5)
    wrapper.g.assign(2 * wrapper.g)
    np.testing.assert_allclose(wrapper(x), plain(wrapper, x, 2 * value), rtol=1e-4, atol=1e-5)


@EXECUTIONS
def test_its_gradients_in_numpy(execution: str) -> None:
    """Equation 3 of the paper."""
    wrapper = nn.WeightNormalization(nn.Dense(4, use_bias=False), seed=3)
    wrapper(ROWS)
    wrapper.g.assign([0.5, 1.0, -2.0, 3.0])
    g, kernel = wrapper.trainable_variables

    def gradients(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.sin(wrapper(x, training=True)))
        return tape.gradient(loss, [g, kernel])

    by_g, by_kernel = executed(gradients, execution)(ROWS)
    x, v, length = ROWS.numpy().astype(np.float64), kernel.numpy().astype(np.float64), g.numpy().astype(np.float64)
    norm = np.linalg.norm(v, axis=0)
    by_weight = x.T @ np.cos(x @ (length * v / norm))
    expected = (by_weight * v).sum(0) / norm
    np.testing.assert_allclose(by_g, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        by_kernel, length / norm * by_weight - length * expected / norm**2 * v, rtol=1e-4, atol=1e-4
    )


# Both.


@pytest.mark.parametrize("kind", ["SpectralNormalization", "WeightNormalization"])
def test_in_a_config(kind: str, tmp_path: Path) -> None:
    nodes = [{kind: {"layer": {"Dense": {"units": 4}, "name": "held"}}, "name": "around"}, {"Dense": 2}]
    model = Model(nodes, seed=1)
    expected = model(ROWS)
    own = ["around.u"] if kind == "SpectralNormalization" else ["around.g"]
    paths = [*own, "around.held.kernel", "around.held.bias", "dense.kernel", "dense.bias"]
    assert [named.path for named in model.named_variables()] == paths
    walked = [node.weight_path(weight) for node in model.graph.walk() for weight in node.own_weights]
    assert walked == paths
    assert model.graph.parameters().total == model.num_parameters() == 4 + 24 + 10
    assert model.graph.parameters().trainable == model.num_parameters(trainable_only=True)
    assert model.graph.macs() == 5 * 4 + 4 * 2
    model.save(tmp_path / "saved")
    np.testing.assert_array_equal(Model.load(tmp_path / "saved")(ROWS), expected)


@pytest.mark.parametrize("kind", ["SpectralNormalization", "WeightNormalization"])
def test_what_is_known_before_it_is_built(kind: str) -> None:
    layer = getattr(nn, kind)(nn.Conv2D(4, kernel_size=3))
    static = layer.static(TensorSpec((None, None, 5, 3)))
    assert static.outputs["output"].shape == (None, None, 3, 4)
    assert [(weight.name, weight.shape) for weight in static.weights] == [
        ("u" if kind == "SpectralNormalization" else "g", (4,))
    ]
    assert layer.count((None, 6, 5, 3)) == 4 + 3 * 3 * 3 * 4 + 4
    assert layer.output_shape((None, 6, 5, 3)) == (None, 4, 3, 4)


def test_a_mask_that_the_layer_makes_or_drops() -> None:
    network = nn.Network(
        [{"WeightNormalization": {"Embedding": {"input_dim": 4, "output_dim": 3, "mask_zero": True}}}],
        inputs={"text": {"shape": [2], "dtype": "int32"}},
    )
    network(INDICES)
    np.testing.assert_array_equal(network.output_masks["output"], [[False, True], [True, True]])


def test_inside_of_other_wrappers_and_among_layers() -> None:
    sequences = tf.constant(RNG.normal(size=[2, 3, 5]), tf.float32)
    inner = nn.WeightNormalization({"Dense": 4}, seed=1)
    outer = nn.TimeDistributed(inner)
    np.testing.assert_allclose(outer(sequences), inner["dense"](sequences), rtol=1e-5, atol=1e-6)
    chain = nn.Sequential([{"SpectralNormalization": {"layer": {"Dense": 4}, "power_iterations": 2}}, nn.Dense(2)])
    chain(ROWS)
    assert chain[0].wrapper.power_iterations == 2
    loop = nn.Network([{"While": {"body": [{"SpectralNormalization": {"Dense": 5}}], "max_iterations": 3}}], seed=1)
    loop(ROWS)
    u, kernel = (loop[f"while.spectral_normalization.{path}"].numpy() for path in ("u", "dense.kernel"))
    tf.function(lambda x: loop(x, training=True), autograph=False)(ROWS)
    for _ in range(3):
        u = unit(kernel.T @ unit(kernel @ u))
    np.testing.assert_allclose(loop["while.spectral_normalization.u"], u, atol=1e-5)


def test_a_layer_written_by_hand() -> None:
    class Scaled(nn.Layer[Any]):
        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight("kernel", [shape[-1], 3])

        def call(self, inputs: tf.Tensor) -> tf.Tensor:
            return inputs @ self.kernel

    wrapper = nn.SpectralNormalization(Scaled(), power_iterations=50, seed=1)
    output = wrapper(ROWS, training=True)
    kernel = wrapper["scaled.kernel"].numpy()
    expected = ROWS @ kernel / np.linalg.svd(kernel, compute_uv=False)[0]
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ("Flatten", r"SpectralNormalization normalises the kernel of a layer that has one .*; Flatten has no weights"),
        ("BatchNormalization", "or the embeddings of an Embedding; BatchNormalization has gamma, beta, moving_mean"),
        (
            {"MultiHeadAttention": {"num_heads": 2, "key_dim": 2}, "from": ["input", "input"]},
            "MultiHeadAttention has query_kernel, ",
        ),
        ({"WeightNormalization": {"Dense": 3}}, "SpectralNormalization holds one layer, .*, got WeightNormalization"),
        ({"Dense": 3, "repeat": 2}, "SpectralNormalization holds one layer, such as Dense or Conv2D, got Dense, Dense"),
        (["Flatten", {"Dense": 3}], "SpectralNormalization holds one layer, got a list of 2 nodes"),
        ({"power_iterations": 2}, "SpectralNormalization needs 'layer'"),
        (None, "SpectralNormalization needs the layer that it holds: {Dense: 10}"),
        ({"layer": {"Dense": 3}, "power_iterations": 0}, "power_iterations: expected a number greater than 0, got 0"),
        (
            {"layer": {"Dense": 3}, "iterations": 2},
            "SpectralNormalization has no key 'iterations'; did you mean 'power",
        ),
        ({"layer": 3}, "layer: expected a node, such as 'Flatten' or 'Dense: 10', got 3"),
        ({"Dense": {"unit": 3}}, "Dense has no parameter 'unit'; did you mean 'units'"),
    ],
)
def test_what_cannot_be_held(held: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        nn.Network([{"SpectralNormalization": held}])(tf.ones([2, 5, 4]))
    assert len(caught.value.problems) == 1


def test_a_shared_layer_cannot_be_held() -> None:
    nodes = [{"Dense": 5, "name": "first"}, {"SpectralNormalization": {"share": "first"}}]
    with pytest.raises(SpecError, match=r"SpectralNormalization holds one layer, .*, got none of its own"):
        nn.Network(nodes)(ROWS)


def test_a_power_iteration_from_a_variable() -> None:
    from netlib.spec.language.analysis import analyse

    section = [{"SpectralNormalization": {"layer": "$layer", "power_iterations": "$(n + 1)"}}]
    graph, problems = analyse(section, {"x": TensorSpec((None, 5))}, {"n": 2, "layer": {"Dense": 3}})
    assert not problems
    assert graph is not None
    spec: Any = graph.nodes[0].spec
    assert spec.power_iterations == 3
