"""The table of the conformance tests: a `Row` for every class of `netlib.nn`, by its id.

The layers' rows are those of `layer_table.py`, and what may be expected of them their specs say; the others are in
`hand_written.py`. A layer that is added to the catalogue needs its rows in `layer_cases/`, and nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest
from hand_written import OBJECT_ROWS
from layer_table import TABLE, is_compiled, tensors_of
from object_row import Row

from netlib.nn.layer import Layer
from netlib.spec.layer import LayerSpec
from netlib.spec.registry import spec_class
from netlib.spec.tensors import TensorSpec


def layer_rows() -> Iterable[Row]:
    """Those of the layers."""
    for name, rows in TABLE.items():
        for index, row in enumerate(rows):
            spec: Any = spec_class("layer", name).parse(row.get("parameters", {}))
            tensors = tensors_of(row)
            yield Row(
                name,
                str(index),
                partial(Layer.from_spec, spec),
                tensors,
                row.get("below"),
                random=_random(spec, row),
                statistics=not spec.source
                and any(not weight.trainable for weight in spec.weights(*(t.shape for t in tensors))),
                mask=_mask(spec, tensors, row),
                gives=bool(spec.ports),
            )


def _random(spec: LayerSpec, row: Mapping[str, Any]) -> Any:
    said = row.get("random", "ours" if spec.random else "")
    return "" if said == "never" else said


def _mask(spec: LayerSpec, tensors: Sequence[TensorSpec], row: Mapping[str, Any]) -> Any:
    """As the row says, else as `supports_masking` does. The last axis of numbers is their features, not time."""
    least = 2 if spec.takes == "integer" else 3
    if not tensors or any(len(tensor.shape) < least for tensor in tensors) or not spec.ports:
        return None
    return row.get("mask", "kept" if spec.supports_masking else "dropped")


ROWS = {str(row): row for row in (*layer_rows(), *OBJECT_ROWS)}


def rows(chosen: Callable[[Row], Any] = bool, *, each_class: bool = False, compiled: bool = False) -> Any:
    """Parametrises a test over the rows that are chosen, all by default.

    With `each_class`, of a layer of the catalogue over its first row alone: for what does not depend on parameters or shapes.
    With `compiled`, over those that are, unless all of them are asked for with `--every-row`.
    """
    found = [row for row in ROWS.values() if chosen(row) and not (each_class and row.in_catalogue and int(row.case))]
    left_out = [compiled and not compiles(row) for row in found]
    marked = [
        pytest.param(row, id=str(row), marks=[pytest.mark.every_row] * left)
        for row, left in zip(found, left_out, strict=True)
    ]
    return pytest.mark.parametrize("row", marked)


def compiles(row: Row) -> bool:
    """Whether it is among the rows over which what takes seconds is tested."""
    return not row.in_catalogue or is_compiled(row.name, int(row.case))


def is_layer(row: Row) -> bool:
    """Chooses what is a Layer, and not a Module alone."""
    return row.is_layer


def takes_and_gives(row: Row) -> bool:
    """Chooses what reads something and gives something."""
    return bool(row.tensors) and row.gives


def in_groups(group: Sequence[Row], act: Callable[[Sequence[Row]], dict[str, Any]]) -> dict[str, Any]:
    """What `act` gives for all rows at once, by id; for a row with which it fails, the exception.

    A group that fails is halved, so that a table without faults costs one call, and one with a fault names it.
    """
    try:
        return act(group)
    except Exception as error:
        if len(group) == 1:
            return {str(group[0]): error}
        half = len(group) // 2
        return in_groups(group[:half], act) | in_groups(group[half:], act)
