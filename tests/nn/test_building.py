"""How layers come to their weights: paths, seeds, once and locked."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import hashlib
import subprocess
import sys
import textwrap
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.layer import Layer
from netlib.nn.layers.core import Dense
from netlib.nn.layers.normalization import BatchNormalization
from netlib.nn.module import Module
from netlib.nn.sequential import Sequential
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.tensors import TensorSpec

X = tf.constant(np.random.default_rng(3).normal(size=[4, 5]), tf.float32)


class Part(Layer[Any]):
    """Makes children in its constructor, in build and in a list."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.first, self.table = Dense(3), {"deep": [Dense(3)]}

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight("scale", [3], "random_normal")
        self.last = Dense(3)

    def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
        return (self.first(x) + self.table["deep"][0](x)) * self.cast(self.scale) + self.last(x)


class Whole(Layer[Any]):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.part, self.own_seed = Part(), Part(seed=5)

    def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
        return self.part(x) + self.own_seed(x)


def test_children_get_their_paths_and_seeds_from_the_outermost() -> None:
    whole = Whole(seed=1)
    whole(X)
    assert whole.part.last.path == "part.last"
    assert whole.part.table["deep"][0].path == "part.table.deep.0"
    assert whole.part.scale.name == "part.scale:0"
    assert (whole.part.last.seed, whole.own_seed.last.seed) == (1, 5)
    for path, seed in (("part.first", 1), ("part.table.deep.0", 1), ("part.last", 1), ("own_seed.first", 5)):
        alone = Dense(3, seed=seed, path=path)
        alone(X)
        np.testing.assert_array_equal(alone.kernel, whole[f"{path}.kernel"])


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_in_a_fresh_process_and_another_one_does_not() -> None:
    code = """
        import sys, hashlib
        import numpy as np, tensorflow as tf
        from netlib import nn
        class Part(nn.Layer):
            def __init__(self): super().__init__(); self.rows = [nn.Dense(3), nn.Dense(2)]
            def call(self, x): return self.rows[1](self.rows[0](x))
        class Whole(nn.Layer):
            def __init__(self, seed): super().__init__(seed=seed); self.part = Part(); self.chain = nn.Sequential([Part()])
            def call(self, x): return self.part(x) + self.chain(x)
        def digest(seed):
            whole = Whole(seed); whole(tf.ones([1, 4]))
            state = whole.state_dict()
            return hashlib.sha256(b"".join([repr(list(state)).encode(), *(v.tobytes() for v in state.values())])).hexdigest()
    """
    space: dict[str, Any] = {}
    exec(textwrap.dedent(code), space)
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code) + "print(digest(7), digest(8))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == [space["digest"](7), space["digest"](8)]
    assert space["digest"](7) != space["digest"](8)
    assert len(hashlib.sha256().hexdigest()) == len(space["digest"](7))


def test_without_a_seed_weights_differ() -> None:
    one, other = Whole(), Whole()
    one(X)
    other(X)
    assert not np.any(np.asarray(one.part.first.kernel) == np.asarray(other.part.first.kernel))
    assert not np.any(np.asarray(one.part.first.kernel) == np.asarray(one.part.last.kernel))


def test_the_policy_is_that_of_the_layer_around() -> None:
    whole = Whole(dtype="mixed_bfloat16")
    assert whole(X).dtype == tf.bfloat16
    assert whole.part.last.dtype == "mixed_bfloat16"
    assert {v.dtype for v in whole.variables} == {tf.float32}
    with pytest.raises(SpecError, match="there is no dtype policy 'mixed_bfloat61'; did you mean 'mixed_bfloat16'"):
        Dense(3, dtype="mixed_bfloat61")


def test_a_frozen_layer_freezes_what_it_makes_later() -> None:
    class Normal(Layer[Any]):
        def build(self, shape: Any) -> None:
            self.inner = BatchNormalization()

        def call(self, x: tf.Tensor, training: Any) -> tf.Tensor:  # type: ignore[override]
            return self.inner(x, training=training)

    normal = Normal(trainable=False)
    normal(X, training=True)
    assert normal.trainable_variables == ()
    np.testing.assert_array_equal(normal.inner.moving_mean, np.zeros(5))


