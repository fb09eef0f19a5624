from __future__ import annotations

from dataclasses import replace
from math import prod

import pytest

from netlib.report.numbers import count
from netlib.report.summary_closing import closing_lines
from netlib.report.summary_rows import StepMemory, summarise_graph
from netlib.report.summary_values import as_values
from netlib.spec.language.analysis import analyse
from netlib.spec.memory import Memory
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec

MEMORY = Memory(
    weights=2**20, gradients=2**21, slots=0, activations=2**30, data=5_000, checkpoint=2**20, runtime=600 * 2**20
)
STEP = StepMemory(64, "graph", True, MEMORY)


def lines(graph, step, width=120):
    return closing_lines(summarise_graph(graph, "net", step=step), width)


def test_totals_come_first(known_graph):
    assert lines(known_graph, None) == [
        "Parameters: 19,242 (trainable 19,178, non-trainable 64), 75.2 KiB",
        "Multiply-accumulates (MACs): 489,920 for one sample",
        "FLOPs: 979,840 forward, 1,959,680 backward, for one sample",
    ]


def test_memory_with_its_parts(known_graph):
    found = lines(known_graph, STEP)[3:]
    assert found == [
        "Memory of a training step at batch size 64 (graph): about 1.6 GiB",
        "  weights 1.0 MiB, gradients 2.0 MiB, activations 1.0 GiB, data 4.9 KiB, checkpoint 1.0 MiB, runtime 600.0 MiB",
    ]
    narrow = lines(known_graph, STEP, 60)
    assert max(map(len, narrow)) <= 60
    assert "  weights 1.0 MiB, " in "\n".join(narrow)


@pytest.mark.parametrize(
    ("largest", "text"),
    [
        (1234, "Largest batch in 16GB: 1,234, with 10% of it left free"),
        (0, "Largest batch in 16GB: none, a single sample does not fit with 10% of it left free"),
        (None, "Largest batch in 16GB: any, the memory does not depend on it"),
    ],
)
def test_the_largest_batch_with_its_margin(known_graph, largest, text):
    asked = replace(STEP, room=16 * 10**9, room_text="16GB", largest=largest)
    assert lines(known_graph, asked)[-1] == text
    values = as_values(summarise_graph(known_graph, "net", step=asked))["memory"]
    assert values["largest_batch"] == {"memory": 16 * 10**9, "margin": 0.1, "batch_size": largest}


def test_what_is_not_known(graph):
    found = lines(graph, StepMemory(8, "xla", False, None))
    assert found[1:] == [
        "Multiply-accumulates (MACs): not known: an axis is not",
        "Memory of a forward pass at batch size 8 (xla): not known: an axis is not",
    ]
    values = as_values(summarise_graph(graph, "net", step=StepMemory(8, "xla", False, None)))
    assert values["memory"] == {"batch_size": 8, "execution": "xla", "training": False}
    assert (values["flops"], values["activation_bytes"]) == (None, None)


def test_values_have_every_part_and_the_total(known_graph):
    values = as_values(summarise_graph(known_graph, "net", step=STEP))
    assert values["memory"]["total"] == sum(vars(MEMORY).values()) == MEMORY.total
    assert values["flops"] == {"forward": 979_840, "backward": 1_959_680}
    node = values["nodes"][-1]
    assert node["weights"] == {"w": {"shape": [10], "dtype": "float32", "trainable": True}}


def closing_of(section):
    graph, problems = analyse(section, {"x": TensorSpec((None, 4))})
    assert not problems
    return lines(graph, None)[1:]


def test_a_loop_with_a_condition_costs_at_most_its_most_rounds():
    loop = {"body": [{"Dense": 4}], "max_iterations": 5}
    assert closing_of([{"While": {**loop, "condition": "sum(x) > 1"}}]) == [
        "Multiply-accumulates (MACs): at most 80 for one sample",
        "FLOPs: at most 160 forward, 320 backward, for one sample",
    ]
    assert closing_of([{"While": loop}])[0] == "Multiply-accumulates (MACs): 80 for one sample"


def test_what_is_frozen_may_need_less_backward():
    nodes = [{"Dense": 4, "trainable": False}, "BatchNormalization", {"Dense": 2}]
    assert closing_of(nodes)[1] == "FLOPs: 48 forward, up to 96 backward, for one sample"
    assert closing_of(nodes[1:])[1] == "FLOPs: 16 forward, 32 backward, for one sample"


def test_what_each_optimizer_updates(known_graph):
    groups = TrainSpec.parse(
        {
            "epochs": 1,
            "loss": "mse",
            "optimizer": {
                "AdamW": {"learning_rate": {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 9}}}
            },
            "param_groups": [{"params": "digit", "learning_rate": 0.0002, "weight_decay": 0}],
        }
    ).groups
    summary = summarise_graph(known_graph, "net", shares=groups.shares(known_graph))
    digit = sum(prod(weight.shape) for weight in known_graph.node("digit").weights)
    rest = summary.totals.parameters.trainable - digit
    assert closing_lines(summary, 120)[1:3] == [
        f"  {count(rest)} by AdamW: learning rate a CosineDecay, weight decay 0.004, slots {count(2 * rest)}",
        f"  {count(digit)} by AdamW (param_groups.0): learning rate 0.0002, slots {count(2 * digit)}",
    ]
    values = as_values(summary)["param_groups"]
    assert [(each["name"], each["parameters"], each["slots"]) for each in values] == [
        ("", rest, 2 * rest),
        ("param_groups.0", digit, 2 * digit),
    ]
    assert values[1]["optimizer"]["AdamW"]["learning_rate"] == 0.0002
