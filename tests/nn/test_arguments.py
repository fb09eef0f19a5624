"""What layers may be called with, and what is refused."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError, UsageError

X = tf.constant([[1.0, 2.0], [3.0, 4.0]])


class Blend(nn.Layer):
    """Takes an input, another, and a share of it."""

    def call(self, x: Any, other: Any, share: float = 0.5) -> Any:  # type: ignore[override]
        return (1 - share) * x + share * other


def test_a_hand_written_call_is_given_arguments_by_name() -> None:
    np.testing.assert_allclose(Blend()(X, other=3 * X), 2 * X)
    np.testing.assert_allclose(Blend()(X, other=3 * X, share=1.0), 3 * X)
    with pytest.raises(UsageError, match=r"Blend\.call has no parameter 'shere', but x, other, share"):
        Blend()(X, X, shere=1.0)
    with pytest.raises(UsageError, match=r"blend got an Input as 'other': give what layers gave by its place"):
        Blend()(X, other=nn.Input([2]))


def test_what_is_no_hand_written_layer_takes_none_by_name() -> None:
    with pytest.raises(UsageError, match=r"add takes its inputs by their places, layer\(a, b\), got 'b' by name"):
        nn.Add()(X, b=X)
    with pytest.raises(UsageError, match=r"network takes its inputs together, .*, got 'x' by name"):
        nn.Network(["Flatten"])(X, x=X)


@pytest.mark.parametrize("options", [{"training": True}, {"mask": X}])
@pytest.mark.parametrize("make", [lambda: nn.Dropout(0.5), lambda: nn.Network(["Flatten"])])
def test_options_of_a_call_are_not_lost_on_symbols(make: Any, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"is called on an Input, .* so '{next(iter(options))}' would be lost"):
        make()(nn.Input([2]), **options)


def test_a_call_that_returns_nothing_is_told() -> None:
    class Forgets(nn.Layer):
        def call(self, x: Any) -> None:  # type: ignore[override]
            x + 1

    with pytest.raises(UsageError, match="forgets: `call` of Forgets gives None; does it end with `return`"):
        Forgets()(X)


def test_a_layer_built_for_a_scalar_says_so() -> None:
    class Product(nn.Layer):
        def build(self, *shapes: Any) -> None:
            self.size = len(shapes[1])

        def call(self, x: Any, factor: Any) -> Any:  # type: ignore[override]
            if len(factor.shape) != self.size:
                raise ValueError("no")
            return x * factor

    product = Product()
    product(X, 2.0)
    with pytest.raises(SpecError, match=r"was built for inputs of \(batch, 2\) and \(\), and cannot take"):
        product(X, X)


@pytest.mark.parametrize("kind", [nn.Dense, keras.layers.Dense])
def test_a_class_is_no_layer(kind: Any) -> None:
    with pytest.raises(UsageError, match=r"Dense is a class: write Dense\(...\), which makes a layer"):
        nn.Network([kind])(X)


def test_only_chains_have_slices() -> None:
    with pytest.raises(UsageError, match=r"network is no chain: slices are for nn\.Sequential"):
        nn.Network([nn.Dense(2)])[:1]
