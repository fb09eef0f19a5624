"""What Keras computes for the layers of `spec/layers/convolution.py`."""

from __future__ import annotations

from oracles.padding import padded_first

ORACLES = {"Conv2D": padded_first}
