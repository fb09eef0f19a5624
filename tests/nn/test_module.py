from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import copy
import pickle
import subprocess
import sys
from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
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


def test_a_circle_of_plain_values_ends() -> None:
    pair = Pair(variable(), None)
    pair.right = pair
    assert paths(Box(pair=pair, w=variable())) == ["pair.left", "w"]


def test_a_circle_of_modules_is_an_error() -> None:
    box = Box(w=variable())
    box.child = Box(parent=box)
    message = (
        r"box goes round in circles: 'child\.parent' is the module that it is inside of \(the whole\); hold a child, or"
    )
    for use in (paths, Box.state_dict, Box.freeze, lambda box: box["w"], lambda box: box.submodules):
        with pytest.raises(UsageError, match=message):
            use(box)
    outer = Box(deep=[box.child])
    with pytest.raises(UsageError, match=r"'deep\.0\.parent\.child' is the module that it is inside of \('deep\.0'\)"):
        paths(outer)
    assert repr(box) == "Box(): w ()\n  child: Box()"


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
    assert report == LoadReport(["w", "count"], {}, [], [], [])
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


def test_two_keys_that_look_alike_are_refused() -> None:
    with pytest.raises(UsageError, match=r"box has two variables with the path 'table\.1'"):
        paths(Box(table={1: variable(), "1": variable()}))


def test_the_parts_by_path() -> None:
    box = Box(rows=[Box(w=variable()), {"deep": Plain()}], child=Box(inner=Box()))
    assert [path for path, _ in box.named_modules()] == ["", "rows.0", "rows.1.deep", "child", "child.inner"]
    assert [path for path, _ in box.named_children()] == ["rows.0", "rows.1.deep", "child"]
    assert box.submodules == (box.rows[0], box.rows[1]["deep"], box.child, box.child.inner)
    seen: list[Any] = []
    assert box.apply(seen.append) is box
    assert seen[-1] is box
    assert seen.index(box.child.inner) < seen.index(box.child)
    assert len(seen) == 5


def test_children_are_those_that_it_holds_itself_wherever_else_they_are_held() -> None:
    shared, both = Box(w=variable()), [Box(), Box()]
    box = Box(one=Box(inner=shared, list=both), two=Box(deep=[shared]), own=shared, parts=both)
    box.again = shared
    assert list(box.named_children()) == [
        ("one", box.one),
        ("two", box.two),
        ("own", shared),
        ("parts.0", both[0]),
        ("parts.1", both[1]),
    ]


def test_the_tree_as_text() -> None:
    box = Box(w=variable(), rows=[Box(v=variable()), Plain()], shared=None)
    box.shared = box.rows[0]
    box.freeze("rows.0.v")
    assert repr(box) == "Box(): w ()\n  rows.0: Box(): v () frozen\n  rows.1: Plain(): zulu (), alpha.0 ()"
    assert repr(Module()) == "Module()"


def test_gradients_by_path() -> None:
    class Linear(Module):
        def __init__(self) -> None:
            super().__init__()
            self.w, self.unused = tf.Variable([[2.0]]), variable()
            self.table = tf.Variable(tf.ones([3, 1]))
            self.frozen = variable()  # a name of the user's own
            self.freeze("frozen")

        def __call__(self, x: Any, training: bool = False) -> Any:
            return x @ self.w + tf.gather(self.table, [0, 0]) * (2.0 if training else 1.0)

    linear, x, y = Linear(), tf.constant([[1.0], [3.0]]), tf.zeros([2, 1])
    gradients = linear.gradients(x, y, lambda true, given: tf.square(given - true))
    assert list(gradients) == ["w", "unused", "table"]
    assert gradients["unused"] is None
    np.testing.assert_allclose(gradients["w"], [[2 * (3 * 1 + 7 * 3) / 2]])
    np.testing.assert_allclose(gradients["table"], [[10], [0], [0]])  # dense, though TensorFlow's is sparse
    trained = linear.gradients(x, y, lambda true, given: tf.square(given - true), training=True)
    np.testing.assert_allclose(trained["w"], [[2 * (4 * 1 + 8 * 3) / 2]])


def test_what_a_module_is_not() -> None:
    box = Box(w=variable())
    with pytest.raises(TypeError, match="'Box' object is not iterable"):
        list(box)
    with pytest.raises(UsageError, match=r"a shallow copy of box would share its variables: use copy\.deepcopy"):
        copy.copy(box)
    with pytest.raises(
        UsageError, match=r"Box cannot be pickled; keep its weights with state_dict\(\), or a Model with save"
    ):
        pickle.dumps(box)
    for name in ("digits-mlp", "a.b", "0", ""):
        with pytest.raises(
            UsageError, match=f"the name of a module is an identifier, such as 'encoder_1', got '{name}'"
        ):
            Module(name)


def test_a_dataclass_may_be_a_module() -> None:
    @dataclass(eq=False, repr=False)
    class Layered(Module):
        w: Any
        parts: list[Any] = field(default_factory=list)

    made = Layered(variable(), [variable()])
    assert paths(made) == ["w", "parts.0"]
    assert made.name == "layered"
    made.freeze("w")
    assert len(made.trainable_variables) == 1

    @dataclass
    class Equal(Module):
        w: Any

    with pytest.raises(
        UsageError, match=r"Equal compares by value, and a module is itself alone: write @dataclass\(eq=False\)"
    ):
        Equal(variable())


