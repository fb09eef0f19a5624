"""A row of the table of layers as a case of a test, and how a layer's results are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras_oracles import given, keras_layer, weight_name, weights_of
from layer_table import TABLE, is_compiled, tensors_of

from netlib.nn.layer import Layer
from netlib.spec.layer import LayerSpec
from netlib.spec.registry import spec_class
from netlib.spec.tensors import TensorSpec

BATCH, UNKNOWN = 6, 5


@dataclass
class Case:
    """One row of the table."""

    name: str
    row: dict[str, Any]

    @property
    def spec(self) -> LayerSpec:
        return spec_class("layer", self.name).parse(self.row.get("parameters", {}))

    @property
    def tensors(self) -> list[TensorSpec]:
        return tensors_of(self.row)

    @property
    def tolerance(self) -> float:
        return float(self.row.get("tolerance", 2e-6))

    @property
    def draws(self) -> bool:
        """Whether it draws numbers in training."""
        return self.spec.random and self.row.get("random") != "never"

    def layer(self, **options: Any) -> Layer[Any]:
        layer = Layer.from_spec(self.spec, seed=5, **options)
        width = options.get("dtype", "float32")
        floats = {"float32": width} if width in ("float32", "float64") else {}
        layer.ensure_built(*(replace(each, dtype=floats.get(each.dtype, each.dtype)) for each in self.tensors))
        return layer

    def values(self, batch: int = BATCH) -> list[tf.Tensor]:
        """Inputs with nothing special about them; an unknown axis gets a length."""
        rng = np.random.default_rng(17)
        shapes = [(batch, *(UNKNOWN if axis is None else axis for axis in tensor.shape[1:])) for tensor in self.tensors]
        below = self.row.get("below", 2)
        return [
            tf.constant(
                rng.normal(0.3, 1.2, shape) if "float" in tensor.dtype else rng.integers(0, below, shape), tensor.dtype
            )
            for tensor, shape in zip(self.tensors, shapes, strict=True)
        ]


def cases(*chosen: str, where: Callable[[Case], bool] = lambda case: True, compiled: bool = False) -> Any:
    """Parametrises a test over the rows that are chosen, all by default; with `compiled`, over those that are, unless all of them
    are asked for with `--every-row`."""
    found = [
        pytest.param(case, id=f"{name}-{i}", marks=[pytest.mark.every_row] * (compiled and not is_compiled(name, i)))
        for name, rows in TABLE.items()
        for i, case in enumerate(Case(name, row) for row in rows)
        if (not chosen or name in chosen) and where(case)
    ]
    return pytest.mark.parametrize("case", found)


def randomise(layer: Layer[Any]) -> None:
    """Weights that no mistake leaves without effect; variances stay positive."""
    rng = np.random.default_rng(23)
    for variable in (each for each in layer.variables if each.dtype.is_floating):
        variable.assign(rng.uniform(0.5, 1.5, variable.shape) * rng.choice([-1, 1], variable.shape))
    for variable in (each for each in layer.non_trainable_variables if each.dtype.is_floating):
        variable.assign(abs(variable))


def parts(output: Any) -> dict[str, tf.Tensor]:
    """What a layer gives by port."""
    return output if isinstance(output, dict) else {"output": output}


def run(layer: Any, values: list[tf.Tensor], weights: list[Any], training: bool) -> dict[str, Any]:
    """Output, and gradients of a nonlinear function of it by inputs and weights."""
    watched = [value for value in values if value.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        output = tf.nest.flatten(list(parts(layer(*values, training=training)).values()))
        floating = [part for part in output if part.dtype.is_floating]
        sums = [tf.cast(tf.reduce_sum(tf.sin(part)), tf.float64) for part in floating]
        loss = tf.add_n([tf.zeros([], tf.float64), *sums])
    by_input, by_weight = tape.gradient(loss, (watched, weights), unconnected_gradients="zero")
    by_weight = [tf.convert_to_tensor(gradient) for gradient in by_weight]
    return {"output": output, "input gradients": by_input, "weight gradients": by_weight}


def assert_close(actual: Any, expected: Any, tolerance: float) -> None:
    """Equal within `tolerance` of the largest value."""
    actual, expected = ([np.asarray(item) for item in tf.nest.flatten(tree)] for tree in (actual, expected))
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected, strict=True):
        assert one.shape == other.shape
        scale = max(1.0, np.abs(other.astype(float)).max(initial=0))
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale)


def compare(
    case: Case, ours: Layer[Any], theirs: Any, values: list[tf.Tensor], training: bool, tolerance: float
) -> None:
    """Outputs, gradients and statistics, with the same weights."""
    randomise(ours)
    for variable in weights_of(theirs):
        variable.assign(ours[weight_name(case.spec, variable)])
    weights = [variable.value for variable in theirs.trainable_variables]
    assert [weight_name(case.spec, variable) for variable in theirs.trainable_variables] == [
        named.path for named in ours.named_variables() if named.trainable
    ]

    def keras_call(*values: tf.Tensor, training: bool) -> tf.Tensor:
        return theirs(*given(case.spec, values), training=training)

    expected = run(keras_call, values, weights, training)
    actual = run(ours, values, list(ours.trainable_variables), training)
    assert_close(actual, expected, tolerance)
    statistics = {variable.name: variable.numpy() for variable in weights_of(theirs) if not variable.trainable}
    assert_close([ours[name] for name in statistics], list(statistics.values()), min(1e-6, tolerance))


def check_against_keras(case: Case, training: bool) -> None:
    ours, theirs = case.layer(), keras_layer(case.spec, case.values())
    compare(case, ours, theirs, case.values(), training, case.tolerance)
