"""A training with layers, a loss and a metric of a plug-in, and all that is done with it afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from netlib.config.load import load
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.plugins.loading import load_plugins
from netlib.spec.plugins.origin import sha256
from netlib.spec.registry import ADDED
from netlib.tasks.plan import plan_evaluation
from netlib.tasks.plugins import plugin_options, recorded

LAYERS = """\
@netlib.layer
class Scale:
    initial: float = 1.0
    def weights(self, x):
        mean = netlib.weight(x[-1:], "zeros", trainable=False)
        return {"factor": netlib.weight(x[-1:], {"Constant": {"value": self.initial}}), "mean": mean}
    def call(self, x, *, factor, mean, training, random):
        import tensorflow as tf
        if training:
            mean.assign(0.9 * mean + 0.1 * tf.reduce_mean(x, 0))
            x = x + 0.01 * random.normal(tf.shape(x))
        return (x - mean) * factor

@netlib.layer
class Unrepeatable:
    def call(self, x):
        import tensorflow as tf
        return x + tf.random.normal(tf.shape(x))

@netlib.loss(kind="classes")
def entropy(y_true, y_pred, *, power: float = 1.0):
    import tensorflow as tf
    return tf.nn.sparse_softmax_cross_entropy_with_logits(y_true, y_pred) ** power

@netlib.metric(kind="classes")
def hit(y_true, y_pred):
    import tensorflow as tf
    return tf.cast(tf.argmax(y_pred, -1, output_type=y_true.dtype) == y_true, "float32")
"""
CONFIG = """\
seed: 5
data: {source: iris, validation: 0.2, test: 0.2}
model: [Dense: 6, Scale: {initial: 0.5}, Dense: 3]
train: {epochs: 4, loss: entropy, metrics: [hit, accuracy]}
"""


@pytest.fixture
def config(plugin):
    load_plugins([plugin(LAYERS, "my_layers.py")])
    Path("own.yaml").write_text(CONFIG)
    return Path("own.yaml")


def test_a_run_says_what_it_used_of_a_plugin(config):
    digest = sha256(Path("my_layers.py").read_bytes())
    used = ["layer.Scale", "loss.Entropy", "metric.Hit"]
    assert recorded(load(config)) == [{"path": str(Path("my_layers.py").resolve()), "sha256": digest, "uses": used}]
    assert plugin_options(load(config)) == ["--plugin", "my_layers.py"]
    nested = "model=[{Residual: [Scale]}, {TimeDistributed: [Dense: 2], if: false}, Dense: 3]"
    overrides = [nested, "train.loss=sparse_categorical_crossentropy", "train.metrics=[]"]
    assert recorded(load(config, overrides))[0]["uses"] == ["layer.Scale"]


@pytest.mark.slow
@pytest.mark.parametrize("execution", ["xla", "graph", "eager"])
def test_a_training_and_what_comes_after(config, execution):
    from netlib.tasks.evaluate import evaluate
    from netlib.tasks.train import train

    def run_of(epochs):
        return train(config, [f"train.epochs={epochs}", f"train.execution={execution}"], runs_root=Path("runs"))

    whole, part = run_of(4), run_of(2)
    assert whole.metrics["validation"]["hit"] == whole.metrics["validation"]["accuracy"]
    assert evaluate(str(whole.run)).metrics == whole.metrics["test"]
    resumed = train(None, ["train.epochs=4"], resume=part.run)
    assert resumed.metrics["validation"] == whole.metrics["validation"]
    assert json.loads((part.run / "environment.json").read_text())["plugins"] == recorded(load(config))
    for added in ADDED.values():
        added.clear()
    with pytest.raises(UsageError, match=r"was made with a plug-in, .* add --plugin \S+my_layers\.py"):
        plan_evaluation(str(whole.run))


LOADED = """\
import sys
import numpy as np
import tensorflow as tf
model = tf.saved_model.load("exported").signatures["serving_default"]
given = model(**{name: tf.constant(value) for name, value in np.load("rows.npz").items()})
np.savez("given.npz", **given)
print([name for name in sys.modules if name.startswith("netlib") or "plugin_my" in name])
"""


@pytest.mark.slow
def test_the_export_needs_no_plugin_and_gives_what_predict_does(config):
    from netlib import nn
    from netlib.tasks.build import build
    from netlib.tasks.export import export
    from netlib.tasks.run import Run, open_run
    from netlib.tasks.train import train

    run: Run = open_run(train(config, ["train.epochs=1"], runs_root=Path("runs")).run)
    export(str(run.path), Path("exported"))
    rows = np.random.default_rng(0).normal(size=(7, 4)).astype("float32")
    np.savez("rows.npz", features=rows)
    ran = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
    assert nn.PluginLayer("Scale").type_name() == "Scale"
    assert build(load(config)).num_parameters() == 6 * 5 + 12 + 7 * 3
    (given,) = np.load("given.npz").values()
    predicted = run.predict(rows, probabilities=True)
    np.testing.assert_allclose(given, predicted.select("^.*probability_.*$").to_numpy(), rtol=1e-6, atol=1e-7)


@pytest.mark.slow
def test_random_numbers_of_tensorflow_are_refused_before_a_run_begins(config):
    from netlib.tasks.train import train

    message = "'Unrepeatable' draws TensorFlow's random numbers, which nothing could repeat: let `call` take `random`"
    with pytest.raises(NetlabError, match=message):
        train(config, ["model=[Unrepeatable, Dense: 3]"], runs_root=Path("runs"))
    assert not Path("runs").exists() or not list(Path("runs").iterdir())


NONSENSE = """
import tensorflow as tf

@netlib.loss(kind="classes")
def mean(y_true, y_pred):
    return tf.reduce_mean(y_pred)

@netlib.metric(kind="classes")
def first(y_true, y_pred):
    return y_pred[:1, 0]

@netlib.loss(kind="classes")
def asking(y_true, y_pred):
    if tf.reduce_mean(y_pred) > 1e9:
        print("large")
    return tf.nn.sparse_softmax_cross_entropy_with_logits(y_true, y_pred)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.loss=mean", "'mean' must return a value for each sample.* it returned one number for all"),
        ("train.metrics=[first]", r"'first' must return a value for each sample.* it returned \(1\)"),
        ("train.loss=asking", "'asking' asks in Python for the value of a tensor"),
    ],
)
def test_terms_that_return_nonsense_are_refused_before_a_run_begins(config, plugin, override, message):
    from netlib.tasks.train import train

    load_plugins([plugin(NONSENSE, "nonsense.py")])
    with pytest.raises(NetlabError, match=message):
        train(config, [override], runs_root=Path("runs"))
    assert not Path("runs").exists()
