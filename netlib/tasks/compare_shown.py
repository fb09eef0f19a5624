"""A comparison as tables for people, and as plain values for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from netlib.report import numbers
from netlib.report.comparison import Line, Table
from netlib.runs import environment
from netlib.tasks.compare import Compared, Fact
from netlib.tasks.compare_networks import Facts, NetworkDifference, NodeDifference
from netlib.tasks.varying import ABSENT, flow

LONGEST = 200
"""Characters of a value that are shown, unless two differ only behind them."""
NOTHING = "-"
"""In place of what a side has not."""


def names_of(compared: Compared) -> list[str]:
    """A short name of each side: that of the folder or file, the whole path where two have the same."""
    names = [side.path.name or str(side.path) for side in compared.sides]
    return [str(side.path) if names.count(name) > 1 else name for side, name in zip(compared.sides, names, strict=True)]


def tables(compared: Compared) -> list[Table]:
    """What there is to compare: the config, and where there are some, networks, results and environments."""
    keys = tuple(Line(key, _texts(values)) for key, values in compared.keys.items())
    found = [Table("config", keys, "" if keys else "every key is the same")]
    if compared.network:
        found.append(_network(compared.network))
    if compared.results:
        found.append(Table("results", tuple(map(_result, compared.results)), numbers=True))
    if sum(side.run is not None for side in compared.sides) > 1:
        rows = tuple(Line(name, tuple(_where(value) for value in row)) for name, row in compared.environment.items())
        found.append(Table("environment", rows, "" if rows else "nothing differs that decides bits"))
    return found


def plain(compared: Compared) -> dict[str, Any]:
    """For a program; values are by the paths of their sides, and one is not there where its side has none."""
    paths = [str(side.path) for side in compared.sides]

    def by_path(values: Sequence[Any]) -> dict[str, Any]:
        return {path: value for path, value in zip(paths, values, strict=True) if value is not ABSENT}

    network = compared.network
    return {
        "sides": [{"path": str(side.path), "kind": "run" if side.run else "config"} for side in compared.sides],
        "config": [{"key": key, "values": by_path(values)} for key, values in compared.keys.items()],
        "network": network and {
            "totals": by_path([cost and _cost(cost.parameters._asdict(), cost.macs) for cost in network.totals]),
            "nodes": [
                {"path": node.path, "change": node.kind, "values": by_path([side and _facts(side) for side in node.sides])}
                for node in network.nodes
            ],
        },
        "results": [
            {"name": fact.name, "values": by_path(fact.values), "better": None if fact.better is None else paths[fact.better]}
            for fact in compared.results
        ],
        "environment": [{"name": name, "values": by_path(row)} for name, row in compared.environment.items()],
    }  # fmt: skip


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    whole = tuple(NOTHING if value is ABSENT else flow(value) for value in values)
    cut = tuple(text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..." for text in whole)
    return cut if len(set(cut)) == len(set(whole)) else whole


def _network(network: NetworkDifference) -> Table:
    lines = tuple(Line(f"{_SIGNS[node.kind]} {node.path}", _sides(node)) for node in network.nodes)
    totals = tuple(_totals(network))
    return Table("network", (*lines, *totals), "" if lines else "the same nodes")


_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def _totals(network: NetworkDifference) -> Iterator[Line]:
    counts = [None if cost is None else cost.parameters for cost in network.totals]
    rows = {
        "parameters": [None if each is None else each.total for each in counts],
        "trainable": [None if each is None else each.trainable for each in counts],
        "multiply-accumulates": [None if cost is None else cost.macs for cost in network.totals],
    }
    for name, row in rows.items():
        yield Line(name, tuple(NOTHING if value is None else numbers.count(value) for value in row))


def _sides(node: NodeDifference) -> tuple[str, ...]:
    """For each network, the node and what of it differs."""
    there = [side for side in node.sides if side is not None]
    reads_differ = len({side.reads for side in there}) > 1
    return tuple(
        NOTHING if side is None else _node(side, {key: row[number] for key, row in node.options.items()}, reads_differ)
        for number, side in enumerate(node.sides)
    )


def _node(side: Facts, options: dict[str, Any], reads: bool) -> str:
    shapes = ", ".join(_shape(tensor["shape"]) for tensor in side.outputs.values())
    told = [f"{side.type} {shapes}"]
    if side.parameters:
        frozen = "" if side.trainable else " (frozen)"
        told.append(f"{numbers.count(side.parameters)} parameters{frozen}")
    told += [f"{key}: {flow(value)}" for key, value in options.items() if value is not ABSENT]
    return ", ".join([*told, *([f"reads {', '.join(side.reads)}"] if reads else [])])


def _shape(shape: Sequence[int | None] | None) -> str:
    """As the summary writes it: without the batch."""
    return "?" if shape is None else f"({', '.join('?' if axis is None else str(axis) for axis in shape[1:])})"


def _result(fact: Fact) -> Line:
    texts = tuple(NOTHING if value is None else _number(fact.name, value) for value in fact.values)
    return Line("time" if fact.name == "seconds" else fact.name, texts, fact.better)


def _number(name: str, value: float) -> str:
    if name == "seconds":
        return numbers.duration(value)
    return numbers.count(value) if isinstance(value, int) else numbers.metric(value)


def _where(value: Any) -> str:
    return NOTHING if value is ABSENT else environment.said(value)


def _cost(parameters: dict[str, int], macs: int | None) -> dict[str, Any]:
    return {"parameters": {**parameters, "total": sum(parameters.values())}, "macs": macs}


def _facts(side: Facts) -> dict[str, Any]:
    return {**vars(side), "reads": list(side.reads), "outputs": dict(side.outputs), "options": dict(side.options)}
