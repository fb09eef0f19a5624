"""The tree against a plain recursive walk, and how fast it is."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import time
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.contents import holds_nothing, unwrapped
from netlib.nn.module import Module
from netlib.nn.tree import Tree, joined

Point = namedtuple("Point", ["x", "y"])


@dataclass
class Pair:
    left: Any
    right: Any


class Box(Module):
    def __init__(self, **values: Any) -> None:
        super().__init__(name="box")
        for name, value in values.items():
            setattr(self, name, value)


class Plain(tf.Module):
    def __init__(self, **values: Any) -> None:
        super().__init__(name="plain")
        for name, value in values.items():
            setattr(self, name, value)


class KerasBox(keras.layers.Layer):
    def __init__(self, **values: Any) -> None:
        super().__init__()
        for name, value in values.items():
            setattr(self, name, value)


def variable(value: float = 0.0, *, trainable: bool = True) -> tf.Variable:
    return tf.Variable(float(value), trainable=trainable)


def summary(root: Any) -> list[tuple[str, list[str], bool]]:
    return [(entry.path, entry.aliases, entry.trainable) for entry in Tree(root).variables]


# What anything may hold, as a recipe: ("variable", index of one of four), ("leaf", value), or (container, recipes).
recipes = st.recursive(
    st.one_of(
        st.tuples(st.just("variable"), st.integers(0, 3)),
        st.tuples(st.just("leaf"), st.sampled_from([None, 1, 2.5, "text", b"bytes", True])),
    ),
    lambda inner: st.tuples(
        st.sampled_from(["list", "tuple", "dict", "ordered", "point", "pair", "box", "plain"]),
        st.lists(inner, min_size=0, max_size=3),
    ),
    max_leaves=15,
)


def made(recipe: Any, shared: list[tf.Variable]) -> Any:
    kind, content = recipe
    if kind == "variable":
        return shared[content]
    if kind == "leaf":
        return content
    parts = [made(each, shared) for each in content]
    two = (*parts, None, None)[:2]
    builders: dict[str, Any] = {
        "list": lambda: parts,
        "tuple": lambda: tuple(parts),
        "dict": lambda: dict(enumerate(parts)),
        "ordered": lambda: OrderedDict((f"key{9 - i}", part) for i, part in enumerate(parts)),
        "point": lambda: Point(*two),
        "pair": lambda: Pair(*two),
        "box": lambda: Box(**{f"field{9 - i}": part for i, part in enumerate(parts)}),
        "plain": lambda: Plain(**{f"field{9 - i}": part for i, part in enumerate(parts)}),
    }
    return builders[kind]()


def walked(value: Any, path: str) -> Iterator[tuple[str, tf.Variable]]:
    """Every path to every variable, by plain recursion."""
    if isinstance(value, tf.Variable):
        yield path, value
        return
    named: Any = ()
    if isinstance(value, tf.Module):
        named = ((name, part) for name, part in vars(value).items() if name.startswith("field"))
    elif isinstance(value, dict):
        named = value.items()
    elif isinstance(value, list | tuple):
        named = enumerate(value)
    elif is_dataclass(value):
        named = ((each.name, getattr(value, each.name)) for each in fields(value))
    for name, part in named:
        yield from walked(part, joined(path, name))


@pytest.mark.slow
@settings(max_examples=200)
@given(st.lists(recipes, max_size=4))
def test_every_variable_is_found_once_and_all_paths_to_it_are_known(content: list[Any]) -> None:
    shared = [variable(index) for index in range(4)]
    box = made(("box", content), shared)
    by_variable: dict[int, list[str]] = {}
    for path, each in walked(box, ""):
        by_variable.setdefault(id(each), []).append(path)
    found = {id(entry.value): entry.paths for entry in Tree(box).variables}
    assert {key: paths[0] for key, paths in found.items()} == {key: paths[0] for key, paths in by_variable.items()}
    assert list(found) == list(by_variable)  # in the order of definition
    assert {key: sorted(paths) for key, paths in found.items()} == {
        key: sorted(paths) for key, paths in by_variable.items()
    }
    for paths in by_variable.values():
        assert len({id(box[path]) for path in paths}) == 1


def test_what_is_looked_into() -> None:
    w = variable()
    for container in ([w], (w,), {"a": w}, defaultdict(list, a=[w]), Pair(w, 1), Point(w, 1), Box(w=w), Plain(w=w)):
        assert not holds_nothing(container)
        assert [entry.value for entry in Tree(container).variables] == [w]
    for leaf in (None, "text", b"bytes", 1, 2.5, np.ones(3), np.float32(1), tf.ones([2]), {w.ref()}, Pair, object()):
        assert holds_nothing(leaf)
        assert Tree(leaf).entries == []


def test_what_tensorflow_wrapped_is_unwrapped() -> None:
    box = Box(config={"a": [1, {"b": (2,)}]})
    assert type(unwrapped(box.config)) is dict
    assert unwrapped(box.config) == {"a": [1, {"b": (2,)}]}
    assert type(unwrapped(box.config)["a"][1]) is dict


def test_paths_of_shared_things() -> None:
    w, inner = variable(), Box(u=variable(), v=[variable()])
    pair = Pair(variable(), 0)
    box = Box(w=w, inner=inner, again=[w, inner], pair=pair, twin={"pair": pair, 7: inner})
    assert summary(box) == [
        ("w", ["again.0"], True),
        ("inner.u", ["again.1.u", "twin.7.u"], True),
        ("inner.v.0", ["again.1.v.0", "twin.7.v.0"], True),
        ("pair.left", ["twin.pair.left"], True),
    ]
    assert [entry.aliases for entry in Tree(box).modules] == [[], ["again.1", "twin.7"]]


def test_an_alias_of_an_alias_leads_there_too() -> None:
    box = Box(w=variable())
    innermost = box
    for _ in range(12):  # 4096 paths
        box = Box(a=box, b=box)
    assert box[".".join("b" * 12)] is innermost
    assert box[".".join("ab" * 6) + ".w"] is innermost.w
    assert len(Tree(box).variables[0].aliases) == 12


def test_a_variable_is_frozen_if_something_around_one_of_its_paths_is() -> None:
    w = variable()
    box = Box(head=Box(tied=w, own=variable()), encoder=Box(kernel=w))
    assert [entry.trainable for entry in Tree(box).variables] == [True, True]
    box.encoder.trainable = False
    assert summary(box) == [("head.tied", ["encoder.kernel"], False), ("head.own", [], True)]
    shared = Box(w=variable())
    holder = Box(one=Box(part=[shared]), other=Box(part=(shared,)))
    holder.other.trainable = False
    assert summary(holder) == [("one.part.0.w", ["other.part.0.w"], False)]


def test_the_state_of_a_generator_of_random_numbers() -> None:
    assert summary(Box(noise=[tf.random.Generator.from_seed(3)])) == [("noise.0.state", [], False)]


class TestKeras:
    def test_a_layer_built_later(self) -> None:
        box = Box(dense=keras.layers.Dense(3))
        assert summary(box) == []
        box.dense(tf.ones([2, 4]))
        assert summary(box) == [("dense.kernel", [], True), ("dense.bias", [], True)]
        assert all(isinstance(each, tf.Variable) for each in box.variables)

    def test_seeds_and_statistics(self) -> None:
        layers = [keras.layers.Dropout(0.5), keras.layers.BatchNormalization()]
        box = Box(layers=layers)
        layers[1](tf.ones([2, 4]))
        assert [(path, free) for path, _, free in summary(box)] == [
            ("layers.0.seed_generator.state", False),
            ("layers.1.gamma", True),
            ("layers.1.beta", True),
            ("layers.1.moving_mean", False),
            ("layers.1.moving_variance", False),
        ]

    @pytest.mark.slow
    @pytest.mark.parametrize("compiled", [False, True])
    def test_models_of_all_three_kinds(self, compiled: bool) -> None:
        class Subclassed(keras.Model):
            def __init__(self) -> None:
                super().__init__()
                self.stem = keras.layers.Dense(4)
                self._hidden = [keras.layers.Dense(4)]

            def call(self, x: Any) -> Any:
                return self._hidden[0](self.stem(x))

        x = keras.Input([4])
        shared = keras.layers.Dense(4, name="any_name_at_all")
        models = {
            "sequential": keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(4)]),
            "functional": keras.Model(x, shared(shared(x))),
            "subclassed": Subclassed(),
        }
        for model in models.values():
            model(tf.ones([2, 4]))
            if compiled:
                model.compile("adam", "mse", metrics=["mae"])
                model.fit(np.ones([2, 4], np.float32), np.ones([2, 4], np.float32), verbose=0)
        found = [path for path, _, _ in summary(Box(models=models))]
        assert found == [
            *(f"models.sequential.layers.{index}.{weight}" for index in range(2) for weight in ("kernel", "bias")),
            *(f"models.functional.layers.1.{weight}" for weight in ("kernel", "bias")),
            *(f"models.subclassed.stem.{weight}" for weight in ("kernel", "bias")),
            *(f"models.subclassed.hidden.0.{weight}" for weight in ("kernel", "bias")),
        ]

    def test_layers_in_layers(self) -> None:
        lstm = keras.layers.Bidirectional(keras.layers.LSTM(2))
        lstm(tf.ones([1, 3, 2]))
        found = [path for path, _, _ in summary(lstm)]
        cells = [
            f"{side}_layer.cell.{w}" for side in ("forward", "backward") for w in ("kernel", "recurrent_kernel", "bias")
        ]
        assert [path for path in found if "seed" not in path] == cells

    def test_a_layer_with_a_variable_of_tensorflow_and_modules_of_ours(self) -> None:
        layer = KerasBox(w=variable(), ours=Box(v=variable()), plain=Plain(u=[variable()]))
        assert layer.weights == []  # Keras finds none of them
        assert summary(Box(layer=layer)) == [
            ("layer.w", [], True),
            ("layer.ours.v", [], True),
            ("layer.plain.u.0", [], True),
        ]
        layer.trainable = False
        assert not any(free for _, _, free in summary(Box(layer=layer)))

    def test_two_weights_of_one_name(self) -> None:
        layer = KerasBox()
        layer.one, layer.two = layer.add_weight(name="w"), layer.add_weight(name="w")
        assert [path for path, _, _ in summary(layer)] == ["w_0", "w_1"]

    def test_under_a_cast_the_variables_are_found_themselves(self) -> None:
        dense = keras.layers.Dense(2, dtype="mixed_bfloat16")
        dense(tf.ones([1, 2]))
        found: list[Any] = []

        class Looking(keras.layers.Layer):
            def call(self, x: Any) -> Any:
                found.extend(Tree(dense).variables)
                return x

        Looking(dtype="mixed_bfloat16")(tf.ones([1, 2]))
        assert [entry.value.dtype for entry in found] == [tf.float32, tf.float32]

    def test_paths_do_not_depend_on_keras_counters(self) -> None:
        def found() -> list[str]:
            model = keras.Sequential(
                [keras.layers.Dense(2), keras.layers.Dropout(0.1), keras.layers.BatchNormalization()]
            )
            model(tf.ones([1, 2]))
            return [path for path, _, _ in summary(model)]

        assert found() == found()


class TestSize:
    def test_five_hundred_levels(self) -> None:
        box = Box(w=variable())
        for _ in range(500):
            box = Box(parts=[{"inner": box}])
        start = time.process_time()
        (entry,) = Tree(box).variables
        assert entry.path == "parts.0.inner." * 500 + "w"
        assert box.freeze("**.w") == [entry.path]
        assert repr(box).count("\n") == 500
        assert box[entry.path] is entry.value
        assert time.process_time() - start < 10

    @pytest.mark.slow
    def test_ten_thousand_variables(self) -> None:
        box = Box(rows=[[variable() for _ in range(100)] for _ in range(100)], words=["text"] * 10_000)
        start = time.process_time()
        assert len(box.variables) == 10_000
        assert len(box.freeze("rows.7.**")) == 100
        assert len(box.trainable_variables) == 9_900
        assert len(repr(box)) > 10_000
        assert time.process_time() - start < 20
