"""Saved models: the same bits before and after, in another process too; and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.runs import checkpoint, tensors
from netlib.runs.errors import CheckpointError, TensorFileError
from netlib.spec.errors import NetlabError, SpecError, UsageError
from netlib.training.model import Model

NODES: list[Any] = [
    {"Dense": {"units": 8, "activation": "relu", "kernel_regularizer": {"L2": 0.01}}, "name": "hidden"},
    "BatchNormalization",
    {"Dropout": 0.3},
    {"Dense": 3, "name": "head"},
]
MakeModel = Callable[..., Model]


class Scale(nn.Layer):
    """A layer of a user's, with a parameter and another layer in it."""

    def __init__(self, start: float, **options: Any) -> None:
        super().__init__(**options)
        self.start = start
        self.inner = nn.Dense(4)

    def build(self, shape: Any) -> None:
        self.factor = self.add_weight("factor", shape[-1:], {"Constant": self.start})

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.inner(x * self.factor)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}


def _data(rows: int = 50, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 6)).astype(np.float32)
    return x, (x @ random.normal(size=(6, 3))).argmax(axis=1).astype(np.int32)


X, Y = _data()


def _compiled(nodes: Any = None, **settings: Any) -> Model:
    model = nodes if isinstance(nodes, Model) else Model(nodes or NODES, name="blobs", seed=5)
    words = {"optimizer": {"Adam": 0.01}, "metrics": ["accuracy"], "execution": "graph", **settings}
    model.compile("sparse_categorical_crossentropy", **words)
    return model


def _fit(model: Model, epochs: int) -> Any:
    return model.fit(X, Y, epochs=epochs, batch_size=16)


def _same(one: Model, two: Model) -> bool:
    first, second = one.state_dict(), two.state_dict()
    return first.keys() == second.keys() and all(np.array_equal(first[path], second[path]) for path in first)


@pytest.fixture(scope="module")
def trained() -> Model:
    """A model after three epochs; tests do not change it."""
    model = _compiled()
    _fit(model, 3)
    return model


