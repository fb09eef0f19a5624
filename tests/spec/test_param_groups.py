"""Which weight has which optimizer, and every mistake in `train.param_groups` that the network shows."""

from __future__ import annotations

from typing import Any, cast

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.execution import choose
from netlib.spec.freezing import frozen
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.memory import estimate
from netlib.spec.optimizers import OptimizerSpec
from netlib.spec.param_groups import ParamGroups
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.spec.weight_selectors import trained_weights

NODES = [
    {"Sequential": [{"Dense": 4, "name": "inner"}, "BatchNormalization"], "name": "encoder"},
    {"Dense": 5, "name": "head"},
    {"Dense": 5, "name": "again", "tie": {"bias": "head.bias"}},
]
COSINE = {"CosineDecay": {"initial_learning_rate": 0.5, "decay_steps": 9, "warmup_target": 2.0, "warmup_steps": 3}}
ENCODER = {"params": "encoder.**", "learning_rate_scale": 0.1}
NO_DECAY = {"params": ["**.bias", "**.gamma", "**.beta"], "weight_decay": 0}


def graph_of(nodes: list[Any]) -> Graph:
    graph, problems = analyse(nodes, {"x": TensorSpec((None, 3))}, loc=("model",))
    assert not problems
    assert graph is not None
    return graph


def train_of(*groups: Any, optimizer: Any = None, **settings: Any) -> TrainSpec:
    chosen = optimizer or {"AdamW": {"learning_rate": 0.01}}
    return TrainSpec.parse({"epochs": 1, "loss": "mse", "optimizer": chosen, "param_groups": list(groups), **settings})


def spec_of(choice: Any) -> OptimizerSpec:
    return cast(OptimizerSpec, parse_choice("optimizer", choice))


def settings_of(*groups: Any, optimizer: Any = None) -> dict[str, tuple[str, Any, Any]]:
    """By the first path of each weight: the name of its optimizer, its rate and its decay."""
    found = {}
    for paths, _ in trained_weights(graph_of(NODES)):
        name, spec = train_of(*groups, optimizer=optimizer).groups.of(paths)
        found[paths[0]] = (name, spec.learning_rate, spec.weight_decay)
    return found


def test_without_groups_all_is_the_main_optimizers() -> None:
    assert set(settings_of().values()) == {("", 0.01, 0.004)}


def test_what_groups_say_adds_up() -> None:
    both, scaled, bare = "param_groups.0+1", "param_groups.0", "param_groups.1"
    assert settings_of(ENCODER, NO_DECAY) == {
        "encoder.inner.kernel": (scaled, 0.001, 0.004),
        "encoder.inner.bias": (both, 0.001, 0),
        "encoder.batch_normalization.gamma": (both, 0.001, 0),
        "encoder.batch_normalization.beta": (both, 0.001, 0),
        "head.kernel": ("", 0.01, 0.004),
        "head.bias": (bare, 0.01, 0),
        "again.kernel": ("", 0.01, 0.004),
    }


def test_the_first_group_decides() -> None:
    found = settings_of({"params": "encoder.inner", "learning_rate": 0.5}, {"params": "**", "learning_rate": 0.25})
    assert found["encoder.inner.kernel"] == ("param_groups.0", 0.5, 0.004)
    assert found["head.kernel"] == ("param_groups.1", 0.25, 0.004)


def test_an_optimizer_settles_the_rest() -> None:
    """A group in front of it changes that optimizer; one behind it changes nothing."""
    own = {"params": "head", "optimizer": {"SGD": {"learning_rate": 0.2, "weight_decay": 0.1}}}
    first, last = ({"params": "**", "learning_rate_scale": factor, "weight_decay": 0.5} for factor in (2, 3))
    assert settings_of(own, last)["head.kernel"] == ("param_groups.0", 0.2, 0.1)
    assert settings_of(own, last)["again.kernel"] == ("param_groups.1", 0.03, 0.5)
    groups = train_of(first, own).groups
    assert groups.of(["head.kernel"]) == (
        "param_groups.0+1",
        spec_of({"SGD": {"learning_rate": 0.4, "weight_decay": 0.5}}),
    )


def test_a_tied_weight_is_chosen_by_either_of_its_paths() -> None:
    assert settings_of({"params": "again.bias", "weight_decay": 0})["head.bias"] == ("param_groups.0", 0.01, 0)
    assert settings_of({"params": "again", "weight_decay": 0})["head.bias"] == ("param_groups.0", 0.01, 0)


@pytest.mark.parametrize(
    ("schedule", "scaled"),
    [
        (COSINE, {"initial_learning_rate": 0.05, "warmup_target": 0.2}),
        (
            {"PiecewiseConstantDecay": {"boundaries": [3], "values": [1.0, 0.5]}},
            {"values": (0.1, 0.05)},
        ),
        (
            {
                "PolynomialDecay": {
                    "initial_learning_rate": 1.0,
                    "decay_steps": 3,
                    "end_learning_rate": 0.5,
                    "power": 2.0,
                }
            },
            {"initial_learning_rate": 0.1, "end_learning_rate": 0.05},
        ),
        (
            {"ExponentialDecay": {"initial_learning_rate": 1.0, "decay_steps": 3, "decay_rate": 0.5}},
            {"initial_learning_rate": 0.1},
        ),
    ],
    ids=["cosine", "piecewise", "polynomial", "exponential"],
)
def test_a_factor_scales_a_schedule(schedule: Any, scaled: dict[str, Any]) -> None:
    optimizer = {"Adam": {"learning_rate": schedule}}
    rate: Any = train_of(ENCODER, optimizer=optimizer).groups.of(["encoder.inner.kernel"]).optimizer.learning_rate
    plain = cast(Any, spec_of(optimizer).learning_rate)
    assert rate == plain.model_copy(update={name: pytest.approx(value) for name, value in scaled.items()})


