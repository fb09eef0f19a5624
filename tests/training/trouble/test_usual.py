"""Numbers that are not finite in every step, such as those of a mask, are not where trouble began."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.runs.directory import RunDirectory

MakeLab = Callable[..., Any]
FoundOf = Callable[..., str]
BAD = 57
MASK = [{"Compute": "log(relu(x))", "name": "mask"}, {"Compute": "softmax(x)", "name": "attended"}]
"""As attention does it: what is masked has the logarithm of 0, and a share of 0."""
HEAD = {"Dense": 3, "name": "head"}
LOGS = {"Compute": "log(x + 50)", "name": "logs", "from": "input"}


@pytest.fixture
def data(blobs: Any) -> Arrays:
    """Some numbers of each sample are masked, and never all."""
    found: Arrays = blobs()
    found.inputs["input"][:, 0] = 1
    return found


def test_the_first_that_is_not_finite_in_this_step_alone(
    make_lab: MakeLab, run: RunDirectory, data: Arrays, found_of: FoundOf
) -> None:
    data.inputs["input"][BAD, 1] = -60
    nodes = [*MASK, LOGS, {"Compute": "a + b", "name": "both", "from": {"a": "attended", "b": "logs"}}, HEAD]
    text = found_of(make_lab(nodes, data), run)
    assert f"node 'logs' (Compute, net.yaml:nodes:2) gives 1 NaN of 96 numbers, in row {BAD} of" in text


def test_a_row_that_is_masked_whole(make_lab: MakeLab, run: RunDirectory, data: Arrays, found_of: FoundOf) -> None:
    data.inputs["input"][BAD] = -1
    text = found_of(make_lab([*MASK, HEAD], data), run)
    assert f"node 'attended' (Compute, net.yaml:nodes:1) gives 6 NaN of 96 numbers, in row {BAD} of" in text
    assert "it reads x: least " in text


def test_an_overflow_that_becomes_nan_later(
    make_lab: MakeLab, run: RunDirectory, data: Arrays, found_of: FoundOf
) -> None:
    data.inputs["input"][BAD, 1] = 100
    nodes = [{"Compute": "exp(x)", "name": "large"}, {"Compute": "softmax(x)", "name": "shares"}, HEAD]
    assert "node 'large' (Compute, net.yaml:nodes:0) gives 1 infinite of " in found_of(make_lab(nodes, data), run)


def test_a_gradient_where_a_node_has_an_infinity_of_its_own(
    make_lab: MakeLab, run: RunDirectory, data: Arrays, found_of: FoundOf
) -> None:
    data.inputs["input"][BAD] = np.array([0, 0, 0, 0, 0, 1])
    nodes = [
        *MASK,
        {"Compute": "x[:, :5]", "name": "some", "from": "input"},
        {"Dense": {"units": 6, "use_bias": False}, "name": "below"},
        {"Compute": "sqrt(x * x)", "name": "roots"},
        {"Compute": "a + b", "name": "both", "from": {"a": "attended", "b": "roots"}},
        HEAD,
    ]
    text = found_of(make_lab(nodes, data), run)
    assert (
        "no node gives what it does not give in a good step, and the loss is finite; not finite are the gradients"
        in text
    )
    assert "it becomes so on its way back through node 'roots'" in text


def test_without_another_step_nothing_is_known_to_be_usual(
    make_lab: MakeLab, run: RunDirectory, data: Arrays, found_of: FoundOf
) -> None:
    few = Arrays({"input": data.inputs["input"][:16]}, {"target": data.targets["target"][:16]})
    few.inputs["input"][3] = -1
    assert "node 'mask' (Compute, net.yaml:nodes:0) gives " in found_of(make_lab([*MASK, HEAD], few), run)
