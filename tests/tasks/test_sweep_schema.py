from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from netlib.spec.errors import SpecError
from netlib.spec.sweep import SweepSpec
from netlib.tasks.sweep_schema import sweep_schema

LEAST = {"config": "a.yaml", "space": {"seed": [1, 2]}}
GOOD = [
    {},
    {"set": {"train.epochs": 3}, "trials": 5, "max_time": "2h", "workers": 2, "seed": 3, "name": "a"},
    {"sampler": "random", "pruner": None},
    {"sampler": {"tpe": {"n_startup_trials": 3}}, "pruner": {"median": {"n_min_trials": 2}}},
    {"sampler": "grid", "pruner": "none", "monitor": {"metric": "validation.loss", "mode": "min"}},
    {"monitor": "validation.loss", "storage": "postgresql://me@host/base"},
    {"space": {"a": {"int": [1, 5], "step": 2}, "b": {"range": [0, 1], "log": False}, "c": {"log": [1e-4, 1]}}},
    {"space": {"a": ["x", "y"], "b": {"choices": {"x": {"Adam": {}}, "y": 3}, "when": {"a": "x"}}}},
    {"space": {"a": ["x", "y"], "b": {"range": [0, 1], "when": {"a": ["x", "y"]}}}},
]
BAD = [
    {"samplr": "tpe"},
    {"sampler": "tpee"},
    {"sampler": {"tpe": {"n_startup": 3}}},
    {"pruner": {"median": {"n_min_trials": 0}}},
    {"trials": 0},
    {"workers": "two"},
    {"space": {}},
    {"space": {"a": 3}},
    {"space": {"a": []}},
    {"space": {"a": {"rang": [0, 1]}}},
    {"space": {"a": {"int": [0.5, 1]}}},
    {"monitor": {"metric": "a", "mode": "least"}},
]


@pytest.fixture(scope="module")
def schema():
    found = sweep_schema()
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


@pytest.mark.parametrize("more", GOOD)
def test_what_the_spec_takes_is_valid(schema, more):
    SweepSpec.parse({**LEAST, **more})
    assert schema.is_valid({**LEAST, **more})


@pytest.mark.parametrize("more", BAD)
def test_what_the_spec_refuses_is_not(schema, more):
    with pytest.raises(SpecError):
        SweepSpec.parse({**LEAST, **more})
    assert not schema.is_valid({**LEAST, **more})


@pytest.mark.parametrize("key", LEAST)
def test_what_is_needed_is_said(schema, key):
    assert not schema.is_valid({other: value for other, value in LEAST.items() if other != key})


def test_every_key_is_documented(schema):
    assert {*schema.schema["properties"]} == {*SweepSpec.model_fields}
    assert all("description" in each for each in schema.schema["properties"].values())