class TestOnce:
    def test_building_twice_names_both_shapes(self) -> None:
        dense = Dense(3, path="head.dense")
        dense.build((None, 4))
        message = r"head\.dense is built already, for inputs of \(None, 4\), and cannot be for \(None, 7\): make another layer"
        with pytest.raises(UsageError, match=message):
            dense.build((None, 7))
        with pytest.raises(UsageError, match=message.replace("7", "4")):
            dense.build((None, 4))

    def test_a_build_that_calls_the_one_above_is_one(self) -> None:
        class More(Dense):
            def build(self, *shapes: Any) -> None:
                super().build(*shapes)
                self.scale = self.add_weight("scale", [3], "ones")

        more = More(3)
        more(X)
        assert [named.path for named in more.named_variables()] == ["kernel", "bias", "scale"]

    def test_a_build_that_failed_may_be_tried_again(self) -> None:
        class Picky(Layer[Any]):
            def build(self, shape: Any) -> None:
                if shape[-1] != 5:
                    raise ValueError("five, please")
                self.w = self.add_weight("w", [5])

            def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
                return x * self.w

        picky = Picky()
        with pytest.raises(ValueError, match="five, please"):
            picky(X[:, :2])
        assert not picky.built
        assert picky(X).shape == (4, 5)


class TestAddWeight:
    def test_in_the_constructor(self) -> None:
        class Early(Layer[Any]):
            def __init__(self) -> None:
                super().__init__(seed=1)
                self.w = self.add_weight("w", 5, "random_normal", regularizer="l2", constraint="non_neg")

            def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
                return x * self.w

        early = Early()
        assert early(X).shape == (4, 5)
        assert len(early.losses) == 1
        assert early.w.constraint is not None
        np.testing.assert_array_equal(Early().w, early.w)

    def test_every_option(self) -> None:
        dense = Dense(3)
        w = dense.add_weight("w", tf.TensorShape([2, np.int64(3)]), {"constant": 4.0}, trainable=False, dtype="float64")
        assert (w.shape, w.dtype, w.trainable) == ((2, 3), tf.float64, False)
        np.testing.assert_array_equal(w, np.full([2, 3], 4.0))
        assert dense.add_weight("scalar", initializer="ones").shape == ()

    def test_after_the_lock(self) -> None:
        dense = Dense(3, path="head")
        dense(X)
        with pytest.raises(
            UsageError, match="head is built, so it takes no weight 'w' any more: call add_weight in `build` or"
        ):
            dense.add_weight("w", [3])

    def test_two_of_one_name(self) -> None:
        dense = Dense(3)
        dense.add_weight("w", [3])
        with pytest.raises(UsageError, match="dense has a weight 'w' already; give each its own name"):
            dense.add_weight("w", [4])

    def test_one_that_is_in_no_attribute(self) -> None:
        class Lost(Layer[Any]):
            def build(self, shape: Any) -> None:
                self.kept = self.add_weight("kept", [3])
                self.add_weight("w", [3])

            def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
                return x

        message = r"lost: the weight 'w' is in no attribute, so it would never be trained; write self\.w = self\.add_weight\('w'"
        with pytest.raises(UsageError, match=message):
            Lost()(X)

    @pytest.mark.parametrize("shape", [[None, 3], [2.5], ["a"], -1, "ab"])
    def test_a_shape_that_is_none(self, shape: Any) -> None:
        with pytest.raises(UsageError, match="dense: the shape of the weight 'w' is a list of lengths, got"):
            Dense(3).add_weight("w", shape)

    def test_other_words_that_are_none(self) -> None:
        with pytest.raises(
            UsageError, match="dense: there is no dtype 'float33' for the weight 'w'; did you mean 'float32'"
        ):
            Dense(3).add_weight("w", [3], dtype="float33")
        with pytest.raises(SpecError, match="there is no initializer 'zeross'; did you mean 'zeros'"):
            Dense(3).add_weight("w", [3], "zeross")
        with pytest.raises(SpecError, match="there is no regularizer 'l3'"):
            Dense(3).add_weight("w", [3], regularizer="l3")
        with pytest.raises(SpecError, match="there is no constraint 'non_nog'"):
            Dense(3).add_weight("w", [3], constraint="non_nog")


def test_a_constructor_that_calls_not_the_one_above() -> None:
    class Careless(Layer[Any]):
        def __init__(self) -> None:
            self.dense = Dense(3)

        def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            return self.dense(x)

    with pytest.raises(UsageError, match=r"Careless\.__init__ must call super\(\)\.__init__\(\)"):
        Careless()(X)


