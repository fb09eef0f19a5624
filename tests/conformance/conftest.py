"""Makes the table of this folder importable, in the tests as in the fresh process that they start."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True, scope="module")
def _with_the_layer_of_a_plug_in() -> Iterator[None]:
    from hand_written import plugged_in

    with plugged_in():
        yield
