from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import copy
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.freezing import frozen_by_name, restore
from netlib.nn.freezing import settings as settings_of
from netlib.nn.layers.core import Dense
from netlib.nn.layers.normalization import BatchNormalization
from netlib.nn.module import Module
from netlib.nn.sequential import Sequential
from netlib.spec.errors import SpecError

X = tf.constant(np.random.default_rng(3).normal(2, 3, size=[8, 3]), tf.float32)


class Box(Module):
    def __init__(self, **values: Any) -> None:
        super().__init__(name="box")
        for name, value in values.items():
            setattr(self, name, value)


def trained(module: Module) -> list[str]:
    return [named.path for named in module.named_variables() if named.trainable]


def encoder() -> Box:
    def part() -> Box:
        return Box(kernel=tf.Variable([1.0]), bias=tf.Variable([2.0]), count=tf.Variable(0, trainable=False))

    return Box(encoder=Box(one=part(), two=[part()]), head=part())


def test_selectors_choose_variables_and_modules() -> None:
    box = encoder()
    assert box.freeze("encoder") == [
        f"encoder.{part}.{name}" for part in ("one", "two.0") for name in ("kernel", "bias", "count")
    ]
    assert trained(box) == ["head.kernel", "head.bias"]
    assert box.freeze(["**.bias"])[-1] == "head.bias"
    assert trained(box) == ["head.kernel"]
    assert box.unfreeze("encoder.two.**") == ["encoder.two.0.kernel", "encoder.two.0.bias", "encoder.two.0.count"]
    assert trained(box) == ["encoder.two.0.kernel", "encoder.two.0.bias", "head.kernel"]
    box.unfreeze()
    assert len(trained(box)) == 6
    assert box.encoder.one.count.trainable is False
    assert frozen_by_name(box) == []


def test_a_selector_that_matches_nothing() -> None:
    box = encoder()
    with pytest.raises(
        SpecError, match=r"the selector 'encodr\.\*\*' fits none of the \d+ paths; did you mean 'encoder"
    ):
        box.freeze("encodr.**")
    with pytest.raises(SpecError, match=r"the selector 'encoder\.\.kernel' has an empty part"):
        box.unfreeze("encoder..kernel")
    with pytest.raises(SpecError, match=r"the selector '\*\*' fits nothing: there are no paths"):
        Module().freeze()
    assert len(trained(box)) == 6


def test_one_weight_is_unfrozen_inside_of_a_frozen_module() -> None:
    box = encoder()
    box.encoder.trainable = False
    box.unfreeze("encoder.one.kernel")
    assert trained(box) == ["encoder.one.kernel", "head.kernel", "head.bias"]
    assert box.encoder.trainable
    assert not box.encoder.two[0].trainable  # nothing in there is trained
    box.unfreeze("encoder.two.0.bias")
    assert trained(box) == ["encoder.one.kernel", "encoder.two.0.bias", "head.kernel", "head.bias"]