def test_layers_in_modules_and_in_keras_layers_are_placed_too() -> None:
    class Holder(Layer[Any]):
        def __init__(self) -> None:
            super().__init__(seed=3)
            self.module = Module(name="any")
            self.module.dense = Dense(2)
            self.wrapped = KerasHolder()

        def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            return self.module.dense(x) + self.wrapped(x)

    class KerasHolder(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.ours = Dense(2)

        def call(self, x: Any) -> Any:
            return self.ours(x)

    holder = Holder()
    holder(X)
    assert (holder.module.dense.path, holder.module.dense.seed) == ("module.dense", 3)
    assert (holder.wrapped.ours.path, holder.wrapped.ours.seed) == ("wrapped.ours", 3)
    assert len(holder.trainable_variables) == 4


def test_a_layer_that_is_built_keeps_its_path_in_another_network() -> None:
    dense = Dense(5, seed=1)
    dense(X)
    chain = Sequential([dense, dense], seed=2)
    chain(X)
    assert (dense.path, dense.seed) == ("dense", 1)
    chain.ensure_built(TensorSpec((None, 5)))
    assert chain.num_parameters() == 30


def test_a_weight_that_was_assigned_before_it_is_built_is_kept() -> None:
    one, other = nn.Dense(3), nn.Dense(3, kernel_regularizer={"L2": 0.1})
    one(tf.ones([2, 3]))
    other.kernel = one.kernel
    network = nn.Network([one, other])
    network(tf.ones([2, 3]))
    assert other.kernel is one.kernel
    assert network.num_parameters() == 15
    np.testing.assert_allclose(network.penalties[0], 0.1 * tf.reduce_sum(one.kernel**2), rtol=1e-6)


def test_a_weight_that_was_assigned_and_does_not_fit_is_refused() -> None:
    dense = nn.Dense(3)
    dense.kernel = tf.Variable(tf.ones([4, 3]))
    with pytest.raises(UsageError, match=r"dense: a ResourceVariable\(4, 3\)|dense: a .* of \(4, 3\) was assigned"):
        dense(tf.ones([2, 5]))


class Early(nn.Layer):
    """Makes its weight in its constructor."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.factor = self.add_weight("factor", (3,), "glorot_uniform")

    def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
        return x * self.factor


def test_a_weight_made_by_the_constructor_follows_from_seed_and_path_too() -> None:
    networks = [nn.Network([Early(), Early()], seed=seed) for seed in (1, 1, 2)]
    for network in networks:
        network(tf.ones([2, 3]))
    first, again, other = (network.state_dict() for network in networks)
    assert all(np.array_equal(value, again[path]) for path, value in first.items())
    assert not np.array_equal(first["early.factor"], first["early_2.factor"])
    assert not np.array_equal(first["early.factor"], other["early.factor"])


def test_what_was_assigned_to_it_is_not_drawn_anew() -> None:
    early = Early()
    early.factor.assign([1.0, 2.0, 3.0])
    nn.Network([early], seed=1)(tf.ones([2, 3]))
    np.testing.assert_array_equal(early.factor, [1.0, 2.0, 3.0])


def test_a_build_that_failed_may_be_tried_again_for_other_inputs() -> None:
    class Even(nn.Layer):
        def build(self, shape: Any) -> None:
            self.factor = self.add_weight("factor", shape[-1:], regularizer="L2")
            if shape[-1] % 2:
                raise UsageError("odd")

        def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            return x * self.factor

    even = Even()
    with pytest.raises(UsageError, match="odd"):
        even(tf.ones([2, 3]))
    assert not hasattr(even, "factor")
    even(tf.ones([2, 4]))
    assert even.num_parameters() == 4
    assert len(even.penalties) == 1


@pytest.mark.parametrize("base", [nn.Layer, nn.Network])
def test_a_constructor_that_calls_no_other_is_told(base: Any) -> None:
    class Bare(base):  # type: ignore[misc]
        def __init__(self) -> None:
            self.inner = nn.Dense(2)

        def call(self, x: tf.Tensor) -> tf.Tensor:
            return self.inner(x)

    with pytest.raises(UsageError, match=r"Bare.__init__ must call super\(\).__init__\(\)"):
        Bare()(tf.ones([2, 3]))


def test_what_a_class_says_of_being_built_changes_nothing() -> None:
    class Habit(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.built = True

        def build(self, shape: Any) -> None:
            self.factor = self.add_weight(shape=shape[-1:], initializer="ones")
            self.shift = self.add_weight(shape=shape[-1:], initializer="zeros")
            self.built = True

        def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            return x * self.factor + self.shift

    habit = Habit()
    assert not habit.built
    np.testing.assert_array_equal(habit(tf.ones([2, 3])), np.ones([2, 3]))
    assert habit.built
    assert [variable.name.partition(":")[0] for variable in habit.variables] == ["habit.weight", "habit.weight_2"]


def test_how_a_name_and_an_initializer_are_written_is_told() -> None:
    layer = nn.Layer()
    with pytest.raises(
        UsageError, match=r"a weight's name comes first, add_weight\('kernel', \[3, 4\]\), got \(3, 4\)"
    ):
        layer.add_weight((3, 4))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"initializer of the weight 'w' is written as a config writes it, 'zeros' or"):
        layer.add_weight("w", (3,), keras.initializers.Zeros())