@pytest.fixture
def folder(trained: Model, tmp_path: Path) -> Path:
    """Where it is saved."""
    trained.save(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", [{"Adam": 0.01}, {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}, {"SGD": 0.1}])
def test_a_loaded_model_goes_on_to_the_same_bits_as_one_that_was_never_saved(tmp_path: Path, optimizer: Any) -> None:
    whole = _compiled(optimizer=optimizer)
    _fit(whole, 2)
    whole.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    assert np.array_equal(loaded.predict(X), whole.predict(X))
    assert loaded.evaluate(X, Y) == whole.evaluate(X, Y)
    _fit(whole, 2)
    _fit(loaded, 2)
    assert _same(loaded, whole)
    assert np.array_equal(loaded.predict(X), whole.predict(X))


@pytest.mark.slow
def test_saving_changes_nothing(tmp_path: Path) -> None:
    saved, other = _compiled(), _compiled()
    for model in (saved, other):
        _fit(model, 1)
    saved.save(tmp_path / "model")
    for model in (saved, other):
        _fit(model, 1)
    assert _same(saved, other)


def test_a_loaded_model_that_is_saved_again_is_the_same_folder(folder: Path, tmp_path: Path) -> None:
    Model.load(folder).save(tmp_path / "again")
    names = {path.name for path in folder.iterdir()}
    assert names == {"model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"}
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.slow
def test_another_process_predicts_the_same_bits(folder: Path, trained: Model) -> None:
    np.save(folder.parent / "x.npy", X)
    code = (
        "import sys, numpy as np; from netlib import Model; from netlib.training.environment import configure; configure(None);"
        "np.save(sys.argv[3], Model.load(sys.argv[1]).predict(np.load(sys.argv[2])))"
    )
    files = [str(folder), str(folder.parent / "x.npy"), str(folder.parent / "y.npy")]
    subprocess.run([sys.executable, "-c", code, *files], check=True, capture_output=True)
    assert np.array_equal(np.load(files[2]), trained.predict(X))


def test_the_paths_and_the_count_of_epochs_are_kept(folder: Path, trained: Model) -> None:
    loaded = Model.load(str(folder))
    assert list(loaded.state_dict()) == list(trained.state_dict())
    assert (loaded.name, loaded.seed) == ("blobs", 5)
    assert json.loads((folder / "state.json").read_text())["state"]["training"]["progress"]["epoch"] == 3
    record = _fit(loaded, 1)
    epochs = [each["epoch"] for each in getattr(record, "records", record)]
    assert epochs[-1] == 4


def test_a_model_that_was_never_compiled_is_saved_too(tmp_path: Path) -> None:
    model = Model([{"Dense": 3}])
    expected = model(X).numpy()
    model.save(tmp_path / "deep" / "folder" / "model")
    loaded = Model.load(tmp_path / "deep" / "folder" / "model")
    assert np.array_equal(loaded(X).numpy(), expected)
    with pytest.raises(UsageError, match=r"needs a loss: call .*compile"):
        _fit(loaded, 1)


def test_a_network_of_several_inputs_and_shared_layers_comes_back(tmp_path: Path) -> None:
    left, right = nn.Input([4], name="left"), nn.Input([4], name="right")
    tower = nn.Dense(3, name="tower")
    model = Model([left, right], {"sum": nn.Add()(tower(left), tower(right)), "raw": nn.Dense(2)(left)}, name="pair")
    given = {"left": X[:, :4], "right": X[:, 2:]}
    expected = model(given)
    model.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    assert list(loaded.state_dict()) == list(model.state_dict())
    for name, value in loaded(given).items():
        assert np.array_equal(value, expected[name])


def test_a_layer_of_a_users_comes_back_with_its_parameters(tmp_path: Path) -> None:
    x = nn.Input([6])
    model = Model(x, nn.Dense(3)(Scale(2.5, name="scale")(x)))
    expected = model(X).numpy()
    model.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model", layers={"Scale": Scale})
    assert loaded["scale"].start == 2.5
    assert np.array_equal(loaded(X).numpy(), expected)
    with pytest.raises(UsageError, match=r"'Scale' is no layer of netlab's; give its class: layers=\{'Scale': Scale\}"):
        Model.load(tmp_path / "model")


def test_a_keras_layer_comes_back_when_its_class_is_given(tmp_path: Path) -> None:
    x = nn.Input([6])
    model = Model(x, nn.Foreign(keras.layers.Dense(3, activation="tanh"), name="theirs")(x))
    expected = model(X).numpy()
    model.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model", layers={"Dense": keras.layers.Dense})
    assert np.array_equal(loaded(X).numpy(), expected)


def test_a_model_in_a_model_comes_back_as_the_network_that_it_is(tmp_path: Path) -> None:
    x = nn.Input([6])
    inner = Model([{"Dense": 4}], name="inner")
    model = Model(x, nn.Dense(3)(inner(x)))
    expected = model(X).numpy()
    model.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    assert isinstance(loaded["inner"], nn.Network)
    assert np.array_equal(loaded(X).numpy(), expected)


@pytest.mark.slow
def test_what_is_frozen_stays_frozen(tmp_path: Path) -> None:
    model = _compiled()
    _fit(model, 1)
    model.freeze(["hidden.kernel", "batch_normalization.**"])
    model.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    trained = [[each.path for each in one.named_variables() if each.trainable] for one in (model, loaded)]
    assert trained == [["hidden.bias", "head.kernel", "head.bias"]] * 2
    for one in (model, loaded):
        _fit(one, 1)
    assert _same(loaded, model)
    for one in (model, loaded):
        one.unfreeze()
        _fit(one, 1)
    assert _same(loaded, model)


def test_a_model_that_is_not_built_is_not_saved(tmp_path: Path) -> None:
    model = Model(NODES, name="blobs")
    with pytest.raises(
        UsageError, match="blobs is not built yet, so it has no weights: call it once before it is saved"
    ):
        model.save(tmp_path / "model")
    with pytest.raises(UsageError, match="call it once before it is saved"):
        model.save_weights(tmp_path / "w.safetensors")
    with pytest.raises(UsageError, match="call it once before it is given weights"):
        model.load_weights(tmp_path / "w.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_parameter_that_is_no_plain_value_is_named(tmp_path: Path) -> None:
    x = nn.Input([6])
    model = Model(x, Scale(np.float32(2.5), name="scale")(x), name="odd")
    with pytest.raises(
        UsageError, match=r"odd cannot be saved: .*\['start'\] is of type float32, expected None, a bool"
    ):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_saved_model_is_replaced_only_when_that_is_asked_for(folder: Path, trained: Model) -> None:
    with pytest.raises(UsageError, match=r"model is there already; overwrite=True replaces it"):
        trained.save(folder)
    other = Model([{"Dense": 2}], name="other")
    other(X)
    other.save(folder, overwrite=True)
    assert Model.load(folder).name == "other"
    assert not (folder / "optimizer.safetensors").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_saved_model_is_never_replaced(trained: Model, tmp_path: Path, overwrite: bool) -> None:
    file, others = tmp_path / "file", tmp_path / "folder"
    file.write_text("mine")
    others.mkdir()
    (others / "mine.txt").write_text("mine")
    for path in (file, others):
        with pytest.raises(UsageError, match="is there already, and is no saved model; give another name"):
            trained.save(path, overwrite=overwrite)
    assert (others / "mine.txt").read_text() == file.read_text() == "mine"


def test_another_process_that_saves_beside_is_not_disturbed(trained: Model, tmp_path: Path) -> None:
    theirs = tmp_path / ".theirs.writing"
    theirs.mkdir()
    trained.save(tmp_path / "model")
    assert theirs.is_dir()


def test_a_folder_that_cannot_be_written_is_an_error_of_ours(trained: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NetlabError, match=r"cannot write .*model: "):
        trained.save(tmp_path / "file" / "model")


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"])
def test_a_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=rf"{name}( is missing)?$"):
        Model.load(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "state.json"])
