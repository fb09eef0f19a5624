"""What a trace of TensorFlow's profiler tells of operations. Time that an event spends in others of its thread is theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from netlib.runs.profile import Operation

LONGEST = 10
_NODE = re.compile(r"(?!__)(?P<path>[\w./-]+):(?P<kind>\w+)")
"""An operation of a graph: `while/body/_1/while/hidden/MatMul:MatMul`."""
_LOOPS = re.compile(r"(?:^|(?<=/))while/(?:body/_\d+/)?")
"""Of the loop over the steps, and of those inside it."""
_OWN = re.compile(r"^(?:_Mkl|_?Native|_)")
"""What TensorFlow puts in front of the kind of an operation that it has replaced by a faster one."""
_PICOSECONDS = 1e12


def operations(folder: Path) -> list[Operation]:
    """The operations of the newest trace in a folder that took longest, the longest first; none if it has no trace."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    found: dict[str, list[float]] = {}
    for path in sorted(folder.rglob("*.xplane.pb"))[-1:]:
        space = xplane_pb2.XSpace()
        space.ParseFromString(path.read_bytes())
        for plane in space.planes:
            for line in plane.lines:
                for name, seconds in _alone(plane, line.events):
                    found.setdefault(name, []).append(seconds)
    every = [Operation(name, sum(seconds), len(seconds)) for name, seconds in found.items()]
    return sorted(every, key=lambda each: -each.seconds)[:LONGEST]


def _alone(plane: Any, events: Iterable[Any]) -> Iterator[tuple[str, float]]:
    """Name and seconds of each operation on a thread, without those of the events inside it."""
    inside: list[tuple[int, Any, list[int]]] = []
    done: list[tuple[Any, int]] = []
    for event in sorted(events, key=lambda each: (each.offset_ps, -each.duration_ps)):
        while inside and event.offset_ps >= inside[-1][0]:
            _, ended, parts = inside.pop()
            done.append((ended, ended.duration_ps - sum(parts)))
        if inside:
            inside[-1][2].append(event.duration_ps)
        inside.append((event.offset_ps + event.duration_ps, event, []))
    done += [(event, event.duration_ps - sum(parts)) for _, event, parts in inside]
    for event, alone in done:
        if name := _name(plane, event):
            yield name, max(alone, 0) / _PICOSECONDS


def _name(plane: Any, event: Any) -> str | None:
    """What it is called, None for one that is no operation: Python's calls and TensorFlow's own."""
    name: str = plane.event_metadata[event.metadata_id].name
    if any(plane.stat_metadata[stat.metadata_id].name == "hlo_op" for stat in event.stats):
        return name
    if match := _NODE.fullmatch(name):
        path, kind = _LOOPS.sub("", match["path"]), _OWN.sub("", match["kind"])
        return path if path.endswith(kind) else f"{path} ({kind})"
    return None
