"""For tests of the graph language: what a text in it comes to, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from netlib.spec.errors import Loc, Problem
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec

ROW = {"row": TensorSpec((None, 4))}
Inputs = Mapping[str, TensorSpec]


def analysed(text: str, inputs: Inputs | None) -> tuple[Graph | None, list[Problem]]:
    """Of a config with `vars`, `blocks` and `model`, or of the `model` section alone."""
    written: Any = yaml.safe_load(text)
    config = written if isinstance(written, dict) and "model" in written else {"model": written}
    graph, problems = analyse(config["model"], inputs, config.get("vars"), blocks=config.get("blocks"))
    assert (graph is None) == any(problem.severity == "error" for problem in problems)
    assert len(set(problems)) == len(problems), "one mistake is reported once"
    return graph, problems


@pytest.fixture
def graph_of() -> Callable[..., Graph]:
    """The graph of a text that has no mistake, for an input `row` of four numbers if nothing else is said. Weights that nothing
    trains are no mistake: `warnings_of` tells of them."""

    def made(text: str, inputs: Inputs | None = ROW) -> Graph:
        graph, problems = analysed(text, inputs)
        assert graph is not None, problems
        assert not [each for each in problems if "never trained" not in each.message]
        return graph

    return made


@pytest.fixture
def problems_of() -> Callable[..., list[tuple[Loc, str]]]:
    """Where a text has which mistakes; places in the model without the word."""

    def found(text: str, inputs: Inputs | None = ROW) -> list[tuple[Loc, str]]:
        graph, problems = analysed(text, inputs)
        assert graph is None
        return [(each.loc[1:] if each.loc[:1] == ("model",) else each.loc, each.message) for each in problems]

    return found


@pytest.fixture
def warnings_of() -> Callable[..., list[tuple[Loc, str]]]:
    """Where a text that has no mistake is warned of."""

    def found(text: str, inputs: Inputs | None = ROW) -> list[tuple[Loc, str]]:
        graph, problems = analysed(text, inputs)
        assert graph is not None, problems
        return [(each.loc[1:], each.message) for each in problems]

    return found
