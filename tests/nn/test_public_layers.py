from __future__ import annotations

import pytest

from netlib import nn
from netlib.spec.registry import COMPOSED, names


@pytest.mark.parametrize("name", names("layer"))
def test_every_layer_is_a_name_of_nn(name: str) -> None:
    layer = getattr(nn, name)
    assert issubclass(layer, nn.Layer)
    spec = layer.composition if name in COMPOSED else layer.spec_type
    assert spec.type_name() == name
    assert name in dir(nn)


def test_so_are_the_bases() -> None:
    assert issubclass(nn.Layer, nn.Module)
    assert issubclass(nn.Sequential, nn.Network)


def test_another_name_is_an_error_that_lists_them() -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'Dens'; it has Module, Layer, .*Dense"):
        _ = nn.Dens