class TestTrainable:
    """To set it is to freeze or unfreeze all below; it says whether anything there is trained."""

    def test_setting_it_undoes_what_was_frozen_below(self) -> None:
        box = encoder()
        box.freeze(["head.kernel", "encoder.**", "encoder.one.count"])
        box.trainable = True
        assert len(trained(box)) == 6
        assert frozen_by_name(box) == []
        box.freeze("encoder.one.kernel")
        box.encoder.one.trainable = True
        assert len(trained(box)) == 6
        box.trainable = False
        assert trained(box) == []
        box.encoder.trainable = True
        assert trained(box) == []  # as long as the whole is frozen
        assert box.encoder.trainable

    def test_it_says_whether_anything_is_trained(self) -> None:
        box = encoder()
        box.freeze("encoder.one.kernel")
        assert box.encoder.one.trainable
        box.freeze("encoder.one.bias")
        assert [box.encoder.one.trainable, box.encoder.trainable, box.trainable] == [False, True, True]
        box.freeze("**")
        assert not any(module.trainable for _, module in box.named_modules())
        box.unfreeze("head.bias")
        assert [box.encoder.trainable, box.head.trainable, box.trainable] == [False, True, True]

    def test_without_weights_it_is_the_flag(self) -> None:
        box = Box(statistic=tf.Variable(0.0, trainable=False))
        assert box.trainable
        box.trainable = False
        assert not box.trainable
        assert not Dense(2, trainable=False).trainable

    def test_a_module_frozen_before_it_has_weights_gets_none_that_are_trained(self) -> None:
        box = Box(parts=[Box(one=Dense(2), other=Dense(2))])
        assert box.freeze("parts.0") == []
        box.unfreeze("parts.0.other")
        assert [box.parts[0].one.trainable, box.parts[0].other.trainable] == [False, True]
        for layer in (box.parts[0].one, box.parts[0].other):
            layer(X)
        assert trained(box) == ["parts.0.other.kernel", "parts.0.other.bias"]

    def test_opening_for_what_has_no_weights_yet_leaves_the_others_frozen(self) -> None:
        box = Box(built=Dense(2), later=Dense(2))
        box.built(X)
        box.trainable = False
        box.unfreeze("later")
        box.later(X)
        assert trained(box) == ["later.kernel", "later.bias"]

    def test_keras_layers_and_plain_modules_follow(self) -> None:
        layer, plain = keras.layers.BatchNormalization(), tf.Module(name="plain")
        layer(X)
        plain.w, plain.trainable = tf.Variable(1.0), True
        box = Box(normal=layer, plain=plain)
        box.freeze("**")
        assert not layer.trainable
        box.trainable = True
        assert layer.trainable
        assert trained(box) == ["normal.gamma", "normal.beta", "plain.w"]
        box.trainable = False
        assert not layer.trainable
        assert plain.trainable is False

    def test_a_frozen_part_does_not_freeze_what_is_built_around_it(self) -> None:
        part = Dense(2)
        part(X)
        part.freeze("**")
        chain = Sequential([part, Dense(2)])
        chain(X)
        assert trained(chain) == ["dense_2.kernel", "dense_2.bias"]

    def test_a_normalization_with_frozen_weights_keeps_its_statistics_in_motion_also_when_it_is_made_anew(self) -> None:
        layer = BatchNormalization()
        layer(X)
        layer.freeze(["gamma", "beta"])
        assert not layer.trainable
        assert not layer.is_frozen
        assert "trainable" not in layer.get_config()


def test_settings_tell_whatever_changes_a_step() -> None:
    layer = BatchNormalization()
    layer(X)
    seen = [settings_of(layer)]
    for change in (
        lambda: layer.freeze("moving_*"),
        lambda: layer.freeze("gamma"),
        lambda: setattr(layer, "trainable", False),
    ):
        change()
        seen.append(settings_of(layer))
    assert len({str(each) for each in seen}) == 4


@pytest.mark.parametrize("path", ["tied", "tokens.embeddings"])
def test_a_shared_variable_is_frozen_by_any_of_its_paths(path: str) -> None:
    w = tf.Variable([1.0])
    box = Box(tied=w, tokens=Box(embeddings=w, other=tf.Variable([1.0])))
    assert box.freeze(path) == ["tied"]
    assert trained(box) == ["tokens.other"]
    assert trained(box.tokens) == ["other"]  # also seen from there
    assert box.unfreeze("tokens.embeddings") == ["tied"]
    assert trained(box) == ["tied", "tokens.other"]
    box.tokens.trainable = False
    assert trained(box) == []
    box.unfreeze("tied")
    assert trained(box) == ["tied"]


def test_a_variable_is_frozen_by_paths_that_lead_through_several_shared_modules() -> None:
    leaf = Box(w=tf.Variable([1.0]), v=tf.Variable([1.0]))
    inner = Box(a=leaf, b=leaf)
    box = Box(a=inner, b=inner)
    assert box.freeze("b.b.w") == ["a.a.w"]
    assert trained(box) == ["a.a.v"]
    assert box.unfreeze("b.b") == ["a.a.w", "a.a.v"]
    assert len(trained(box)) == 2


@pytest.mark.parametrize("selector", ["last.holder.w", "last.**", "last.*.w"])
def test_a_shared_variable_in_a_shared_module_is_frozen_from_there_too(selector: str) -> None:
    w = tf.Variable([1.0])
    holder = Box(w=w, own=tf.Variable([1.0]))
    box = Box(first=w, holder=holder, last=Box(holder=holder))
    assert "first" in box.freeze(selector)
    assert "first" not in trained(box)
    box.unfreeze("**")
    box.last.trainable = False
    assert trained(box) == []


def test_plain_modules_of_tensorflow_with_a_flag_of_their_own() -> None:
    plain = tf.Module(name="plain")
    plain.w, plain.trainable = tf.Variable(1.0), False
    box = Box(plain=plain)
    assert trained(box) == []
    box.unfreeze("plain.w")
    assert trained(box) == ["plain.w"]
    assert plain.trainable is True


