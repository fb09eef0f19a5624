"""Weights that cannot be made."""

from __future__ import annotations

import pytest

from netlib.nn.weights import make_variable
from netlib.spec.layer import Weight


def test_a_weight_begins_as_something() -> None:
    with pytest.raises(TypeError, match=r"^weight 'head\.kernel' has neither an initializer nor a value$"):
        make_variable(Weight("kernel", (2, 3), None), "head.kernel", 1, "float32")
