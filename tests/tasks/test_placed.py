"""What training finds out about variables, with the lines of the nodes that keep them."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from netlib.config.load import load
from netlib.config.problems import ConfigError
from netlib.nn.module import Module
from netlib.spec.errors import UsageError
from netlib.tasks.placed import node_of, unknown_placed, warnings_of
from netlib.tasks.train import train
from netlib.training.captured import Guard
from netlib.training.learning import UntrainedWarning

BRANCHES = """\
name: branches
data: {source: digits, batch_size: 256}
model:
  nodes:
    - Flatten:
      name: flat
    - Dense: 10
      name: head
    - Sequential:
        - Dense: 4
          name: first
        - Dense: 3
          name: second
      name: side
      from: flat
  outputs: {head: head, side: side}
train:
  epochs: 1
  loss: {sparse_categorical_crossentropy: null, of: head}
  execution: graph
"""


def test_training_says_the_line_of_each_node_that_the_loss_does_not_depend_on(write, tmp_path, recorder):
    config = write(text=BRANCHES, name="branches.yaml")
    run = train(config, runs_root=tmp_path, listeners=[recorder]).run
    rest = ": not trained; freeze what is not to be trained, and make a statistic with trainable=False"
    (unused, *said) = [text for text in recorder.of("message") if "warning" in text]
    assert unused == f"{config}:12:11: warning: no loss or metric uses output 'side': nothing is learnt from it"
    assert said == [
        f"{config}:10:11: warning: the loss does not depend on side.first.kernel, side.first.bias{rest}",
        f"{config}:12:11: warning: the loss does not depend on side.second.kernel, side.second.bias{rest}",
    ]
    assert (run / "log.txt").read_text().splitlines()[1:4] == [unused, *said]


def test_another_warning_and_a_path_of_no_node_have_no_line(write):
    experiment = load(write(text=BRANCHES))
    assert warnings_of(experiment, UserWarning("look out")) == ["warning: look out"]
    (text,) = warnings_of(experiment, UntrainedWarning(["elsewhere.kernel"]))
    assert text.startswith("warning: the loss does not depend on elsewhere.kernel: not trained")


def test_the_innermost_node_of_a_path(write):
    graph = load(write(text=BRANCHES)).graph
    paths = {"side.first.kernel": "side.first", "side": "side", "side.other": "side", "head.bias": "head"}
    assert {path: node_of(graph, path).path for path in paths} == paths
    assert node_of(graph, "header.kernel") is None
    assert node_of(graph, "") is None


class Hiding(Module):
    """Uses a variable that is in no tree."""

    def __init__(self, variable: tf.Variable) -> None:
        super().__init__()
        self.use = lambda x: x * variable


class Root(Module):
    def __init__(self, **parts: Any) -> None:
        super().__init__()
        self.head = parts["head"]
        self.other = parts["other"]


def test_a_used_but_unknown_variable_is_a_problem_of_its_nodes_line(write):
    config = write(text=BRANCHES)
    experiment = load(config)
    root = Root(head=Hiding(tf.Variable(1.0, name="hidden")), other=Hiding(tf.Variable(2.0, name="lost")))
    step = Guard("the step", root).compiled(lambda x: root.other.use(root.head.use(x)), "graph")
    with (
        pytest.raises(
            ConfigError,
            match=rf"(?s)^{config}:7:7: error: the step uses a variable .*: 'hidden' \(\) float32, which head \(Hiding\)"
            r" keeps in the closure of <lambda> as 'variable'\nnetlib looks into .*\n    7 \|     - Dense: 10\n.*"
            r"\nerror: the step uses a variable .*: 'lost' \(\) float32, which other \(Hiding\)",
        ) as caught,
        unknown_placed(experiment),
    ):
        step(tf.constant(1.0))
    assert isinstance(caught.value, UsageError)
    assert [problem.line for problem in caught.value.problems] == [7, None]
