"""`train.precision`, from the file to the graph."""

from __future__ import annotations

import pytest

from netlib.config.load import read
from netlib.config.problems import ConfigError
from netlib.spec.memory import estimate

TEXT = """\
data: {source: digits}
blocks:
  Narrow:
    nodes: [{Dense: 8, dtype: float16}, Dense: 8]
model:
  - Flatten
  - {Dense: 4, name: hidden}
  - {Narrow: , name: narrow, repeat: 2}
  - {Dense: 10, name: digit, dtype: DTYPE}
train:
  epochs: 1
  loss: sparse_categorical_crossentropy
  precision: PRECISION
"""
WARNING = (
    "warning: float16 is for GPUs: without one it is slower than float32, a convolution several times; where there is none use"
    " mixed_bfloat16 or float32"
)


def text(precision: str, dtype: str = "float32") -> str:
    return TEXT.replace("PRECISION", precision).replace("DTYPE", dtype)


def dtypes(precision: str) -> dict[str, str]:
    graph = read(text(precision), "net.yaml").graph
    assert graph is not None
    return {node.path: node.output.dtype for node in graph.walk()}


@pytest.mark.parametrize(
    ("precision", "compute"),
    [("float32", "float32"), ("mixed_bfloat16", "bfloat16"), ("mixed_float16", "float16"), ("float64", "float64")],
)
def test_it_is_that_of_every_node_without_one_of_its_own(precision: str, compute: str) -> None:
    found = dtypes(precision)
    assert found["hidden"] == found["narrow.0.dense_2"] == compute
    assert (found["narrow.0.dense"], found["digit"]) == ("float16", "float32")
    assert found["flatten"] == "float32"  # which moves the data's numbers about


def test_what_the_network_needs_follows_from_it() -> None:
    bytes_of = {}
    for precision in ("float32", "mixed_bfloat16", "float64"):
        experiment = read(text(precision), "net.yaml")
        assert experiment.graph is not None
        memory = estimate(experiment.graph, experiment.train, 32, "graph")
        assert memory is not None
        bytes_of[precision] = memory
        assert experiment.resolved()["train"]["precision"] == precision
    one, narrow, wide = bytes_of.values()
    assert narrow.activations < one.activations < wide.activations
    assert narrow.weights == one.weights < wide.weights
    assert narrow.slots == one.slots < wide.slots


def test_float16_is_warned_of_wherever_it_is_asked_for() -> None:
    warnings = [
        f"{each.where}: {each.severity}: {each.message}" for each in read(text("mixed_float16"), "a.yaml").warnings
    ]
    assert warnings == [f"a.yaml:4:31: {WARNING}", f"a.yaml:13:14: {WARNING}"]
    assert len(read(text("mixed_bfloat16"), "a.yaml").warnings) == 1  # that of the block, whose copies are one place


@pytest.mark.parametrize(
    ("precision", "message"),
    [
        ("float16", "expected 'float32', 'mixed_bfloat16', 'mixed_float16' or 'float64', got 'float16'"),
        ("[float32]", "expected 'float32', 'mixed_bfloat16', 'mixed_float16' or 'float64', got"),
    ],
)
def test_another_precision(precision: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text(precision), "net.yaml")
    assert f"net.yaml:13:14: error: {message}" in str(caught.value)