class TestBatchNormalization:
    def moved(self, box: Any, layer: Any) -> bool:
        before = tf.identity(layer.moving_mean)
        box.normal(X, training=True)
        return bool(tf.reduce_any(before != tf.identity(layer.moving_mean)))

    def made(self, kind: str) -> Any:
        layer = keras.layers.BatchNormalization() if kind == "keras" else BatchNormalization()
        layer(X)
        return Box(normal=layer)

    @pytest.mark.parametrize("kind", ["keras", "ours"])
    @pytest.mark.parametrize("selector", ["normal", "normal.**", "**"])
    def test_statistics_stay_when_all_of_it_is_frozen(self, kind: str, selector: str) -> None:
        box = self.made(kind)
        assert self.moved(box, box.normal)
        box.freeze(selector)
        assert not self.moved(box, box.normal)
        assert trained(box) == []
        box.unfreeze(selector)
        assert self.moved(box, box.normal)
        assert trained(box) == ["normal.gamma", "normal.beta"]

    def test_statistics_of_a_frozen_one_stay_when_one_weight_is_unfrozen(self) -> None:
        box = self.made("ours")
        box.normal.trainable = False
        box.unfreeze("normal.gamma")
        assert trained(box) == ["normal.gamma"]
        assert not self.moved(box, box.normal)
        box.unfreeze("normal.moving_mean")
        assert self.moved(box, box.normal)

    def test_statistics_alone(self) -> None:
        box = self.made("ours")
        box.freeze("**.moving_*")
        assert not self.moved(box, box.normal)
        assert trained(box) == ["normal.gamma", "normal.beta"]

    def test_inside_of_a_network(self) -> None:
        chain = Sequential([keras.layers.BatchNormalization(), BatchNormalization()])
        chain(X)
        names = list(chain.graph.nodes)
        chain.freeze(f"{names[0].name}.**")
        before = chain.state_dict()
        chain(X, training=True)
        after = chain.state_dict()
        changed = [path for path in before if not np.array_equal(before[path], after[path])]
        assert changed == [f"{names[1].name}.moving_mean", f"{names[1].name}.moving_variance"]


def test_frozen_stays_frozen_in_a_copy() -> None:
    box = encoder()
    box.freeze("encoder.one.bias")
    box.head.trainable = False
    twin = copy.deepcopy(box)
    assert trained(twin) == trained(box)
    twin.unfreeze()
    assert len(trained(twin)) == 6
    assert "encoder.one.bias" not in trained(box)


def test_before_it_is_built_a_layer_is_frozen_by_its_flag() -> None:
    chain = Sequential([Dense(2, trainable=False), Dense(2)])
    chain(X)
    assert trained(chain) == ["dense_2.kernel", "dense_2.bias"]
    assert chain.graph.parameters().trainable == 6


names = [
    "encoder.one.kernel",
    "encoder.one.bias",
    "encoder.two.0.kernel",
    "encoder.two.0.bias",
    "head.kernel",
    "head.bias",
]
moves = st.tuples(
    st.sampled_from(["freeze", "unfreeze"]),
    st.sampled_from([*names, "**", "encoder", "encoder.**", "encoder.one", "head.**", "**.bias", "encoder.*.0.**"]),
)


@settings(max_examples=60)
@given(st.lists(moves, max_size=8))
def test_freezing_is_the_last_word_about_each_variable(sequence: list[tuple[str, str]]) -> None:
    box, expected = encoder(), set(names)
    for verb, selector in sequence:
        chosen = set(getattr(box, verb)(selector)) & set(names)
        expected = expected - chosen if verb == "freeze" else expected | chosen
        assert set(trained(box)) == expected
    assert trained(copy.deepcopy(box)) == trained(box)


def test_settings_come_back_whatever_was_frozen_and_unfrozen_since() -> None:
    box = encoder()
    box.freeze(["encoder.one", "head.bias"])
    box.encoder.two[0].trainable = False
    kept, before = settings_of(box), trained(box)
    for change in (lambda: box.freeze("**"), lambda: box.unfreeze("**"), lambda: setattr(box, "trainable", False)):
        change()
        assert trained(box) != before
        restore(box, kept)
        assert (settings_of(box), trained(box)) == (kept, before)


def test_settings_of_keras_layers_come_back() -> None:
    layer = keras.Sequential([keras.layers.Dense(2), keras.layers.BatchNormalization()])
    layer(X)
    box = Box(inner=layer, own=Dense(2))
    box.own(X)
    layer.layers[1].trainable = False
    kept, before = settings_of(box), trained(box)
    box.freeze("inner")
    assert trained(box) == ["own.kernel", "own.bias"]
    restore(box, kept)
    assert (settings_of(box), trained(box)) == (kept, before)
