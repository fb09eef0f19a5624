from __future__ import annotations

import pytest

from netlib.config.problems import ConfigError
from netlib.spec.errors import UsageError
from netlib.tasks.summarise import Asked, summarise

CONFIG = "name: net\ndata: {source: digits}\nmodel: [Flatten, {Sequential: [Dense: 8], name: body}, Dense: 10]\n"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(CONFIG)
    return path


def test_a_config_with_overrides_and_depth(config):
    assert summarise(config).totals.parameters.total == 65 * 8 + 9 * 10
    assert summarise(config, ["model.body.dense.units=4"]).totals.parameters.total == 65 * 4 + 5 * 10
    assert [row.path for row in summarise(config).rows] == ["flatten", "body", "body.dense", "dense"]
    assert [row.path for row in summarise(config, asked=Asked(depth=1)).rows] == ["flatten", "body", "dense"]


def test_a_run_stands_for_its_resolved_config(config, tmp_path):
    run = tmp_path / "runs" / "net-1"
    (run / "checkpoints").mkdir(parents=True)
    (run / "resolved.yaml").write_text(CONFIG.replace("Dense: 8", "Dense: 4"))
    assert summarise(run).totals.parameters.total == 65 * 4 + 5 * 10


def test_no_data_is_read_where_the_model_declares_its_inputs(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("data: {source: npz, path: none.npz}\nmodel: {inputs: {x: {shape: [4]}}, nodes: [Dense: 2]}\n")
    assert summarise(path).totals.parameters.total == 10


def test_what_cannot_be_summarised(tmp_path, config):
    library = tmp_path / "library.yaml"
    library.write_text("vars: {width: 3}\n")
    with pytest.raises(UsageError, match=r"library.yaml has no model to summarise; add a 'model' section$"):
        summarise(library)
    with pytest.raises(UsageError, match="is not a run directory"):
        summarise(tmp_path)
    with pytest.raises(ConfigError, match=r"there is no file"):
        summarise(tmp_path / "missing.yaml")


@pytest.mark.parametrize("place", ["", "best", "latest", "checkpoints/latest", "checkpoints/step-00000007"])
def test_a_checkpoint_stands_for_the_config_of_its_run(config, tmp_path, place):
    run = tmp_path / "runs" / "net-1"
    (run / "checkpoints" / "step-00000007").mkdir(parents=True)
    (run / "resolved.yaml").write_text(CONFIG.replace("Dense: 8", "Dense: 4"))
    for pointer in ("best", "latest"):
        (run / "checkpoints" / pointer).write_text("step-00000007\n")
    assert summarise(run / place).totals.parameters.total == 65 * 4 + 5 * 10


def test_a_checkpoint_that_is_not_there(tmp_path):
    run = tmp_path / "net-1"
    (run / "checkpoints").mkdir(parents=True)
    (run / "resolved.yaml").write_text(CONFIG)
    with pytest.raises(UsageError, match="has no checkpoint yet"):
        summarise(run / "latest")


TRAINED = f"{CONFIG}train: {{epochs: 1, loss: sparse_categorical_crossentropy, accumulate: 2, optimizer: Adam}}\n"


def test_the_memory_is_that_of_the_config(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(TRAINED)
    step = summarise(path).step
    assert step is not None
    assert step.memory is not None
    assert (step.batch_size, step.mode, step.training, step.room) == (32, "xla", True, None)
    assert (step.memory.weights, step.memory.slots) == (4 * 610, 8 * 610)
    assert step.memory.data == 1797 * 4 * 65
    other = summarise(path, ["train.execution=graph", "data.batch_size=100"]).step
    assert other is not None
    assert (other.batch_size, other.mode) == (100, "graph")
    asked = summarise(path, asked=Asked(batch_size=7, room="4GB")).step
    assert asked is not None
    assert asked.largest is not None
    assert (asked.batch_size, asked.room, asked.room_text) == (7, 4 * 10**9, "4GB")
    assert asked.largest > 1_000_000


def test_without_data_and_train_the_memory_is_that_of_a_forward_pass(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("model: {inputs: {x: {shape: [4]}}, nodes: [Dense: 2]}\n")
    step = summarise(path).step
    assert step is not None
    assert step.memory is not None
    assert (step.batch_size, step.training, step.memory.data, step.memory.slots) == (32, False, 0, 0)


LIBRARY = """\
blocks:
  A: {nodes: [Dense: 2]}
  Named: {inputs: [picture], nodes: [Dense: 2]}
"""


@pytest.mark.parametrize(
    ("block", "given", "inputs", "node"),
    [
        ("A", "[8]", ["x"], "a"),
        ("A", "{shape: [8]}", ["x"], "a"),
        ("A", "a=[8]", ["a"], "a_2"),
        ("Named", "[8]", ["picture"], "named"),
        ("Named", "photo=[8]", ["photo"], "named"),
        ("Named", "named=[8]", ["named"], "named_2"),
    ],
)
def test_a_block_and_its_input_have_names_of_their_own(tmp_path, block, given, inputs, node):
    path = tmp_path / "library.yaml"
    path.write_text(LIBRARY)
    found = summarise(path, asked=Asked(block=block, inputs=(given,)))
    assert list(found.inputs) == inputs
    assert [row.path for row in found.rows] == [node, f"{node}.dense"]
    assert found.totals.parameters.total == 9 * 2


def test_a_block_of_a_library_with_variables_can_be_looked_at(tmp_path):
    (tmp_path / "library.yaml").write_text("vars: {a: 2, b: $(a * 4)}\nblocks: {Head: {nodes: [Dense: $b]}}\n")
    path = tmp_path / "net.yaml"
    path.write_text("blocks: {Head: {file: library.yaml, block: Head}}\n")
    found = summarise(path, asked=Asked(block="Head", inputs=("[3]",)))
    assert found.totals.parameters.total == 4 * 8
