from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from netlib.config.load import load, read
from netlib.config.problems import ConfigError, render
from netlib.spec.errors import NetlabError, UsageError

MODEL = "model: {inputs: {x: {shape: [4]}}, nodes: [Dense: 2]}\n"
CONFIG = """\
data: {source: iris, validation: 0.2}
model:
  - Dense: {units: 8, activation: relu}
  - Dense: 3
train:
  epochs: 3
  loss: sparse_categorical_crossentropy
  optimizer: {Adam: {learning_rate: 1e-3}}
  metrics: [accuracy]
"""


def problems_of(text, *overrides):
    with pytest.raises(ConfigError) as caught:
        read(text, "a.yaml", overrides)
    assert caught.value.exit_code == 2
    assert str(caught.value) == render(caught.value.problems)
    return [f"{problem.where}: {problem.message}" for problem in caught.value.problems]


def test_a_whole_config():
    found = read(CONFIG, "my_iris.yaml")
    assert (found.name, found.seed, found.text, found.warnings) == ("my-iris", 0, CONFIG, ())
    assert found.graph.parameters().total == 4 * 8 + 8 + 8 * 3 + 3
    assert found.train.epochs == 3
    assert found.data.batch_size == 32
    assert found.signature.samples == 150


def test_a_file_may_hold_a_network_only():
    found = read(MODEL)
    assert (found.data, found.train, found.signature) == (None, None, None)
    assert found.graph.parameters().total == 10


def test_a_file_may_hold_variables_only():
    found = read("vars: {a: 1}")
    assert (found.model, found.graph, found.variables) == (None, None, {"a": 1})


def test_the_command_line_stands_above_the_file_and_its_bases(write):
    write("base.yaml", CONFIG)
    write("a.yaml", "extends: base.yaml\ntrain: {epochs: 4, steps: 4}\n")
    found = load(Path("a.yaml"), ["train.steps=5", "train.optimizer={SGD: {}}", "train.optimizer.momentum=0.5"])
    assert (found.train.epochs, found.train.steps) == (4, 5)
    assert found.train.optimizer.to_choice()["SGD"]["momentum"] == 0.5


def test_dollars_are_replaced_outside_the_model_before_anything_is_checked():
    text = CONFIG.replace("epochs: 3", "epochs: $(n * 2)").replace("units: 8", "units: $(input.channels * n)")
    found = read(f"vars: {{n: 3}}\nname: n$n\nseed: $(n ** n)\n{text}", overrides=["vars.n=4"])
    assert (found.name, found.seed, found.train.epochs) == ("n4", 256, 8)
    assert found.graph.nodes[0].output.shape == (None, 16)
    assert found.model[0]["Dense"]["units"] == "$(input.channels * n)"


MISTAKES = {
    "": ["a.yaml:1:1: the file is empty; a config has sections, such as 'data', 'model' and 'train'"],
    "# only a comment": ["a.yaml:1:1: the file is empty; a config has sections, such as 'data', 'model' and 'train'"],
    "{}": ["a.yaml:1:1: the file is empty; a config has sections, such as 'data', 'model' and 'train'"],
    "~": ["a.yaml:1:1: the file is empty; a config has sections, such as 'data', 'model' and 'train'"],
    "3": ["a.yaml:1:1: expected a mapping; a config has sections, such as 'data', 'model' and 'train'"],
    "- Dense: 1": ["a.yaml:1:1: expected a mapping; a config has sections, such as 'data', 'model' and 'train'"],
    f"{MODEL}seed: -1": ["a.yaml:2:7: expected a number not less than 0, got -1"],
    f"{MODEL}seed: 1.5": ["a.yaml:2:7: expected an integer, got 1.5"],
    f"{MODEL}seed: {2**63}": [f"a.yaml:2:7: expected a number not greater than {2**63 - 1}, got {2**63}"],
    f"{MODEL}name: a/b": [
        "a.yaml:2:7: expected at most 100 letters, digits, '-', '_' and '.', the first a letter or digit, got 'a/b'"
    ],
    f"{MODEL}name: 3": ["a.yaml:2:7: expected text, got 3"],
    f"{MODEL}format: 2": ["a.yaml:2:9: this version reads format 1, got 2"],
    f"{MODEL}format: true": ["a.yaml:2:9: this version reads format 1, got true"],
    f"{MODEL}trian: 1": ["a.yaml:2:1: a config has no key 'trian'; did you mean 'train'?"],
    f"{MODEL}1: 1": ["a.yaml:2:1: expected text as a key, got 1"],
    f"{MODEL}vars: [1]": ["a.yaml:2:7: expected a mapping from a variable's name to its value, got [1]"],
    f"{MODEL}name: $who": ["a.yaml:2:7: there is no value 'who' here"],
    f"{MODEL}data:": ["a.yaml:2:6: data needs 'source': where the samples come from"],
    f"{MODEL}data: 3": ["a.yaml:2:7: expected a mapping of data's keys, got 3"],
    f"{MODEL}train: 3": ["a.yaml:2:8: expected a mapping of train's keys, got 3"],
    "model: [Dense: 1]": [
        "a.yaml:1:8: the model's inputs are not known: give a `data` section, or declare `inputs` in the model"
    ],
}


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes(text):
    found = problems_of(text)
    assert len(found) == len(MISTAKES[text])
    assert all(message.startswith(start) for message, start in zip(found, MISTAKES[text], strict=True)), found


