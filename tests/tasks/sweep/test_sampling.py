from __future__ import annotations

import math

import optuna
import pytest

from netlib.spec.errors import UsageError
from netlib.spec.study import TELLING
from netlib.tasks.sweep.claims import Claims
from netlib.tasks.sweep.liveness import me
from netlib.tasks.sweep.sampling import chosen, distribution_of, pruner, sampler
from netlib.tasks.sweep.study import open_study

HEAD = "config: tiny.yaml\nname: search\n"
SPACE = """\
space:
  train.optimizer:
    choices: {adam: {Adam: {learning_rate: 0.001}}, sgd: {SGD: {learning_rate: 0.1}}}
  train.optimizer.SGD.momentum: {range: [0, 0.9], when: {train.optimizer: sgd}}
  model.hidden.units: {int: [4, 16], step: 4}
  seed: {int: [1, 1000], log: true}
"""


def values(asked, count, *, again_after: int | None = None) -> list[dict]:
    """What trials get one after the other; the sweep may be begun again in between."""
    found = []
    study = open_study(asked)
    for number in range(count):
        if number == again_after:
            study = open_study(asked)
        taken = Claims(study, me(), count).take()
        study.sampler = sampler(asked.sweep.spec, taken.number)
        params = chosen(asked.sweep.spec, optuna.Trial(study, taken._trial_id))
        study.tell(taken.number, sum(value for value in params.values() if not isinstance(value, str)))
        found.append(params)
    return found


@pytest.mark.parametrize("name", ["{tpe: {n_startup_trials: 3}}", "random"], ids=["tpe", "random"])
def test_the_seed_decides_whatever_happens_in_between(plan, name):
    def of(seed: int, again_after: int | None = None) -> list[dict]:
        storage, sampler = f"sqlite:///{seed}-{again_after}.db", f"sampler: {name}\n"
        return values(plan(f"{SPACE}{sampler}seed: {seed}\n", text=HEAD, storage=storage), 5, again_after=again_after)

    found = of(0)
    assert found == of(0, 4)
    assert found != of(1)
    assert len({str(params) for params in found}) == 5


def test_conditional_keys_are_there_where_they_apply(plan):
    for params in values(plan(SPACE + "sampler: random\n", text=HEAD), 6):
        assert ("train.optimizer.SGD.momentum" in params) == (params["train.optimizer"] == "sgd")
        assert params["model.hidden.units"] in (4, 8, 12, 16)


def test_a_grid_has_every_point_once(plan):
    space = "space: {data.batch_size: [64, 128], model.hidden.units: {int: [4, 12], step: 4}}\nsampler: grid\n"
    asked = plan(space, text=HEAD, trials=None)
    assert asked.wanted == 6
    found = values(asked, 6)
    assert [(p["data.batch_size"], p["model.hidden.units"]) for p in found] == [
        (size, units) for size in (64, 128) for units in (4, 8, 12)
    ]
    assert plan(space, text=HEAD, trials=100).wanted == 6


def test_cmaes_searches(plan):
    pytest.importorskip("cmaes")
    space = "space: {train.optimizer.Adam.learning_rate: {range: [0.1, 0.9]}, data.validation: {range: [0.1, 0.4]}}\n"
    found = values(plan(space + "sampler: cmaes\n", text=HEAD), 8)
    assert found == values(plan(space + "sampler: cmaes\n", text=HEAD, storage="sqlite:///again.db"), 8, again_after=5)


def test_distributions_have_the_ends_and_steps_of_the_space(plan):
    space = (
        "space: {train.optimizer.Adam.learning_rate: {log: [1e-4, 0.1]}, data.validation: {range: [0.1, 0.3], step: 0.1},"
        " model.hidden.units: {int: [2, 9]}, data.batch_size: [8, 16]}\n"
    )
    of = {key: distribution_of(each) for key, each in plan(space, text=HEAD).sweep.spec.space.items()}
    assert of == {
        "train.optimizer.Adam.learning_rate": optuna.distributions.FloatDistribution(1e-4, 0.1, log=True),
        "data.validation": optuna.distributions.FloatDistribution(0.1, 0.3, step=0.1),
        "model.hidden.units": optuna.distributions.IntDistribution(2, 9),
        "data.batch_size": optuna.distributions.CategoricalDistribution((8, 16)),
    }


def test_pruners(plan):
    def of(text: str) -> optuna.pruners.BasePruner:
        return pruner(plan(f"pruner: {text}\n").sweep.spec, 9)

    assert isinstance(of("none"), optuna.pruners.NopPruner)
    assert isinstance(of("median"), optuna.pruners.MedianPruner)
    assert of("hyperband")._max_resource == 9
    assert of("{hyperband: {max_resource: 27}}")._max_resource == 27


def test_what_decides_is_important(plan):
    from netlib.tasks.sweep.importance import importances

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial: optuna.Trial) -> float:
        return trial.suggest_float("x", -1, 1) ** 2 + 0 * trial.suggest_float("y", -1, 1)

    study.optimize(objective, TELLING - 1)
    assert importances(study) == {}
    study.optimize(objective, 1)
    assert {*importances(study)} == {"x", "y"}
    study.optimize(objective, 60)
    found = importances(study)
    assert [*found] == ["x", "y"]
    assert found["x"] > 0.8
    assert math.isclose(sum(found.values()), 1)


def test_the_sampler_needs_what_it_needs_when_it_is_made(plan, monkeypatch):
    from netlib.tasks.sweep import engine

    space = "space: {train.optimizer.Adam.learning_rate: {log: [1e-4, 0.1]}, seed: {int: [1, 5]}}\nsampler: cmaes\n"
    monkeypatch.setattr("netlib.tasks.sweep.plan.need_package", lambda name, why: None)
    asked = plan(space, text=HEAD)
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="the sampler cmaes needs the package 'cmaes'"):
        sampler(asked.sweep.spec, 0)
