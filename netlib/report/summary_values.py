"""A network's summary as plain values, for a program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlib.report.summary_rows import Row, StepMemory, Summary
from netlib.spec.costs import Cost, Size
from netlib.spec.graph import Parameters
from netlib.spec.layer import Weight
from netlib.spec.memory import MARGIN
from netlib.spec.param_groups import Share
from netlib.spec.tensors import TensorSpec


def as_values(summary: Summary) -> dict[str, Any]:
    """Plain values. The nodes' numbers add up to the totals: a container has none beside those of its nodes."""
    return {
        "name": summary.name,
        "inputs": tensor_values(summary.inputs),
        "outputs": tensor_values(summary.outputs),
        **_cost(summary.totals),
        "memory": None if summary.step is None else _memory(summary.step),
        "param_groups": [_share(share) for share in summary.shares],
        "freeze": [
            {"epochs": [stage.first, stage.last], "selectors": list(stage.selectors), "trainable": trained}
            for stage, trained in summary.stages
        ],
        "nodes": [_node(row) for row in summary.rows],
    }


def _share(share: Share) -> dict[str, Any]:
    optimizer = share.optimizer.to_choice()
    return {"name": share.name, "optimizer": optimizer, "parameters": share.parameters, "slots": share.slots}


def _node(row: Row) -> dict[str, Any]:
    node = row.node
    return {
        "path": row.path,
        "type": row.type,
        "reads": list(row.reads),
        "outputs": tensor_values(row.outputs),
        "dtype": node.dtype,
        "trainable": node.trainable,
        "shares": node.shares,
        **_cost(row.cost),
        "weights": {weight.name or node.name: _weight(weight, node.trainable) for weight in node.weights},
        "ties": {name: {"to": tie.path, "transpose": tie.transpose} for name, tie in node.ties.items()},
    }


def _weight(weight: Weight, trainable: bool) -> dict[str, Any]:
    return {
        "shape": list(weight.shape),
        "dtype": weight.dtype or "float32",
        "trainable": weight.trainable and trainable,
    }


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "parameters": _parameters(cost.parameters),
        "known": cost.known,
        "weight_bytes": cost.weight_bytes,
        "macs": cost.macs,
        "flops": None if cost.flops is None else cost.flops._asdict(),
        "activation_bytes": None if cost.activations is None else _size(cost.activations),
    }


def _parameters(parameters: Parameters) -> dict[str, int]:
    return {**parameters._asdict(), "total": parameters.total}


def _size(size: Size) -> dict[str, int]:
    return size._asdict()


def _memory(step: StepMemory) -> dict[str, Any]:
    found: dict[str, Any] = {"batch_size": step.batch_size, "execution": step.mode, "training": step.training}
    if step.memory is not None:
        found |= {**vars(step.memory), "total": step.memory.total}
    if step.room is not None:
        found["largest_batch"] = {"memory": step.room, "margin": MARGIN, "batch_size": step.largest}
    return found


def tensor_values(tensors: Mapping[str, TensorSpec]) -> dict[str, Any]:
    """Shape and dtype of each, by name; null where Keras has to be asked."""
    return {name: _tensor(tensor) for name, tensor in tensors.items()}


def _tensor(tensor: TensorSpec) -> dict[str, Any]:
    return {"shape": list(tensor.shape), "dtype": tensor.dtype} if tensor.known else {"shape": None, "dtype": None}
