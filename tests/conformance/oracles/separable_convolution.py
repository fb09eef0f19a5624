"""What Keras computes for the layers of `spec/layers/separable_convolution.py`."""

from __future__ import annotations

from oracles.padding import padded_first

ORACLES = {"SeparableConv1D": padded_first, "SeparableConv2D": padded_first}
