from __future__ import annotations

import math
from typing import Any

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.distribute import Distribution, Mirrored, MultiWorker
from netlib.spec.errors import SpecError
from netlib.spec.training import TrainSpec


def train(**parameters: Any) -> TrainSpec:
    return TrainSpec.parse({"epochs": 1, "loss": "sparse_categorical_crossentropy", **parameters})


@pytest.mark.parametrize(
    ("written", "kind", "replicas", "processes"),
    [
        ("mirrored", Mirrored, None, False),
        ({"mirrored": 2}, Mirrored, 2, False),
        ({"mirrored": {"devices": 4}}, Mirrored, 4, False),
        ("multi_worker", MultiWorker, None, True),
        ({"multi_worker": {"timeout": "5m"}}, MultiWorker, None, True),
    ],
)
def test_the_ways_to_spread_a_training(written, kind, replicas, processes):
    spread = train(distribute=written).distribution
    assert isinstance(spread, kind)
    assert (spread.replicas, spread.processes) == (replicas, processes)


def test_one_device_is_the_default():
    assert train().distribution is None
    assert not train().synchronized


def test_a_time_is_written_as_elsewhere():
    spread = train(distribute={"multi_worker": {"timeout": "1h30m"}}).distribution
    assert isinstance(spread, MultiWorker)
    assert spread.timeout == 5400


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("mirored", "there is no distribution 'mirored'; did you mean 'mirrored'"),
        ({"mirrored": {"device": 2}}, "mirrored has no parameter 'device'; did you mean 'devices'"),
        ({"mirrored": {"devices": 0}}, "devices: .*greater than 0"),
        ({"multi_worker": {"timeout": "soon"}}, "timeout: expected seconds, or a time such as 90s"),
        ({"mirrored": {"batch": "own"}}, "batch: .*'global' or 'per_replica'"),
        ({"mirrored": {"scale_learning_rate": "cubic"}}, "scale_learning_rate: .*'none', 'linear' or 'sqrt'"),
        ({"mirrored": {"batch_size": 3}}, "data.batch_size says it; batch says of what it is"),
        ({"mirrored": {"strategy": "ring"}}, "mirrored and multi_worker are the two strategies"),
    ],
)
def test_mistakes_are_told(written, message):
    with pytest.raises(SpecError, match=message):
        train(distribute=written)


@pytest.mark.parametrize(("scaling", "factor"), [("none", 1.0), ("linear", 4.0), ("sqrt", 2.0)])
def test_learning_rates_are_scaled_by_the_number_of_replicas(scaling, factor):
    groups = [
        {"params": "a", "learning_rate": 0.5},
        {"params": "b", "learning_rate_scale": 0.1},
        {"params": "c", "optimizer": {"SGD": {"learning_rate": 0.25}}},
    ]
    written = train(
        optimizer={"Adam": {"learning_rate": 0.01}},
        param_groups=groups,
        distribute={"multi_worker": {"scale_learning_rate": scaling, "batch": "per_replica"}},
    )
    applied = written.for_replicas(4)
    plain = applied.to_plain()
    assert plain["optimizer"]["Adam"]["learning_rate"] == pytest.approx(0.01 * factor)
    first, second, third = plain["param_groups"]
    assert first["learning_rate"] == pytest.approx(0.5 * factor)
    assert second["learning_rate_scale"] == 0.1, "a factor of the main rate, which is scaled already"
    assert third["optimizer"]["SGD"]["learning_rate"] == pytest.approx(0.25 * factor)
    assert applied.distribution is not None
    assert (applied.distribution.batch, applied.distribution.scale_learning_rate) == ("global", "none")
    assert applied.for_replicas(4) == applied, "what is scaled is not scaled again"


@pytest.mark.parametrize(
    ("schedule", "scaled"),
    [
        (
            {"CosineDecay": {"initial_learning_rate": 0, "decay_steps": 9, "warmup_target": 0.1, "warmup_steps": 2}},
            {"initial_learning_rate": 0, "warmup_target": 0.3},
        ),
        ({"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 9}}, {"warmup_target": None}),
        (
            {"PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 9, "end_learning_rate": 0.01}},
            {"initial_learning_rate": 0.3, "end_learning_rate": 0.03},
        ),
        ({"PiecewiseConstantDecay": {"boundaries": [2], "values": [0.1, 0.01]}}, {"values": (0.3, 0.03)}),
    ],
)
def test_schedules_are_scaled_as_a_whole(schedule, scaled):
    written = train(
        optimizer={"SGD": {"learning_rate": schedule}}, distribute={"mirrored": {"scale_learning_rate": "linear"}}
    )
    found = written.for_replicas(3).to_plain()["optimizer"]["SGD"]["learning_rate"]
    (values,) = found.values()
    assert {name: values[name] for name in scaled} == {name: pytest.approx(value) for name, value in scaled.items()}


def test_rows_and_factors_of_a_step():
    spread = parse_choice("distribution", {"mirrored": {"batch": "per_replica", "scale_learning_rate": "sqrt"}})
    assert isinstance(spread, Distribution)
    assert spread.rows(32, 3) == 96
    assert spread.rate_factor(3) == math.sqrt(3)
    assert spread.applied().rows(96, 3) == 96


def test_it_is_written_as_it_was_read():
    plain = train(distribute={"mirrored": {"devices": 2}}).to_plain()["distribute"]
    assert plain == {
        "mirrored": {"devices": 2, "batch": "global", "scale_learning_rate": "none", "synchronized": False}
    }
    assert train(distribute=plain) == train(distribute={"mirrored": 2})