def test_a_single_changed_bit_is_noticed(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=f"is damaged: {name} has SHA-256"):
        Model.load(folder)


def test_a_newer_format_is_refused(folder: Path) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**content, "format": 2}))
    with pytest.raises(CheckpointError, match="has format 2, this netlab reads format 1: it needs a newer netlab"):
        Model.load(folder)


def test_a_learning_rate_that_was_changed_before_the_first_step_is_kept(tmp_path: Path) -> None:
    model = _compiled()
    model(X)
    model.optimizer.learning_rate = 0.125
    model.save(tmp_path / "model")
    assert float(Model.load(tmp_path / "model").optimizer.learning_rate) == 0.125


def test_a_run_is_no_saved_model(tmp_path: Path) -> None:
    best = tmp_path / "checkpoints" / "step-00000003"
    best.mkdir(parents=True)
    message = r"is a run, not a saved model: build .* of a checkpoint: model.load_weights\('.*checkpoints'\)$"
    with pytest.raises(UsageError, match=message):
        Model.load(tmp_path)
    (best.parent / "best").write_text(f"{best.name}\n")
    with pytest.raises(UsageError, match=r"model.load_weights\('.*checkpoints.step-00000003'\)$"):
        Model.load(tmp_path)


def test_there_must_be_a_saved_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no saved model at .*none: Model\.save makes a folder$"):
        Model.load(tmp_path / "none")
    with pytest.raises(
        UsageError, match=r"no saved model at .*w\.safetensors: .*Model\.load_weights reads a file of weights"
    ):
        Model.load(tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match=r"is no checkpoint: it has no manifest\.json"):
        Model.load(tmp_path)


def test_weights_alone_go_from_one_model_to_another(trained: Model, tmp_path: Path) -> None:
    trained.save_weights(tmp_path / "w.safetensors")
    other = Model(NODES, seed=9)
    other(X)
    report = other.load_weights(tmp_path / "w.safetensors")
    assert report.complete()
    assert _same(other, trained)


def test_of_a_checkpoint_with_averages_those_are_read(trained: Model, tmp_path: Path) -> None:
    weights = trained.state_dict()
    averages = {f"callbacks/EMA/{path}": value + 1 for path, value in weights.items() if path.startswith("head")}
    checkpoint.write_folder(tmp_path / "step", 3, {"model": weights, "loop": averages}, {})
    other = Model(NODES, seed=9)
    other(X)
    other.load_weights(tmp_path / "step")
    assert np.array_equal(other["head.bias"], weights["head.bias"] + 1)
    assert np.array_equal(other["hidden.kernel"], weights["hidden.kernel"])
    with pytest.raises(
        UsageError, match="is a checkpoint of a run, which does not say what its network is: build it from"
    ):
        Model.load(tmp_path / "step")