SPEC_MISTAKES = {
    "nothing": (
        {"params": "head"},
        (
            "param_groups.0: a group needs one of learning_rate, learning_rate_scale, weight_decay, optimizer:"
            " else it is like what is in no group"
        ),
    ),
    "no selector": ({"params": [], "weight_decay": 0}, "param_groups.0.params: expected at least 1 values, got"),
    "not a selector": (
        {"params": "a..b", "weight_decay": 0},
        "param_groups.0.params.0: the selector 'a..b' has an empty part",
    ),
    "rate twice": (
        {"params": "head", "learning_rate": 0.1, "learning_rate_scale": 0.1},
        "param_groups.0.learning_rate_scale: stands beside learning_rate: give the rate itself, or a factor",
    ),
    "rate beside an optimizer": (
        {"params": "head", "optimizer": "SGD", "learning_rate": 0.1},
        "param_groups.0.learning_rate: stands beside an optimizer, which has one of its own",
    ),
    "factor beside an optimizer": (
        {"params": "head", "optimizer": "SGD", "learning_rate_scale": 0.1},
        "param_groups.0.learning_rate_scale: stands beside an optimizer of its own: write that one's learning_rate",
    ),
    "unknown key": (
        {"params": "head", "lerning_rate": 0.1},
        "param_groups.0.lerning_rate: param_group has no key 'lerning_rate'; did you mean 'learning_rate'",
    ),
    "no params": ({"weight_decay": 0}, "param_groups.0: param_group needs 'params': the weights, by globs"),
    "unknown optimizer": (
        {"params": "head", "optimizer": "Adm"},
        "param_groups.0.optimizer: there is no optimizer 'Adm'; did you mean 'Adam'",
    ),
}


@pytest.mark.parametrize("mistake", SPEC_MISTAKES)
def test_what_a_group_cannot_say(mistake: str) -> None:
    group, message = SPEC_MISTAKES[mistake]
    with pytest.raises(SpecError) as caught:
        train_of(group)
    assert message in str(caught.value)


GRAPH_MISTAKES = {
    "fits nothing": (
        [{"params": ["head.**", "encodr.**"], "weight_decay": 0}],
        ("param_groups", 0, "params", 1),
        "the selector 'encodr.**' fits none of the 15 paths; did you mean 'encoder.**'?",
    ),
    "only statistics": (
        [{"params": "**.moving_mean", "weight_decay": 0}],
        ("param_groups", 0, "params", 0),
        "the selector '**.moving_mean' fits only weights that are not trained; leave it out",
    ),
    "only frozen": (
        [{"params": "encoder.inner", "weight_decay": 0}],
        ("param_groups", 0, "params", 0),
        "the selector 'encoder.inner' fits only weights that are not trained; leave it out",
    ),
    "overruled": (
        [{"params": "**", "learning_rate": 0.1}, {"params": "head.**", "learning_rate": 0.2}],
        ("param_groups", 1),
        (
            "this group changes nothing: of every weight that it fits, such as 'head.kernel', an earlier group"
            " (param_groups.0) says the same things already, and the first one decides; put the narrower group first"
        ),
    ),
}


@pytest.mark.parametrize("mistake", GRAPH_MISTAKES)
def test_what_the_network_shows(mistake: str) -> None:
    groups, place, message = GRAPH_MISTAKES[mistake]
    (problem,) = train_of(*groups).groups.check(frozen(graph_of(NODES), ["encoder.inner"]))
    assert (problem.loc, problem.message) == (place, message)


def test_a_frozen_weight_may_be_among_those_of_a_group() -> None:
    assert not train_of(ENCODER, NO_DECAY).groups.check(frozen(graph_of(NODES), ["encoder.inner"]))


def test_nothing_reduces_a_rate_that_follows_a_schedule() -> None:
    group = {"params": "head", "optimizer": {"SGD": {"learning_rate": COSINE}}}
    message = "cannot reduce the learning rate: 'param_groups.1.optimizer' follows the schedule CosineDecay; give it a"
    with pytest.raises(SpecError, match=message):
        train_of(ENCODER, group, callbacks=["ReduceOnPlateau"])


def test_memory_knows_the_slots_of_each_group() -> None:
    """Dense 3-4 and 4-5, normalisation, Dense 5-5 whose bias is tied: by hand, in numbers of four bytes."""
    graph = graph_of(NODES)
    execution = choose(graph, "auto", "cpu").mode
    encoder, head, again = 3 * 4 + 4 + 2 * 4, 4 * 5 + 5, 5 * 5

    def slots(*groups: Any) -> int:
        memory = estimate(graph, train_of(*groups), 8, execution)
        assert memory is not None
        return memory.slots // 4

    momentum = {"SGD": {"momentum": 0.9}}
    assert slots() == 2 * (encoder + head + again)
    assert slots(ENCODER, NO_DECAY) == 2 * (encoder + head + again)
    assert slots({"params": "encoder", "optimizer": "SGD"}) == 2 * (head + again)
    assert slots({"params": "head.**", "optimizer": momentum}) == 2 * (encoder + again) + head


def test_a_spec_is_its_own_plain_values_again() -> None:
    train = train_of(ENCODER, NO_DECAY, {"params": "head", "optimizer": {"SGD": {"momentum": 0.9}}})
    assert TrainSpec.parse(train.to_plain()) == train


def test_a_rate_is_a_multiple_of_the_main_one() -> None:
    groups = ParamGroups(spec_of({"Adam": 0.01}))
    assert groups.ratio(spec_of({"SGD": 0.02})) == 2
    assert groups.ratio(spec_of({"SGD": {"learning_rate": COSINE}})) == 1
