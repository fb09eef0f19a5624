from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import copy
from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.module import LoadReport, Module, StateError
from netlib.spec.errors import UsageError


def variable(value: float = 0.0, *, trainable: bool = True) -> tf.Variable:
    return tf.Variable(float(value), trainable=trainable)


def paths(module: Module) -> list[str]:
    return [named.path for named in module.named_variables()]


@dataclass
class Pair:
    left: Any
    right: Any
    missing: Any = field(init=False)


Point = namedtuple("Point", ["x", "y"])


class Plain(tf.Module):
    """A module of TensorFlow's own, which knows nothing of ours."""

    def __init__(self) -> None:
        super().__init__(name="plain")
        self.zulu = variable(1)
        self.alpha = [variable(2)]


class Box(Module):
    """Holds what it is given, by name."""

    def __init__(self, **values: Any) -> None:
        super().__init__(name="box")
        for name, value in values.items():
            setattr(self, name, value)


def test_variables_are_found_in_every_nesting_in_the_order_of_definition() -> None:
    box = Box(
        zebra=variable(),
        list_=[variable(), [variable()], (variable(),)],
        dict_={"b": variable(), "a": {"c": [variable()]}, 3: variable()},
        ordered=OrderedDict(z=variable(), a=variable()),
        pair=Pair(variable(), [variable()]),
        point=Point(variable(), variable()),
        plain=Plain(),
        child=Box(inner=variable()),
        nothing=None,
        text="kernel",
        _private=variable(),
        apple=variable(),
    )
    assert paths(box) == [
        "zebra",
        "list_.0",
        "list_.1.0",
        "list_.2.0",
        "dict_.b",
        "dict_.a.c.0",
        "dict_.3",
        "ordered.z",
        "ordered.a",
        "pair.left",
        "pair.right.0",
        "point.0",
        "point.1",
        "plain.zulu",
        "plain.alpha.0",
        "child.inner",
        "_private",
        "apple",
    ]
    assert len(box.variables) == len(paths(box))
    assert box.num_parameters() == 18


def test_variables_and_modules_inside_of_plain_containers_of_modules() -> None:
    box = Box(layers={"one": Box(w=variable()), "two": Pair(Plain(), Box(w=variable()))})
    assert paths(box) == ["layers.one.w", "layers.two.left.zulu", "layers.two.left.alpha.0", "layers.two.right.w"]
    assert [path for path, _ in box.named_modules()] == ["", "layers.one", "layers.two.left", "layers.two.right"]


def test_what_is_appended_later_is_found() -> None:
    box = Box(rows=[], by_name={})
    assert paths(box) == []
    box.rows.append(variable())
    box.by_name["new"] = variable()
    assert paths(box) == ["rows.0", "by_name.new"]


def test_a_shared_variable_stands_once_under_its_first_path() -> None:
    shared, child = variable(), Box(w=variable())
    box = Box(first=shared, again=[shared, child], child=child)
    assert paths(box) == ["first", "again.1.w"]
    assert [path for path, _ in box.named_modules()] == ["", "again.1"]
    assert list(box.state_dict()) == ["first", "again.1.w"]


def test_a_circle_ends() -> None:
    pair = Pair(variable(), None)
    pair.right = pair
    box = Box(pair=pair, w=variable())
    box.child = Box(parent=box)
    assert paths(box) == ["pair.left", "w"]


def test_two_variables_with_one_path_are_refused() -> None:
    box = Box(table={"a.b": variable(), "a": {"b": variable()}})
    with pytest.raises(UsageError, match=r"box has two variables with the path 'table\.a\.b'; rename what holds one"):
        box.state_dict()


def test_trainable_is_the_variables_own_flag_and_that_of_every_module_around() -> None:
    box = Box(free=variable(), constant=variable(trainable=False), cold=Box(inner=[Box(w=variable())]))
    box.cold.trainable = False
    assert [(named.path, named.trainable) for named in box.named_variables()] == [
        ("free", True),
        ("constant", False),
        ("cold.inner.0.w", False),
    ]
    assert box.trainable_variables == (box.free,)
    assert box.non_trainable_variables == (box.constant, box.cold.inner[0].w)
    box.cold.trainable = True
    assert len(box.trainable_variables) == 2
    box.trainable = False
    assert box.trainable_variables == ()


def test_a_state_dict_goes_round() -> None:
    def made(value: float) -> Box:
        return Box(w=tf.Variable(np.full([2, 3], value, np.float32)), count=tf.Variable(int(value), dtype=tf.int64))

    source, target = made(3), made(0)
    state = source.state_dict()
    assert {path: (value.shape, str(value.dtype)) for path, value in state.items()} == {
        "w": ((2, 3), "float32"),
        "count": ((), "int64"),
    }
    report = target.load_state_dict(state)
    assert report == LoadReport(["w", "count"], [], [], [])
    assert report.complete()
    assert str(report) == "2 loaded"
    np.testing.assert_equal(target.state_dict(), state)


def test_a_state_that_does_not_fit_changes_nothing() -> None:
    box = Box(a=variable(1), b=variable(1), c=variable(1), d=variable(1))
    state = {
        "a": np.float32(5),
        "b": np.zeros(3, np.float32),
        "c": np.float64(5),
        "e": np.float32(5),
    }
    message = (
        r"the state dict does not fit box: 1 loaded; missing: d; unexpected: e;"
        r" mismatched: b is \(\) float32, got \(3,\) float32, c is \(\) float32, got \(\) float64"
    )
    with pytest.raises(StateError, match=message):
        box.load_state_dict(state)
    assert {float(v) for v in box.variables} == {1.0}
    report = box.load_state_dict(state, strict=False)
    assert (report.loaded, report.missing, report.unexpected) == (["a"], ["d"], ["e"])
    assert len(report.mismatched) == 2
    assert not report.complete()
    assert [float(v) for v in box.variables] == [5, 1, 1, 1]


@pytest.mark.parametrize("state", [{}, {"w": np.float32(1), "x": np.float32(1)}])
def test_missing_and_unexpected_alone_are_errors_too(state: dict[str, Any]) -> None:
    with pytest.raises(StateError, match="missing: w" if not state else "unexpected: x"):
        Box(w=variable()).load_state_dict(state)


def test_lookup_by_path() -> None:
    box = Box(rows=[variable(), Box(kernel=variable())])
    assert box["rows.0"] is box.rows[0]
    assert box["rows.1"] is box.rows[1]
    assert box["rows.1.kernel"] is box.rows[1].kernel
    assert box[""] is box
    with pytest.raises(UsageError, match=r"box has nothing at 'rows\.1\.kernl'; did you mean 'rows\.1\.kernel'"):
        box["rows.1.kernl"]
    with pytest.raises(UsageError, match="box has nothing at '7'"):
        box[7]  # type: ignore[index]


def test_a_copy_has_variables_of_its_own() -> None:
    box = Box(rows=[variable(1), (variable(2),)], table={"a": Box(w=variable(3))}, pair=Pair(variable(4), 0))
    twin = copy.deepcopy(box)
    assert paths(twin) == paths(box)
    twin["rows.0"].assign(9)
    twin["table.a.w"].assign(9)
    assert [float(v) for v in box.variables] == [1, 2, 3, 4]
    assert [float(v) for v in twin.variables] == [9, 2, 9, 4]


def test_a_subclass_may_leave_attributes_out() -> None:
    class Hiding(Box):
        def children(self) -> Any:
            return ((name, value) for name, value in super().children() if name != "cache")

    assert paths(Hiding(cache=variable(), w=variable())) == ["w"]