def test_what_another_version_has_saved(tmp_path: Path) -> None:
    checkpoint.write_folder(tmp_path / "model", 0, {"model": {}}, {"network": {}, "later": 1})
    message = r"model holds later, network, expected [a-z, ]+: another version of netlab wrote it$"
    with pytest.raises(CheckpointError, match=message):
        Model.load(tmp_path / "model")


def test_weights_are_read_from_a_saved_model_too(trained: Model, folder: Path) -> None:
    other = Model(NODES, seed=9)
    other(X)
    other.load_weights(folder)
    assert _same(other, trained)


def test_weights_under_other_names_are_renamed(trained: Model, tmp_path: Path) -> None:
    old = {f"net.{path}": value for path, value in trained.state_dict().items()}
    tensors.save(tmp_path / "w.safetensors", old)
    other = Model(NODES, seed=9)
    other(X)
    with pytest.raises(UsageError, match=r"missing: hidden.kernel"):
        other.load_weights(tmp_path / "w.safetensors")
    other.load_weights(tmp_path / "w.safetensors", rename={"net.**": "**"})
    assert _same(other, trained)
    with pytest.raises(SpecError, match="fits none of the"):
        other.load_weights(tmp_path / "w.safetensors", rename={"old.**": "**"})


def test_weights_that_fit_in_part_are_taken_if_that_is_asked_for(trained: Model, tmp_path: Path) -> None:
    trained.save_weights(tmp_path / "w.safetensors")
    other = Model([*NODES[:3], {"Dense": 5, "name": "head"}])
    other(X)
    report = other.load_weights(tmp_path / "w.safetensors", strict=False)
    assert "hidden.kernel" in report.loaded
    assert [text.split()[0] for text in report.mismatched] == ["head.kernel", "head.bias"]
    assert np.array_equal(other["hidden.kernel"], trained["hidden.kernel"])


def test_a_shared_variable_is_saved_once_with_its_aliases(tmp_path: Path) -> None:
    left, right = nn.Input([4], name="left"), nn.Input([4], name="right")
    tower = nn.Dense(3, name="tower")
    model = Model([left, right], nn.Add()(tower(left), nn.Sequential([tower], name="again")(right)), name="pair")
    model({"left": X[:, :4], "right": X[:, 2:]})
    model.save_weights(tmp_path / "w.safetensors")
    kernels = {"tower.kernel", "again.tower.kernel"}
    saved = [path for path in tensors.load(tmp_path / "w.safetensors") if path.endswith("kernel")]
    assert len(saved) == 1
    aliases = tensors.load_aliases(tmp_path / "w.safetensors")
    assert {path: name for path, name in aliases.items() if path in kernels} == {(kernels - set(saved)).pop(): saved[0]}
    with pytest.raises(
        UsageError, match=r"pair cannot be saved: '.*tower\.\w+' and '.*tower\.\w+' are one variable, of a layer"
    ):
        model.save(tmp_path / "model")


def test_a_variable_that_the_graph_does_not_tell_of_is_not_lost_without_a_word(tmp_path: Path) -> None:
    model = Model([{"Dense": 3}], name="net")
    model(X)
    model.extra = tf.Variable(1.0)
    with pytest.raises(
        UsageError, match=r"net cannot be saved: 'extra' is a variable of no layer in its graph.* make it a w"
    ):
        model.save(tmp_path / "model")


class Tied(nn.Layer):
    """Uses one weight in two places of its own."""

    def build(self, shape: Any) -> None:
        self.one = self.add_weight("one", (shape[-1], shape[-1]))
        self.places = [self.one]

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x @ self.one @ tf.transpose(self.places[0])


def test_a_variable_shared_inside_a_layer_comes_back_shared(tmp_path: Path) -> None:
    x = nn.Input([6])
    model = Model(x, Tied(name="tied")(x))
    expected = model(X).numpy()
    model.save(tmp_path / "model")
    assert list(tensors.load(tmp_path / "model" / "model.safetensors")) == ["tied.one"]
    loaded = Model.load(tmp_path / "model", layers={"Tied": Tied})
    assert loaded["tied"].one is loaded["tied"].places[0]
    assert np.array_equal(loaded(X).numpy(), expected)


