"""What Keras computes for the layers of `spec/layers/depthwise_convolution.py`."""

from __future__ import annotations

from oracles.padding import padded_first

ORACLES = {"DepthwiseConv1D": padded_first, "DepthwiseConv2D": padded_first}
