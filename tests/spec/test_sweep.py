from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.sweep import MAX_POINTS, SweepSpec, applies, sampler_problems, space_problems
from netlib.spec.sweep_engines import Cmaes, Hyperband, Median, Tpe

LEAST = {"config": "a.yaml", "space": {"seed": [1, 2]}}
CONDITIONAL = {
    "train.optimizer": {"choices": {"adam": "Adam", "sgd": "SGD"}},
    "train.optimizer.SGD.momentum": {"range": [0, 0.5], "step": 0.5, "when": {"train.optimizer": "sgd"}},
    "seed": [1, 2],
}


def sweep(**more):
    return SweepSpec.parse({**LEAST, **more})


def wrong(**more):
    with pytest.raises(SpecError) as refused:
        sweep(**more)
    return [(".".join(map(str, problem.loc)), problem.message) for problem in refused.value.problems]


def test_what_is_left_out_has_defaults():
    spec = sweep()
    assert (type(spec.sampler), spec.pruner, spec.trials, spec.max_time) == (Tpe, None, None, None)
    assert (spec.workers, spec.seed, spec.set, spec.monitor, spec.storage) == (1, 0, {}, None, None)
    assert not spec.is_grid


def test_all_that_may_be_said():
    spec = sweep(
        name="first", set={"train.epochs": 5}, sampler={"tpe": {"n_startup_trials": 3}}, pruner={"median": {}},
        monitor="validation.accuracy", trials=50, max_time="2h", workers=2, storage="postgresql://me@host/base", seed=7,
    )  # fmt: skip
    assert spec.sampler.n_startup_trials == 3
    assert isinstance(spec.pruner, Median)
    assert (spec.max_time, spec.monitor.metric) == (7200.0, "validation.accuracy")
    assert SweepSpec.parse(spec.to_plain()) == spec


@pytest.mark.parametrize("written", ["none", None])
def test_no_pruner_may_be_written(written):
    assert sweep(pruner=written).pruner is None


def test_engines_have_options_of_optuna():
    assert isinstance(sweep(sampler={"cmaes": {"sigma0": 0.3}}).sampler, Cmaes)
    assert isinstance(sweep(pruner="hyperband").pruner, Hyperband)


@pytest.mark.parametrize(
    ("more", "key", "message"),
    [
        ({"samplr": 1}, "samplr", "a sweep has no key 'samplr'; did you mean 'sampler'?"),
        ({"sampler": "tpee"}, "sampler", "there is no sampler 'tpee'; did you mean 'tpe'?"),
        (
            {"sampler": "best"},
            "sampler",
            "there is no sampler 'best'; it is one of 'tpe', 'random', 'grid' or 'cmaes'",
        ),
        ({"sampler": {"tpee": {}}}, "sampler.tpee", "there is no sampler 'tpee'; did you mean 'tpe'?"),
        ({"sampler": 3}, "sampler", "expected one sampler, as a name or as 'name: {options}', got 3"),
        (
            {"sampler": {"tpe": {"n_startup": 3}}},
            "sampler.tpe.n_startup",
            "tpe has no key 'n_startup'; did you mean 'n_startup_trials'?",
        ),
        (
            {"sampler": {"tpe": {"group": True}}},
            "sampler.tpe",
            "'group' is for 'multivariate: true'; give both, or leave 'group' out",
        ),
        ({"pruner": "medain"}, "pruner", "there is no pruner 'medain'; did you mean 'median'?"),
        ({"pruner": "best"}, "pruner", "there is no pruner 'best'; it is one of 'none', 'median' or 'hyperband'"),
        (
            {"pruner": {"hyperband": {"reduction_factor": 1}}},
            "pruner.hyperband.reduction_factor",
            "expected a number not less than 2, got 1",
        ),
        ({"trials": 0}, "trials", "expected a number greater than 0, got 0"),
        ({"workers": 5000}, "workers", "expected a number not greater than 1024, got 5000"),
        ({"seed": 2**32}, "seed", "expected a number not greater than 4294967295, got 4294967296"),
        (
            {"storage": "study.db"},
            "storage",
            "expected a database's URL, such as sqlite:///study.db or postgresql://user@host/base, got 'study.db'",
        ),
        (
            {"set": 3},
            "set",
            "expected a mapping of the config's keys to values, such as {train.epochs: 5}, got 3",
        ),
        (
            {"space": {}},
            "space",
            "expected a mapping of the config's keys to what is tried, such as {data.batch_size: [32, 64]}, got an empty one",
        ),
        ({"space": {"seed": [1, 1]}}, "space.seed.1", "the choice 1 stands twice"),
    ],
)
def test_mistakes(more, key, message):
    assert wrong(**more) == [(key, message)]


