"""What Keras computes for the layers of `spec/layers/cropping.py` and `zero_padding.py`, whose only axis has a pair there."""

from __future__ import annotations

from typing import Any

from oracles.padding import namesake


def _of_one_axis(name: str, arguments: dict[str, Any]) -> Any:
    return namesake(name, {parameter: sides[0] for parameter, sides in arguments.items()})


ORACLES = {"Cropping1D": _of_one_axis, "ZeroPadding1D": _of_one_axis, "UpSampling1D": _of_one_axis}
