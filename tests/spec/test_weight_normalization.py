from __future__ import annotations

from dataclasses import replace

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec
from netlib.spec.weight_normalization import SpectralNormalization, WeightNormalization

GIVEN = TensorSpec((None, 7, 5))


def body(*nodes: object) -> Graph:
    graph, problems = analyse(list(nodes), {"x": GIVEN})
    assert graph is not None, problems
    return graph


def test_weights_of_their_own() -> None:
    dense = body({"Dense": 4})
    (u,) = SpectralNormalization.parse({}).own_weights(dense)
    assert (u.name, u.shape, u.trainable) == ("u", (4,), False)
    (g,) = WeightNormalization.parse({}).own_weights(dense)
    assert (g.name, g.shape, g.trainable) == ("g", (4,), True)


@pytest.mark.parametrize(
    ("node", "u", "g"),
    [
        ({"Conv1D": {"filters": 6, "kernel_size": 3}}, 6, (6,)),
        ({"Conv1DTranspose": {"filters": 6, "kernel_size": 3}}, 6, (6,)),
        ({"DepthwiseConv1D": {"kernel_size": 3, "depth_multiplier": 2}}, 10, (5, 2)),
        ({"EinsumDense": {"equation": "abc,cde->abde", "output_dim": [None, 2, 3]}}, 6, (2, 3)),
    ],
)
def test_the_axes_along_which_outputs_lie(node: object, u: int, g: tuple[int, ...]) -> None:
    assert SpectralNormalization.parse({}).own_weights(body(node))[0].shape == (u,)
    assert WeightNormalization.parse({}).own_weights(body(node))[0].shape == g


def test_it_reads_and_gives_what_its_layer_does() -> None:
    spec = WeightNormalization.parse({})
    assert spec.inside(GIVEN) == GIVEN
    assert spec.outside(GIVEN, replace(GIVEN, shape=(None, 4))) == replace(GIVEN, shape=(None, 4))
    assert spec.times(GIVEN) == 1


def test_what_it_cannot_hold() -> None:
    spec = SpectralNormalization.parse({})
    with pytest.raises(
        SpecError, match="SpectralNormalization holds one layer, such as Dense or Conv2D, got Dense, Dense"
    ):
        spec.held(body({"Dense": 4}, {"Dense": 3}))
    with pytest.raises(SpecError, match="holds one layer, such as Dense or Conv2D, got Sequential"):
        spec.held(body({"Sequential": [{"Dense": 4}]}))
    with pytest.raises(SpecError, match=r"\(Dense, EinsumDense, a convolution\).*; LayerNormalization has gamma, beta"):
        spec.held(body("LayerNormalization"))