def test_all_problems_come_at_once_and_in_file_order():
    text = """\
vars: {in: 1, a: 1, a: 2}
name: $nope
model:
  - Dense: {untis: 64}
  - Flaten
  - Dense: {units: $(a *)}
train:
  los: mse
  epochs: -1
data: {source: digts, batch: 3}
foo: !x 1
"""
    found = problems_of(text, "train.steps=x", "model.nope=1", "train", "seed=-1")
    assert found == [
        "a.yaml:1:8: 'in' has a meaning of its own in expressions; choose another name",
        "a.yaml:1:21: 'a' is set already",
        "a.yaml:2:7: there is no value 'nope' here (known: a)",
        "a.yaml:4:13: Dense has no parameter 'untis'; did you mean 'units'?",
        "a.yaml:5:5: there is no layer 'Flaten'; did you mean 'Flatten'?",
        "a.yaml:6:20: 'a *' is not an expression: invalid syntax",
        "a.yaml:8:3: train has no key 'los'; did you mean 'loss'?",
        "a.yaml:9:11: expected a number greater than 0, got -1",
        "a.yaml:10:16: there is no source 'digts'; did you mean 'digits'?",
        "a.yaml:11:1: a config has no key 'foo' (it has: format, name, seed, vars, data, model, train)",
        "a.yaml:11:6: text that begins with '!' must be quoted: \"!x\"",
        "<command line>: train.steps=x: expected an integer, got 'x'",
        "<command line>: model.nope=1: 'model' has no item 'nope' (it has: dense, flaten, dense)",
        "<command line>: train: expected 'section.key=value' or '~section.key'",
        "<command line>: seed=-1: expected a number not less than 0, got -1",
    ]


def test_what_follows_from_a_mistake_is_not_reported():
    data, train = "{source: iris, batch_size: $a}", "{epochs: $(a + 1), loss: mse}"
    text = f"vars: {{a: $nope}}\ndata: {data}\nmodel: [{{Dense: $a, name: x}}]\ntrain: {train}\n"
    assert problems_of(text) == ["a.yaml:1:11: there is no value 'nope' here"]


def test_without_its_data_a_model_is_checked_as_far_as_it_goes():
    text = "data: {source: digts}\nmodel: [{Dense: {untis: 3}}]\n"
    assert [line.split(" ")[0] for line in problems_of(text)] == ["a.yaml:1:16:", "a.yaml:2:18:"]


