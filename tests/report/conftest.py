"""The network that most reports of this folder are about; and makes their table importable."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from netlib.spec.graph import Graph

sys.path.insert(0, str(Path(__file__).parent))

from sample_graph import known_network, network


@pytest.fixture
def graph() -> Graph:
    """A network of every kind of row: nested containers, frozen nodes, several ports, axes and costs that are not known."""
    return network()


@pytest.fixture
def known_graph() -> Graph:
    """The same without the node whose cost is not known."""
    return known_network()
