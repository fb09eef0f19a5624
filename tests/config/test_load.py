from __future__ import annotations

import contextlib
import gc
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from netlib.config.load import load, read
from netlib.config.problems import ConfigError, render
from netlib.config.reader import read_tree
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


def test_a_file_may_hold_blocks_and_variables_only():
    found = read("vars: {a: 1}\nblocks: {Wide: {params: {width: $a}, nodes: [Dense: $width]}}")
    assert (found.model, found.graph, found.train, found.data) == (None, None, None, None)
    assert found.blocks == {"Wide": {"params": {"width": "$a"}, "nodes": [{"Dense": "$width"}]}}


def test_a_network_of_blocks():
    text = "vars: {a: 3}\nblocks: {Wide: {params: {width: $required}, nodes: [Dense: $(width * a)]}}\n"
    found = read(
        f"{text}model: {{inputs: {{x: {{shape: [4]}}}}, nodes: [Wide: 2, {{Wide: {{width: 5}}, name: last}}]}}\n"
    )
    assert found.graph.parameters().total == 4 * 6 + 6 + 6 * 15 + 15


def test_blocks_are_checked_though_nothing_uses_them():
    text = "blocks: {Wide: [Dense: {untis: 3}], dense: [Flatten]}\n"
    assert [line.split(" ")[0] for line in problems_of(text)] == ["a.yaml:1:25:", "a.yaml:1:37:"]
    assert len(problems_of(text + MODEL)) == 2
    assert problems_of("blocks: [Dense]\n") == [
        "a.yaml:1:9: expected a mapping from a block's name to the block, got ['Dense']"
    ]


def test_a_mistake_in_a_block_says_who_uses_it():
    text = """\
blocks:
  Shaped:
    - Reshape: [3, 5]
  Outer:
    nodes: [{Shaped: , name: inner}]
model:
  inputs: {x: {shape: [4]}}
  nodes:
    - Outer:
      name: one
"""
    with pytest.raises(ConfigError) as caught:
        read(text, "a.yaml")
    assert str(caught.value) == (
        "a.yaml:3:7: error: Reshape cannot make [3, 5], 15 elements, of (batch, 4), 4 elements\n"
        "    3 |     - Reshape: [3, 5]\n"
        "      |       ^^^^^^^\n"
        "        in Shaped, used by 'inner' at a.yaml:5:13\n"
        "        in Outer, used by 'one' at a.yaml:9:7"
    )


def test_a_mistake_that_two_uses_of_a_block_share_stands_once():
    block = "blocks: {Shaped: [Reshape: [3, 5]]}\n"
    inputs = "inputs: {x: {shape: [4]}, y: {shape: [4]}}"
    nodes = "nodes: [{Shaped: , from: x, name: a}, {Shaped: , from: y, name: b}]"
    with pytest.raises(ConfigError) as caught:
        read(f"{block}model: {{{inputs}, {nodes}, outputs: [a, b]}}\n", "a.yaml")
    (problem,) = caught.value.problems
    assert problem.via == ("in Shaped, used by 'a' at a.yaml:2:61 (and 1 more use)",)


def test_a_block_whose_file_cannot_be_read_does_not_hide_what_else_is_wrong(write):
    write("a.yaml", "blocks: {A: {file: nope.yaml}}\ndata: {source: digts}\nmodel: [A]\ntrain: {epochs: -1}\n")
    with pytest.raises(ConfigError) as caught:
        load("a.yaml", ["seed=x", "blocks.A.units=3"])
    assert [problem.where for problem in caught.value.problems] == [
        *("a.yaml:1:20", "a.yaml:2:16", "a.yaml:4:17"),
        *("<command line>: seed=x", "<command line>: blocks.A.units=3"),
    ]


