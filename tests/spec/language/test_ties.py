from __future__ import annotations

from typing import Any

from netlib.spec.errors import Problem
from netlib.spec.graph import Node, Tie
from netlib.spec.language.ties import Ties
from netlib.spec.layer import Weight


def node(path: str, ties: dict[str, Tie] | None = None, *, trainable: bool = True, **shapes: Any) -> Node:
    weights = tuple(Weight(name.replace("whole", ""), shape, None) for name, shape in shapes.items())
    name = path.rpartition(".")[2]
    return Node(name, path, ("model", 1), "Dense", {}, {}, weights=weights, ties=ties or {}, trainable=trainable)


def resolved(
    ties: Ties, wanted: dict[str, Tie], block: str = "", **shapes: Any
) -> tuple[dict[str, Tie], list[Problem]]:
    problems: list[Problem] = []
    return ties.resolved(node("last", **shapes), wanted, block, problems), problems


def test_paths_are_relative_to_the_block() -> None:
    ties = Ties()
    ties.register(node("b.0.a", kernel=(3, 4)))
    assert resolved(ties, {"k": Tie("a.kernel")}, "b.0", k=(3, 4)) == ({"k": Tie("b.0.a.kernel")}, [])
    assert resolved(ties, {"k": Tie("b.0.a.kernel")}, k=(3, 4)) == ({"k": Tie("b.0.a.kernel")}, [])


def test_a_chain_of_ties_leads_to_the_owner() -> None:
    ties = Ties()
    ties.register(node("a", kernel=(3, 4)))
    ties.register(node("b", {"kernel": Tie("a.kernel", transpose=True)}, kernel=(4, 3)))
    assert resolved(ties, {"k": Tie("b.kernel")}, k=(4, 3))[0] == {"k": Tie("a.kernel", transpose=True)}
    assert resolved(ties, {"k": Tie("b.kernel", transpose=True)}, k=(3, 4))[0] == {"k": Tie("a.kernel")}


def test_weights_with_dots_in_their_names_and_without_a_name() -> None:
    ties = Ties()
    ties.register(node("nest", **{"A.0": (3,)}))
    ties.register(node("w", whole=(3,)))
    assert resolved(ties, {"k": Tie("nest.A.0"), "j": Tie("w")}, k=(3,), j=(3,))[0] == {
        "k": Tie("nest.A.0"),
        "j": Tie("w"),
    }
    found, problems = resolved(ties, {"k": Tie("nest.A")}, k=(3,))
    assert not found
    assert problems[0].message == "there is no weight at 'nest.A' before this node; did you mean 'nest.A.0'?"


def test_of_very_many_wrong_paths_only_the_first_get_a_suggestion() -> None:
    ties = Ties()
    ties.register(node("a", kernel=(3,)))
    messages = [resolved(ties, {"k": Tie("a.kernl")}, k=(3,))[1][0].message for _ in range(60)]
    assert messages[0].endswith("did you mean 'a.kernel'?")
    assert messages[-1] == "there is no weight at 'a.kernl' before this node"
