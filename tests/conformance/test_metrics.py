"""Every metric adds up: where rows are counted apart from zero, as replicas do it, the counters' sums are those of all."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import tensorflow as tf

from netlib.spec.plugins.terms import metric as added_metric
from netlib.spec.registry import ADDED, TABLES
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.training.meters import Meters

RNG = np.random.default_rng(11)
ROWS, CUT, TIME, UNITS = 37, 14, 5, 3
SOFTMAX, SIGMOID = "sparse_categorical_crossentropy", "binary_crossentropy"
CASES: dict[str, list[tuple[Any, Any]]] = {
    "AUC": [
        (SOFTMAX, None),
        (SIGMOID, {"curve": "PR", "num_thresholds": 9}),
        (SIGMOID, {"multi_label": True, "label_weights": [0.2, 1, 2]}),
    ],
    "Accuracy": [(SOFTMAX, None), (SIGMOID, None), ("categorical_crossentropy", None)],
    "BinaryAccuracy": [(SIGMOID, {"threshold": 0.3})],
    "BinaryCrossentropy": [(SIGMOID, {"label_smoothing": 0.1})],
    "CategoricalAccuracy": [("categorical_crossentropy", None)],
    "CategoricalCrossentropy": [("categorical_crossentropy", None)],
    "Compute": [("mse", "mean(abs(output - target)) + 0.5 * mean(output ** 2)"), ("mse", "output - target")],
    "CosineSimilarity": [("mse", None)],
    "F1Score": [(SIGMOID, {"average": how, "threshold": 0.4}) for how in ("micro", "macro", "weighted")]
    + [(SOFTMAX, None)],
    "MeanAbsoluteError": [("mse", None)],
    "MeanAbsolutePercentageError": [("mse", None)],
    "MeanSquaredError": [("mse", None)],
    "MeanSquaredLogarithmicError": [("mse", None)],
    "Precision": [(SOFTMAX, None), (SIGMOID, {"class_id": 1, "thresholds": 0.3})],
    "R2Score": [("mse", None), ("mse", {"class_aggregation": "variance_weighted_average"})],
    "Recall": [(SOFTMAX, None), (SIGMOID, {"class_id": 1})],
    "RootMeanSquaredError": [("mse", None)],
    "SparseCategoricalAccuracy": [(SOFTMAX, None)],
    "SparseCategoricalCrossentropy": [(SOFTMAX, None)],
    "SparseTopKCategoricalAccuracy": [(SOFTMAX, {"k": 2})],
    "TopKCategoricalAccuracy": [("categorical_crossentropy", {"k": 2})],
}
ONE_AXIS = {"F1Score", "R2Score"}
"""Those that take outputs (batch, units) alone."""
ROWS_OF = [
    pytest.param(name, loss, parameters, places, id=f"{name}-{number}-{'masked-places' if places else 'rows'}")
    for name, cases in CASES.items()
    for number, (loss, parameters) in enumerate(cases)
    for places in ((), (TIME,))
    if not places or not (name in ONE_AXIS or (isinstance(parameters, dict) and parameters.get("multi_label")))
]


def test_every_metric_has_a_case() -> None:
    assert set(CASES) == set(TABLES["metric"])


def data(name: str, loss: str, places: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    output = RNG.uniform(0.1, 2, (ROWS, *places, UNITS)).astype(np.float32)
    if loss == SOFTMAX:
        return output, RNG.integers(0, UNITS, (ROWS, *places))
    if loss == "categorical_crossentropy":
        return output, np.eye(UNITS, dtype=np.float32)[RNG.integers(0, UNITS, (ROWS, *places))]
    if loss == SIGMOID:
        return output - 1, RNG.integers(0, 2, output.shape).astype(np.float32)
    return output, RNG.uniform(0.1, 2, output.shape).astype(np.float32)


def meters(metric: Any, loss: str, shape: tuple[int | None, ...]) -> Meters:
    spec = TrainSpec.parse({"epochs": 1, "loss": loss, "metrics": [metric]})
    return Meters(spec.bind(["output"], ["target"]), {"output": TensorSpec(shape)})


def assert_adds_up(metric: Any, loss: str, output: np.ndarray, target: np.ndarray, weights: Any, mask: Any) -> None:
    """The parts differ in length. Counters begin at zero; their sums, set in a third meter, give the whole's value too."""
    whole, first, second, joined = (meters(metric, loss, (None, *output.shape[1:])) for _ in range(4))
    for variable in whole.named_variables().values():
        assert not variable.numpy().any()
    for counted, part in ((whole, slice(None)), (first, slice(CUT)), (second, slice(CUT, None))):
        some = None if weights is None else tf.constant(weights[part])
        real = None if mask is None else {"output": tf.constant(mask[part])}
        counted.update({"output": tf.constant(output[part])}, {"target": tf.constant(target[part])}, some, real)
    sums = {name: variable + second.named_variables()[name] for name, variable in first.named_variables().items()}
    for name, variable in whole.named_variables().items():
        np.testing.assert_allclose(sums[name], variable, rtol=1e-6, atol=1e-9, err_msg=name)
        joined.named_variables()[name].assign(sums[name])
    assert any(variable.numpy().any() for variable in whole.named_variables().values())
    assert joined.results() == pytest.approx(whole.results(), rel=1e-5)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weights"])
@pytest.mark.parametrize(("name", "loss", "parameters", "places"), ROWS_OF)
def test_counters_of_two_parts_add_up_to_those_of_the_whole(
    name: str, loss: str, parameters: Any, places: tuple[int, ...], weighted: bool
) -> None:
    output, target = data(name, loss, places)
    weights = RNG.uniform(0.1, 2, ROWS).astype(np.float32) if weighted else None
    mask = RNG.random((ROWS, TIME)) < 0.6 if places else None
    assert_adds_up({name: parameters, "name": "counted"}, loss, output, target, weights, mask)


def written_by_a_user(y_true: Any, y_pred: Any, power: float = 3.0) -> Any:
    """A value for each entry."""
    return cast(Any, tf.abs(y_true - y_pred) ** power)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weights"])
def test_metrics_of_plug_ins_add_up(weighted: bool) -> None:
    before = dict(ADDED["metric"])
    try:
        added_metric(written_by_a_user)
        (name,) = set(ADDED["metric"]) - set(before)
        output, target = data(name, "mse", ())
        weights = RNG.uniform(0.1, 2, ROWS).astype(np.float32) if weighted else None
        assert_adds_up({name: None, "name": "counted"}, "mse", output, target, weights, None)
    finally:
        ADDED["metric"].clear()
        ADDED["metric"].update(before)
