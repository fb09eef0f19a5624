from __future__ import annotations

import re

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.keras_objects import make_loss, make_metric
from netlib.spec.errors import NetlabError
from netlib.spec.heads import BoundLoss, BoundMetric, Heads
from netlib.spec.losses import MeanSquaredError
from netlib.spec.plugins.loading import load_plugins
from netlib.spec.registry import spec_class
from netlib.spec.tensors import TensorSpec
from netlib.training.meters import Meters
from netlib.training.objective import Objective

TERMS = """\
import tensorflow as tf

@netlib.loss
def pinball(y_true, y_pred, *, quantile: float = 0.5):
    error = y_true - y_pred
    return tf.maximum(quantile * error, (quantile - 1) * error)

@netlib.loss(kind="classes")
def entropy(y_true, y_pred):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(y_true, y_pred)

@netlib.loss
def by_sample(y_true, y_pred):
    return tf.reduce_mean((y_true - y_pred) ** 2, axis=tuple(range(1, len(y_pred.shape))))

@netlib.metric
def within(y_true, y_pred, *, tolerance: float = 1.0):
    return tf.cast(abs(y_true - y_pred) <= tolerance, "float32")

@netlib.metric
def worst(y_true, y_pred):
    return tf.reduce_max(abs(y_true - y_pred), axis=tuple(range(1, len(y_pred.shape))))
"""


@pytest.fixture(autouse=True)
def terms(plugin):
    load_plugins([plugin(TERMS, "my_terms.py")])


def loss_heads(name: str, **parameters) -> Heads:
    spec = spec_class("loss", name).parse(parameters)
    return Heads((BoundLoss("loss", spec, "y", "t", 1.0, ("loss",)),), ())


def some(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")


def test_a_loss_by_hand(plugin):
    output, target = some(5, 3), some(3, 5).T
    found = Objective(loss_heads("Pinball", quantile=0.9)).rows({"y": tf.constant(output)}, {"t": tf.constant(target)})
    error = target - output
    expected = np.where(error > 0, 0.9 * error, -0.1 * error).mean(1)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)


def test_a_loss_of_classes_is_keras_s_weighted_and_masked(plugin):
    logits, labels = some(4, 6, 3), np.random.default_rng(0).integers(0, 3, (4, 6))
    mask = np.arange(6) < np.array([6, 3, 1, 5])[:, None]
    weights = tf.constant([1.0, 2.0, 0.5, 3.0])
    keras = Heads(
        (BoundLoss("loss", spec_class("loss", "SparseCategoricalCrossentropy").parse({}), "y", "t", 1.0, ("loss",)),),
        (),
    )
    outputs, targets, masks = {"y": tf.constant(logits)}, {"t": tf.constant(labels)}, {"y": tf.constant(mask)}
    mine, theirs = (Objective(each).rows(outputs, targets, weights, masks) for each in (loss_heads("Entropy"), keras))
    np.testing.assert_allclose(mine, theirs, rtol=1e-5)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return tf.reduce_mean(y_pred)", "it returned one number for all: leave the mean over the batch to netlab"),
        ("return y_pred[:, :1]", "for each entry of the output (batch, 3); it returned (batch, 1)"),
        ("return y_pred[:1, 0]", "for each entry of the output (batch, 3); it returned (1)"),
        ("return 3.0", "as a tensor of floating-point numbers; it returned 3.0"),
        ("pass", "as a tensor of floating-point numbers; it returned nothing"),
        ("return y_pred > 0", "as a tensor of floating-point numbers; it returned a tensor of bool"),
        (
            "return 1 / 0",
            "my_terms.py:6: 'own' raised ZeroDivisionError: division by zero\n  my_terms.py:7, in own: return 1",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["loss", "metric"])
def test_what_it_returns_is_checked(plugin, kind, body, message):
    text = f"@netlib.{kind}\ndef own(y_true, y_pred):\n    {body}\n"
    load_plugins([plugin(f"import tensorflow as tf\n{text}", "my_terms.py")])
    spec = spec_class(kind, "Own").parse({})
    call = make_loss(spec) if kind == "loss" else make_metric(spec).update_state
    with pytest.raises(NetlabError, match=re.escape(message)):
        call(tf.zeros([2, 3]), tf.ones([2, 3]))


@pytest.mark.parametrize("jit", [False, True])
def test_metrics_are_weighted_means_over_batches(plugin, jit):
    specs = [spec_class("metric", "Within").parse({"tolerance": 0.5}), spec_class("metric", "Worst").parse({})]
    bound = [BoundMetric(spec.type_name(), spec, "y", "t", MeanSquaredError(), ("metrics",)) for spec in specs]
    meters = Meters(Heads((), tuple(bound)), {"y": TensorSpec((None, 4))})
    assert list(meters.named_variables()) == ["Within.0.total", "Within.1.count", "Worst.0.total", "Worst.1.count"]
    assert {each.dtype for each in meters.named_variables().values()} == {tf.float64}
    output, target, weights = some(6, 4), some(4, 6).T, np.arange(6, dtype="float32")
    update = tf.function(meters.update, jit_compile=jit)
    for rows in (slice(0, 2), slice(2, 6)):
        update({"y": output[rows]}, {"t": target[rows]}, weights[rows])
    error = abs(output - target)
    assert meters.results() == pytest.approx(
        {
            "Within": np.average((error <= 0.5).mean(1), weights=weights),
            "Worst": np.average(error.max(1), weights=weights),
        },
        rel=1e-6,
    )


def test_a_mask_leaves_places_out_of_a_metric(plugin):
    spec = spec_class("metric", "Within").parse({"tolerance": 0.5})
    bound = BoundMetric("within", spec, "y", "t", MeanSquaredError(), ("metrics",))
    meters = Meters(Heads((), (bound,)), {"y": TensorSpec((None, 6, 2))})
    output, target = some(4, 6, 2), some(4, 12).reshape(4, 6, 2)
    mask, weights = np.arange(6) < np.array([6, 3, 1, 5])[:, None], np.array([1, 2, 0.5, 3], "float32")
    meters.update(
        {"y": tf.constant(output)}, {"t": tf.constant(target)}, tf.constant(weights), {"y": tf.constant(mask)}
    )
    values = (abs(output - target) <= 0.5).mean(2)
    expected = np.average(values, weights=mask * weights[:, None])
    assert meters.results() == pytest.approx({"within": expected}, rel=1e-6)


def test_a_metric_with_one_value_a_sample_of_places(plugin):
    spec = spec_class("metric", "Worst").parse({})
    bound = BoundMetric("worst", spec, "y", "t", MeanSquaredError(), ("metrics",))
    meters = Meters(Heads((), (bound,)), {"y": TensorSpec((None, 6, 2))})
    output, weights = some(4, 6, 2), np.array([1, 2, 0.5, 3], "float32")
    meters.update({"y": tf.constant(output)}, {"t": tf.zeros([4, 6, 2])}, tf.constant(weights))
    assert meters.results() == pytest.approx({"worst": np.average(abs(output).max((1, 2)), weights=weights)}, rel=1e-6)
