from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec


@pytest.mark.parametrize(
    ("node", "coupled"),
    [
        ("BatchNormalization", False),
        ({"BatchNormalization": None, "training": True}, True),
        ({"BatchNormalization": None, "training": False}, False),
        ({"Sequential": ["BatchNormalization"], "training": True}, True),
        ({"Sequential": [{"BatchNormalization": None, "training": False}], "training": True}, False),
        ({"Dropout": 0.5, "training": True}, False),
    ],
    ids=str,
)
def test_statistics_of_the_batch_at_prediction_couple_its_rows(node: Any, coupled: bool) -> None:
    graph, problems = analyse([node], {"features": TensorSpec((None, 4))})
    assert graph is not None
    assert graph.couples_rows is coupled
    assert all(problem.severity == "warning" for problem in problems)