class TestCopies:
    def test_what_is_shared_stays_shared(self) -> None:
        shared, child = variable(1), Box(w=variable(2))
        box = Box(a=shared, b=[shared, child], c={"d": child, 5: Pair(child, shared)})
        twin = copy.deepcopy(box)
        assert [(n.path, n.aliases) for n in twin.named_variables()] == [
            (n.path, n.aliases) for n in box.named_variables()
        ]
        assert twin.b[1] is twin.c["d"] is twin.c[5].left
        assert twin.a is twin.c[5].right is not box.a

    def test_of_keras_layers(self) -> None:
        layers = [
            keras.layers.Dense(3),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.LSTM(2),
        ]
        layers[1](layers[0](tf.ones([2, 3])))
        layers[3](tf.ones([1, 2, 3]))
        box = Box(layers=layers, again=layers[0], late=keras.layers.Dense(2))
        for each in box.variables[:-1]:
            each.assign(tf.cast(tf.ones_like(each) * 3, each.dtype))
        twin = copy.deepcopy(box)
        np.testing.assert_equal(twin.state_dict(), box.state_dict())
        assert twin.again is twin.layers[0] is not layers[0]
        twin.again.kernel.assign(np.zeros([3, 3]))
        assert np.all(layers[0].kernel == 3)
        twin.late(tf.ones([1, 2]))
        assert not box.late.built

    def test_of_what_keras_cannot_copy(self) -> None:
        class Own(keras.layers.Layer):
            pass

        with pytest.raises(
            UsageError, match=r"box cannot be copied, for Keras cannot copy its layers \(Own\): a class of your own"
        ):
            copy.deepcopy(Box(own=Own()))

        @keras.saving.register_keras_serializable(package="test_module")
        class Registered(keras.layers.Layer):
            def __init__(self, **options: Any) -> None:
                super().__init__(**options)
                self.extra = variable(1)

        layer = Registered()
        layer.extra.assign(7)
        twin = copy.deepcopy(Box(layer=layer))
        assert float(twin.layer.extra) == 7  # Keras by itself would have begun anew
        layer.more = layer.extra
        with pytest.raises(
            UsageError, match="a Keras layer inside shares a variable with what is outside of it, or has"
        ):
            copy.deepcopy(Box(layer=layer, extra=layer.extra))

    def test_of_what_is_too_deep(self) -> None:
        box = Box(w=variable())
        for _ in range(500):
            box = Box(inner=[{"a": box}])
        with pytest.raises(UsageError, match="box is nested too deeply for Python to copy it; raise the limit"):
            copy.deepcopy(box)

    def test_other_errors_are_told_as_they_are(self) -> None:
        class Refusing:
            def __deepcopy__(self, memo: Any) -> Any:
                raise ValueError("not me")

        with pytest.raises(ValueError, match="not me"):
            copy.deepcopy(Box(a=Refusing()))


class Awkward(Box):
    """Holds its variables where TensorFlow does not look, or refuses to."""

    def __init__(self) -> None:
        super().__init__(
            pair=Pair(variable(2), [variable(3)]),
            by_number={1: variable(5), "a": {2: Box(w=variable(7))}},
            rows=[variable(11), variable(0), Box(w=variable(13))],
            plain=Plain(),
            keras=keras.layers.Dense(1, use_bias=False, kernel_initializer="ones"),
            late=(Pair(Box(w=variable(17)), None),),
        )
        self.plain.pair = Pair(variable(19), [variable(23)])
        self.rows.pop(1)
        self.keras(tf.ones([1, 1]))

    @tf.function(input_signature=[tf.TensorSpec([None, 1])], autograph=False)
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        factors = [each for each in self.variables if each.shape.rank == 0]
        return self.keras(x) * tf.reduce_prod(tf.stack(factors))


@pytest.mark.slow
def test_a_saved_model_in_a_fresh_process(tmp_path: Path) -> None:
    box = Awkward()
    expected = float(box(tf.ones([1, 1]))[0, 0])
    tf.saved_model.save(box, str(tmp_path))
    code = f"import tensorflow as tf; print(float(tf.saved_model.load({str(tmp_path)!r})(tf.ones([1, 1]))[0, 0]))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(run.stdout) == expected != 0


def test_a_checkpoint_of_tensorflow_s(tmp_path: Path) -> None:
    box, other = Awkward(), Awkward()
    for index, each in enumerate(box.variables):
        each.assign(tf.ones_like(each) * index)
    path = tf.train.Checkpoint(model=box).save(str(tmp_path / "saved"))
    tf.train.Checkpoint(model=other).restore(path).assert_existing_objects_matched()
    np.testing.assert_equal(other.state_dict(), box.state_dict())


@pytest.mark.slow
def test_paths_are_the_same_in_a_fresh_process() -> None:
    code = """
import keras, tensorflow as tf
from netlib import nn
for _ in range(3):
    keras.layers.Dense(1), nn.Dense(1)
module = nn.Module()
module.parts = {"b": keras.Sequential([keras.layers.Dense(2), keras.layers.Dropout(0.5)]), "a": [nn.Sequential([nn.Dense(2)])]}
module.parts["a"][0](module.parts["b"](tf.ones([1, 2])))
print([named.path for named in module.named_variables()])
"""
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert runs == {
        (
            "['parts.b.layers.0.kernel', 'parts.b.layers.0.bias', 'parts.b.layers.1.seed_generator.state',"
            " 'parts.a.0.dense.kernel', 'parts.a.0.dense.bias']\n"
        )
    }


def test_a_notebook_shows_the_tree():
    class Odd(Module):
        """Says something that HTML would take for a tag."""

        def __repr__(self) -> str:
            return "a<b>"

    assert Odd()._repr_html_() == "<pre>a&lt;b&gt;</pre>"
