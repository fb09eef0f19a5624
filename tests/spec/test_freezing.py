"""What `train.freeze` chooses in a static graph."""

from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.freezing import Freezing, Stage, frozen
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec

NODES = [
    {"Sequential": [{"Dense": 4, "name": "inner"}, "BatchNormalization"], "name": "encoder"},
    {"Dense": 5, "name": "head"},
    {"Dense": 5, "name": "again", "tie": {"bias": "head.bias"}},
]


def graph_of(nodes: list[object]) -> Graph:
    graph, problems = analyse(nodes, {"x": TensorSpec((None, 3))}, loc=("model",))
    assert not problems
    assert graph is not None
    return graph


def trained(graph: Graph) -> set[str]:
    return {
        node.weight_path(weight)
        for node in graph.walk(shared=False)
        for weight in node.own_weights
        if node.trains(weight)
    }


ALL = {
    "encoder.inner.kernel",
    "encoder.inner.bias",
    "encoder.batch_normalization.gamma",
    "encoder.batch_normalization.beta",
    "head.kernel",
    "head.bias",
    "again.kernel",
}
CHOSEN = {
    "encoder": {path for path in ALL if path.startswith("encoder.")},
    "encoder.**": {path for path in ALL if path.startswith("encoder.")},
    "encoder.inner": {"encoder.inner.kernel", "encoder.inner.bias"},
    "**.kernel": {path for path in ALL if path.endswith(".kernel")},
    "head.bias": {"head.bias"},
    "again.bias": {"head.bias"},
    "again": {"again.kernel", "head.bias"},
    "**": ALL,
}


@pytest.mark.parametrize("selector", CHOSEN)
def test_what_is_chosen_is_not_trained_and_all_else_is(selector: str) -> None:
    graph = graph_of(NODES)
    assert trained(graph) == ALL
    assert trained(frozen(graph, [selector])) == ALL - CHOSEN[selector]


def test_several_selectors_add_up() -> None:
    assert trained(frozen(graph_of(NODES), ["**.bias", "head"])) == {
        "encoder.inner.kernel",
        "encoder.batch_normalization.gamma",
        "encoder.batch_normalization.beta",
        "again.kernel",
    }


def test_parameters_are_counted_so() -> None:
    graph = graph_of([{"Dense": 4, "name": "a"}, {"Dense": 2, "name": "b"}])
    assert graph.parameters() == (3 * 4 + 4 + 4 * 2 + 2, 0)
    assert frozen(graph, ["a", "b.bias"]).parameters() == (4 * 2, 3 * 4 + 4 + 2)


def test_what_runs_again_is_frozen_where_it_stands() -> None:
    graph = graph_of([{"Dense": 3, "name": "a"}, {"share": "a"}])
    assert not any(node.trainable for node in frozen(graph, ["a"]).walk())


def test_selectors_that_fit_nothing_are_problems_by_their_number() -> None:
    with pytest.raises(SpecError) as caught:
        frozen(graph_of(NODES[:2]), ["head", "haed.**", "**.gama"])
    assert [problem.loc for problem in caught.value.problems] == [(1,), (2,)]
    assert "the selector 'haed.**' fits none of the 12 paths; did you mean 'head.**'?" in str(caught.value)


class TestFreezing:
    """For how many epochs."""

    def test_a_list_is_always_frozen(self) -> None:
        freezing = Freezing(["head", "**.bias"])
        assert freezing.always == ("head", "**.bias")
        assert freezing.stages == freezing.until(0) == ()

    def test_stages_are_where_the_frozen_ones_change(self) -> None:
        freezing = Freezing({"a": 2, "b": None, "c": 5, "d": 0, "e": 2})
        assert freezing.always == ("b",)
        assert freezing.stages == (Stage(1, 2, ("a", "c", "e")), Stage(3, 5, ("c",)))
        assert [freezing.until(done) for done in (0, 1, 2, 4, 5)] == [
            ("a", "c", "e"),
            ("a", "c", "e"),
            ("c",),
            ("c",),
            (),
        ]
        assert [str(stage) for stage in (*freezing.stages, Stage(4, 4, ()))] == [
            "epochs 1 to 2",
            "epochs 3 to 5",
            "epoch 4",
        ]

    def test_the_graph_is_the_one_in_which_most_is_trained(self) -> None:
        freezing = Freezing({"encoder": 2, "head.bias": None})
        graph = freezing.applied(graph_of(NODES))
        assert trained(graph) == ALL - {"head.bias"}
        assert trained(frozen(graph, freezing.until(0))) == {"head.kernel", "again.kernel"}
        sizes = [trained for _, trained in freezing.counted(graph)]
        assert sizes == [4 * 5 + 5 * 5]

    def test_what_does_not_fit_is_a_problem_at_its_key(self) -> None:
        with pytest.raises(SpecError) as caught:
            Freezing({"head": 1, "haed": 2, "x": None}).applied(graph_of(NODES))
        assert [(problem.loc, problem.at) for problem in caught.value.problems] == [(("haed",), "key"), (("x",), "key")]
