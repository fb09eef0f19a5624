from __future__ import annotations

import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.keras_twin import obstacles
from netlib.nn.layers.plugin import PluginLayer
from netlib.nn.random import forward_pass
from netlib.spec.errors import NetlabError, SpecError, UsageError
from netlib.spec.plugins.loading import load_plugins
from netlib.spec.tensors import TensorSpec

LAYERS = """\
import tensorflow as tf

@netlib.layer(keeps_mask=True)
class Affine:
    units: int
    use_bias: bool = True
    def output_shape(self, x):
        return (*x[:-1], self.units)
    def weights(self, x):
        kernel = {"kernel": netlib.weight((x[-1], self.units), regularizer={"L2": 0.1})}
        return kernel | ({"bias": netlib.weight(self.units, "zeros", constraint="NonNeg")} if self.use_bias else {})
    def macs(self, x):
        return x[-1] * self.units
    def call(self, x, *, kernel, bias=None):
        return tf.tensordot(x, kernel, 1) + (0 if bias is None else bias)

@netlib.layer(couples_rows=True)
class Centred:
    momentum: float = 0.75
    def weights(self, x):
        return {"name": netlib.weight(x[-1:], "zeros", trainable=False), "gamma": netlib.weight(x[-1:], "ones")}
    def call(self, x, *, name, gamma, training):
        if training:
            name.assign(name * self.momentum + tf.cast(tf.reduce_mean(x, 0), "float32") * (1 - self.momentum))
        return (x - tf.cast(name, x.dtype)) * gamma

@netlib.layer
class Apart:
    def output_shape(self, left, right=None):
        return {"sum": left, "difference": left}
    def call(self, left, right=None):
        right = tf.zeros_like(left) if right is None else right
        return {"sum": left + right, "difference": left - right}

@netlib.layer(takes="any")
class Joined:
    def output_shape(self, *xs):
        return (*xs[0][:-1], sum(x[-1] for x in xs))
    def call(self, *xs):
        return tf.concat([tf.cast(x, "float32") for x in xs], -1)

@netlib.layer
class RealSum:
    def output_shape(self, x):
        return x[1:]
    def call(self, x, *, mask):
        return tf.reduce_sum(x if mask is None else x * tf.cast(mask, x.dtype)[..., None], 1)

@netlib.layer
class Jitter:
    def call(self, x, *, random, training):
        return x + tf.cast(random.normal(tf.shape(x)), x.dtype) * random.uniform(tf.shape(x)) if training else x
"""


@pytest.fixture
def layers(plugin):
    load_plugins([plugin(LAYERS, "my_layers.py")])


