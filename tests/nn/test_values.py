"""Layers that are values."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.random import forward_pass
from netlib.spec.errors import SpecError, UsageError

NEST = {"A": [{"shape": [3]}, {"value": [[1, 2]], "trainable": False}], "B": {"C": {"value": 0.5, "regularizer": "l2"}}}


def network(*nodes: Any, **options: Any) -> nn.Network:
    made = nn.Network(list(nodes), seed=3, **options)
    made(tf.ones([2, 3]))
    return made


def test_a_variable_is_called_as_its_node_is() -> None:
    made = network({"Variable": [3], "name": "scale"}, {"Compute": "input * scale"})
    (named,) = made.named_variables()
    assert (named.path, named.trainable, named.variable.name) == ("scale", True, "scale:0")
    assert list(made.state_dict()) == ["scale"]
    assert made["scale"].value is named.variable
    assert made.graph.node("scale").weight_path(made.graph.node("scale").weights[0]) == "scale"
    np.testing.assert_array_equal(made(2 * tf.ones([2, 3])), [2 * named.variable.numpy()] * 2)


def test_a_variable_by_itself() -> None:
    variable = nn.Variable(value=[[1, 2.5]], name="v", regularizer={"L2": 0.5}, constraint="non_neg")
    assert variable.output_shape() == (1, 2)
    assert variable.count() == 2
    np.testing.assert_array_equal(variable(), [[1, 2.5]])
    assert (variable.value.dtype, variable.value.shape) == (tf.float32, (1, 2))
    assert [named.path for named in variable.named_variables()] == [""]
    assert float(variable.losses[0]) == pytest.approx(0.5 * (1 + 2.5**2))
    assert variable.value.constraint is not None
    with pytest.raises(SpecError, match="Variable reads nothing, got 1 inputs"):
        variable(tf.ones([2]))


def test_a_variable_is_drawn_by_its_seed_and_path() -> None:
    first, same, other = (nn.Variable([5], seed=2, path=path) for path in "aab")
    np.testing.assert_array_equal(first(), same())
    assert np.any(np.asarray(first()) != np.asarray(other()))


def test_variables_are_called_by_their_places() -> None:
    made = network({"Variables": NEST, "name": "nest"}, {"Compute": "input * nest.A[0] + nest.B.C"})
    named = list(made.named_variables())
    assert [each.path for each in named] == ["nest.A.0", "nest.A.1", "nest.B.C"]
    assert [each.trainable for each in named] == [True, False, True]
    assert [each.variable.shape.as_list() for each in named] == [[3], [1, 2], []]
    np.testing.assert_array_equal(made(tf.ones([2, 3])), [named[0].variable.numpy() + 0.5] * 2)
    assert float(made.losses[0]) == pytest.approx(0.01 * 0.25)
    assert made["nest.A.0"] is named[0].variable


def test_variables_are_drawn_each_for_itself() -> None:
    nest = nn.Variables([{"shape": [4]}, {"shape": [4]}], seed=1)
    first, second = nest().values()
    assert np.any(first.numpy() != second.numpy())


@pytest.mark.parametrize(
    ("parameters", "dtype", "mixed"),
    [
        ({"value": [1, 2]}, tf.int32, tf.int32),
        ({"value": [True, False]}, tf.bool, tf.bool),
        ({"value": [1, 2.5]}, tf.float32, tf.bfloat16),
        ({"value": [1, 2], "dtype": "int64"}, tf.int64, tf.int64),
        ({"value": [1, 0], "dtype": "bool"}, tf.bool, tf.bool),
        ({"shape": [2]}, tf.float32, tf.bfloat16),
        ({"value": 1.5, "dtype": "float32"}, tf.float32, tf.float32),
    ],
)
def test_constants_have_the_dtype_that_their_spec_says(parameters: Any, dtype: tf.DType, mixed: tf.DType) -> None:
    for policy, expected in (("float32", dtype), ("mixed_bfloat16", mixed)):
        constant = nn.Layer.from_spec(nn.Constant.spec_type.parse(parameters), seed=1, dtype=policy)
        assert constant().dtype == expected
        assert constant.static().outputs["output"].dtype == expected.name
        assert constant.trainable_variables == ()
        assert len(constant.variables) == 1
        again = nn.Constant.from_config(constant.get_config())
        assert (again.spec, again.dtype, again().dtype) == (constant.spec, policy, expected)


def test_the_dtype_of_a_constant_is_its_tensors_or_a_policy() -> None:
    assert nn.Constant([1, 2], dtype="float32")().dtype == tf.float32
    assert nn.Constant([1, 2], dtype="mixed_bfloat16")().dtype == tf.int32
    assert nn.Constant([1.5], dtype="mixed_bfloat16")().dtype == tf.bfloat16


def test_a_variable_by_itself_is_frozen_as_a_whole() -> None:
    variable = nn.Variable([2])
    variable()
    assert variable.freeze() == [""]
    assert variable.trainable_variables == ()
    assert variable.unfreeze("") == [""]
    assert len(variable.trainable_variables) == 1
    with pytest.raises(SpecError, match="fits nothing"):
        variable.freeze("value")


def test_a_constant_is_saved_and_not_trained() -> None:
    made = network(
        {"Constant": {"shape": [3, 4], "initializer": "uniform"}, "name": "fixed"}, {"Compute": "input @ fixed"}
    )
    assert made.trainable_variables == ()
    assert list(made.state_dict()) == ["fixed"]
    other = network({"Constant": {"shape": [3, 4]}, "name": "fixed"}, {"Compute": "input @ fixed"}, name="other")
    other.load_state_dict(made.state_dict())
    np.testing.assert_array_equal(other(tf.ones([2, 3])), made(tf.ones([2, 3])))


def test_they_are_frozen_by_their_paths() -> None:
    made = network(
        {"Variable": [3], "name": "scale"},
        {"Variables": NEST, "name": "nest"},
        {"Compute": "input * scale + nest.A[0] * nest.B.C"},
    )

    def trained() -> list[str]:
        return [each.path for each in made.named_variables() if each.trainable]

    assert made.freeze("scale") == ["scale"]
    assert trained() == ["nest.A.0", "nest.B.C"]
    assert made.freeze("nest.A.*") == ["nest.A.0", "nest.A.1"]
    assert trained() == ["nest.B.C"]
    made.unfreeze(["scale", "nest.A.0"])
    assert trained() == ["scale", "nest.A.0", "nest.B.C"]


def test_copies_and_descriptions_have_them_too(tmp_path: Path) -> None:
    made = network(
        {"Variable": [3], "name": "scale"},
        {"Constant": [1, 2, 3], "name": "fixed"},
        {"Variables": NEST, "name": "nest"},
        {"Compute": "input * scale + fixed + nest.A[0] * nest.B.C"},
    )
    x = tf.constant([[1.0, 2.0, 3.0]])
    for other in (copy.deepcopy(made), nn.Network.from_config(made.get_config())):
        assert [(n.path, n.trainable) for n in other.named_variables()] == [
            (n.path, n.trainable) for n in made.named_variables()
        ]
        assert not {id(v) for v in other.variables} & {id(v) for v in made.variables}
        other.load_state_dict(made.state_dict())
        np.testing.assert_array_equal(other(x), made(x))
    made.run = tf.function(lambda x: made(x), input_signature=[tf.TensorSpec([None, 3])])
    tf.saved_model.save(made, str(tmp_path / "saved"))
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_allclose(loaded.run(x), made(x), rtol=1e-6)


def test_they_get_gradients_and_train() -> None:
    made = network(
        {"Variable": {"value": [1.0, 2.0, 3.0]}, "name": "scale"}, {"Compute": "sum(input * scale, axis=-1)"}
    )
    gradients = made.gradients(tf.ones([2, 3]), tf.zeros([2]), lambda target, output: output - target)
    np.testing.assert_array_equal(gradients["scale"], [1.0, 1.0, 1.0])


def test_a_source_among_symbols() -> None:
    x, scale = nn.Input([3]), nn.Variable(value=[1.0, 2.0, 3.0], name="scale")
    made = nn.Network(x, nn.Compute("x * w", names=["x", "w"])(x, scale))
    assert [named.path for named in made.named_variables()] == ["scale"]
    np.testing.assert_array_equal(made(2 * tf.ones([1, 3])), [[2, 4, 6]])
    again = nn.Network.from_config(made.get_config())
    np.testing.assert_array_equal(again(2 * tf.ones([1, 3])), [[2, 4, 6]])


# Random.

X = tf.zeros([4000, 2])


def drawn(layer: Any, inputs: tf.Tensor = X, step: int = 1, training: bool = False) -> np.ndarray:
    with forward_pass(7, tf.constant(step)):
        return np.asarray(layer(inputs, training=training))


def test_normal_numbers() -> None:
    values = drawn(nn.Random(mean=2.0, stddev=0.5, shape=[5]))
    assert values.shape == (4000, 5)
    assert values.mean() == pytest.approx(2.0, abs=4 * 0.5 / 20000**0.5)
    assert values.std() == pytest.approx(0.5, abs=4 * 0.5 / 40000**0.5)


def test_uniform_numbers() -> None:
    values = drawn(nn.Random("uniform", minimum=-1.0, maximum=3.0))
    assert values.shape == X.shape
    assert (values.min() >= -1, values.max() < 3) == (True, True)
    assert values.mean() == pytest.approx(1.0, abs=4 * (16 / 12) ** 0.5 / 8000**0.5)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_uniform_numbers_stay_below_the_maximum_however_they_are_rounded(dtype: str) -> None:
    values = drawn(nn.Random("uniform", minimum=1000.0, maximum=1001.0, dtype=dtype))
    assert values.astype(np.float64).max() < 1001


def test_random_numbers_are_drawn_anew_in_training_and_outside_of_it() -> None:
    layer = nn.Random()
    for training in (False, True):
        assert np.any(drawn(layer, step=1, training=training) != drawn(layer, step=2, training=training))
        np.testing.assert_array_equal(drawn(layer, training=training), drawn(layer, training=training))
    assert np.any(np.asarray(layer(X)) != np.asarray(layer(X)))


@pytest.mark.parametrize("shape", [None, [3], []])
def test_random_numbers_for_a_batch_of_any_size(shape: Any) -> None:
    layer = nn.Random(shape=shape)
    traced = tf.function(
        lambda x: layer(x), input_signature=[tf.TensorSpec([None, 2])], autograph=False
    ).get_concrete_function()
    static = layer.static(*[nn.Input([2]).tensor]).outputs["output"].shape
    assert tuple(traced.structured_outputs.shape) == static
    for rows in (3, 1):
        inputs = X[:rows]
        with forward_pass(7, tf.constant(1)):
            compiled = tf.function(lambda x: layer(x), jit_compile=True, autograph=False)(inputs)
        np.testing.assert_array_equal(compiled, drawn(layer, inputs))
        assert compiled.shape == (rows, *static[1:])


def test_a_layer_of_values_refuses_what_is_not_its_own() -> None:
    with pytest.raises(UsageError, match=r"scale takes its inputs by their places, layer\(a, b\), got 'x' by name"):
        nn.Variable([2], name="scale")(x=tf.ones([2]))