def test_all_mistakes_come_at_once():
    assert [key for key, _ in wrong(space={"a": 3, "b": {"log": [0, 1]}}, trials=0, seeds=1)] == [
        "space.a", "space.b.log", "trials", "seeds",
    ]  # fmt: skip


def test_a_grid_has_every_point_once_and_leaves_out_what_does_not_apply():
    spec = sweep(space=CONDITIONAL, sampler="grid")
    momentum = "train.optimizer.SGD.momentum"
    assert [*spec.points()] == [
        {"train.optimizer": "adam", "seed": 1},
        {"train.optimizer": "adam", "seed": 2},
        *({"train.optimizer": "sgd", momentum: value, "seed": seed} for value in (0.0, 0.5) for seed in (1, 2)),
    ]
    assert spec.num_points() == 6


def test_points_are_counted_to_an_end():
    space = {key: {"int": [1, 1000]} for key in "abc"}
    assert sweep(space=space, sampler="grid").num_points() == MAX_POINTS + 1


def test_true_is_no_condition_on_one():
    space = sweep(space={"a": [1, 2], "b": {"choices": [3], "when": {"a": True}}}).space
    assert not applies(space, "b", {"a": 1})
    assert [problem.message for problem in space_problems(space)] == ["'a' has no choice 'true'; it is one of 1, 2"]


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"train.optimiser": "sgd"}, "'train.optimiser' is no key of the space; did you mean 'train.optimizer'?"),
        ({"x": 1}, "'x' is no key of the space; 'when' asks for a choice above it: 'train.optimizer'"),
        ({"train.optimizer": "sdg"}, "'train.optimizer' has no choice 'sdg'; did you mean 'sgd'?"),
        ({"train.optimizer": ["sgd", "lion"]}, "'train.optimizer' has no choice 'lion'; it is one of adam, sgd"),
        ({"units": 3}, "'units' is no choice: 'when' asks for one of 'choices' by its name"),
        ({"seed": 1}, "'seed' is chosen later: write it above the key that asks for it"),
    ],
)
def test_conditions_that_cannot_be_met(when, message):
    space = {
        "train.optimizer": ["adam", "sgd"], "units": {"int": [1, 9]}, "rate": {"range": [0, 1], "when": when},
        "seed": [1, 2],
    }  # fmt: skip
    problems = [*space_problems(sweep(space=space).space)]
    assert [(problem.loc[:2], problem.message) for problem in problems] == [(("rate", "when"), message)]


def test_a_grid_of_numbers_without_a_step_is_refused():
    spec = sweep(space={"a": {"range": [0, 1]}, "b": {"log": [1, 2]}, "c": {"int": [1, 3]}}, sampler="grid")
    text = "a grid has points, and between these ends there is no end of them"
    assert [(problem.loc, problem.message) for problem in sampler_problems(spec.sampler, spec.space)] == [
        (("space", "a"), f"{text}: give a 'step', or list the values"),
        (("space", "b"), f"{text}: list the values"),
    ]


def test_cmaes_needs_two_numbers():
    spec = sweep(space={"a": {"range": [0, 1]}, "b": [1, 2]}, sampler="cmaes")
    assert [problem.message for problem in sampler_problems(spec.sampler, spec.space)] == [
        "cmaes searches two numbers or more that every trial has, and the space has 1; 'tpe' is for choices, too"
    ]
