"""The columns that a summary can have, by the names that `--columns` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from netlib.report import numbers
from netlib.report.layout import Cell, Column
from netlib.report.summary_rows import Row, Summary
from netlib.spec.costs import Cost
from netlib.spec.errors import UsageError, did_you_mean, one_of
from netlib.spec.tensors import TensorSpec, show

UNKNOWN = "?"


def tensor_text(tensor: TensorSpec) -> str:
    """The shape; the dtype too where it is not the usual one."""
    return show(tensor.shape) if tensor.dtype == "float32" else str(tensor)


class _Kind(NamedTuple):
    """A column: its title, and what it says of a node. Where that is a number, `of` takes the cost, and the column adds up."""

    title: str
    text: Callable[[Row], str] | None = None
    of: Callable[[Cost], str] | None = None


def _by_port(outputs: Mapping[str, TensorSpec], text: Callable[[TensorSpec], str]) -> str:
    if len(outputs) == 1:
        return text(next(iter(outputs.values())))
    return "\n".join(f"{port}: {text(tensor)}" for port, tensor in outputs.items())


def _weights(row: Row) -> str:
    return "\n".join(f"{weight.name or row.name} {_axes(weight.shape)}" for weight in row.node.weights)


def _axes(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))})"


def _at_least(known: bool, count: int) -> str:
    """A number; where there may be more, the least that it is."""
    return numbers.count(count) if known else f"{UNKNOWN}" if not count else f"{numbers.count(count)} + {UNKNOWN}"


def _macs(cost: Cost) -> str:
    return UNKNOWN if cost.macs is None else numbers.count(cost.macs)


def _flops(cost: Cost) -> str:
    return UNKNOWN if cost.flops is None else numbers.count(sum(cost.flops))


def _size(cost: Cost) -> str:
    return numbers.size(cost.weight_bytes) if cost.known else UNKNOWN


def _activations(cost: Cost) -> str:
    if cost.activations is None:
        return UNKNOWN
    return numbers.size(cost.activations.of(1))


COLUMNS: dict[str, _Kind] = {
    "name": _Kind("node"),
    "type": _Kind("type", text=lambda row: row.type),
    "output": _Kind("output", text=lambda row: _by_port(row.outputs, tensor_text)),
    "parameters": _Kind("parameters", of=lambda cost: _at_least(cost.known, cost.parameters.total)),
    "trainable": _Kind("trainable", of=lambda cost: _at_least(cost.known, cost.parameters.trainable)),
    "non_trainable": _Kind("other", of=lambda cost: _at_least(cost.known, cost.parameters.non_trainable)),
    "size": _Kind("size", of=_size),
    "macs": _Kind("MACs", of=_macs),
    "flops": _Kind("FLOPs", of=_flops),
    "activations": _Kind("activations", of=_activations),
    "dtype": _Kind("dtype", text=lambda row: _by_port(row.outputs, lambda tensor: tensor.dtype)),
    "reads": _Kind("reads", text=lambda row: "\n".join(row.reads)),
    "weights": _Kind("weights", text=_weights),
}
"""By name. `flops` are those of both passes; all numbers are those of one sample."""


def parse_columns(text: str) -> tuple[str, ...]:
    """Names of columns from `name,type,macs`, each once.

    Raises:
        UsageError: there is no such column, or none is named.
    """
    found = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in found:
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS) or f"; there are {', '.join(COLUMNS)}"
            raise UsageError(f"a summary has no column '{name}'{hint}")
    if not found:
        raise UsageError(f"--columns needs names of columns, of {one_of(COLUMNS)}, got '{text}'")
    return found


def default_columns(totals: Cost) -> tuple[str, ...]:
    """Those that fit in 80 columns; parameters are told apart where some are not trained."""
    split = totals.parameters.non_trainable > 0
    return ("name", "type", "output", *(("trainable", "non_trainable") if split else ("parameters",)), "macs")


def titles(names: Sequence[str]) -> list[Column]:
    """The columns for the layout."""
    return [Column(COLUMNS[name].title, number=COLUMNS[name].of is not None) for name in names]


def cells(summary: Summary, names: Sequence[str], first: Sequence[Cell]) -> list[list[Cell]]:
    """The rows: the network's inputs, then its nodes, which `first` calls by name."""
    inputs = [[_input_cell(each, name, tensor) for each in names] for name, tensor in summary.inputs.items()]
    nodes = [[_cell(each, row, name) for each in names] for row, name in zip(summary.rows, first, strict=True)]
    return [*inputs, *nodes]


def _input_cell(column: str, name: str, tensor: TensorSpec) -> Cell:
    known = {"name": name, "type": "input", "output": tensor_text(tensor), "dtype": tensor.dtype}
    return Cell(known.get(column, ""))


def _cell(column: str, row: Row, name: Cell) -> Cell:
    kind = COLUMNS[column]
    if kind.of is not None:
        return Cell("" if row.opened and not row.parameters.total else kind.of(row.cost))
    return name if kind.text is None else Cell(kind.text(row))
