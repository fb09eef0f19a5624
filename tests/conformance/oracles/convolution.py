"""What Keras computes for the layers of `spec/layers/convolution.py`."""

from __future__ import annotations

from oracles.padding import padded_first

ORACLES = {"Conv1D": padded_first, "Conv2D": padded_first, "Conv3D": padded_first}
