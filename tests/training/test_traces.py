"""Operations of a trace, told by traces that are made by hand: two threads, events inside others."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlib.runs.profile import Operation
from netlib.training.traces import LONGEST, operations

Event = tuple[str, int, int]
"""Name, beginning and length, in seconds."""


def write(folder: Path, *threads: list[Event], compiled: tuple[str, ...] = ()) -> None:
    """A trace; the operations of `compiled` are XLA's."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace()
    plane = space.planes.add(name="/host:CPU")
    plane.stat_metadata[1].name = "hlo_op"
    numbers: dict[str, int] = {}
    for events in threads:
        line = plane.lines.add()
        for name, start, length in events:
            number = numbers.setdefault(name, len(numbers) + 1)
            plane.event_metadata[number].name = name
            event = line.events.add(metadata_id=number, offset_ps=start * 10**12, duration_ps=length * 10**12)
            if name in compiled:
                event.stats.add(metadata_id=1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "host.xplane.pb").write_bytes(space.SerializeToString())


def test_what_is_inside_an_operation_is_not_counted_twice(tmp_path):
    events = [("a/While:While", 0, 10), ("a/MatMul:MatMul", 1, 4), ("a/Cast:Cast", 2, 1), ("a/MatMul:MatMul", 6, 2)]
    write(tmp_path, events, [("a/MatMul:MatMul", 0, 5)])
    assert operations(tmp_path) == [
        Operation("a/MatMul", 10.0, 3),
        Operation("a/While", 4.0, 1),
        Operation("a/Cast", 1.0, 1),
    ]


def test_python_and_tensorflow_itself_are_no_operations(tmp_path):
    names = (
        "EagerExecute",
        "ExecutorState::Process",
        "__inference_run_7:__inference_run_7",
        "Eager: __inference_run_7",
    )
    write(tmp_path, [*((name, 0, 9 - place) for place, name in enumerate(names)), ("a/Add:AddV2", 1, 1)])
    assert operations(tmp_path) == [Operation("a/Add (AddV2)", 1.0, 1)]


def test_those_of_xla(tmp_path):
    write(tmp_path, [("python", 0, 9), ("dot.3", 1, 2), ("add_fusion", 4, 1)], compiled=("dot.3", "add_fusion"))
    assert operations(tmp_path) == [Operation("dot.3", 2.0, 1), Operation("add_fusion", 1.0, 1)]


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("while/body/_1/while/model/head/MatMul:_MklMatMul", "model/head/MatMul"),
        ("while/body/_1/gradient_tape/while/model/head/MatMul_1:MatMul", "gradient_tape/model/head/MatMul_1 (MatMul)"),
        ("while/body/_1/while/conv/Relu:_NativeFusedConv2D", "conv/Relu (FusedConv2D)"),
        ("meanwhile/Add:Add", "meanwhile/Add"),
    ],
)
def test_names(tmp_path, event, name):
    write(tmp_path, [(event, 0, 1)])
    assert [each.name for each in operations(tmp_path)] == [name]


def test_the_longest_of_many_in_the_newest_trace(tmp_path):
    write(tmp_path / "2026_01_01", [("old/Add:Add", 0, 999)])
    write(tmp_path / "2026_01_02", [(f"n{number}/Add:Add", 100 * number, number) for number in range(1, 15)])
    assert [each.seconds for each in operations(tmp_path)] == [14.0 - place for place in range(LONGEST)]
    assert operations(tmp_path / "none") == []