def test_a_parameter_that_the_chosen_type_has_not_shows_how_to_choose_another():
    assert problems_of(CONFIG, "train.optimizer.momentum=0.9")[0].endswith(
        "; another type is chosen with train.optimizer={SGD: {}}"
    )
    assert problems_of(CONFIG, "train.optimizer.lr=0.9")[0].endswith(
        "; another type is chosen with train.optimizer={Adam: {}}"
    )
    assert problems_of(CONFIG, "train.loss.delta=0.9")[0].endswith(
        "; another type is chosen with train.loss={Huber: {}}"
    )
    assert "another type" not in problems_of(CONFIG, "train.epoch=5")[0]
    in_file = CONFIG.replace("learning_rate", "momentum")
    assert "another type" not in problems_of(in_file)[0]


def test_the_sections_are_checked_against_one_another():
    (problem,) = problems_of(CONFIG.replace("Dense: 3", "Dense: 2"))
    assert problem == "a.yaml:4:5: target 'species' has 3 classes, but output 'output' has 2 units"


def test_warnings_are_kept():
    text = CONFIG.replace(
        "loss: sparse_categorical_crossentropy", "loss: {SparseCategoricalCrossentropy: {from_logits: false}}"
    )
    (warning,) = read(text, "a.yaml").warnings
    assert (warning.line, warning.severity) == (7, "warning")
    assert "takes probabilities" in warning.message


NPZ = "data: {source: npz, path: x.npz}\n"


def test_a_missing_data_file_is_an_error_where_the_model_needs_it():
    (problem,) = problems_of(f"{NPZ}model: [Dense: 2]\n")
    assert problem.startswith("a.yaml:1:27: there is no file ")


def test_a_missing_data_file_is_a_warning_where_the_inputs_are_declared():
    found = read(f"{NPZ}{MODEL}", "a.yaml")
    (warning,) = found.warnings
    assert (warning.line, warning.column, warning.severity) == (1, 27, "warning")
    assert found.signature is None
    assert found.graph is not None


def damaged(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"PK cut off")


def test_a_damaged_data_file_is_no_mistake_of_the_config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    damaged(tmp_path)
    with pytest.raises(NetlabError, match=r"x\.npz") as caught:
        read(f"{NPZ}model: [Dense: 2]\n")
    assert not isinstance(caught.value, UsageError)
    assert len(problems_of(f"{NPZ}model: [Dense: -2]\n")) == 1


def test_no_data_file_is_opened_where_that_is_asked_and_inputs_are_declared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    damaged(tmp_path)
    found = read(f"{NPZ}{MODEL}", open_data=False)
    assert (found.warnings, found.signature) == ((), None)
    with pytest.raises(NetlabError):
        read(f"{NPZ}model: [Dense: 2]\n", open_data=False)


def test_the_shapes_of_a_data_file_reach_the_model(tmp_path, monkeypatch):
    numpy = pytest.importorskip("numpy")
    (tmp_path / "data").mkdir()
    numpy.savez(tmp_path / "data/x.npz", x=numpy.zeros((5, 7), "float32"), y=numpy.zeros(5, "int32"))
    assert zipfile.is_zipfile(tmp_path / "data/x.npz")
    text = "data: {source: npz, path: x.npz}\nmodel: [Dense: 2]\n"
    found = read(text, str(tmp_path / "data/a.yaml"))
    assert found.graph.parameters().total == 7 * 2 + 2


def test_a_base_that_cannot_be_read_stops_before_its_values_are_missed(write):
    write("a.yaml", "extends: nope.yaml\ntrain: {epochs: 3}\n")
    with pytest.raises(ConfigError, match=r"a\.yaml:1:10: error: there is no file 'nope\.yaml'") as caught:
        load("a.yaml", ["seed"])
    assert len(caught.value.problems) == 2


def test_a_config_of_the_greatest_depth_is_checked():
    nested = "{Sequential: [" * 98 + "Dense: 2" + "]}" * 98
    found = read(f"model: {{inputs: {{x: {{shape: [4]}}}}, nodes: [{nested}]}}\n")
    assert found.graph.parameters().total == 10


def test_nothing_heavy_is_imported_for_what_is_not_there():
    code = (
        "import sys; from netlib.config.load import read;"
        f"read({MODEL!r}, overrides=['seed=3']);"
        "heavy = {'tensorflow', 'keras', 'numpy', 'polars', 'rich', 'netlib.spec.training', 'netlib.spec.data'};"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