def test_an_override_may_name_the_file_of_a_block(write, tmp_path, monkeypatch):
    write("sub/a.yaml", "blocks: {A: {file: nope.yaml}}\n")
    write("net.yaml", "model: [Dense: 3]\n")
    found = load("sub/a.yaml", ["blocks.A.file=net.yaml"])
    assert found.blocks["A"]["nodes"] == [{"Dense": 3}]


def test_an_override_changes_a_block():
    text = "blocks: {Wide: {params: {width: 2}, nodes: [Dense: $width]}}\n"
    model = "model: {inputs: {x: {shape: [4]}}, nodes: [Wide]}\n"
    assert read(text + model, overrides=["blocks.Wide.params.width=5"]).graph.parameters().total == 25
    assert problems_of(text + model, "blocks.Wide.params.widht=5") == [
        "<command line>: blocks.Wide.params.widht=5: block 'Wide' has no parameter 'widht'; did you mean 'width'?"
    ]


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
        "a.yaml:11:1: a config has no key 'foo' (it has: format, name, seed, extends, vars, blocks, data, model, train)",
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


def test_a_table_that_is_as_long_as_the_data_says_is_looked_up_there_though_the_inputs_are_declared(tmp_path):
    (tmp_path / "x.csv").write_text("city,y\n" + "a,1\nb,2\nb,3\nc,4\n")
    data = "data: {source: csv, path: x.csv, inputs: {city: city}, targets: y, preprocess: {city: Lookup}}\n"
    model = "model: {inputs: {city: {shape: [], dtype: int32}}, nodes: [Embedding: {output_dim: 2}, Dense: 1]}\n"
    found = read(data + model, str(tmp_path / "a.yaml"), open_data=False)
    assert found.graph.nodes[0].weights[0].shape == (4, 2)
    blocks = "blocks: {Table: {nodes: [Embedding: {output_dim: 2}]}}\n"
    inside = blocks + model.replace("Embedding: {output_dim: 2}", "Table")
    found = read(data + inside, str(tmp_path / "a.yaml"), open_data=False)
    assert found.graph.nodes[0].body.nodes[0].weights[0].shape == (4, 2)


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


@pytest.mark.parametrize("text", [MODEL, "a: [", "x: 1"])
def test_the_garbage_collector_is_left_as_it_was(text):
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        try:
            with contextlib.suppress(ConfigError):
                read(text)
            assert gc.isenabled() is enabled
        finally:
            gc.enable()


def _of_nodes(number, node="{Dense: {units: 4, activation: relu}, name: nINDEX}"):
    nodes = "".join(f"    - {node.replace('INDEX', str(index))}\n" for index in range(number))
    return f"model:\n  inputs: {{x: {{shape: [4]}}}}\n  nodes:\n{nodes}"


def _seconds(text):
    started = time.process_time()
    with contextlib.suppress(ConfigError):
        read(text)
    return time.process_time() - started


@pytest.mark.slow
@pytest.mark.parametrize(
    "node", ["{Dense: {units: 4, activation: relu}, name: nINDEX}", "{Dense: {untis: 4}, name: nINDEX}"]
)
def test_the_time_grows_with_the_number_of_nodes_and_not_faster(node):
    small, large = _of_nodes(1_000, node), _of_nodes(10_000, node)
    _seconds(small)
    assert min(_seconds(large) for _ in range(2)) < 25 * min(_seconds(small) for _ in range(3))


@pytest.mark.slow
def test_ten_thousand_nodes_are_read_in_their_part_of_the_time(source):
    text = source(_of_nodes(10_000))
    started = time.process_time()
    tree, problems = read_tree(text)
    tree.plain()
    assert problems == []
    assert time.process_time() - started < 2.4  # three times the target, for a machine that does other things too


def test_nothing_heavy_is_imported_for_what_is_not_there():
    code = (
        "import sys; from netlib.config.load import read;"
        f"read({MODEL!r}, overrides=['seed=3']);"
        "heavy = {'tensorflow', 'keras', 'numpy', 'polars', 'rich', 'netlib.spec.training', 'netlib.spec.data'};"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