def rows(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype("float32")


class Written(nn.Layer):
    """`Affine` by hand."""

    def build(self, shape):
        self.kernel = self.add_weight("kernel", (shape[-1], 3), regularizer={"L2": 0.1})
        self.bias = self.add_weight("bias", 3, "zeros", constraint="NonNeg")

    def call(self, x):
        return tf.tensordot(x, self.kernel, 1) + self.bias


def test_it_computes_what_the_same_layer_by_hand_and_keras_do(layers):
    layer = PluginLayer({"Affine": {"units": 3}}, seed=4, path="affine")
    by_hand, theirs = (
        Written(seed=4, path="affine"),
        keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.1)),
    )
    x = rows(5, 7, 4)
    theirs.build(x.shape)
    values = layer(x)
    assert (layer.name, layer.type_name(), layer.description()) == ("affine", "Affine", "Affine(units=3)")
    np.testing.assert_array_equal(values, by_hand(x))
    theirs.set_weights([layer["kernel"].numpy(), layer["bias"].numpy()])
    np.testing.assert_allclose(values, theirs(x), rtol=1e-6)
    assert [each.path for each in layer.named_variables()] == ["kernel", "bias"]
    np.testing.assert_allclose(sum(layer.losses), sum(theirs.losses), rtol=1e-6)
    with tf.GradientTape() as ours, tf.GradientTape() as others:
        one, other = (tf.reduce_sum(each(x) ** 2) for each in (layer, theirs))
    for a, b in zip(
        ours.gradient(one, layer.trainable_variables), others.gradient(other, theirs.trainable_weights), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_what_it_says_is_what_it_makes(layers):
    layer = PluginLayer({"Affine": {"units": 3}})
    assert layer.output_shape((None, 7, 4)) == (None, 7, 3)
    assert layer.count((None, 7, 4)) == 15
    x = rows(2, 7, 4)
    assert layer(x).shape == (2, 7, 3)
    assert layer.num_parameters() == 15
    assert layer.spec.macs((None, 4)) == 12
    assert layer.spec.macs((None, None, 4)) is None
    assert PluginLayer({"Affine": {"units": 3, "use_bias": False}})(x).shape == (2, 7, 3)


@pytest.mark.parametrize("jit", [False, True])
def test_eager_graph_and_xla_agree(layers, jit):
    model = nn.Sequential([{"Affine": {"units": 3}}, "Centred", "Jitter"], seed=1)
    x = rows(4, 5)
    model(x)
    before = model.state_dict()

    def run(step):
        with forward_pass(1, step):
            return model(x, training=True)

    eager = run(2).numpy()
    mean = model.state_dict()["centred.name"]
    model.load_state_dict(before)
    np.testing.assert_allclose(tf.function(run, jit_compile=jit)(tf.constant(2)), eager, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.state_dict()["centred.name"], mean, rtol=1e-5)
    np.testing.assert_allclose(mean, 0.25 * (x @ before["affine.kernel"]).mean(0), rtol=1e-4, atol=1e-6)


def test_statistics_stay_when_they_are_frozen(layers):
    layer = PluginLayer("Centred", trainable=False)
    layer(rows(3, 2), training=True)
    np.testing.assert_array_equal(layer["name"], [0, 0])
    assert layer.couples_rows


def test_inputs_ports_and_masks(layers):
    left, right = rows(2, 3), 2 * rows(2, 3)
    both = PluginLayer("Apart")(left, right)
    np.testing.assert_array_equal(both["difference"], left - right)
    np.testing.assert_array_equal(PluginLayer("Apart")(left)["sum"], left)
    with pytest.raises(SpecError, match="Apart reads left and right, got 3 inputs"):
        PluginLayer("Apart")(left, right, left)
    assert PluginLayer("Joined")(left, np.ones((2, 1), "int32")).shape == (2, 4)
    mask = np.array([[True, False], [True, True]])
    network = nn.Sequential([{"Affine": {"units": 2}}, "RealSum"])
    x = rows(2, 2, 3)
    expected = ((x @ network_kernel(network, x)) * mask[..., None]).sum(1)
    np.testing.assert_allclose(network(x, mask=mask), expected, rtol=1e-5)


def network_kernel(network, x):
    network(x)
    return network["affine.kernel"].numpy()


def test_precision_and_round_trips(layers):
    narrow = PluginLayer("Centred", dtype="mixed_bfloat16")
    assert narrow(rows(2, 3), training=True).dtype == tf.bfloat16
    assert narrow["gamma"].dtype == tf.float32
    model = nn.Sequential([{"Affine": {"units": 3}}, "Centred"], seed=1)
    x = rows(2, 4)
    given = model(x)
    again = nn.Sequential.from_config(model.get_config())
    again(x)
    again.load_state_dict(model.state_dict())
    np.testing.assert_array_equal(again(x), given)
    theirs = keras.Sequential([keras.Input((4,)), nn.as_keras(model)])
    theirs.save("model.keras")
    np.testing.assert_array_equal(keras.models.load_model("model.keras")(x), given)
    with pytest.raises(SpecError, match=r"there is no layer 'Affin'; did you mean 'Affine'\?"):
        PluginLayer({"Affin": {}})


def test_a_weight_can_be_tied(layers):
    nodes = [{"Affine": {"units": 4}, "name": "first"}, {"Affine": {"units": 4}, "tie": {"kernel": "first.kernel"}}]
    model = nn.Network(nodes=nodes, inputs={"x": {"shape": [4]}})
    model(rows(2, 4))
    assert model.num_parameters() == 4 * 4 + 2 * 4


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "def output_shape(self, x):\n        return (3,)\n    def call(self, x):\n        return x\n",
            "my_layers.py:5: 'Own': `call` gives (batch, 4), but output_shape says (batch, 3)",
        ),
        (
            "def call(self, x):\n        x + 1\n",
            "'Own': `call` gives None, and not a tensor; does it end with `return`?",
        ),
        ("def call(self, x):\n        return 'text'\n", "'Own': `call` gives 'text', and not a tensor"),
        (
            "def call(self, x):\n        import tensorflow as tf\n        return tf.cast(x, 'int32')\n",
            "'Own': `call` gives int32, where float32 is computed; cast it: tf.cast(..., x.dtype)",
        ),
        (
            "def call(self, x):\n        return {'a': x}\n",
            "'Own': `call` gives 'a', but output_shape names 'output'",
        ),
        (
            "def output_shape(self, x):\n        return {'a': x, 'b': x}\n    def call(self, x):\n        return x\n",
            "'Own': `call` gives one tensor, but output_shape names 'a' or 'b'; give a mapping with these",
        ),
        (
            "def call(self, x):\n        self.seen = x\n        return x\n",
            "'Own' raised AttributeError: a layer keeps nothing in self.seen, which no checkpoint would have",
        ),
        (
            "def call(self, x):\n        if x[0, 0] > 0:\n            return x\n        return -x\n",
            "while a step is compiled: use tf.where, tf.cond, tf.while_loop or tf.map_fn\n  my_layers.py:7, in call: if x[0",
        ),
        (
            "def call(self, x, *, training):\n        return x @ [[1.0]] if training else x\n",
            "my_layers.py:7, in call: return x @ [[1.0]] if training else x",
        ),
    ],
)
def test_what_is_wrong_is_said_when_it_is_built(plugin, body, message):
    load_plugins([plugin(f"@netlib.layer\nclass Own:\n    {body}", "my_layers.py")])
    with pytest.raises(NetlabError, match=re.escape(message)) as caught:
        PluginLayer("Own").build_whole(TensorSpec((None, 4)))
    assert "site-packages" not in str(caught.value)


def test_a_layer_of_keras_is_no_plugin(plugin):
    path = plugin(
        "import keras\n@netlib.layer\nclass Own(keras.layers.Layer):\n    def call(self, x):\n        return x\n"
    )
    with pytest.raises(
        UsageError, match=r"'Own': derives from keras\.\S+Layer; a layer is a class without such a base"
    ):
        load_plugins([Path(path)])
    assert "keras" in sys.modules


def test_keras_has_no_counterpart(layers):
    network = nn.Network(nodes=[{"Affine": {"units": 2}}], inputs={"x": {"shape": [4]}})
    network(rows(2, 4))
    (obstacle,) = obstacles(network)
    assert str(obstacle) == "affine (Affine): it is written in Python, and none of the catalogue's layers"