@pytest.mark.slow
def test_a_training_that_ended_within_an_epoch_goes_on_there(tmp_path: Path) -> None:
    whole = _compiled()
    assert whole.trainer is not None
    whole.trainer.train = whole.trainer.train.model_copy(update={"steps": 6})
    _fit(whole, 3)
    assert (whole.trainer.progress.epoch, whole.trainer.progress.position) == (1, 2)
    whole.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    for model in (whole, loaded):
        assert model.trainer is not None
        model.trainer.train = model.trainer.train.model_copy(update={"steps": 10})
        _fit(model, 3)
        assert model.trainer.progress.step == 10
    assert _same(loaded, whole)


def test_files_of_weights_that_are_refused(trained: Model, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"one file that ends with \.safetensors, got '.*w\.npz'"):
        trained.save_weights(tmp_path / "w.npz")
    trained.save_weights(tmp_path / "w.safetensors")
    with pytest.raises(UsageError, match="is there already; overwrite=True replaces it"):
        trained.save_weights(tmp_path / "w.safetensors")
    trained.save_weights(tmp_path / "w.safetensors", overwrite=True)
    (tmp_path / "d.safetensors").mkdir()
    with pytest.raises(UsageError, match="is a folder; give another name"):
        trained.save_weights(tmp_path / "d.safetensors", overwrite=True)
    with pytest.raises(TensorFileError, match=r"there is no file .*none"):
        trained.load_weights(tmp_path / "none.safetensors")


class Written(Model):
    """A model with its own `call`, and a constructor that takes no options."""

    def __init__(self, units: int) -> None:
        super().__init__(seed=5)
        self.units = units
        self.hidden = nn.Dense(units, activation="relu")
        self.norm = nn.BatchNormalization()
        self.head = nn.Dense(3)

    def call(self, inputs: Any, training: Any) -> Any:  # type: ignore[override]
        x = self.norm(self.hidden(inputs["x"]))
        return {"classes": self.head(x) + inputs["shift"]}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def test_a_model_with_its_own_call_comes_back(tmp_path: Path) -> None:
    model, inputs = Written(4), {"shift": np.ones([50, 3], np.float32), "x": X}
    model.compile("sparse_categorical_crossentropy", {"Adam": {"learning_rate": 0.01}})
    model.fit(inputs, Y, epochs=1, verbose=False)
    model.norm.trainable = False
    model.freeze("hidden.bias")
    model.save(tmp_path / "model")
    loaded = Written.load(tmp_path / "model")
    for one in (model, loaded):
        assert [each.path for each in one.named_variables() if each.trainable] == [
            "hidden.kernel",
            "head.kernel",
            "head.bias",
        ]
        one.fit(inputs, Y, epochs=1, verbose=False)
    assert loaded.units == 4
    assert np.array_equal(loaded.predict(inputs), model.predict(inputs))
    assert np.array_equal(loaded.norm.moving_mean, model.norm.moving_mean)


def test_a_model_with_its_own_call_inside_of_another_comes_back(tmp_path: Path) -> None:
    x, shift = nn.Input([6], name="x"), nn.Input([3], name="shift")
    model = Model([x, shift], nn.Dense(2)(Written(4)({"x": x, "shift": shift})), seed=2)
    inputs = {"shift": np.ones([50, 3], np.float32), "x": X}
    model.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model", layers={"Written": Written})
    assert loaded["written"].head.path == "written.head"
    assert np.array_equal(loaded.predict(inputs), model.predict(inputs))


def test_a_config_of_a_hand_written_model_that_leaves_out_the_inputs_is_refused(tmp_path: Path) -> None:
    class Bare(Written):
        def get_config(self) -> dict[str, Any]:
            return {"units": self.units}

    model = Bare(4)
    model({"x": X, "shift": np.ones([50, 3], np.float32)})
    with pytest.raises(UsageError, match=r"get_config of Bare leaves out what it reads; return \{\*\*super"):
        model.save(tmp_path / "model")
