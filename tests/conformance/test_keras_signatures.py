"""Holds every spec whose computation is Keras's to Keras: names, parameters, defaults, limits and values.

`SAMPLES` has a row for each registered name, with a value other than the default for each of its parameters.
"""

from __future__ import annotations

import inspect
import math
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.keras_objects import activation, make
from netlib.spec.base import Spec
from netlib.spec.errors import SpecError
from netlib.spec.registry import ALIASES, REFUSED, names, spec_class, squash
from netlib.training import callbacks

HOMES = {
    "activation": keras.activations,
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
    "loss": keras.losses,
    "metric": keras.metrics,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
    "callback": keras.callbacks,
}
FANS = {"input_axes": [0], "output_axes": [1]}
RATES = {"learning_rate": 0.5, "weight_decay": 0.25}
MOMENTS = {**RATES, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 1e-3}
DECAY = {"initial_learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.25, "staircase": True}
CATEGORICAL = {"from_logits": False, "label_smoothing": 0.25}

SAMPLES: dict[str, dict[str, dict[str, Any]]] = {
    "activation": {
        "relu": {"negative_slope": 0.5, "max_value": 2.0, "threshold": 0.25},
        "relu6": {},
        "leaky_relu": {"negative_slope": 0.5},
        "elu": {"alpha": 0.5},
        "selu": {},
        "celu": {"alpha": 0.5},
        "gelu": {"approximate": True},
        "sigmoid": {},
        "hard_sigmoid": {},
        "log_sigmoid": {},
        "sparse_sigmoid": {},
        "softmax": {"axis": 1},
        "log_softmax": {"axis": 1},
        "sparsemax": {"axis": 1},
        "softplus": {},
        "softsign": {},
        "soft_shrink": {"threshold": 0.25},
        "hard_shrink": {"threshold": 0.25},
        "squareplus": {"b": 2.0},
        "sparse_plus": {},
        "threshold": {"threshold": 0.25, "default_value": -1.0},
        "tanh": {},
        "hard_tanh": {},
        "tanh_shrink": {},
        "silu": {},
        "hard_silu": {},
        "mish": {},
        "exponential": {},
        "linear": {},
    },
    "initializer": {
        "Zeros": {},
        "Ones": {},
        "Constant": {"value": 0.5},
        "Identity": {"gain": 2.0},
        "RandomNormal": {"mean": 1.0, "stddev": 0.5},
        "RandomUniform": {"minval": 0.25, "maxval": 0.5},
        "TruncatedNormal": {"mean": 1.0, "stddev": 0.5},
        "VarianceScaling": {"scale": 2.0, "mode": "fan_avg", "distribution": "uniform", **FANS},
        "GlorotUniform": FANS,
        "GlorotNormal": FANS,
        "HeUniform": FANS,
        "HeNormal": FANS,
        "LecunUniform": FANS,
        "LecunNormal": FANS,
        "Orthogonal": {"gain": 2.0},
    },
    "regularizer": {
        "L1": {"l1": 0.5},
        "L2": {"l2": 0.5},
        "L1L2": {"l1": 0.5, "l2": 0.25},
        "OrthogonalRegularizer": {"factor": 0.5, "mode": "columns"},
    },
    "constraint": {
        "MaxNorm": {"max_value": 3.0, "axis": [0, 1]},
        "NonNeg": {},
        "UnitNorm": {"axis": 1},
        "MinMaxNorm": {"min_value": 0.5, "max_value": 2.0, "rate": 0.5, "axis": [0]},
        "Clip": {"min_value": -0.5, "max_value": 0.25},
    },
    "loss": {
        "SparseCategoricalCrossentropy": {"from_logits": False},
        "CategoricalCrossentropy": CATEGORICAL,
        "BinaryCrossentropy": CATEGORICAL,
        "BinaryFocalCrossentropy": {**CATEGORICAL, "apply_class_balancing": True, "alpha": 0.5, "gamma": 1.0},
        "CategoricalFocalCrossentropy": {**CATEGORICAL, "alpha": [0.5, 0.25], "gamma": 1.0},
        "MeanSquaredError": {},
        "MeanAbsoluteError": {},
        "MeanAbsolutePercentageError": {},
        "MeanSquaredLogarithmicError": {},
        "Huber": {"delta": 2.0},
        "LogCosh": {},
        "Poisson": {},
        "KLDivergence": {},
        "CosineSimilarity": {},
        "Hinge": {},
        "SquaredHinge": {},
        "CategoricalHinge": {},
        "Compute": {"expression": "mean(output)"},
    },
    "metric": {
        "Accuracy": {},
        "SparseCategoricalAccuracy": {},
        "CategoricalAccuracy": {},
        "BinaryAccuracy": {"threshold": 0.25},
        "TopKCategoricalAccuracy": {"k": 3},
        "SparseTopKCategoricalAccuracy": {"k": 3},
        "AUC": {
            "num_thresholds": 4, "curve": "PR", "summation_method": "minoring", "thresholds": [0.25, 0.5],
            "multi_label": True, "label_weights": [1.0, 2.0],
        },
        "Precision": {"thresholds": 0.25, "class_id": 2},
        "Recall": {"thresholds": 0.25, "class_id": 2},
        "F1Score": {"average": "micro", "threshold": 0.25},
        "SparseCategoricalCrossentropy": {},
        "CategoricalCrossentropy": {"label_smoothing": 0.25},
        "BinaryCrossentropy": {"label_smoothing": 0.25},
        "MeanSquaredError": {},
        "RootMeanSquaredError": {},
        "MeanAbsoluteError": {},
        "MeanAbsolutePercentageError": {},
        "MeanSquaredLogarithmicError": {},
        "R2Score": {"class_aggregation": "variance_weighted_average"},
        "CosineSimilarity": {},
        "Compute": {"expression": "mean(output)"},
    },
    "optimizer": {
        "SGD": {**RATES, "momentum": 0.5, "nesterov": True},
        "Adam": {**MOMENTS, "amsgrad": True},
        "AdamW": {**MOMENTS, "amsgrad": True},
        "RMSprop": {**RATES, "rho": 0.5, "momentum": 0.25, "epsilon": 1e-3, "centered": True},
        "Adagrad": {**RATES, "initial_accumulator_value": 0.5, "epsilon": 1e-3},
        "Adadelta": {**RATES, "rho": 0.5, "epsilon": 1e-3},
        "Adamax": MOMENTS,
        "Nadam": MOMENTS,
        "Ftrl": {
            **RATES, "learning_rate_power": -0.25, "initial_accumulator_value": 0.5, "l1_regularization_strength": 0.5,
            "l2_regularization_strength": 0.25, "l2_shrinkage_regularization_strength": 0.125, "beta": 0.5,
        },
        "Lion": {**RATES, "beta_1": 0.5, "beta_2": 0.75},
        "Lamb": MOMENTS,
        "Adafactor": {
            **RATES, "beta_2_decay": -0.5, "epsilon_1": 1e-20, "epsilon_2": 1e-2, "clip_threshold": 2.0,
            "relative_step": False,
        },
    },
    "schedule": {
        "CosineDecay": {
            "initial_learning_rate": 0.25, "decay_steps": 10, "alpha": 0.125, "warmup_target": 0.5, "warmup_steps": 5,
        },
        "CosineDecayRestarts": {
            "initial_learning_rate": 0.5, "first_decay_steps": 10, "t_mul": 3.0, "m_mul": 0.5, "alpha": 0.25,
        },
        "ExponentialDecay": DECAY,
        "InverseTimeDecay": DECAY,
        "PolynomialDecay": {
            "initial_learning_rate": 0.5, "decay_steps": 10, "end_learning_rate": 0.25, "power": 2.0, "cycle": True,
        },
        "PiecewiseConstantDecay": {"boundaries": [5, 10], "values": [0.5, 0.25, 0.125]},
    },
    "callback": {
        "EarlyStopping": {
            "monitor": "train.loss", "min_delta": 0.5, "patience": 3, "mode": "max", "baseline": 0.25,
            "start_from_epoch": 2,
        },
        "ReduceOnPlateau": {
            "monitor": "train.loss", "factor": 0.5, "patience": 3, "mode": "max", "min_delta": 0.5, "cooldown": 2,
            "min_lr": 0.25,
        },
        "EMA": {"decay": 0.5},
        "TimeLimit": {"limit": 90.0},
        "StopOnNaN": {},
        "CSVLog": {},
        "TensorBoard": {"histograms": ["**.kernel"], "confusion": True, "every": 2},
    },
}  # fmt: skip

RENAMED = {"ReduceOnPlateau": "ReduceLROnPlateau"}
"""Names of ours whose counterpart in Keras is called otherwise."""
OWN = {"EMA", "TimeLimit", "StopOnNaN", "CSVLog", "TensorBoard", "Compute", "Clip"}
"""Callbacks, constraints, losses and metrics that are none of Keras's, or have none of its parameters."""

DIFFERENT = {
    ("loss", "from_logits"): "logits are the default",
    ("metric", "average"): "a metric gives one number, which Keras's default (a value for each class) does not",
    ("metric", "thresholds"): "one threshold, for one number; Keras's null stands for 0.5",
    ("callback", "monitor"): "null stands for train.monitor",
}
"""Defaults that are not Keras's, and why."""

UNTOLD = {("Identity", "gain"), ("Huber", "delta"), ("AUC", "num_thresholds"), ("AUC", "thresholds")}
"""Parameters that Keras's `get_config` leaves out, or tells in another form: tested by what they do."""

ALL = [(kind, name) for kind in HOMES for name in names(kind)]
CHOSEN = [pair for pair in ALL if pair[0] != "callback" and pair[1] not in OWN]
KERAS = [pair for pair in ALL if pair[1] not in OWN]
each_name = pytest.mark.parametrize(("kind", "name"), ALL)
each_of_keras = pytest.mark.parametrize(("kind", "name"), KERAS)


def keras_object(kind: str, name: str) -> Any:
    return getattr(HOMES[kind], RENAMED.get(name, name))


def keras_parameters(kind: str, name: str) -> dict[str, inspect.Parameter]:
    found = dict(inspect.signature(keras_object(kind, name)).parameters)
    named = {key: p for key, p in found.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    if kind == "activation":
        named.pop("x")
    return named


def made(spec: Spec) -> Any:
    return activation(spec) if spec.kind == "activation" else make(spec)


@pytest.mark.parametrize("kind", HOMES)
def test_every_registered_name_has_a_row(kind: str) -> None:
    assert set(SAMPLES[kind]) == set(names(kind))


@each_of_keras
def test_parameters_are_those_of_keras(kind: str, name: str) -> None:
    cls, theirs = spec_class(kind, name), keras_parameters(kind, name)
    assert cls.type_name() == name
    assert set(cls.model_fields) <= set(theirs)
    assert set(theirs) - set(cls.model_fields) <= set(cls.refused), (
        "a parameter is neither in the spec nor refused with a reason"
    )


@each_of_keras
def test_defaults_are_those_of_keras(kind: str, name: str) -> None:
    theirs = keras_parameters(kind, name)
    for parameter, info in spec_class(kind, name).model_fields.items():
        if info.is_required():
            assert theirs[parameter].default is inspect.Parameter.empty
        elif info.default != theirs[parameter].default:
            assert (kind, parameter) in DIFFERENT, f"{parameter}: {info.default}, in Keras {theirs[parameter].default}"


def test_documented_differences_are_differences() -> None:
    found = {
        (kind, parameter)
        for kind, name in KERAS
        for parameter, info in spec_class(kind, name).model_fields.items()
        if not info.is_required() and info.default != keras_parameters(kind, name)[parameter].default
    }
    assert found == set(DIFFERENT)


@each_name
def test_everything_has_a_line_of_documentation(kind: str, name: str) -> None:
    cls = spec_class(kind, name)
    assert cls.__doc__
    assert cls.__doc__.strip()
    for parameter, info in cls.model_fields.items():
        assert info.description, parameter
        assert info.description.endswith("."), parameter


@each_name
def test_a_spec_survives_being_written(kind: str, name: str) -> None:
    cls, sample = spec_class(kind, name), SAMPLES[kind][name]
    assert set(sample) == set(cls.model_fields), "the row must have a value for every parameter"
    spec = cls.parse(sample)
    assert cls.parse(spec.to_plain()) == spec
    assert spec.to_plain() == sample
    for parameter, info in cls.model_fields.items():
        assert info.is_required() or sample[parameter] != info.default, parameter


@pytest.mark.parametrize(("kind", "name"), [pair for pair in CHOSEN if pair[0] != "activation"])
def test_parameters_reach_keras(kind: str, name: str) -> None:
    sample = SAMPLES[kind][name]
    config = made(spec_class(kind, name).parse(sample)).get_config()
    for parameter, value in sample.items():
        if (name, parameter) in UNTOLD:
            continue
        got = np.asarray(config[parameter]).tolist()
        assert got == (pytest.approx(value) if isinstance(value, float) else value), parameter


def test_parameters_that_keras_does_not_tell_reach_it() -> None:
    np.testing.assert_array_equal(
        made(spec_class("initializer", "Identity").parse({"gain": 2.0}))((2, 2)), 2 * np.eye(2)
    )
    huber = made(spec_class("loss", "Huber").parse({"delta": 2.0}))
    assert float(huber(np.array([[0.0]]), np.array([[3.0]]))) == pytest.approx(2 * 3 - 2**2 / 2)
    assert made(spec_class("metric", "AUC").parse({"thresholds": [0.5, 0.25]})).thresholds[1:-1] == [0.25, 0.5]
    assert len(made(spec_class("metric", "AUC").parse({"num_thresholds": 7})).thresholds) == 7


@pytest.mark.parametrize("name", names("activation"))
def test_activations_compute_what_keras_does(name: str) -> None:
    values = np.linspace(-7, 7, 60, dtype=np.float32).reshape(5, 4, 3)
    sample = SAMPLES["activation"][name]
    spec = spec_class("activation", name).parse(sample)
    expected = keras_object("activation", name)(values, **sample)
    np.testing.assert_array_equal(made(spec)(values), expected)
    assert made(spec)(values).shape == values.shape


AWKWARD = [
    None,
    True,
    -1,
    0,
    1,
    2,
    7,
    -1.0,
    -0.25,
    0.0,
    0.25,
    1.0,
    1.5,
    1e9,
    math.nan,
    math.inf,
    "x",
    "",
    [],
    [0.5],
    [-1],
    {},
]


@given(st.sampled_from(CHOSEN), st.data())
@settings(max_examples=600)
def test_what_a_spec_accepts_can_be_made(pair: tuple[str, str], data: st.DataObject) -> None:
    kind, name = pair
    cls = spec_class(kind, name)
    required = {key: SAMPLES[kind][name][key] for key, info in cls.model_fields.items() if info.is_required()}
    some = st.dictionaries(st.sampled_from([*cls.model_fields]), st.sampled_from(AWKWARD), max_size=2)
    values = {**required, **(data.draw(some) if cls.model_fields else {})}
    try:
        spec = cls.parse(values)
    except SpecError:
        return
    made(spec)


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        ("initializer", "VarianceScaling", {"scale": 0}),
        ("initializer", "VarianceScaling", {"mode": "fan"}),
        ("regularizer", "L2", {"l2": -1}),
        ("regularizer", "OrthogonalRegularizer", {"mode": "x"}),
        ("optimizer", "SGD", {"momentum": 1.5}),
        ("optimizer", "Lion", {"beta_1": 0}),
        ("optimizer", "Ftrl", {"learning_rate_power": 0.5}),
        ("optimizer", "Adam", {"learning_rate": "fast"}),
        ("optimizer", "AdamW", {"weight_decay": None}),
        ("schedule", "ExponentialDecay", {"decay_steps": 0, "initial_learning_rate": 0.5, "decay_rate": 0.5}),
        ("schedule", "PiecewiseConstantDecay", {"boundaries": [1], "values": [0.5]}),
        ("metric", "AUC", {"num_thresholds": 1}),
        ("metric", "AUC", {"curve": "x"}),
        ("metric", "Precision", {"thresholds": 1.5}),
        ("metric", "F1Score", {"threshold": 0}),
    ],
)
def test_what_keras_rejects_is_rejected(kind: str, name: str, values: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        keras_object(kind, name)(**values)
    with pytest.raises(SpecError, match=next(iter(values))):
        spec_class(kind, name).parse(values)


@pytest.mark.parametrize("name", names("schedule"))
def test_schedules_end_when_they_say(name: str) -> None:
    spec: Any = spec_class("schedule", name).parse(SAMPLES["schedule"][name])
    schedule = made(spec)
    rates = [float(schedule(step)) for step in range(60)]
    assert all(math.isfinite(rate) and rate >= 0 for rate in rates)
    changes = [step for step, (before, after) in enumerate(pairwise(rates)) if before != after]
    if spec.steps is None:
        assert changes[-1] > 35
    else:
        assert changes[-1] in (spec.steps - 1, spec.steps)


@pytest.mark.parametrize(("kind", "alias"), [(kind, alias) for kind in ALIASES for alias in ALIASES[kind]])
def test_short_names_are_those_of_keras(kind: str, alias: str) -> None:
    ours = ALIASES[kind][alias]
    assert ours in names(kind)
    if kind == "metric" and alias in ("acc", "r2", "f1", "rmse"):  # names of ours; Keras has none
        return
    theirs = HOMES[kind].get(alias)
    assert squash(getattr(theirs, "__name__", type(theirs).__name__)) == squash(ours)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in REFUSED for name in REFUSED[kind]])
def test_what_is_refused_exists_in_keras(kind: str, name: str) -> None:
    home = keras.layers if kind == "layer" else HOMES[kind]
    assert hasattr(home, name) or (kind == "callback" and name in callbacks.__all__)
    with pytest.raises(SpecError, match=f"there is no {kind} '{name}' in netlab: "):
        spec_class(kind, name)
